//! API keys: recognisable by people and scanners, checked before any lookup.
//!
//! `<brand>_<live|test>_<tag>_<30 random base62><CRC-32 as 6 base62>`, such as `bw_live_k3f_…`. The brand
//! tells whose key it is, the tag tells a tenant's keys apart on a page, 30 random characters carry 178 bits,
//! and the checksum (CRC-32 ISO-HDLC of everything in front of it) lets a typo or a truncated paste be
//! refused without asking the database, and a secret scanner tell a key from look-alikes. Only the SHA-256 of
//! the whole is stored.

use std::fmt;

use crc::{CRC_32_ISO_HDLC, Crc};
use zeroize::Zeroizing;

use crate::entropy::Entropy;
use crate::token::TokenHash;

/// A regular expression for secret scanners that finds every key, of any brand; confirm a hit by its
/// checksum.
pub const SCANNER_REGEX: &str = r"\b[a-z0-9]{2,12}_(?:live|test)_[a-z0-9]{3}_[0-9A-Za-z]{36}\b";

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BASE36: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
const CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);
const TAG: usize = 3;
const RANDOM: usize = 30;
const CHECKSUM: usize = 6;
const LONGEST: usize = 12 + 1 + 4 + 1 + TAG + 1 + RANDOM + CHECKSUM;

/// The word that a deployment's keys begin with: 2 to 12 lower-case letters and digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brand(String);

impl Brand {
    /// Reads a brand from configuration; `None` when it cannot begin a key.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (2..=12).contains(&text.len()) && text.bytes().all(|byte| BASE36.contains(&byte));
        fits.then(|| Self(text.to_owned()))
    }

    /// The brand as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Brand {
    fn default() -> Self {
        Self("bw".to_owned())
    }
}

/// Three lower-case letters or digits that make a key's visible prefix recognisable. Not secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyTag(String);

impl KeyTag {
    /// Reads a tag that somebody chose; `None` when a key cannot carry it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fits = text.len() == TAG && text.bytes().all(|byte| BASE36.contains(&byte));
        fits.then(|| Self(text.to_owned()))
    }

    /// The tag as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a key reaches real data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Environment {
    /// Real data.
    Live,
    /// Trial data.
    Test,
}

impl Environment {
    /// The word in the key: `live` or `test`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Test => "test",
        }
    }
}

/// A well-formed API key with a correct checksum; whether it exists is for the caller to look up.
pub struct ApiKey {
    text: Zeroizing<String>,
    environment: Environment,
    brand: usize,
}

impl ApiKey {
    /// Draws a new key, with a random tag unless one is given.
    #[must_use]
    pub fn generate(
        brand: &Brand,
        environment: Environment,
        tag: Option<&KeyTag>,
        entropy: &dyn Entropy,
    ) -> Self {
        // Sized for the longest key, so that the text never moves and leaves a copy behind.
        let mut text = Zeroizing::new(String::with_capacity(LONGEST));
        for piece in [brand.as_str(), "_", environment.as_str(), "_"] {
            text.push_str(piece);
        }
        match tag {
            Some(tag) => text.push_str(tag.as_str()),
            None => push_random(&mut text, BASE36, TAG, entropy),
        }
        text.push('_');
        push_random(&mut text, BASE62, RANDOM, entropy);
        let checksum = checksum(&text);
        text.extend(checksum.map(char::from));
        Self { text, environment, brand: brand.as_str().len() }
    }

    /// Reads a key from a request. The checksum is verified before the text is taken apart.
    ///
    /// # Errors
    /// [`ApiKeyError`]; what was sent is not repeated.
    pub fn parse(text: &str) -> Result<Self, ApiKeyError> {
        if text.len() > LONGEST {
            return Err(ApiKeyError::Malformed);
        }
        let at = text.len().checked_sub(CHECKSUM).ok_or(ApiKeyError::Malformed)?;
        let (body, found) = text.split_at_checked(at).ok_or(ApiKeyError::Malformed)?;
        if found.as_bytes() != checksum(body) {
            return Err(ApiKeyError::Checksum);
        }
        let mut parts = body.split('_');
        let mut part = || parts.next().ok_or(ApiKeyError::Malformed);
        let (brand, environment, tag, random) = (part()?, part()?, part()?, part()?);
        let environment = match environment {
            "live" => Environment::Live,
            "test" => Environment::Test,
            _ => return Err(ApiKeyError::Malformed),
        };
        let spelled = |text: &str, alphabet: &[u8], length| {
            text.len() == length && text.bytes().all(|byte| alphabet.contains(&byte))
        };
        let whole = parts.next().is_none()
            && Brand::parse(brand).is_some()
            && spelled(tag, BASE36, TAG)
            && spelled(random, BASE62, RANDOM);
        if !whole {
            return Err(ApiKeyError::Malformed);
        }
        Ok(Self { text: Zeroizing::new(text.to_owned()), environment, brand: brand.len() })
    }

    /// The whole key, to be shown once.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// What may be shown ever after: `<brand>_<live|test>_<tag>`, none of it secret.
    #[must_use]
    pub fn display_prefix(&self) -> &str {
        let length = self.brand + 1 + self.environment.as_str().len() + 1 + TAG;
        self.text.get(..length).unwrap_or_default()
    }

    /// The brand; a key of another brand is another product's and is not looked up.
    #[must_use]
    pub fn brand(&self) -> &str {
        self.text.get(..self.brand).unwrap_or_default()
    }

    /// Whether the key is for real data.
    #[must_use]
    pub const fn environment(&self) -> Environment {
        self.environment
    }

    /// What is stored and looked up: SHA-256 of the whole key. 178 random bits need no slow hash.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenHash::of(self.text.as_bytes())
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKey({}_…)", self.display_prefix())
    }
}

/// Appends `count` characters drawn evenly from `alphabet`.
fn push_random(text: &mut String, alphabet: &[u8], count: usize, entropy: &dyn Entropy) {
    // Bytes past the last whole multiple are thrown away; folding them in would favour the first characters.
    let limit = 256 - 256 % alphabet.len();
    let mut pool = Zeroizing::new([0_u8; 64]);
    let mut missing = count;
    while missing > 0 {
        entropy.fill(pool.as_mut_slice());
        let even = pool.iter().map(|byte| usize::from(*byte)).filter(|byte| *byte < limit);
        for character in even.filter_map(|byte| alphabet.get(byte % alphabet.len())).take(missing) {
            text.push(char::from(*character));
            missing -= 1;
        }
    }
}

/// CRC-32 of `body` in base62, most significant digit first, six digits.
fn checksum(body: &str) -> [u8; CHECKSUM] {
    let mut rest = CRC.checksum(body.as_bytes()) as usize;
    let mut digits = [b'0'; CHECKSUM];
    for digit in digits.iter_mut().rev() {
        if let Some(character) = BASE62.get(rest % 62) {
            *digit = *character;
        }
        rest /= 62;
    }
    digits
}

/// Why a text is not an API key, without any of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApiKeyError {
    /// The last six characters are not the checksum of the rest: a typo, a cut, or no key at all.
    #[error("the API key is incomplete or mistyped")]
    Checksum,
    /// The checksum fits and the parts do not.
    #[error("not an API key")]
    Malformed,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;
    use crate::entropy::SeededEntropy;
    use crate::secret::assert_hidden;

    fn signed(body: &str) -> String {
        format!("{body}{}", String::from_utf8(checksum(body).to_vec()).unwrap())
    }

    #[test]
    fn developer_sees_the_documented_form() {
        let key = ApiKey::generate(&Brand::default(), Environment::Live, None, &SeededEntropy::new(5));
        assert!(key.expose().starts_with("bw_live_"));
        assert_eq!(key.expose().len(), 2 + 1 + 4 + 1 + 3 + 1 + 36);
        assert_eq!(key.display_prefix().len(), "bw_live_k3f".len());
        assert_eq!((key.brand(), key.environment()), ("bw", Environment::Live));
        assert_hidden(&key, key.expose().get(12..).unwrap().as_bytes());
        assert!(key.text.capacity() == LONGEST, "the text never moved");
    }

    #[test]
    fn checksum_is_the_crc_32_that_everyone_has() {
        // The check value of CRC-32/ISO-HDLC, 0xCBF43926, in base62.
        assert_eq!(&checksum("123456789"), b"3jZRME");
        assert_eq!(&checksum(""), b"000000", "small sums are filled up to six digits");
    }

    #[test]
    fn a_right_checksum_does_not_save_a_wrong_form() {
        let random = "a".repeat(30);
        let good = format!("bw_live_abc_{random}");
        assert!(ApiKey::parse(&signed(&good)).is_ok());
        for body in [
            format!("b_live_abc_{random}"),
            format!("Bw_live_abc_{random}"),
            format!("abcdefghijklm_live_abc_{random}"),
            format!("bw_prod_abc_{random}"),
            format!("bw_LIVE_abc_{random}"),
            format!("bw_live_ab_{random}"),
            format!("bw_live_abC_{random}"),
            format!("bw_live_abc_{random}a"),
            format!("bw_live_abc_{}", "a".repeat(29)),
            format!("bw_live_abc_{}-", "a".repeat(29)),
            format!("bw_live_abc_{}é", "a".repeat(28)),
            format!("bw_live_abc_{}_a", "a".repeat(28)),
            format!("bw_live_abc{random}"),
            String::new(),
        ] {
            assert_eq!(ApiKey::parse(&signed(&body)).unwrap_err(), ApiKeyError::Malformed, "{body}");
        }
        assert_eq!(ApiKey::parse(&"a".repeat(10_000)).unwrap_err(), ApiKeyError::Malformed);
    }

    #[test]
    fn every_character_of_the_alphabet_is_drawn_about_equally_often() {
        let mut text = String::new();
        push_random(&mut text, BASE62, 62_000, &SeededEntropy::new(6));
        let mut counts = HashMap::new();
        text.chars().for_each(|character| *counts.entry(character).or_insert(0_u32) += 1);
        assert_eq!(counts.len(), 62);
        // 1,000 expected; folding 256 values into 62 would give the first eight characters 1,211.
        assert!(counts.values().all(|count| (850..1150).contains(count)), "{counts:?}");
    }

    proptest! {
        #[test]
        fn a_key_survives_its_text(brand in "[a-z0-9]{2,12}", live: bool, seed: u64) {
            let environment = if live { Environment::Live } else { Environment::Test };
            let brand = Brand::parse(&brand).unwrap();
            let key = ApiKey::generate(&brand, environment, None, &SeededEntropy::new(seed));
            let read = ApiKey::parse(key.expose()).unwrap();
            prop_assert_eq!(read.hash(), key.hash());
            prop_assert_eq!(read.brand(), brand.as_str());
            prop_assert_eq!(read.environment(), environment);
            prop_assert_eq!(read.display_prefix(), key.display_prefix());
            let rest = key.expose().strip_prefix(key.display_prefix());
            prop_assert!(rest.is_some_and(|rest| rest.starts_with('_')));
        }

        #[test]
        fn any_single_typo_is_noticed_by_the_checksum(seed: u64, at in 0_usize..48, to in "[0-9A-Za-z_ -]") {
            let key = ApiKey::generate(&Brand::default(), Environment::Live, None, &SeededEntropy::new(seed));
            let mut typo = key.expose().to_owned();
            prop_assume!(typo.get(at..=at) != Some(&to));
            typo.replace_range(at..=at, &to);
            prop_assert_eq!(ApiKey::parse(&typo).unwrap_err(), ApiKeyError::Checksum);
        }

        #[test]
        fn what_a_scanner_finds_without_the_checksum_is_refused(
            text in proptest::string::string_regex(SCANNER_REGEX.trim_matches(['\\', 'b'])).unwrap(),
        ) {
            match ApiKey::parse(&text) {
                Ok(key) => prop_assert_eq!(key.expose(), text.as_str()),
                Err(error) => prop_assert_eq!(error, ApiKeyError::Checksum, "the form is right, so only the sum differs"),
            }
            let body = text.get(..text.len() - CHECKSUM).unwrap();
            prop_assert!(ApiKey::parse(&signed(body)).is_ok(), "a scanner finds nothing that cannot be a key");
        }

        #[test]
        fn arbitrary_text_is_parsed_without_a_panic(text in ".{0,80}") {
            prop_assert!(ApiKey::parse(&text).is_err());
        }
    }

    #[test]
    fn a_chosen_tag_stands_in_the_prefix() {
        let tag = KeyTag::parse("rpt").unwrap();
        let key = ApiKey::generate(
            &Brand::parse("cndis").unwrap(),
            Environment::Live,
            Some(&tag),
            &SeededEntropy::new(9),
        );
        assert_eq!(key.display_prefix(), "cndis_live_rpt");
        assert_eq!(ApiKey::parse(key.expose()).unwrap().hash(), key.hash());
        for wrong in ["", "rp", "rptx", "RPT", "r_t", "r t"] {
            assert_eq!(KeyTag::parse(wrong), None, "{wrong:?}");
        }
    }
}
