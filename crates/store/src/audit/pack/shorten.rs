//! Ids, hashes and times between quotation marks, which make up most of an event, written as numbers beside the text.
//!
//! Where one stood, the text has one octet that no JSON has: 1 for an id, 2 for a hash, 3 for a time. One that stood before is 4 and
//! its number among them, counted from 32.

use bailiwick_domain::time::Timestamp;
use uuid::Uuid;

/// A quotation mark.
const QUOTE: u8 = 0x22;
const ID: u8 = 1;
const HASH: u8 = 2;
const TIME: u8 = 3;
const AGAIN: u8 = 4;
/// The first number of one that stood before, and how many are counted.
const FROM: u8 = 32;
const COUNTED: u8 = 90;
/// Octets that no JSON has, where it is as ours is.
const CONTROLS: u8 = 0x20;

/// What is written as a number.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Value {
    Id([u8; 16]),
    Hash([u8; 32]),
    /// Microseconds since 1970, big-endian.
    Time([u8; 7]),
}

/// The text and the values that stood in it, in order; nothing for what has octets that stand for something here.
pub(super) fn shorten(octets: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    if octets.iter().any(|octet| *octet < CONTROLS) {
        return None;
    }
    let (mut text, mut beside) = (Vec::with_capacity(octets.len() / 2), Vec::with_capacity(octets.len() / 4));
    let mut seen: Vec<Value> = Vec::new();
    let mut rest = octets;
    while let Some(place) = rest.iter().position(|octet| *octet == QUOTE) {
        let (before, from) = rest.split_at(place);
        text.extend_from_slice(before);
        let Some((value, length)) = Value::at(from) else {
            text.push(QUOTE);
            rest = from.get(1..)?;
            continue;
        };
        let counted = seen.iter().take(usize::from(COUNTED)).position(|one| *one == value);
        if let Some(number) = counted.and_then(|number| u8::try_from(number).ok()) {
            text.extend([AGAIN, FROM + number]);
        } else {
            text.push(value.mark());
            beside.extend_from_slice(value.octets());
            seen.push(value);
        }
        rest = from.get(length..)?;
    }
    text.extend_from_slice(rest);
    Some((text, beside))
}

/// What was shortened, if it has at most so many octets.
pub(super) fn restore(text: &[u8], mut beside: &[u8], most: usize) -> Option<Vec<u8>> {
    let mut octets = Vec::with_capacity(text.len() + 3 * beside.len());
    let mut seen: Vec<Value> = Vec::new();
    let mut rest = text.iter();
    while let Some(&octet) = rest.next() {
        match octet {
            ID | HASH | TIME => {
                let (value, behind) = Value::read(octet, beside)?;
                beside = behind;
                seen.push(value);
                value.write(&mut octets);
            }
            AGAIN => {
                let number = usize::from(rest.next()?.checked_sub(FROM)?);
                seen.get(number)?.write(&mut octets);
            }
            0..CONTROLS => return None,
            plain => octets.push(plain),
        }
        if octets.len() > most {
            return None;
        }
    }
    // What stands beside the text and belongs to nothing is no text of ours.
    beside.is_empty().then_some(octets)
}

impl Value {
    /// The one that stands here between quotation marks, and how long it is with them.
    fn at(from: &[u8]) -> Option<(Self, usize)> {
        let between = |length: usize| {
            let inner = from.get(1..=length).filter(|_| from.get(length + 1) == Some(&QUOTE))?;
            std::str::from_utf8(inner).ok()
        };
        let found = [
            between(36).and_then(Self::id),
            between(64).and_then(Self::hash),
            between(27).and_then(Self::time),
        ];
        found.into_iter().flatten().next()
    }

    fn id(text: &str) -> Option<(Self, usize)> {
        Self::Id(Uuid::try_parse(text).ok()?.into_bytes()).of(text)
    }

    fn hash(text: &str) -> Option<(Self, usize)> {
        let mut hash = [0; 32];
        hex::decode_to_slice(text, &mut hash).ok()?;
        Self::Hash(hash).of(text)
    }

    fn time(text: &str) -> Option<(Self, usize)> {
        let [0, micros @ ..] = Timestamp::parse(text).ok()?.micros().to_be_bytes() else { return None };
        Self::Time(micros).of(text)
    }

    /// With its length between quotation marks, if it is written so and not otherwise.
    fn of(self, text: &str) -> Option<(Self, usize)> {
        let mut written = Vec::with_capacity(text.len() + 2);
        self.write(&mut written);
        let length = written.len();
        (written.get(1..length - 1) == Some(text.as_bytes())).then_some((self, length))
    }

    /// The first of those that stand beside a text.
    fn read(mark: u8, beside: &[u8]) -> Option<(Self, &[u8])> {
        Some(match mark {
            ID => beside.split_first_chunk().map(|(id, rest)| (Self::Id(*id), rest))?,
            HASH => beside.split_first_chunk().map(|(hash, rest)| (Self::Hash(*hash), rest))?,
            _ => beside.split_first_chunk().map(|(micros, rest)| (Self::Time(*micros), rest))?,
        })
    }

    const fn mark(self) -> u8 {
        match self {
            Self::Id(_) => ID,
            Self::Hash(_) => HASH,
            Self::Time(_) => TIME,
        }
    }

    const fn octets(&self) -> &[u8] {
        match self {
            Self::Id(octets) => octets,
            Self::Hash(octets) => octets,
            Self::Time(octets) => octets,
        }
    }

    /// As it stands in an event, with its quotation marks.
    fn write(self, to: &mut Vec<u8>) {
        to.push(QUOTE);
        match self {
            Self::Id(id) => {
                let mut text = Uuid::encode_buffer();
                to.extend_from_slice(Uuid::from_bytes(id).hyphenated().encode_lower(&mut text).as_bytes());
            }
            Self::Hash(hash) => {
                let mut text = [0; 64];
                // It has room for exactly this many digits.
                if hex::encode_to_slice(hash, &mut text).is_ok() {
                    to.extend_from_slice(&text);
                }
            }
            Self::Time([a, b, c, d, e, f, g]) => {
                let micros = i64::from_be_bytes([0, a, b, c, d, e, f, g]);
                to.extend_from_slice(Timestamp::from_micros(micros).to_string().as_bytes());
            }
        }
        to.push(QUOTE);
    }
}
