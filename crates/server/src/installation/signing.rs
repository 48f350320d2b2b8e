//! The key that signs checkpoints: in a file beside them, wrapped by the root key.
//!
//! It stands outside the database, so that whoever can rewrite the database cannot give it another key along with
//! another history.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use bailiwick_domain::clock::Entropy;
use bailiwick_proof::checkpoint::NoteSigner;
use bailiwick_vault::{
    provider::{KeyId, KeyProvider, ProviderError},
    signer::{Signer, SignerError, WrappedSigner},
};

use crate::{config::Settings, exit::Refusal};

/// The name of the file in the folder of the checkpoints.
const FILE: &str = "signing.key";
const TITLE: &str = "bailiwick-signing-key v1";

/// The signing key, ready to sign.
pub(crate) struct SigningKey(Signer);

impl SigningKey {
    /// Any signing key, as the holder of a witness's.
    pub(crate) const fn of(signer: Signer) -> Self {
        Self(signer)
    }
}

impl NoteSigner for SigningKey {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn public_key(&self) -> [u8; 32] {
        *self.0.public_key()
    }

    #[allow(
        clippy::panic,
        reason = "never expected; a checkpoint with a wrong signature would be refused for ever, a lost round is made up for"
    )]
    fn sign(&self, message: &[u8]) -> [u8; 64] {
        match self.0.sign(message) {
            Ok(signature) => signature,
            Err(_) => panic!("the cryptographic library refused to sign"),
        }
    }
}

/// Makes the signing key of a new installation. An existing one is never touched.
pub(crate) async fn create(
    settings: &Settings,
    provider: &dyn KeyProvider,
    entropy: &dyn Entropy,
) -> Result<SigningKey, Refusal> {
    let path = path(settings);
    let refused = |what: String| {
        Refusal::new(
            format_args!("signing key {}: {what}", path.display()),
            "see that the folder of the checkpoints is there, empty and writable",
        )
    };
    let made = Signer::generate(settings.audit.origin.as_str(), provider, entropy).await;
    let (signer, wrapped) = made.map_err(|error| refused(error.to_string()))?;
    write(&path, &wrapped).map_err(|error| refused(error.to_string()))?;
    Ok(SigningKey(signer))
}

/// Opens the signing key. It was wrapped by the root key, so this also shows that the root key is the right one.
/// `roots` are those that unwrap, the present one first.
pub(crate) async fn open(settings: &Settings, roots: &[&dyn KeyProvider]) -> Result<SigningKey, Refusal> {
    let path = path(settings);
    let name = path.display();
    let text = crate::read::text(&path).map_err(|error| {
        let remedy = "see that `audit.checkpoints` names the right folder and that its disk is there, or restore the folder from its backup";
        Refusal::new(format_args!("signing key {name}: {error}"), remedy)
    })?;
    let damaged =
        || Refusal::new(format_args!("signing key {name} is damaged"), "restore the file from its backup");
    let wrapped = parse(&text).ok_or_else(damaged)?;
    if wrapped.name != settings.audit.origin.as_str() {
        return Err(Refusal::new(
            format_args!(
                "`audit.origin` is {:?}, but this installation signs as {:?}",
                settings.audit.origin.as_str(),
                wrapped.name
            ),
            "set `audit.origin` to the name that this installation was made with",
        ));
    }
    let named = roots.iter().find(|root| *root.key_id() == wrapped.provider_key_id).or(roots.first());
    let Some(provider) = named else { return Err(damaged()) };
    match Signer::restore(&wrapped, *provider).await {
        Ok(signer) => Ok(SigningKey(signer)),
        Err(error @ SignerError::UnknownRoot { .. }) => Err(Refusal::new(
            format_args!("the root key is not the one of this installation: {error}"),
            "let `keys.root_key` name the root key that this installation was made with, or was moved to",
        )),
        Err(SignerError::Provider(error @ ProviderError::Unavailable(..))) => {
            Err(Refusal::new(error, "see to what holds the root key, and start again"))
        }
        Err(_) => Err(damaged()),
    }
}

/// Has the root key `to` wrap the signing key at `path`, unless it does: one that unwraps it is among `roots`. The key stays the same.
///
/// A crash leaves the old file or the new one, each whole.
pub(crate) async fn move_to(path: &Path, roots: &[Arc<dyn KeyProvider>], to: &str) -> Result<bool, NotMoved> {
    let wrapped =
        parse(&crate::read::text(path).map_err(|_| NotMoved::Unreadable)?).ok_or(NotMoved::Unreadable)?;
    if wrapped.provider_key_id.as_str() == to {
        return Ok(false);
    }
    let find = |id: &str| roots.iter().find(|root| root.key_id().as_str() == id).ok_or(NotMoved::Unknown);
    let (from, to) = (find(wrapped.provider_key_id.as_str())?, find(to)?);
    let anew = Signer::rewrap(&wrapped, &**from, &**to).await?;
    let again = Signer::restore(&anew, &**to).await?;
    if *again.public_key() != wrapped.public_key {
        return Err(NotMoved::Unreadable);
    }
    let beside = path.with_extension("key.new");
    if let Err(error) = fs::remove_file(&beside)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(error.into());
    }
    write(&beside, &anew)?;
    fs::rename(&beside, path)?;
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())?;
    Ok(true)
}

/// Why the signing key is wrapped by another root key still.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotMoved {
    /// Its file is not there or damaged.
    #[error("the signing key cannot be read")]
    Unreadable,
    /// The root key that wraps it, or the one that is to, is not configured.
    #[error("the signing key is wrapped by a root key that is not configured")]
    Unknown,
    /// A root key did not do it.
    #[error("the signing key is not wrapped anew")]
    Signer(#[from] SignerError),
    /// The file cannot be written.
    #[error("the signing key cannot be written")]
    Io(#[from] io::Error),
}

/// Where the signing key is.
pub(crate) fn path(settings: &Settings) -> PathBuf {
    settings.audit.checkpoints.join(FILE)
}

/// Writes a signing key as it is stored. An existing file is never touched.
pub(crate) fn write(path: &Path, key: &WrappedSigner) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    let WrappedSigner { name, public_key, provider_key_id, bytes } = key;
    let text = format!(
        "{TITLE}\nname {name}\npublic {}\nroot {provider_key_id}\nwrapped {}\n",
        hex::encode(public_key),
        hex::encode(bytes)
    );
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    // The name itself is on disk once the folder is.
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

/// Reads a signing key as it is stored.
pub(crate) fn parse(text: &str) -> Option<WrappedSigner> {
    let mut lines = text.lines();
    let mut field = |name: &str| lines.next()?.strip_prefix(name)?.strip_prefix(' ');
    if field("bailiwick-signing-key")? != "v1" {
        return None;
    }
    let key = WrappedSigner {
        name: field("name")?.to_owned(),
        public_key: hex::decode(field("public")?).ok()?.try_into().ok()?,
        provider_key_id: KeyId::parse(field("root")?)?,
        bytes: hex::decode(field("wrapped")?).ok()?,
    };
    lines.next().is_none().then_some(key)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;

    fn sample() -> WrappedSigner {
        let provider_key_id = KeyId::parse("file:00ff").unwrap();
        WrappedSigner {
            name: "bailiwick.example.com".into(),
            public_key: [7; 32],
            provider_key_id,
            bytes: vec![1, 2, 3],
        }
    }

    #[test]
    fn a_key_that_was_written_is_read_again_and_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        write(&path, &sample()).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert!(parse(&text).unwrap() == sample());
        assert_eq!(write(&path, &sample()).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        for line in 0..5 {
            let shorter: Vec<_> =
                text.lines().enumerate().filter(|(n, _)| *n != line).map(|(_, text)| text).collect();
            assert!(parse(&shorter.join("\n")).is_none(), "without line {line}");
        }
        assert!(parse(&format!("{text}more\n")).is_none());
        assert!(parse(&text.replace("v1", "v2")).is_none());
    }

    proptest! {
        #[test]
        fn no_file_makes_the_reader_panic(text in any::<String>()) {
            let _ = parse(&text);
            let _ = parse(&format!("{TITLE}\n{text}"));
        }
    }
}
