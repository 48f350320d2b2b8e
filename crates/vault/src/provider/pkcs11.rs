//! A root key in a hardware security module, by PKCS #11: AES-256-GCM with the context as associated data.
//!
//! Calls of such libraries block and cannot be given up, so they run one at a time on a thread of their own; whoever waits
//! too long goes away, and whoever comes next waits for the same thread.

#[cfg(test)]
mod real;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11 as Library};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::{Mechanism, aead::GcmParams};
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;
use subtle::ConstantTimeEq;
use tokio::sync::Mutex;
use zeroize::Zeroizing;

use super::holder::{Fault, Holding, Holds};
use super::{BadHolder, Credential, Holder, KeyId, ProviderKind, Trouble};
use crate::secret::KeyBytes;

const NONCE: usize = 12;
const TAG_BITS: u64 = 128;

/// Where the module's library is and which key is meant.
#[derive(Debug)]
pub struct Pkcs11Settings {
    /// The library.
    pub module: PathBuf,
    /// The label of the token.
    pub token: String,
    /// The label of the key.
    pub key: String,
    /// The PIN of the token's user.
    pub pin: Credential,
}

impl Holder {
    /// A key in a hardware security module. Nothing is loaded yet.
    ///
    /// # Errors
    /// [`BadHolder::Name`] for labels that no token or key can have.
    pub fn pkcs11(settings: Pkcs11Settings) -> Result<Self, BadHolder> {
        let Pkcs11Settings { module, token, key, pin } = settings;
        // A token's label has 32 octets, with spaces at its end.
        let fits =
            |label: &str, most: usize| !label.is_empty() && label.len() <= most && label.trim_end() == label;
        if !fits(&token, 32) || !fits(&key, 128) {
            return Err(BadHolder::Name);
        }
        let id = format!("pkcs11:{}/{}", escaped(&token), escaped(&key));
        let id = KeyId::parse(&id).ok_or(BadHolder::Name)?;
        let slot = Slot { module, token, key, session: None, library: None, refused: None };
        Ok(Self(Box::new(Pkcs11 { id, pin, slot: Arc::new(Mutex::new(slot)) })))
    }
}

/// A label as RFC 7512 writes it.
fn escaped(label: &str) -> String {
    let mut text = String::with_capacity(label.len());
    for byte in label.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

struct Pkcs11 {
    id: KeyId,
    pin: Credential,
    slot: Arc<Mutex<Slot>>,
}

/// The token, as far as it was reached.
struct Slot {
    module: PathBuf,
    token: String,
    key: String,
    session: Option<(Session, ObjectHandle)>,
    library: Option<Library>,
    /// A PIN that the token did not take. It is never tried again: tokens lock themselves after a few wrong ones.
    refused: Option<Zeroizing<String>>,
}

impl Slot {
    /// A session in which the key can be used; opened anew where the last one failed.
    fn session(&mut self, pin: &str) -> Result<&(Session, ObjectHandle), Trouble> {
        if self.session.is_none() {
            self.session = Some(self.begin(pin)?);
        }
        self.session.as_ref().ok_or(Trouble::Unexpected)
    }

    fn begin(&mut self, pin: &str) -> Result<(Session, ObjectHandle), Trouble> {
        if self.refused.as_deref().is_some_and(|refused| bool::from(refused.as_bytes().ct_eq(pin.as_bytes())))
        {
            return Err(Trouble::Denied);
        }
        if self.library.is_none() {
            self.library = Some(load(&self.module)?);
        }
        let library = self.library.as_ref().ok_or(Trouble::Unexpected)?;
        let mut found = None;
        for slot in library.get_slots_with_initialized_token().map_err(|error| trouble(&error))? {
            let info = library.get_token_info(slot).map_err(|error| trouble(&error))?;
            if info.label().trim_end_matches([' ', '\0']) == self.token && found.replace(slot).is_some() {
                return Err(Trouble::Unfit("several tokens have this label"));
            }
        }
        let session =
            library.open_ro_session(found.ok_or(Trouble::Absent)?).map_err(|error| trouble(&error))?;
        match session.login(UserType::User, Some(&AuthPin::from(pin.to_owned()))) {
            Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => self.refused = None,
            Err(error) => {
                if matches!(
                    error,
                    Error::Pkcs11(RvError::PinIncorrect | RvError::PinLenRange | RvError::PinInvalid, _)
                ) {
                    self.refused = Some(Zeroizing::new(pin.to_owned()));
                }
                return Err(trouble(&error));
            }
        }
        let key = find(&session, &self.key)?;
        Ok((session, key))
    }

    fn seal(&mut self, pin: &str, key: &KeyBytes, context: &[u8; 32]) -> Result<Vec<u8>, Fault> {
        let (session, handle) = self.session(pin)?;
        let sealed =
            encrypt(session, *handle, key.expose(), context).map_err(|error| Fault::from(trouble(&error)));
        self.kept(sealed)
    }

    fn open(&mut self, pin: &str, sealed: &[u8], context: &[u8; 32]) -> Result<KeyBytes, Fault> {
        let (session, handle) = self.session(pin)?;
        let opened = decrypt(session, *handle, sealed, context)
            .and_then(|key| KeyBytes::copy_from(&key).ok_or(Fault::Rejected));
        let opened = match opened {
            // What libraries answer to a tag that does not fit differs, down to "general error". Whether the module itself
            // works is seen by what it has just closed.
            Err(Fault::Trouble(Trouble::Unexpected)) if works(session, *handle) => Err(Fault::Rejected),
            opened => opened,
        };
        self.kept(opened)
    }

    /// Lets go of a session that is in trouble; the next operation begins another.
    fn kept<T>(&mut self, outcome: Result<T, Fault>) -> Result<T, Fault> {
        if matches!(outcome, Err(Fault::Trouble(_))) {
            self.session = None;
        }
        outcome
    }
}

/// Loads the library of a module's makers. What it does in this process is up to them.
fn load(module: &std::path::Path) -> Result<Library, Trouble> {
    let library = Library::new(module).map_err(|error| trouble(&error))?;
    match library.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        // Another root key of the same module is in use.
        Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => Ok(library),
        Err(error) => Err(trouble(&error)),
    }
}

/// The one AES key of this label that is fit to be a root key.
fn find(session: &Session, label: &str) -> Result<ObjectHandle, Trouble> {
    let template = [
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::KeyType(KeyType::AES),
        Attribute::Label(label.as_bytes().to_vec()),
    ];
    let found = session.find_objects(&template).map_err(|error| trouble(&error))?;
    let key = match found.as_slice() {
        [] => return Err(Trouble::Absent),
        [key] => *key,
        _ => return Err(Trouble::Unfit("several keys have this label")),
    };
    let asked = [AttributeType::ValueLen, AttributeType::Extractable, AttributeType::Sensitive];
    let attributes = session.get_attributes(key, &asked).map_err(|error| trouble(&error))?;
    let (mut long, mut stays, mut hidden) = (false, false, false);
    for attribute in attributes {
        match attribute {
            Attribute::ValueLen(length) => long = u64::from(length) == 32,
            Attribute::Extractable(may) => stays = !may,
            Attribute::Sensitive(is) => hidden = is,
            _ => {}
        }
    }
    match (long, stays && hidden) {
        (true, true) => Ok(key),
        (false, _) => Err(Trouble::Unfit("it has not 256 bits")),
        (_, false) => Err(Trouble::Unfit("it may leave the token")),
    }
}

fn encrypt(
    session: &Session,
    key: ObjectHandle,
    plaintext: &[u8],
    context: &[u8; 32],
) -> Result<Vec<u8>, Error> {
    let mut nonce = [0; NONCE];
    session.generate_random_slice(&mut nonce)?;
    let ciphertext = {
        let params = GcmParams::new(&mut nonce, context, TAG_BITS.into())?;
        session.encrypt(&Mechanism::AesGcm(params), key, plaintext)?
    };
    // Read after the call: some modules put in a nonce of their own.
    let mut sealed = nonce.to_vec();
    sealed.extend_from_slice(&ciphertext);
    Ok(sealed)
}

fn decrypt(
    session: &Session,
    key: ObjectHandle,
    sealed: &[u8],
    context: &[u8; 32],
) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let (nonce, ciphertext) = sealed.split_first_chunk::<NONCE>().ok_or(Fault::Rejected)?;
    let mut nonce = *nonce;
    let params = GcmParams::new(&mut nonce, context, TAG_BITS.into()).map_err(|_| Trouble::Unexpected)?;
    match session.decrypt(&Mechanism::AesGcm(params), key, ciphertext) {
        Ok(plaintext) => Ok(Zeroizing::new(plaintext)),
        Err(Error::Pkcs11(RvError::EncryptedDataInvalid | RvError::EncryptedDataLenRange, _)) => {
            Err(Fault::Rejected)
        }
        Err(error) => Err(trouble(&error).into()),
    }
}

/// Whether the key opens what it closes.
fn works(session: &Session, key: ObjectHandle) -> bool {
    let (probe, context) = ([0x5A; 32], [0xA5; 32]);
    let closed = encrypt(session, key, &probe, &context);
    closed.is_ok_and(|closed| decrypt(session, key, &closed, &context).is_ok_and(|opened| **opened == probe))
}

fn trouble(error: &Error) -> Trouble {
    match error {
        Error::LibraryLoading(_) | Error::MissingSymbol(_) | Error::NullFunctionPointer => {
            Trouble::Unreachable
        }
        Error::Pkcs11(answer, _) => match answer {
            RvError::PinIncorrect
            | RvError::PinInvalid
            | RvError::PinLenRange
            | RvError::PinLocked
            | RvError::PinExpired
            | RvError::UserPinNotInitialized
            | RvError::KeyFunctionNotPermitted => Trouble::Denied,
            // A session or a handle that is not valid any more: the next attempt takes another.
            RvError::SessionHandleInvalid
            | RvError::SessionClosed
            | RvError::KeyHandleInvalid
            | RvError::ObjectHandleInvalid
            | RvError::UserNotLoggedIn
            | RvError::DeviceRemoved
            | RvError::DeviceError
            | RvError::TokenNotPresent
            | RvError::SlotIdInvalid => Trouble::Unreachable,
            RvError::SessionCount | RvError::HostMemory | RvError::DeviceMemory | RvError::FunctionFailed => {
                Trouble::Busy
            }
            RvError::MechanismInvalid | RvError::KeyTypeInconsistent => {
                Trouble::Unfit("it cannot do AES-GCM")
            }
            _ => Trouble::Unexpected,
        },
        _ => Trouble::Unexpected,
    }
}

impl Pkcs11 {
    /// Runs something on the thread that may block, with the PIN as it is now.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Slot, &str) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let pin = self.pin.read().await?;
        let mut slot = Arc::clone(&self.slot).lock_owned().await;
        let done = tokio::task::spawn_blocking(move || work(&mut slot, &pin));
        done.await.unwrap_or(Err(Fault::Trouble(Trouble::Unexpected)))
    }
}

impl Holds for Pkcs11 {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Pkcs11
    }

    fn place(&self) -> String {
        self.id.as_str().to_owned()
    }

    fn name(&self) -> Holding<'_, KeyId> {
        Box::pin(async {
            self.blocking(|slot, pin| {
                // Looked at anew, so that nothing is taken up that is not there any more.
                slot.session = None;
                slot.session(pin).map(drop).map_err(Fault::from)
            })
            .await?;
            Ok(self.id.clone())
        })
    }

    fn means(&self, id: &KeyId) -> bool {
        *id == self.id
    }

    fn encrypt<'a>(&'a self, _: &'a KeyId, key: &'a KeyBytes, context: &'a [u8; 32]) -> Holding<'a, Vec<u8>> {
        Box::pin(async {
            let (key, context) = (KeyBytes::copy_from(key.expose()).ok_or(Trouble::Unexpected)?, *context);
            self.blocking(move |slot, pin| slot.seal(pin, &key, &context)).await
        })
    }

    fn decrypt<'a>(&'a self, _: &'a KeyId, sealed: &'a [u8], context: &'a [u8; 32]) -> Holding<'a, KeyBytes> {
        Box::pin(async {
            let (sealed, context) = (sealed.to_vec(), *context);
            self.blocking(move |slot, pin| slot.open(pin, &sealed, &context)).await
        })
    }
}

impl fmt::Debug for Pkcs11 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pkcs11").field("id", &self.id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn labels_become_a_name_without_spaces() {
        let holder = |token: &str, key: &str| {
            let pin = "hunter2".to_owned().into();
            Holder::pkcs11(Pkcs11Settings {
                module: "/nowhere.so".into(),
                token: token.into(),
                key: key.into(),
                pin,
            })
        };
        let named = holder("Acme Ltd", "root/1").unwrap();
        assert_eq!(named.place(), "pkcs11:Acme%20Ltd/root%2F1");
        assert!(!format!("{named:?}").contains("hunter2"));
        for (token, key) in
            [("", "k"), ("t", ""), ("t ", "k"), (&*"t".repeat(33), "k"), ("t", &*"ü".repeat(64))]
        {
            assert_eq!(holder(token, key).unwrap_err(), BadHolder::Name, "{token:?} {key:?}");
        }
    }

    #[tokio::test]
    async fn a_library_that_is_not_there_cannot_be_reached() {
        let settings = Pkcs11Settings {
            module: "/nowhere/libnone.so".into(),
            token: "t".into(),
            key: "k".into(),
            pin: "1234".to_owned().into(),
        };
        let Holder(holder) = Holder::pkcs11(settings).unwrap();
        assert_eq!(holder.name().await, Err(Fault::Trouble(Trouble::Unreachable)));
    }
}
