//! The root key.

mod held;

use std::sync::Arc;

use bailiwick_domain::clock::Entropy;
use bailiwick_vault::provider::{FileProvider, KeyProvider, ManagedProvider, RootKeyError};

use crate::{config::Keys, exit::Refusal};

/// Opens the root key: reads it, or asks whatever holds it. What does not answer is never stood in for.
pub(crate) async fn open(keys: &Keys, entropy: &Arc<dyn Entropy>) -> Result<Arc<dyn KeyProvider>, Refusal> {
    let Some(holder) = held::holder(&keys.provider)? else {
        let opened = FileProvider::open(&keys.root_key, Arc::clone(entropy));
        return Ok(Arc::new(opened.map_err(|error| refusal(&error))?));
    };
    let opened = ManagedProvider::open(holder, &keys.root_key, keys.timeout, Arc::clone(entropy)).await;
    Ok(Arc::new(opened.map_err(|error| held::refusal(&keys.provider, &error))?))
}

/// Makes the root key of a new installation, or takes up the one that is held elsewhere. An existing file is never touched.
pub(crate) async fn create(keys: &Keys, entropy: &Arc<dyn Entropy>) -> Result<Arc<dyn KeyProvider>, Refusal> {
    let Some(holder) = held::holder(&keys.provider)? else {
        let made = FileProvider::create(&keys.root_key, Arc::clone(entropy));
        return Ok(Arc::new(made.map_err(|error| refusal(&error))?));
    };
    let made = ManagedProvider::create(holder, &keys.root_key, keys.timeout, Arc::clone(entropy)).await;
    Ok(Arc::new(made.map_err(|error| held::refusal(&keys.provider, &error))?))
}

/// What to do about a root key that cannot be used.
pub(crate) fn refusal(error: &RootKeyError) -> Refusal {
    let remedy = match error {
        RootKeyError::Missing(_) => {
            "see that `keys.root_key` names the right file and that its disk is there, or restore the file from its copy; a new key cannot open what the old one has closed"
        }
        RootKeyError::Exists(_) => {
            "choose another folder for the new installation, or keep the one that is there"
        }
        RootKeyError::NotAFile(_) => "let `keys.root_key` name the file itself",
        RootKeyError::TooOpen { .. } => {
            "`chmod 600` the file; if others may have read it, its key is not a secret any more"
        }
        RootKeyError::Version(_) => "use the version of the program that wrote the file, or a newer one",
        RootKeyError::Io { .. } => "see that this account may read the file",
        _ => "restore the file from its copy; a new one cannot open what the old one has closed",
    };
    match error {
        // Over data that is there, a new key is the one thing that does not help.
        RootKeyError::Missing(path) => {
            Refusal::new(format_args!("root key file {} does not exist", path.display()), remedy)
        }
        RootKeyError::TooOpen { path, mode } => {
            let what =
                format_args!("root key file {} is open to other users (mode {mode:04o})", path.display());
            Refusal::new(what, remedy)
        }
        error => Refusal::new(error, remedy),
    }
}
