//! Bearer tokens: session cookies, mailed links, and the CSRF token that belongs to a session.
//!
//! A token is 16 bytes of tenant and 32 random bytes in base64url without padding: 64 characters. The tenant
//! in front leads to the right region and table before anything is looked up; the 256 random bits are the
//! secret. Only [`TokenHash`] is stored.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

use aws_lc_rs::digest::{SHA256, digest};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::entropy::Entropy;
use crate::secret::SecretBytes;

const TENANT: usize = 16;
const RAW: usize = TENANT + 32;
const TEXT: usize = RAW / 3 * 4;

/// What a token is for. A token of one kind is never accepted as another: each kind is looked up in its own
/// place.
pub trait Kind: sealed::Kind {}

/// A signed-in browser.
#[derive(Debug)]
pub enum Session {}
/// An invitation, mailed to the invited address.
#[derive(Debug)]
pub enum Invitation {}
/// The first sign-in of an owner, or the replacement of a lost credential.
#[derive(Debug)]
pub enum Enrolment {}
/// A forgotten password, mailed to the address of the account.
#[derive(Debug)]
pub enum PasswordReset {}
/// A browser that somebody signed in from before.
#[derive(Debug)]
pub enum Device {}

impl Kind for Session {}
impl Kind for Invitation {}
impl Kind for Enrolment {}
impl Kind for PasswordReset {}
impl Kind for Device {}

mod sealed {
    pub trait Kind {
        const NAME: &'static str;
    }
    impl Kind for super::Session {
        const NAME: &'static str = "SessionToken";
    }
    impl Kind for super::Invitation {
        const NAME: &'static str = "InvitationToken";
    }
    impl Kind for super::Enrolment {
        const NAME: &'static str = "EnrolmentToken";
    }
    impl Kind for super::PasswordReset {
        const NAME: &'static str = "PasswordResetToken";
    }
    impl Kind for super::Device {
        const NAME: &'static str = "DeviceToken";
    }
}

/// The token in a session cookie.
pub type SessionToken = Token<Session>;
/// The token in an invitation link.
pub type InvitationToken = Token<Invitation>;
/// The token in an enrolment link.
pub type EnrolmentToken = Token<Enrolment>;
/// The token in the link with which a forgotten password is replaced.
pub type PasswordResetToken = Token<PasswordReset>;
/// The token by which a browser is known again. It lets nobody in.
pub type DeviceToken = Token<Device>;

/// A secret that speaks for whoever holds it.
pub struct Token<K: Kind> {
    bytes: SecretBytes<RAW>,
    kind: PhantomData<fn() -> K>,
}

impl<K: Kind> Token<K> {
    /// Draws a new token of a tenant.
    #[must_use]
    pub fn generate(tenant: &[u8; 16], entropy: &dyn Entropy) -> Self {
        let mut bytes = SecretBytes::zeroed();
        let (front, secret) = bytes.expose_mut().split_at_mut(TENANT);
        front.copy_from_slice(tenant);
        entropy.fill(secret);
        Self { bytes, kind: PhantomData }
    }

    /// Reads a token from a cookie or a link.
    ///
    /// # Errors
    /// [`TokenError`] unless it is 64 characters of base64url; what was sent is not repeated.
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        if text.len() != TEXT {
            return Err(TokenError);
        }
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map(Zeroizing::new).map_err(|_| TokenError)?;
        let bytes = SecretBytes::copy_from(&bytes).ok_or(TokenError)?;
        Ok(Self { bytes, kind: PhantomData })
    }

    /// The tenant that the token claims; only the looked-up [`hash`](Self::hash) makes the claim true.
    #[must_use]
    pub fn tenant(&self) -> [u8; 16] {
        let mut tenant = [0; TENANT];
        for (to, from) in tenant.iter_mut().zip(self.bytes.expose()) {
            *to = *from;
        }
        tenant
    }

    /// The text for the cookie or link: the only place it may go.
    #[must_use]
    pub fn expose(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE64_URL_SAFE_NO_PAD.encode(self.bytes.expose()))
    }

    /// What is stored and looked up: SHA-256 of the 64 characters.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenHash::of(self.expose().as_bytes())
    }
}

impl<K: Kind> fmt::Debug for Token<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(…)", K::NAME)
    }
}

impl SessionToken {
    /// The token that every state-changing form of this session carries:
    /// base64url(SHA-256("bailiwick csrf v1" ‖ 0x00 ‖ session token text)), 43 characters.
    ///
    /// It follows from the session token, so it needs no storage and changes whenever the session does; the
    /// session token does not follow from it, so it may stand in a page.
    #[must_use]
    pub fn csrf(&self) -> CsrfToken {
        let text = self.expose();
        let message = Zeroizing::new([b"bailiwick csrf v1\0".as_slice(), text.as_bytes()].concat());
        CsrfToken(Zeroizing::new(BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, &message))))
    }

    /// The token by which the browser that signed in with this session is known afterwards: the session's tenant and
    /// SHA-256("bailiwick device v1" ‖ 0x00 ‖ session token text).
    ///
    /// It follows from the session token, so every way of signing in hands it on without a second secret; the session token
    /// does not follow from it, so it may outlive the session.
    #[must_use]
    pub fn device(&self) -> DeviceToken {
        let text = self.expose();
        let message = Zeroizing::new([b"bailiwick device v1\0".as_slice(), text.as_bytes()].concat());
        let mut bytes = SecretBytes::zeroed();
        let (front, secret) = bytes.expose_mut().split_at_mut(TENANT);
        front.copy_from_slice(&self.tenant());
        for (to, from) in secret.iter_mut().zip(digest(&SHA256, &message).as_ref()) {
            *to = *from;
        }
        Token { bytes, kind: PhantomData }
    }

    /// Whether a form carried this session's CSRF token, in a time that does not depend on where the two
    /// differ.
    #[must_use]
    pub fn csrf_matches(&self, submitted: &str) -> bool {
        self.csrf().0.as_bytes().ct_eq(submitted.as_bytes()).into()
    }
}

/// A session's CSRF token, for a hidden form field or a request header of that session.
pub struct CsrfToken(Zeroizing<String>);

impl CsrfToken {
    /// The 43 characters to put into the page.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for CsrfToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CsrfToken(…)")
    }
}

/// 256 random bits without a tenant, in base64url: 43 characters. For what exists before a tenant is known,
/// such as the sign-in form's own cookie.
pub struct RandomToken(SecretBytes<32>);

impl RandomToken {
    /// Draws a new token.
    #[must_use]
    pub fn generate(entropy: &dyn Entropy) -> Self {
        Self(SecretBytes::random(entropy))
    }

    /// Reads a token back.
    ///
    /// # Errors
    /// [`TokenError`] unless it is 43 characters of base64url in their only spelling.
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        if text.len() != 43 {
            return Err(TokenError);
        }
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map(Zeroizing::new).map_err(|_| TokenError)?;
        SecretBytes::copy_from(&bytes).map(Self).ok_or(TokenError)
    }

    /// The text to hand out.
    #[must_use]
    pub fn expose(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE64_URL_SAFE_NO_PAD.encode(self.0.expose()))
    }

    /// Whether `submitted` is this token, in a time that does not depend on where they differ.
    #[must_use]
    pub fn matches(&self, submitted: &str) -> bool {
        self.expose().as_bytes().ct_eq(submitted.as_bytes()).into()
    }

    /// What is stored and looked up: SHA-256 of the 43 characters.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenHash::of(self.expose().as_bytes())
    }
}

impl fmt::Debug for RandomToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RandomToken(…)")
    }
}

/// SHA-256 of a token's text: what is stored. A token has 256 random bits, so no salt and no slow hash is
/// needed.
#[derive(Clone, Copy, Debug)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    pub(crate) fn of(text: &[u8]) -> Self {
        let mut hash = [0; 32];
        for (to, from) in hash.iter_mut().zip(digest(&SHA256, text).as_ref()) {
            *to = *from;
        }
        Self(hash)
    }

    /// A hash read back from where it was stored.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes to store.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl PartialEq for TokenHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for TokenHash {}

impl Hash for TokenHash {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

/// The text is not a token. Deliberately without any detail: the text may be somebody's secret with a typo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a token")]
pub struct TokenError;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;
    use crate::entropy::{SeededEntropy, SystemEntropy};
    use crate::secret::assert_hidden;

    fn session(seed: u64) -> SessionToken {
        Token::generate(&[0xAC; 16], &SeededEntropy::new(seed))
    }

    #[test]
    fn debug_shows_no_token() {
        let token = session(1);
        let text = token.expose();
        assert_hidden(&token, token.bytes.expose());
        assert_hidden(&token, text.as_bytes());
        assert_hidden(&token.csrf(), token.csrf().as_str().as_bytes());
        let random = RandomToken::generate(&SeededEntropy::new(1));
        assert_hidden(&random, random.expose().as_bytes());
        let link = InvitationToken::generate(&[0xAC; 16], &SeededEntropy::new(1));
        assert_eq!(format!("{link:?}"), "InvitationToken(…)");
    }

    #[test]
    fn tokens_of_one_tenant_differ_in_all_that_is_secret() {
        let tokens: Vec<_> = (0..100).map(|_| SessionToken::generate(&[7; TENANT], &SystemEntropy)).collect();
        let secrets: std::collections::BTreeSet<Vec<u8>> =
            tokens.iter().map(|token| token.bytes.expose()[TENANT..].to_vec()).collect();
        assert_eq!(secrets.len(), tokens.len());
        assert!(secrets.iter().all(|secret| secret.len() * 8 == 256));
        // A bit that never changes would be none.
        for bit in 0..256 {
            let set = secrets.iter().filter(|secret| (secret[bit / 8] >> (bit % 8)) & 1 == 1).count();
            assert!((1..tokens.len()).contains(&set), "bit {bit}");
        }
    }

    #[test]
    fn csrf_token_is_the_documented_hash() {
        let token = SessionToken::parse(&"A".repeat(64)).unwrap();
        assert_eq!(token.tenant(), [0; 16]);
        // printf 'bailiwick csrf v1\0AAAA…' | openssl dgst -sha256 -binary | basenc --base64url
        assert_eq!(token.csrf().as_str(), "O3yJhVaIP6NCz9-xqUm497cA-LNkQj-6tvQ5_Zdga3s");
        assert_eq!(
            hex::encode(token.hash().as_bytes()),
            "d53eda7a637c99cc7fb566d96e9fa109bf15c478410a3f5eb4d4c4e26cd081f6"
        );
    }

    #[test]
    fn a_browser_is_known_by_a_token_that_leads_to_no_session() {
        let (one, other) = (session(1), session(2));
        let device = one.device();
        assert_eq!(device.tenant(), one.tenant());
        assert_eq!(device.hash(), one.device().hash(), "it follows from the session");
        assert_ne!(device.hash(), other.device().hash());
        assert_ne!(*device.expose(), *one.expose());
        assert_eq!(DeviceToken::parse(&device.expose()).unwrap().hash(), device.hash());
        assert_eq!(format!("{device:?}"), "DeviceToken(…)");
    }

    #[test]
    fn a_form_of_another_session_is_refused() {
        let (mine, theirs) = (session(1), session(2));
        assert!(mine.csrf_matches(mine.csrf().as_str()));
        assert!(!mine.csrf_matches(theirs.csrf().as_str()));
        assert!(!mine.csrf_matches(""));
        assert!(!mine.csrf_matches(&mine.csrf().as_str().to_uppercase()));
        assert!(!mine.csrf_matches(mine.csrf().as_str().get(..42).unwrap()));
        assert!(!mine.csrf_matches(&format!("{}=", mine.csrf().as_str())));
        assert!(!mine.csrf_matches(&mine.expose()));
    }

    #[test]
    fn a_padded_or_standard_base64_spelling_is_refused() {
        let text = session(1).expose().to_string();
        for bad in [
            format!("{text}="),
            format!(" {}", text.get(1..).unwrap()),
            text.get(..63).unwrap().to_owned(),
            format!("{}+", text.get(..63).unwrap()),
            format!("{}=", text.get(..63).unwrap()),
            format!("{}é", text.get(..62).unwrap()),
            String::new(),
        ] {
            assert_eq!(SessionToken::parse(&bad).unwrap_err(), TokenError, "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn a_token_survives_its_text(tenant: [u8; 16], seed: u64) {
            let token = InvitationToken::generate(&tenant, &SeededEntropy::new(seed));
            let text = token.expose();
            prop_assert_eq!(text.len(), 64);
            let read = InvitationToken::parse(&text).unwrap();
            prop_assert_eq!(read.tenant(), tenant);
            prop_assert_eq!(read.hash(), token.hash());
        }

        #[test]
        fn whatever_parses_has_one_spelling(text in "[A-Za-z0-9_=+/-]{64}") {
            if let Ok(token) = SessionToken::parse(&text) {
                prop_assert_eq!(token.expose().to_string(), text.as_str());
            } else {
                prop_assert!(text.contains(['=', '+', '/']));
            }
        }

        #[test]
        fn a_random_token_has_one_spelling(text in "[A-Za-z0-9_-]{43}", seed: u64) {
            if let Ok(token) = RandomToken::parse(&text) {
                prop_assert_eq!(token.expose().to_string(), text.as_str());
            }
            let token = RandomToken::generate(&SeededEntropy::new(seed));
            prop_assert!(RandomToken::parse(&token.expose()).unwrap().matches(&token.expose()));
            prop_assert!(!token.matches(&text));
        }

        #[test]
        fn arbitrary_text_is_parsed_without_a_panic(text in ".{0,80}") {
            let _ = SessionToken::parse(&text);
            let _ = RandomToken::parse(&text);
        }
    }
}
