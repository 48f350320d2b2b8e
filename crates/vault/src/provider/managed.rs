//! A root key that never enters this process.
//!
//! What a holder encrypts is a key of one use, and that key seals the one that is to be wrapped. So no tenant key is ever
//! sent anywhere, and what a holder returns is checked here: a service that decrypts altered bytes, or overlooks the
//! context, is noticed by a cipher that is ours.
//!
//! ```text
//! wrapped = 01 ‖ length of sealed (2 bytes, big-endian) ‖ sealed by the holder: K ‖ AES-256-GCM under K: the key
//! ```
//!
//! Associated data of the inner cipher are the name of the root key, what the holder sealed, and the context.

mod stored;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use subtle::ConstantTimeEq;

pub use stored::ManagedError;
use stored::Stored;

use super::holder::{Fault, Holding, Holds};
use super::{Holder, KeyId, KeyProvider, ProviderError, ProviderFuture, ProviderKind, Trouble, format};
use crate::aead::{self, Refused};
use crate::entropy::Entropy;
use crate::secret::KeyBytes;
use crate::transcript::Transcript;

/// The layout of a wrapped key.
const LAYOUT: u8 = 1;
/// What the derivation secret is wrapped for.
const DERIVATION: &[u8] = b"bailiwick derivation secret v1";
/// How often a holder is asked that is busy or cannot be reached, and how long the first pause is; each further one is
/// four times as long.
const ATTEMPTS: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// A root key inside a [`Holder`], under the name that it was taken up by.
pub struct ManagedProvider {
    id: KeyId,
    holder: Box<dyn Holds>,
    /// How long one operation may take, with everything that is tried again.
    patience: Duration,
    /// The derivation secret as its file has it: what [`check`](KeyProvider::check) has the holder open.
    wrapped: Vec<u8>,
    deriving: KeyBytes,
    entropy: Arc<dyn Entropy>,
}

impl ManagedProvider {
    /// Takes up the key that the holder uses now, and writes to `path` its name with a new derivation secret, wrapped by it.
    ///
    /// An existing file is never touched. Every operation may take as long as `patience`, with everything that is tried
    /// again.
    ///
    /// # Errors
    /// [`ManagedError`]: the holder cannot be used, its key is unfit, or the file cannot be made.
    pub async fn create(
        holder: Holder,
        path: &Path,
        patience: Duration,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, ManagedError> {
        let secret = KeyBytes::random(entropy.as_ref());
        Self::begin(holder, path, patience, entropy, secret).await
    }

    /// As [`create`](Self::create), with the derivation secret of another provider: whatever was tagged with a key derived
    /// there stays findable, and only what that provider wrapped has to be wrapped anew.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub async fn succeed(
        previous: &dyn KeyProvider,
        holder: Holder,
        path: &Path,
        patience: Duration,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, ManagedError> {
        let secret = copy(previous.derivation_secret());
        Self::begin(holder, path, patience, entropy, secret).await
    }

    /// Opens what [`create`](Self::create) wrote: asks the holder to unwrap the derivation secret, so a holder that is not
    /// there, or is not the one, is known at once.
    ///
    /// # Errors
    /// [`ManagedError`] names the file and what is wrong.
    pub async fn open(
        holder: Holder,
        path: &Path,
        patience: Duration,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, ManagedError> {
        let Holder(holder) = holder;
        let Stored { id, wrapped } = Stored::read(path)?;
        if !holder.means(&id) {
            return Err(ManagedError::Other { path: path.to_owned(), id, place: holder.place() });
        }
        let opened = unwrap(&*holder, &id, patience, &wrapped, DERIVATION).await;
        let deriving = opened.map_err(|error| ManagedError::holder(error, path, &*holder))?;
        Ok(Self { id, holder, patience, wrapped, deriving, entropy })
    }

    async fn begin(
        holder: Holder,
        path: &Path,
        patience: Duration,
        entropy: Arc<dyn Entropy>,
        deriving: KeyBytes,
    ) -> Result<Self, ManagedError> {
        let Holder(holder) = holder;
        // Looked at before anything is asked, and again when the file is made.
        if path.symlink_metadata().is_ok() {
            return Err(ManagedError::Exists(path.to_owned()));
        }
        let named = patiently(patience, || holder.name()).await;
        let id = named.map_err(|fault| ManagedError::fault(fault, path, &*holder))?;
        let wrapped = wrap(&*holder, &id, patience, &*entropy, &deriving, DERIVATION).await;
        let wrapped = wrapped.map_err(|error| ManagedError::holder(error, path, &*holder))?;
        // A holder that cannot open what it closed is found out before anything depends on it.
        let again = unwrap(&*holder, &id, patience, &wrapped, DERIVATION).await;
        let again = again.map_err(|error| ManagedError::holder(error, path, &*holder))?;
        if !bool::from(again.ct_eq(&deriving)) {
            return Err(ManagedError::Unusable { place: holder.place(), trouble: Trouble::Unexpected });
        }
        Stored::write(path, &id, &wrapped)?;
        Ok(Self { id, holder, patience, wrapped, deriving, entropy })
    }
}

fn copy(key: &KeyBytes) -> KeyBytes {
    let mut copy = KeyBytes::zeroed();
    copy.expose_mut().copy_from_slice(key.expose());
    copy
}

async fn wrap(
    holder: &dyn Holds,
    id: &KeyId,
    patience: Duration,
    entropy: &dyn Entropy,
    key: &KeyBytes,
    context: &[u8],
) -> Result<Vec<u8>, ProviderError> {
    let once = KeyBytes::random(entropy);
    let bound = binding(context);
    let sealed = patiently(patience, || holder.encrypt(id, &once, &bound)).await;
    let sealed = sealed.map_err(|fault| error(id, fault))?;
    let length = u16::try_from(sealed.len())
        .map_err(|_| ProviderError::Unavailable(id.clone(), Trouble::Unexpected))?;
    let mut wrapped = Vec::with_capacity(3 + sealed.len() + aead::NONCE + 32 + aead::TAG);
    wrapped.push(LAYOUT);
    wrapped.extend_from_slice(&length.to_be_bytes());
    wrapped.extend_from_slice(&sealed);
    aead::seal_once(&once, entropy, &associated(id, &sealed, context), key.expose(), &mut wrapped)
        .map_err(|Refused| ProviderError::Cipher(id.clone()))?;
    Ok(wrapped)
}

async fn unwrap(
    holder: &dyn Holds,
    id: &KeyId,
    patience: Duration,
    wrapped: &[u8],
    context: &[u8],
) -> Result<KeyBytes, ProviderError> {
    let rejected = || ProviderError::Rejected(id.clone());
    let (sealed, inner) = split(wrapped).ok_or_else(rejected)?;
    let bound = binding(context);
    let once = patiently(patience, || holder.decrypt(id, sealed, &bound)).await;
    let once = once.map_err(|fault| error(id, fault))?;
    let key = aead::open_once(&once, &associated(id, sealed, context), inner).ok();
    key.and_then(|key| KeyBytes::copy_from(&key)).ok_or_else(rejected)
}

/// What the holder sealed, and what the key within it seals.
fn split(wrapped: &[u8]) -> Option<(&[u8], &[u8])> {
    let ([LAYOUT, high, low], rest) = wrapped.split_first_chunk::<3>()? else { return None };
    rest.split_at_checked(u16::from_be_bytes([*high, *low]).into())
}

/// The context as holders get it: of one length, and without a word that their own logs should not have.
fn binding(context: &[u8]) -> [u8; 32] {
    let text = Transcript::new("bailiwick root key context v1").field(context).finish();
    let mut bound = [0; 32];
    for (to, from) in bound.iter_mut().zip(digest(&SHA256, &text).as_ref()) {
        *to = *from;
    }
    bound
}

fn associated(id: &KeyId, sealed: &[u8], context: &[u8]) -> Vec<u8> {
    let transcript = Transcript::new("bailiwick managed root key v1");
    transcript.field(id.as_str().as_bytes()).field(sealed).field(context).finish()
}

fn error(id: &KeyId, fault: Fault) -> ProviderError {
    match fault {
        Fault::Rejected => ProviderError::Rejected(id.clone()),
        Fault::Trouble(trouble) => ProviderError::Unavailable(id.clone(), trouble),
    }
}

/// Asks, and asks again while what is wrong may be over in a moment, all within `patience`.
async fn patiently<'a, T>(patience: Duration, ask: impl Fn() -> Holding<'a, T>) -> Result<T, Fault> {
    let asked = async {
        let mut pause = FIRST_PAUSE;
        for _ in 1..ATTEMPTS {
            match ask().await {
                Err(Fault::Trouble(trouble)) if trouble.is_passing() => tokio::time::sleep(pause).await,
                answered => return answered,
            }
            pause = pause.saturating_mul(4);
        }
        ask().await
    };
    tokio::time::timeout(patience, asked).await.unwrap_or(Err(Fault::Trouble(Trouble::Silent)))
}

impl KeyProvider for ManagedProvider {
    fn kind(&self) -> ProviderKind {
        self.holder.kind()
    }

    fn key_id(&self) -> &KeyId {
        &self.id
    }

    fn wrap_key<'a>(&'a self, key: &'a KeyBytes, context: &'a [u8]) -> ProviderFuture<'a, Vec<u8>> {
        Box::pin(wrap(&*self.holder, &self.id, self.patience, &*self.entropy, key, context))
    }

    fn unwrap_key<'a>(&'a self, wrapped: &'a [u8], context: &'a [u8]) -> ProviderFuture<'a, KeyBytes> {
        Box::pin(unwrap(&*self.holder, &self.id, self.patience, wrapped, context))
    }

    fn derive_key<'a>(&'a self, purpose: &'a [u8]) -> ProviderFuture<'a, KeyBytes> {
        Box::pin(async move {
            format::derive(&self.deriving, &[purpose])
                .map_err(|Refused| ProviderError::Cipher(self.id.clone()))
        })
    }

    fn derivation_secret(&self) -> &KeyBytes {
        &self.deriving
    }

    fn check(&self) -> ProviderFuture<'_, ()> {
        Box::pin(async {
            let opened = unwrap(&*self.holder, &self.id, self.patience, &self.wrapped, DERIVATION).await?;
            let same = bool::from(opened.ct_eq(&self.deriving));
            if same { Ok(()) } else { Err(ProviderError::Rejected(self.id.clone())) }
        })
    }
}

impl fmt::Debug for ManagedProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManagedProvider")
            .field("id", &self.id)
            .field("holder", &self.holder)
            .finish_non_exhaustive()
    }
}

impl ManagedError {
    fn fault(fault: Fault, path: &Path, holder: &dyn Holds) -> Self {
        match fault {
            Fault::Rejected => Self::Rejected { path: path.to_owned(), place: holder.place() },
            Fault::Trouble(trouble) => Self::Unusable { place: holder.place(), trouble },
        }
    }

    fn holder(error: ProviderError, path: &Path, holder: &dyn Holds) -> Self {
        let fault = match error {
            ProviderError::Rejected(_) => Fault::Rejected,
            ProviderError::Unavailable(_, trouble) => Fault::Trouble(trouble),
            ProviderError::Cipher(_) => return Self::Cipher(path.to_owned()),
        };
        Self::fault(fault, path, holder)
    }
}
