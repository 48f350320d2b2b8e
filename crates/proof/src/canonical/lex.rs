//! A lexer that accepts canonical octets only and copies nothing.
//!
//! It is used where every octet of every event is read, so it looks at text eight octets at a time.

use super::{CanonicalError, MAX_DEPTH, MAX_INTEGER};

/// The inside of a string: the text between the quotes as it stands in the octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Text<'a> {
    /// The octets between the quotes, escapes untouched.
    pub(crate) raw: &'a str,
    /// Whether `raw` holds an escape and therefore differs from the string it stands for.
    pub(crate) escaped: bool,
}

/// An object key, with its first eight octets as a number so that two keys rarely need comparing octet by octet.
#[derive(Debug, Clone, Copy)]
struct Key<'a> {
    text: &'a str,
    /// Big-endian, filled up with zeros, which sort before every octet a key may hold.
    begins: u64,
}

impl Key<'_> {
    #[inline]
    fn is_below(&self, other: &Self) -> bool {
        self.begins < other.begins
            || (self.begins == other.begins && self.text.as_bytes() < other.text.as_bytes())
    }
}

fn begins_of(key: &[u8]) -> u64 {
    let mut octets = [0; 8];
    octets.iter_mut().zip(key).for_each(|(slot, octet)| *slot = *octet);
    u64::from_be_bytes(octets)
}

/// A position in octets known to be UTF-8.
#[derive(Debug, Clone)]
pub(crate) struct Lexer<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Lexer<'a> {
    /// Starts at the first octet.
    ///
    /// # Errors
    /// Octets that are not UTF-8.
    pub(crate) fn new(bytes: &'a [u8]) -> Result<Self, CanonicalError> {
        let text = std::str::from_utf8(bytes).map_err(|_| CanonicalError::NotUtf8)?;
        Ok(Self { text, bytes, at: 0 })
    }

    /// Fails unless every octet has been read.
    pub(crate) fn end(&self) -> Result<(), CanonicalError> {
        if self.at == self.bytes.len() {
            Ok(())
        } else {
            Err(self.wrong("octets after the end of the value"))
        }
    }

    /// Reads any value and forgets it; `depth` counts the objects and arrays already open.
    pub(crate) fn skip_value(&mut self, depth: usize) -> Result<(), CanonicalError> {
        match self.peek() {
            Some(b'"') => self.string().map(drop),
            Some(b'{') => self.skip_object(depth),
            Some(b'[') => self.skip_array(depth),
            Some(b'-' | b'0'..=b'9') => self.integer().map(drop),
            Some(b'n') => self.literal(b"null"),
            Some(b't') => self.literal(b"true"),
            Some(b'f') => self.literal(b"false"),
            _ => Err(self.wrong("a value was expected")),
        }
    }

    /// Reads an object whose members `member` reads, in strictly ascending order of keys.
    pub(crate) fn object(
        &mut self,
        depth: usize,
        mut member: impl FnMut(&mut Self, &'a str) -> Result<(), CanonicalError>,
    ) -> Result<(), CanonicalError> {
        if depth >= MAX_DEPTH {
            return Err(CanonicalError::TooDeep);
        }
        self.expect(b'{', "an object was expected")?;
        if self.eat(b'}') {
            return Ok(());
        }
        let mut previous: Option<Key<'a>> = None;
        loop {
            let start = self.at;
            let key = self.key()?;
            if previous.is_some_and(|previous| !previous.is_below(&key)) {
                self.at = start;
                return Err(self.wrong("keys are not in strictly ascending order"));
            }
            previous = Some(key);
            let key = key.text;
            self.expect(b':', "a colon was expected")?;
            member(self, key)?;
            if self.eat(b'}') {
                return Ok(());
            }
            self.expect(b',', "a comma or the end of the object was expected")?;
        }
    }

    /// Reads a string.
    #[inline]
    pub(crate) fn string(&mut self) -> Result<Text<'a>, CanonicalError> {
        self.expect(b'"', "a string was expected")?;
        let start = self.at;
        let mut escaped = false;
        loop {
            self.at += run(self.bytes.get(self.at..).unwrap_or_default(), special);
            match self.peek() {
                Some(b'"') => {
                    let raw = self.text.get(start..self.at).unwrap_or_default();
                    self.at += 1;
                    return Ok(Text { raw, escaped });
                }
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                Some(_) => return Err(self.wrong("a control character must be escaped")),
                None => return Err(self.wrong("the string does not end")),
            }
        }
    }

    /// Reads an integer in its only spelling.
    pub(crate) fn integer(&mut self) -> Result<i64, CanonicalError> {
        let negative = self.eat(b'-');
        let start = self.at;
        let mut value: i64 = 0;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            // Sixteen digits hold 2^53 − 1, and stopping there keeps the sum far from overflow.
            if self.at - start >= 16 {
                return Err(CanonicalError::IntegerTooLarge);
            }
            value = value * 10 + i64::from(digit - b'0');
            self.at += 1;
        }
        let digits = self.at - start;
        if digits == 0 {
            return Err(self.wrong("a digit was expected"));
        }
        if self.bytes.get(start) == Some(&b'0') && (digits > 1 || negative) {
            self.at = start;
            return Err(self.wrong("an integer has one spelling: no leading zero, no minus zero"));
        }
        if matches!(self.peek(), Some(b'.' | b'e' | b'E')) {
            return Err(CanonicalError::NotAnInteger);
        }
        if value > MAX_INTEGER {
            return Err(CanonicalError::IntegerTooLarge);
        }
        Ok(if negative { -value } else { value })
    }

    /// Reads `null` if it stands here, and says whether it did.
    pub(crate) fn null(&mut self) -> Result<bool, CanonicalError> {
        if self.peek() != Some(b'n') {
            return Ok(false);
        }
        self.literal(b"null").map(|()| true)
    }

    /// An error at the present octet.
    pub(crate) const fn wrong(&self, what: &'static str) -> CanonicalError {
        CanonicalError::Syntax { offset: self.at, what }
    }

    fn skip_object(&mut self, depth: usize) -> Result<(), CanonicalError> {
        self.object(depth, |lexer, _| lexer.skip_value(depth + 1))
    }

    fn skip_array(&mut self, depth: usize) -> Result<(), CanonicalError> {
        if depth >= MAX_DEPTH {
            return Err(CanonicalError::TooDeep);
        }
        self.expect(b'[', "an array was expected")?;
        if self.eat(b']') {
            return Ok(());
        }
        loop {
            self.skip_value(depth + 1)?;
            if self.eat(b']') {
                return Ok(());
            }
            self.expect(b',', "a comma or the end of the array was expected")?;
        }
    }

    #[inline]
    fn key(&mut self) -> Result<Key<'a>, CanonicalError> {
        let start = self.at + 1;
        self.expect(b'"', "a string was expected")?;
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let (length, begins) = match rest.first_chunk::<8>().map(|word| u64::from_le_bytes(*word)) {
            // Nearly every key ends within its first eight octets.
            Some(word) if key_marks(word) != 0 => {
                let length = key_marks(word).trailing_zeros() / 8;
                (length as usize, word.swap_bytes() & !(u64::MAX >> (8 * length)))
            }
            Some(word) => (run(rest, key_marks), word.swap_bytes()),
            None => {
                let length = run(rest, key_marks);
                (length, begins_of(rest.get(..length).unwrap_or_default()))
            }
        };
        self.at += length;
        if !self.eat(b'"') {
            return Err(if self.peek().is_none() {
                self.wrong("the string does not end")
            } else {
                CanonicalError::KeyNotPlain
            });
        }
        let text = self.text.get(start..start + length).unwrap_or_default();
        Ok(Key { text, begins })
    }

    fn escape(&mut self) -> Result<(), CanonicalError> {
        const TWO: &[u8] = b"\"\\btnfr";
        let rest = self.bytes.get(self.at + 1..).unwrap_or_default();
        let length = match rest {
            [letter, ..] if TWO.contains(letter) => 2,
            // Controls with a two-character form must use it; everything from U+0020 stands for itself.
            [b'u', b'0', b'0', b'0', b'0'..=b'7' | b'b' | b'e' | b'f', ..] => 6,
            [b'u', b'0', b'0', b'1', b'0'..=b'9' | b'a'..=b'f', ..] => 6,
            _ => return Err(self.wrong("this escape is not the canonical one")),
        };
        self.at += length;
        Ok(())
    }

    /// Reads these very octets.
    #[inline]
    pub(crate) fn literal(&mut self, word: &'static [u8]) -> Result<(), CanonicalError> {
        if !self.bytes.get(self.at..).unwrap_or_default().starts_with(word) {
            return Err(self.wrong("a value was expected"));
        }
        self.at += word.len();
        Ok(())
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    #[inline]
    fn eat(&mut self, octet: u8) -> bool {
        let there = self.peek() == Some(octet);
        self.at += usize::from(there);
        there
    }

    #[inline]
    fn expect(&mut self, octet: u8, what: &'static str) -> Result<(), CanonicalError> {
        if self.eat(octet) { Ok(()) } else { Err(self.wrong(what)) }
    }
}

/// How many octets from the start are not marked by `marks`, which marks octets by their top bit.
///
/// A subtraction inside `marks` can borrow from the octet above one that matches, so only the lowest mark of a word is
/// certain; it is the only one looked at.
#[inline]
fn run(bytes: &[u8], marks: impl Fn(u64) -> u64) -> usize {
    let (words, rest) = bytes.as_chunks::<8>();
    for (position, word) in words.iter().enumerate() {
        let found = marks(u64::from_le_bytes(*word));
        if found != 0 {
            return position * 8 + (found.trailing_zeros() / 8) as usize;
        }
    }
    // Filled up with octets that are never marked.
    let mut last = [b'a'; 8];
    last.iter_mut().zip(rest).for_each(|(slot, octet)| *slot = *octet);
    let found = marks(u64::from_le_bytes(last));
    words.len() * 8 + rest.len().min((found.trailing_zeros() / 8) as usize)
}

const ONES: u64 = 0x0101_0101_0101_0101;
const TOPS: u64 = 0x8080_8080_8080_8080;

/// Marks each octet that ends a run of plain text: quote, backslash, control.
#[inline]
const fn special(word: u64) -> u64 {
    let controls = word.wrapping_sub(ONES * 0x20) & !word;
    (equal(word, b'"') | equal(word, b'\\') | controls) & TOPS
}

/// Marks each octet that a key may not hold although a string may: delete, and everything beyond ASCII.
#[inline]
const fn beyond_plain(word: u64) -> u64 {
    (equal(word, 0x7f) | word) & TOPS
}

/// Marks each octet that ends a run of key text.
#[inline]
const fn key_marks(word: u64) -> u64 {
    special(word) | beyond_plain(word)
}

/// Marks each octet equal to `octet`, in the top bit; the other bits mean nothing.
#[inline]
const fn equal(word: u64, octet: u8) -> u64 {
    let difference = word ^ (ONES * octet as u64);
    difference.wrapping_sub(ONES) & !difference
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_stops_exactly_at_the_first_marked_octet() {
        for octet in 0..=u8::MAX {
            let in_text = octet < 0x20 || octet == b'"' || octet == b'\\';
            let in_key = in_text || octet >= 0x7f;
            for (length, place) in (0..20).flat_map(|length| (0..length).map(move |place| (length, place))) {
                let mut bytes = vec![b'~'; length];
                bytes.iter_mut().skip(place).take(1).for_each(|slot| *slot = octet);
                let expected = |marked| if marked { place } else { length };
                assert_eq!(run(&bytes, special), expected(in_text), "{octet:#x} at {place} of {length}");
                let key = run(&bytes, key_marks);
                assert_eq!(key, expected(in_key), "{octet:#x} at {place} of {length}");
            }
        }
    }

    #[test]
    fn a_run_ends_at_the_first_of_two() {
        for (first, second) in
            (0..8_usize).flat_map(|first| (first + 1..8).map(move |second| (first, second)))
        {
            for marked in [0, 0x1f, b'"', b'\\'] {
                let mut bytes = [0xff; 8];
                bytes.iter_mut().skip(first).take(1).for_each(|slot| *slot = marked);
                bytes.iter_mut().skip(second).take(1).for_each(|slot| *slot = 0);
                assert_eq!(run(&bytes, special), first);
            }
        }
    }
}
