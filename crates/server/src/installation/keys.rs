//! The root key.

mod held;

use std::{path::Path, sync::Arc, time::Duration};

use bailiwick_domain::clock::Entropy;
use bailiwick_store::{
    Store,
    keys::{follow_move, roots, roots_in_use},
};
use bailiwick_vault::provider::{FileProvider, KeyProvider, ManagedProvider, RootKeyError, derive_alike};

use crate::{
    config::{Keys, RootKey},
    exit::Refusal,
    jobs::supervise::describe,
};

/// Opens the root key: reads it, or asks whatever holds it. What does not answer is never stood in for.
pub(crate) async fn open(keys: &Keys, entropy: &Arc<dyn Entropy>) -> Result<Arc<dyn KeyProvider>, Refusal> {
    opened(&keys.present, keys.timeout, entropy).await
}

/// Opens the root key that is to take the place of `present`, where one is named.
pub(crate) async fn open_next(
    keys: &Keys,
    present: &dyn KeyProvider,
    entropy: &Arc<dyn Entropy>,
) -> Result<Option<Arc<dyn KeyProvider>>, Refusal> {
    let Some(next) = &keys.next else { return Ok(None) };
    if !next.file.exists() {
        return Err(Refusal::new(
            format_args!("`keys_next.root_key`: {} does not exist", next.file.display()),
            "make it with `bailiwick keys prepare-root`, or bring the copy that was made of it",
        ));
    }
    let provider = opened(next, keys.timeout, entropy).await.map_err(of_next)?;
    if provider.key_id() == present.key_id() {
        return Err(Refusal::new(
            format_args!("`[keys_next]` names root key {}, and so does `[keys]`", present.key_id()),
            "take `[keys_next]` out, or let it name another root key",
        ));
    }
    if !derive_alike(present, &*provider) {
        return Err(Refusal::new(
            format_args!("root key {} does not succeed {}", provider.key_id(), present.key_id()),
            "let `keys_next.root_key` name the file that `bailiwick keys prepare-root` wrote for it",
        ));
    }
    Ok(Some(provider))
}

async fn opened(
    key: &RootKey,
    timeout: Duration,
    entropy: &Arc<dyn Entropy>,
) -> Result<Arc<dyn KeyProvider>, Refusal> {
    let Some(holder) = held::holder(&key.provider)? else {
        let opened = FileProvider::open(&key.file, Arc::clone(entropy));
        return Ok(Arc::new(opened.map_err(|error| refusal(&error))?));
    };
    let opened = ManagedProvider::open(holder, &key.file, timeout, Arc::clone(entropy)).await;
    Ok(Arc::new(opened.map_err(|error| held::refusal(&key.provider, &error))?))
}

/// Makes the root key of a new installation, or takes up the one that is held elsewhere. An existing file is never touched.
pub(crate) async fn create(keys: &Keys, entropy: &Arc<dyn Entropy>) -> Result<Arc<dyn KeyProvider>, Refusal> {
    let RootKey { provider, file } = &keys.present;
    let Some(holder) = held::holder(provider)? else {
        let made = FileProvider::create(file, Arc::clone(entropy));
        return Ok(Arc::new(made.map_err(|error| refusal(&error))?));
    };
    let made = ManagedProvider::create(holder, file, keys.timeout, Arc::clone(entropy)).await;
    Ok(Arc::new(made.map_err(|error| held::refusal(provider, &error))?))
}

/// Makes the root key that is to take the place of `present`, or takes up the one that is held elsewhere; what was derived from
/// `present` follows from it as well. An existing file is never touched.
pub(crate) async fn succeed(
    next: &RootKey,
    timeout: Duration,
    present: &dyn KeyProvider,
    entropy: &Arc<dyn Entropy>,
) -> Result<Arc<dyn KeyProvider>, Refusal> {
    let RootKey { provider, file } = next;
    let made: Arc<dyn KeyProvider> = match held::holder(provider).map_err(of_next)? {
        None => {
            let made = FileProvider::succeed(present, file, Arc::clone(entropy));
            Arc::new(made.map_err(|error| of_next(refusal(&error)))?)
        }
        Some(holder) => {
            let made = ManagedProvider::succeed(present, holder, file, timeout, Arc::clone(entropy)).await;
            Arc::new(made.map_err(|error| of_next(held::refusal(provider, &error)))?)
        }
    };
    if made.key_id() == present.key_id() {
        remove(file);
        return Err(Refusal::new(
            format_args!("`[keys_next]` leads to root key {}, which is the present one", present.key_id()),
            "let it name another key, or rotate the key there first",
        ));
    }
    Ok(made)
}

/// Takes a file away that was made a moment ago and that nothing depends on.
fn remove(file: &Path) {
    drop(std::fs::remove_file(file));
}

/// What is said of the section `[keys]`, said of the one beside it.
fn of_next(Refusal { what, remedy }: Refusal) -> Refusal {
    let moved = |text: String| {
        text.replace("`keys.", "`keys_next.").replace("`BAILIWICK_KEYS__", "`BAILIWICK_KEYS_NEXT__")
    };
    Refusal { what: moved(what), remedy: moved(remedy) }
}

/// Has the root key wrap that was moved to, and refuses a configuration without one that still wraps something.
pub(crate) async fn check_roots(store: &Store) -> Result<(), Refusal> {
    let failed = |error: bailiwick_store::Error| {
        let remedy = "see that the database is reachable and that its account may read it";
        Refusal::new(describe(&error), remedy)
    };
    follow_move(store).await.map_err(failed)?;
    let known = roots(store);
    let in_use = roots_in_use(store).await.map_err(failed)?;
    let Some((root, count)) = in_use.into_iter().find(|(root, _)| !known.contains(root)) else {
        return Ok(());
    };
    let keys = if count == 1 { "key is" } else { "keys are" };
    Err(Refusal::new(
        format_args!("{count} {keys} still wrapped by root key {root}, which is not configured"),
        "name it in `[keys]`, and the one that takes its place in `[keys_next]`, until `bailiwick keys status` says that it may go",
    ))
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
