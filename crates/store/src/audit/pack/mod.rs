//! The octets of events as they lie in the database: ids, hashes and times as what they are, the rest compressed.
//!
//! What was hashed comes back octet for octet; what does not come back so is found by its hash, as any other alteration is.
//!
//! | first octet | what follows |
//! |---|---|
//! | `{` | the octets themselves, this one included |
//! | 0 | the octets themselves |
//! | 1 | how many octets of [values](shorten) there are (LEB128), these, and a Zstandard frame without its magic number, of dictionary 1 |

mod frame;
mod shorten;

use sqlx::{Database, Decode, Type, error::BoxDynError};

/// A record begins so; whatever is packed does not.
const PLAIN: u8 = b'{';
/// Octets that begin like none of ours and could not be packed.
const AS_IT_IS: u8 = 0;
/// The format, and with it the dictionary. Whatever was ever written is read for ever: another dictionary is another number.
const FIRST: u8 = 1;
/// Octets at most of what is packed, and of what it is unpacked to. Longer ones are kept as they are.
const LONGEST: usize = 1 << 20;

/// The octets of an event, unpacked as they are read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct EventOctets(pub(crate) Vec<u8>);

impl std::ops::Deref for EventOctets {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl<DB: Database> Type<DB> for EventOctets
where
    Vec<u8>: Type<DB>,
{
    fn type_info() -> DB::TypeInfo {
        <Vec<u8> as Type<DB>>::type_info()
    }

    fn compatible(ty: &DB::TypeInfo) -> bool {
        <Vec<u8> as Type<DB>>::compatible(ty)
    }
}

impl<'r, DB: Database> Decode<'r, DB> for EventOctets
where
    &'r [u8]: Decode<'r, DB>,
{
    /// Never fails for what the octets are: whoever reads them holds them against a hash, and names what does not fit.
    fn decode(value: DB::ValueRef<'r>) -> Result<Self, BoxDynError> {
        Ok(Self(unpacked(<&[u8] as Decode<DB>>::decode(value)?)))
    }
}

/// As they lie in the database.
pub(crate) fn pack(octets: &[u8]) -> Vec<u8> {
    if let Some(packed) = packed(octets).filter(|packed| packed.len() < octets.len()) {
        return packed;
    }
    match octets.first() {
        Some(&PLAIN) => octets.to_vec(),
        _ => [&[AS_IT_IS], octets].concat(),
    }
}

fn packed(octets: &[u8]) -> Option<Vec<u8>> {
    if octets.len() > LONGEST {
        return None;
    }
    let (text, values) = shorten::shorten(octets)?;
    let frame = frame::compress(&text)?;
    let mut packed = Vec::with_capacity(values.len() + frame.len() + 4);
    packed.push(FIRST);
    let mut length = values.len();
    while length > 0x7f {
        packed.push(u8::try_from(length & 0x7f).unwrap_or_default() | 0x80);
        length >>= 7;
    }
    packed.push(u8::try_from(length).unwrap_or_default());
    packed.extend(values);
    packed.extend(frame);
    Some(packed)
}

/// The octets of an event, from what lies in the column `audit_event.bytes`. What cannot be unpacked is given as it lies there, and fits
/// no hash.
pub fn unpacked(stored: &[u8]) -> Vec<u8> {
    let octets = match stored.split_first() {
        Some((&AS_IT_IS, rest)) => Some(rest.to_vec()),
        Some((&FIRST, rest)) => first(rest),
        _ => None,
    };
    octets.unwrap_or_else(|| stored.to_vec())
}

fn first(mut rest: &[u8]) -> Option<Vec<u8>> {
    let (mut length, mut shift) = (0_usize, 0_u32);
    loop {
        let (octet, behind) = rest.split_first()?;
        rest = behind;
        length |= usize::from(octet & 0x7f) << shift;
        if octet & 0x80 == 0 {
            break;
        }
        shift += 7;
        if shift > 21 {
            return None;
        }
    }
    let (values, frame) = rest.split_at_checked(length)?;
    shorten::restore(&frame::decompress(frame, LONGEST)?, values, LONGEST)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;

    const EVENT: &str = concat!(
        r#"{"action":"user.role_changed","actor":{"auth":"password_totp","credential":"0193a7c2-7b1e-7d01-8f2a-0b6c5f3e9d10","#,
        r#""id":"0193a7c2-7b1e-7d01-8f2a-0b6c5f3e9d11","kind":"user"},"changes":[{"after":"plan_manager","#,
        r#""before":"support_coordinator","op":"replace","path":"/role"}],"entity":{"id":"0193a7c2-7b1e-7d01-8f2a-0b6c5f3e9d12","#,
        r#""revision":2,"type":"user"},"id":"0193a7c2-7b1e-7d01-8f2a-0b6c5f3e9d13","occurred_at":"2026-01-02T03:04:05.000006Z","#,
        r#""outcome":"ok","prev":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","reason":null,"#,
        r#""recorded_at":"2026-01-02T03:04:05.000006Z","request":"0193a7c2-7b1e-7d01-8f2a-0b6c5f3e9d14","source":{"agent":"browser","#,
        r#""ip":{"commit":"9f2c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b8559"}},"tenant":"0193a7c2-7b1e-7d01-8f2a-0b6c5f3e9d15","v":1}"#
    );

    #[test]
    fn an_event_takes_a_third() {
        let packed = pack(EVENT.as_bytes());
        // Six ids, two hashes and a time are 167 octets, which nothing makes shorter.
        assert!(packed.len() < 260 && packed.len() * 3 < EVENT.len(), "{} of {}", packed.len(), EVENT.len());
        assert_eq!(unpacked(&packed), EVENT.as_bytes());
    }

    #[test]
    fn what_was_altered_comes_back_otherwise_and_never_grows_without_end() {
        let packed = pack(EVENT.as_bytes());
        let mut unseen = 0;
        for place in 0..packed.len() {
            for bit in 0..8 {
                let mut other = packed.clone();
                *other.get_mut(place).unwrap() ^= 1 << bit;
                let read = unpacked(&other);
                unseen += usize::from(read == EVENT.as_bytes());
                assert!(read.len() <= LONGEST);
            }
            assert_ne!(unpacked(packed.get(..place).unwrap()), EVENT.as_bytes());
        }
        // A frame has a bit that means nothing, and may say the same in two ways.
        assert!(unseen <= 2, "{unseen}");
    }

    #[test]
    fn what_is_too_long_to_be_unpacked_is_never_packed() {
        let long = format!("{{\"a\":\"{}\"}}", "b".repeat(LONGEST));
        assert_eq!(pack(long.as_bytes()), long.as_bytes());
        // A frame that says it is short and is not, or the other way about, is no frame of ours.
        let bomb = frame::compress(&vec![b' '; 4 * LONGEST]).unwrap();
        assert!(bomb.len() < 4096);
        let stored = [&[FIRST, 0], bomb.as_slice()].concat();
        assert_eq!(unpacked(&stored), stored);
    }

    proptest! {
        #[test]
        fn whatever_is_packed_comes_back(octets in prop::collection::vec(any::<u8>(), 0..300)) {
            prop_assert_eq!(unpacked(&pack(&octets)), octets);
        }

        #[test]
        fn whatever_is_written_comes_back(
            text in r#"\{("[a-z ]{0,40}":("(0193a7c2-7b1e-7d01-8f2a-[0-9a-f]{12}|[0-9a-fA-F]{64}|20[0-9]{2}-[01][0-9]-0[1-9]T[0-2][0-9]:[0-6][0-9]:05\.[0-9]{6}Z|[ -~]{0,64})",)?){0,12}\}"#
        ) {
            let packed = pack(text.as_bytes());
            prop_assert!(packed.len() <= text.len());
            prop_assert_eq!(unpacked(&packed), text.as_bytes());
        }

        #[test]
        fn whatever_lies_there_is_read(octets in prop::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(unpacked(&[&[FIRST], octets.as_slice()].concat()).len() <= LONGEST);
        }
    }
}
