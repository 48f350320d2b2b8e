//! What a bundle is of: a list of every record in it, signed by the log's own key.
//!
//! ```text
//! bailiwick-bundle/v1
//! log bailiwick.example.com/tenant/0193a7c2-7b1e-7000-8000-000000000001
//! tree 20852163 CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
//! made 2026-01-02T03:04:05.000006Z
//! of entity user 0193a7c2-7b1e-7000-8000-0000000000aa 2
//! page 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=
//! records 2
//! 40 gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=
//! 41 M8YDQfgeqmTiSIqcRW1dxwnGYONRH/y0Bt8EAUJZnw0=
//! ```
//!
//! The first line keeps it from being anything else that the key signs: a checkpoint has a number in its second line, and the
//! statement of an epoch begins otherwise. Of a search, `of` says its line, and a line more how it was understood: by the clocks of
//! which zone, and with ids and instants in the place of names and days, which mean something else another day.
//!
//! ```text
//! of search actor:"Ops Manager" after:7d
//! as Australia/Sydney actor:0193a7c2-7b1e-7000-8000-0000000000aa after:2025-12-26T03:04:05.000006Z
//! ```

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

use super::MAX_RECORDS;
use crate::{
    checkpoint::{SignedNote, parse_root, parse_size},
    hash::Hash,
};

/// The longest manifest that is read with its signatures, in octets.
pub const MAX_MANIFEST_BYTES: usize = 1024 * 1024;

const TITLE: &str = "bailiwick-bundle/v1";

/// What a bundle is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The name of the log.
    pub log: String,
    /// The size of the tree that everything is proven in.
    pub size: u64,
    /// Its root.
    pub root: Hash,
    /// When the bundle was made: RFC 3339 in UTC with six digits of a second.
    pub made: String,
    /// What was asked for.
    pub of: Selection,
    /// How a search was understood: the zone of its clocks, a blank, and its line with ids and instants. Nothing for one thing.
    pub meant: Option<String>,
    /// [The hash](super::page_hash) of the page around the data.
    pub page: Hash,
    /// The records: leaf index and leaf hash, in the order of the log.
    pub records: Vec<(u64, Hash)>,
}

/// What was asked for: everything of it that the tree holds is in the bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// What this line of search finds.
    Search(String),
    /// Everything that happened to one thing.
    Entity {
        /// Its kind.
        kind: String,
        /// Its id, as its records have it.
        id: String,
        /// Its newest revision.
        revisions: u64,
    },
}

/// Why a text is no manifest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// A line that is not what it has to be.
    #[error("line {0} of the list of records is malformed")]
    Line(usize),
    /// Another number of records than it says.
    #[error("the list says {said} records and has {found}")]
    Count {
        /// The number that it says.
        said: u64,
        /// The number of its lines.
        found: usize,
    },
    /// No records, or more than a bundle holds.
    #[error("a bundle is of 1 to {MAX_RECORDS} records")]
    Records,
}

impl Manifest {
    /// Reads the unsigned text.
    ///
    /// # Errors
    /// Any departure from the format; there is one text for each manifest.
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        let mut lines = (1..).zip(text.strip_suffix('\n').ok_or(ManifestError::Line(1))?.split('\n'));
        let mut next = |word: &str| {
            let (number, line) = lines.next().ok_or(ManifestError::Line(1))?;
            line.strip_prefix(word).map(|rest| (number, rest)).ok_or(ManifestError::Line(number))
        };
        if !next(TITLE)?.1.is_empty() {
            return Err(ManifestError::Line(1));
        }
        let log = next("log ")?.1.to_owned();
        let (number, tree) = next("tree ")?;
        let (size, root) = leaf(tree).ok_or(ManifestError::Line(number))?;
        let (number, made) = next("made ")?;
        if !is_time(made) {
            return Err(ManifestError::Line(number));
        }
        let (number, of) = next("of ")?;
        let of = selection(of).ok_or(ManifestError::Line(number))?;
        let meant = match of {
            Selection::Entity { .. } => None,
            Selection::Search(_) => {
                let (number, meant) = next("as ")?;
                let zone = meant.split_once(' ').map(|(zone, _)| zone);
                if zone.is_none_or(str::is_empty) {
                    return Err(ManifestError::Line(number));
                }
                Some(meant.to_owned())
            }
        };
        let (number, page) = next("page ")?;
        let page = parse_root(page).map_err(|_| ManifestError::Line(number))?;
        let (number, said) = next("records ")?;
        let said = parse_size(said).map_err(|_| ManifestError::Line(number))?;
        if said == 0 || said > MAX_RECORDS as u64 {
            return Err(ManifestError::Records);
        }
        let mut records = Vec::new();
        let mut least = 0;
        for (number, line) in lines {
            let (index, hash) = leaf(line).ok_or(ManifestError::Line(number))?;
            if records.len() == MAX_RECORDS || index < least || index >= size {
                return Err(ManifestError::Line(number));
            }
            least = index + 1;
            records.push((index, hash));
        }
        if records.len() as u64 != said {
            return Err(ManifestError::Count { said, found: records.len() });
        }
        Ok(Self { log, size, root, made: made.to_owned(), of, meant, page, records })
    }
}

/// The text to sign; each line ends in a newline.
impl fmt::Display for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{TITLE}\nlog {}", self.log)?;
        writeln!(f, "tree {} {}", self.size, STANDARD.encode(self.root.0))?;
        writeln!(f, "made {}\nof {}", self.made, self.of)?;
        if let Some(meant) = &self.meant {
            writeln!(f, "as {meant}")?;
        }
        writeln!(f, "page {}\nrecords {}", STANDARD.encode(self.page.0), self.records.len())?;
        self.records.iter().try_for_each(|(index, hash)| writeln!(f, "{index} {}", STANDARD.encode(hash.0)))
    }
}

impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Search(line) => write!(f, "search {line}"),
            Self::Entity { kind, id, revisions } => write!(f, "entity {kind} {id} {revisions}"),
        }
    }
}

/// What a list of records is known by again: SHA-256 of its text, without the signatures.
#[must_use]
pub fn list_hash(list: &SignedNote) -> Hash {
    Hash(Sha256::digest(list.text()).into())
}

fn selection(text: &str) -> Option<Selection> {
    if let Some(line) = text.strip_prefix("search ") {
        return Some(Selection::Search(line.to_owned()));
    }
    let mut parts = text.strip_prefix("entity ")?.split(' ');
    let (kind, id) = (parts.next()?, parts.next()?);
    let revisions = parse_size(parts.next()?).ok()?;
    let whole = parts.next().is_none() && !kind.is_empty() && !id.is_empty();
    whole.then(|| Selection::Entity { kind: kind.to_owned(), id: id.to_owned(), revisions })
}

fn leaf(text: &str) -> Option<(u64, Hash)> {
    let (index, hash) = text.split_once(' ')?;
    Some((parse_size(index).ok()?, parse_root(hash).ok()?))
}

/// Whether the text is laid out as times of the log are.
fn is_time(text: &str) -> bool {
    const SHAPE: &[u8] = b"0000-00-00T00:00:00.000000Z";
    text.len() == SHAPE.len()
        && text.bytes().zip(SHAPE).all(|(octet, shape)| match shape {
            b'0' => octet.is_ascii_digit(),
            other => octet == *other,
        })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::leaf_hash;

    fn manifest(of: Selection) -> Manifest {
        Manifest {
            log: "a.example/tenant/0193a7c2-7b1e-7000-8000-000000000001".into(),
            size: 9,
            root: leaf_hash(b"root"),
            made: "2026-01-02T03:04:05.000006Z".into(),
            meant: matches!(of, Selection::Search(_)).then(|| "UTC y".into()),
            of,
            page: leaf_hash(b"page"),
            records: vec![(0, leaf_hash(b"a")), (7, leaf_hash(b"b"))],
        }
    }

    #[test]
    fn a_manifest_has_one_text() {
        let entity = Selection::Entity { kind: "app.plan".into(), id: "PL-1".into(), revisions: 2 };
        for of in [entity, Selection::Search(String::new()), Selection::Search("outcome:denied a".into())] {
            let manifest = manifest(of);
            assert_eq!(Manifest::parse(&manifest.to_string()), Ok(manifest));
        }
        let text = manifest(Selection::Search("x".into())).to_string();
        for (wrong, error) in [
            (text.replace("/v1", "/v2"), ManifestError::Line(1)),
            (text.replace("log ", "Log "), ManifestError::Line(2)),
            (text.replace("tree 9", "tree 09"), ManifestError::Line(3)),
            (text.replace("03:04", "3:04"), ManifestError::Line(4)),
            (text.replace("of search x", "of everything"), ManifestError::Line(5)),
            (text.replace("of search x", "of entity a b 1 "), ManifestError::Line(5)),
            (text.replace("of search x", "of entity a b 1"), ManifestError::Line(6)),
            (text.replace("as UTC y\n", ""), ManifestError::Line(6)),
            (text.replace("as UTC y", "as UTC"), ManifestError::Line(6)),
            (text.replace("as UTC y", "as  y"), ManifestError::Line(6)),
            (text.replace("page ", "page  "), ManifestError::Line(7)),
            (text.replace("records 2", "records +2"), ManifestError::Line(8)),
            (text.replace("records 2", "records 0"), ManifestError::Records),
            (text.replace("records 2", "records 10001"), ManifestError::Records),
            (text.replace("records 2", "records 3"), ManifestError::Count { said: 3, found: 2 }),
            (text.replace("\n7 ", "\n0 "), ManifestError::Line(10)),
            (text.replace("\n7 ", "\n9 "), ManifestError::Line(10)),
            (format!("{text}\n"), ManifestError::Line(11)),
            (text.trim_end().to_owned(), ManifestError::Line(1)),
        ] {
            assert_eq!(Manifest::parse(&wrong), Err(error), "{wrong}");
        }
    }

    #[test]
    fn a_manifest_is_nothing_else_that_the_key_signs() {
        use crate::checkpoint::{Checkpoint, EpochStatement};
        let text = manifest(Selection::Search("x".into())).to_string();
        assert!(Checkpoint::parse(&text).is_err() && EpochStatement::parse(&text).is_err());
        let checkpoint = Checkpoint::new("bailiwick-bundle/v1", 1, leaf_hash(b"x"));
        assert!(Manifest::parse(&checkpoint.to_string()).is_err());
    }
}
