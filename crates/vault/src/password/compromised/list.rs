//! A file of the SHA-1 hashes of leaked passwords, searched where it lies.
//!
//! SHA-1 is no protection of anything here, and nothing rests on its strength: it is the index under which the public
//! collections of leaked passwords are kept. The file holds lines of `SHA1HEX` or `SHA1HEX:COUNT`, sorted by hash: what
//! the ranges of the k-anonymity format are when each is led by its prefix and all are put into one file. Such a file has
//! tens of gigabytes, so it is never read whole: a search takes some forty short reads.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::FileExt,
    path::Path,
};

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

/// Hexadecimal digits of a hash.
const DIGITS: usize = 40;
/// Octets of the longest line: a hash, a colon, a count of twenty digits, and either end of a line.
const LONGEST: usize = DIGITS + 1 + 20 + 2;
/// Places in a file that are looked at when it is opened.
const SAMPLES: u64 = 1_000;

type Hash = [u8; DIGITS / 2];

/// A sorted file of hashes of leaked passwords, open for searching.
///
/// The file that was opened is searched to the end, so another one is put in its place under the same name without
/// harm; it counts from the next start.
#[derive(Debug)]
pub struct CompromisedList {
    file: File,
    length: u64,
}

/// Why a list cannot be used. Offsets are in octets from the beginning of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    /// The system did not let it be read.
    #[error("it cannot be read: {0}")]
    Unreadable(io::ErrorKind),
    /// A folder, a device or a pipe.
    #[error("it has to be a regular file")]
    NotAFile,
    /// Nothing in it: more likely a slip than a list of no passwords.
    #[error("it is empty")]
    Empty,
    /// A line is something else.
    #[error(
        "at octet {0} there is no line of 40 hexadecimal digits, with or without a colon and a count behind them"
    )]
    Malformed(u64),
    /// A line does not follow the one before it.
    #[error("it is not sorted by hash: the line at octet {0} is out of place")]
    Unsorted(u64),
}

impl From<io::Error> for ListError {
    fn from(error: io::Error) -> Self {
        Self::Unreadable(error.kind())
    }
}

/// A line in its place.
#[derive(Clone, Copy)]
struct Line {
    start: u64,
    /// Behind its line break.
    end: u64,
    hash: Hash,
}

impl CompromisedList {
    /// Opens a list and looks at samples of it from end to end: their form, and their order.
    ///
    /// # Errors
    /// [`ListError`] says what is wrong and where.
    pub fn open(path: &Path) -> Result<Self, ListError> {
        // Asked before opening, because opening a pipe would wait for its writer.
        if !fs::metadata(path)?.is_file() {
            return Err(ListError::NotAFile);
        }
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        if length == 0 {
            return Err(ListError::Empty);
        }
        let list = Self { file, length };
        list.check()?;
        Ok(list)
    }

    /// Whether the list holds this password.
    pub(in crate::password) fn holds(&self, password: &str) -> Result<bool, ListError> {
        let mut hash = Hash::default();
        for (to, from) in hash.iter_mut().zip(digest(&SHA1_FOR_LEGACY_USE_ONLY, password.as_bytes()).as_ref())
        {
            *to = *from;
        }
        self.finds(&hash)
    }

    /// Halves the file until the line is found or nothing is left. `low` and `high` are beginnings of lines.
    fn finds(&self, hash: &Hash) -> Result<bool, ListError> {
        let (mut low, mut high) = (0, self.length);
        while low < high {
            let line = self.line(low + (high - low) / 2)?;
            match line.hash.cmp(hash) {
                std::cmp::Ordering::Equal => return Ok(true),
                std::cmp::Ordering::Less => low = line.end,
                std::cmp::Ordering::Greater => high = line.start,
            }
        }
        Ok(false)
    }

    /// Looks at lines all over the file, each with the one behind it.
    fn check(&self) -> Result<(), ListError> {
        let mut before: Option<Line> = None;
        for sample in 0..=SAMPLES {
            let at = u64::try_from(u128::from(self.length - 1) * u128::from(sample) / u128::from(SAMPLES));
            let line = self.line(at.unwrap_or(self.length - 1))?;
            if before.is_some_and(|before| before.start == line.start) {
                continue;
            }
            if before.is_some_and(|before| before.hash > line.hash) {
                return Err(ListError::Unsorted(line.start));
            }
            if line.end < self.length {
                let next = self.line(line.end)?;
                if line.hash > next.hash {
                    return Err(ListError::Unsorted(next.start));
                }
            }
            before = Some(line);
        }
        Ok(())
    }

    /// The line that the octet `at` belongs to.
    fn line(&self, at: u64) -> Result<Line, ListError> {
        let malformed = ListError::Malformed(at);
        let from = at.saturating_sub(LONGEST as u64);
        let until = self.length.min(at.saturating_add(LONGEST as u64));
        let mut space = [0; 2 * LONGEST];
        let length = usize::try_from(until.saturating_sub(from)).map_err(|_| malformed)?;
        let window = space.get_mut(..length).ok_or(malformed)?;
        self.file.read_exact_at(window, from)?;
        let front = usize::try_from(at - from).map_err(|_| malformed)?;
        let (before, behind) = window.split_at_checked(front).ok_or(malformed)?;
        let start = match before.iter().rposition(|octet| *octet == b'\n') {
            Some(place) => place + 1,
            None if from == 0 => 0,
            None => return Err(malformed),
        };
        let end = match behind.iter().position(|octet| *octet == b'\n') {
            Some(place) => front + place + 1,
            None if until == self.length => window.len(),
            None => return Err(malformed),
        };
        let hash = window.get(start..end).and_then(parse).ok_or(ListError::Malformed(from + start as u64))?;
        Ok(Line { start: from + start as u64, end: from + end as u64, hash })
    }
}

/// The hash in a line with its line break, or without one at the end of the file.
fn parse(line: &[u8]) -> Option<Hash> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let (digits, rest) = line.split_at_checked(DIGITS)?;
    let mut hash = Hash::default();
    hex::decode_to_slice(digits, &mut hash).ok()?;
    let counted = |count: &[u8]| (1..=20).contains(&count.len()) && count.iter().all(u8::is_ascii_digit);
    (rest.is_empty() || rest.strip_prefix(b":").is_some_and(counted)).then_some(hash)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use tempfile::TempDir;

    use super::*;

    /// A folder with a file of these octets, and what opening it gives.
    fn opened(octets: &[u8]) -> (TempDir, Result<CompromisedList, ListError>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list");
        fs::write(&path, octets).unwrap();
        let list = CompromisedList::open(&path);
        (folder, list)
    }

    fn sha1(text: &str) -> String {
        hex::encode_upper(digest(&SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes()))
    }

    #[test]
    fn password_is_found_under_its_public_hash() {
        // printf password | openssl sha1
        assert_eq!(sha1("password"), "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8");
        let mut lines = ["password", "123456", "a leaked passphrase", "letmein"].map(sha1);
        lines.sort();
        for (end, count) in [("\n", ""), ("\r\n", ":52256179"), ("\n", ":1")] {
            let text: String = lines.iter().map(|line| format!("{line}{count}{end}")).collect();
            for text in [text.clone(), text.trim_end().to_owned(), text.to_lowercase()] {
                let (_folder, list) = opened(text.as_bytes());
                let list = list.unwrap();
                assert_eq!(list.holds("a leaked passphrase"), Ok(true), "{text}");
                assert_eq!(list.holds("A leaked passphrase"), Ok(false));
                assert_eq!(list.holds(""), Ok(false));
            }
        }
    }

    #[test]
    fn operator_reads_what_is_wrong_with_the_file_and_where() {
        let (low, high) = ("0".repeat(40), "F".repeat(40));
        for (text, error) in [
            (String::new(), ListError::Empty),
            ("\n".into(), ListError::Malformed(0)),
            ("hello".into(), ListError::Malformed(0)),
            (format!("\u{feff}{low}\n"), ListError::Malformed(0)),
            (format!("{low}:\n"), ListError::Malformed(0)),
            (format!("{low}:x\n"), ListError::Malformed(0)),
            (format!("{low} 7\n"), ListError::Malformed(0)),
            (format!("{low}:{}\n", "9".repeat(21)), ListError::Malformed(0)),
            (format!("{}\n", "0".repeat(39)), ListError::Malformed(0)),
            (format!("{low}\n{}\n", "G".repeat(40)), ListError::Malformed(41)),
            (format!("{low}\n\n{high}\n"), ListError::Malformed(41)),
            (format!("{high}\n{low}\n"), ListError::Unsorted(41)),
        ] {
            let (_folder, list) = opened(text.as_bytes());
            assert_eq!(list.unwrap_err(), error, "{text:?}");
        }
        let (_folder, list) = opened(&[b'0'; 10_000]);
        assert!(matches!(list.unwrap_err(), ListError::Malformed(_)));
        let (folder, list) = opened(format!("{low}\n").as_bytes());
        assert!(list.is_ok());
        assert_eq!(CompromisedList::open(folder.path()).unwrap_err(), ListError::NotAFile);
        let missing = CompromisedList::open(&folder.path().join("nowhere")).unwrap_err();
        assert_eq!(missing, ListError::Unreadable(io::ErrorKind::NotFound));
    }

    #[test]
    fn a_large_file_out_of_order_is_noticed_by_its_samples() {
        let line = |number: u32| format!("{number:040X}:{}\n", number % 7);
        let sorted: Vec<String> = (0..50_000).map(line).collect();
        assert!(opened(sorted.concat().as_bytes()).1.is_ok());
        let mut halves_swapped = sorted.clone();
        halves_swapped.rotate_left(25_000);
        assert!(matches!(opened(halves_swapped.concat().as_bytes()).1, Err(ListError::Unsorted(_))));
        let reversed: Vec<String> = sorted.iter().rev().cloned().collect();
        assert!(matches!(opened(reversed.concat().as_bytes()).1, Err(ListError::Unsorted(_))));
    }

    #[test]
    fn a_file_cut_short_under_the_search_is_an_error_and_no_answer() {
        let text: String = (0..1_000_u32).map(|number| format!("{number:040X}\n")).collect();
        let (folder, list) = opened(text.as_bytes());
        let list = list.unwrap();
        File::options().write(true).open(folder.path().join("list")).unwrap().set_len(100).unwrap();
        assert_eq!(list.holds("anything"), Err(ListError::Unreadable(io::ErrorKind::UnexpectedEof)));
    }

    /// The hashes of a file, by reading every line of it.
    fn scanned(text: &str) -> Vec<Hash> {
        text.lines().map(|line| parse(line.as_bytes()).unwrap()).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn a_search_finds_what_a_scan_finds(
            hashes in proptest::collection::btree_set(any::<Hash>(), 1..200),
            others in proptest::collection::vec(any::<Hash>(), 20),
            counts in proptest::collection::vec(proptest::option::of(any::<u64>()), 200),
            windows: bool,
            last_break: bool,
        ) {
            let end = if windows { "\r\n" } else { "\n" };
            let mut text: String = hashes
                .iter()
                .zip(&counts)
                .map(|(hash, count)| {
                    let digits = if count.is_some_and(|n| n % 2 == 0) { hex::encode(hash) } else { hex::encode_upper(hash) };
                    digits + &count.map(|n| format!(":{n}")).unwrap_or_default() + end
                })
                .collect();
            if !last_break {
                text.truncate(text.trim_end().len());
            }
            let (_folder, list) = opened(text.as_bytes());
            let list = list.unwrap();
            let there = scanned(&text);
            prop_assert_eq!(there.iter().copied().collect::<BTreeSet<_>>(), hashes);
            for hash in &there {
                prop_assert_eq!(list.finds(hash), Ok(true));
            }
            // Their neighbours on either side, where a search that is off by one goes wrong, and some from anywhere.
            let beside = there.iter().flat_map(|hash| [-1_i8, 1].map(|step| {
                let mut near = *hash;
                near[19] = near[19].wrapping_add_signed(step);
                near
            }));
            for hash in beside.chain(others) {
                prop_assert_eq!(list.finds(&hash), Ok(there.contains(&hash)));
            }
        }

        #[test]
        fn no_octets_stop_the_parser(octets in proptest::collection::vec(any::<u8>(), 0..400), hash: Hash) {
            if let (_folder, Ok(list)) = opened(&octets) {
                let _ = list.finds(&hash);
            }
        }

        #[test]
        fn no_lines_of_nearly_the_right_form_stop_the_parser(text in "([0-9A-Fa-f]{38,42}(:[0-9]{0,22})?\r?\n){0,12}", hash: Hash) {
            if let (_folder, Ok(list)) = opened(text.as_bytes()) {
                let found = list.finds(&hash);
                prop_assert_eq!(found, Ok(scanned(&text).contains(&hash)));
            }
        }
    }
}
