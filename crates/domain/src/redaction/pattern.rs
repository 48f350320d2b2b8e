//! Places in an image, with gaps.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::json::{escaped, tokens};

/// Octets of a pattern at most.
const LONGEST: usize = 256;
/// Names of a pattern at most.
const DEEPEST: usize = 32;

/// A JSON pointer in which `*` stands for one name and `**` for any number of them. It fits what lies at such a place and
/// everything below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Name(String),
    One,
    Any,
}

/// The text is no pattern; says why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadPattern(pub &'static str);

impl Pattern {
    /// Whether it fits exactly this place.
    pub(super) fn fits(&self, place: &[String]) -> bool {
        // Back to the last gap of any length, and on from one name later: no more than names times parts.
        let (mut part, mut name) = (0, 0);
        let mut gap: Option<(usize, usize)> = None;
        while let Some(present) = place.get(name) {
            match self.0.get(part) {
                Some(Part::Any) => {
                    gap = Some((part, name));
                    part += 1;
                    continue;
                }
                Some(Part::One) => {}
                Some(Part::Name(wanted)) if wanted == present => {}
                _ => match gap {
                    Some((at, from)) => {
                        gap = Some((at, from + 1));
                        (part, name) = (at + 1, from + 1);
                        continue;
                    }
                    None => return false,
                },
            }
            part += 1;
            name += 1;
        }
        self.0.get(part..).unwrap_or_default().iter().all(|part| *part == Part::Any)
    }
}

impl FromStr for Pattern {
    type Err = BadPattern;

    fn from_str(text: &str) -> Result<Self, BadPattern> {
        if text.len() > LONGEST || !text.bytes().all(|octet| matches!(octet, 0x20..=0x7e)) {
            return Err(BadPattern("A path has at most 256 printable ASCII characters."));
        }
        let names = tokens(text)
            .filter(|_| text.starts_with('/'))
            .ok_or(BadPattern("A path is a JSON pointer such as /card/number."))?;
        if names.len() > DEEPEST || names.iter().any(String::is_empty) {
            return Err(BadPattern("A path has 1 to 32 names, none of them empty."));
        }
        let part = |name: String| match name.as_str() {
            "*" => Part::One,
            "**" => Part::Any,
            _ => Part::Name(name),
        };
        let parts: Vec<_> = names.into_iter().map(part).collect();
        if parts.last() == Some(&Part::Any) {
            return Err(BadPattern("A path ends in a name or *; everything below is meant as well."));
        }
        Ok(Self(parts))
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|part| match part {
            Part::Name(name) => write!(f, "/{}", escaped(name)),
            Part::One => f.write_str("/*"),
            Part::Any => f.write_str("/**"),
        })
    }
}

impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use proptest::prelude::*;

    use super::*;

    fn fits(pattern: &str, place: &str) -> bool {
        pattern.parse::<Pattern>().unwrap().fits(&tokens(place).unwrap())
    }

    #[test]
    fn gaps_stand_for_one_name_or_any_number() {
        for (pattern, place) in [
            ("/a", "/a"),
            ("/a/*", "/a/b"),
            ("/**/c", "/c"),
            ("/**/c", "/a/b/c"),
            ("/a/**/c", "/a/c"),
            ("/a/**/b/c", "/a/b/b/c"),
            ("/**/a/**/b", "/x/a/a/y/b"),
            ("/a~1b", "/a~1b"),
        ] {
            assert!(fits(pattern, place), "{pattern} {place}");
        }
        for (pattern, place) in [
            ("/a", "/b"),
            ("/a", ""),
            ("/a/*", "/a"),
            ("/a/*", "/a/b/c"),
            ("/**/c", "/a/b"),
            ("/a/**/c", "/b/c"),
            ("/a", "/a/b"),
        ] {
            assert!(!fits(pattern, place), "{pattern} {place}");
        }
    }

    /// The same by trying every way.
    fn slow(parts: &[Part], place: &[String]) -> bool {
        match (parts, place) {
            ([], []) => true,
            ([Part::Any, rest @ ..], _) => (0..=place.len()).any(|skip| slow(rest, &place[skip..])),
            ([Part::One, rest @ ..], [_, below @ ..]) => slow(rest, below),
            ([Part::Name(name), rest @ ..], [first, below @ ..]) => name == first && slow(rest, below),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn it_fits_what_trying_every_way_finds(pattern in prop::collection::vec(prop::sample::select(vec!["a", "b", "*", "**"]), 0..6), last in "[ab]", place in prop::collection::vec("[ab]", 0..7)) {
            let text: String = pattern.iter().copied().chain([last.as_str()]).map(|part| format!("/{part}")).collect();
            let pattern: Pattern = text.parse().unwrap();
            prop_assert_eq!(pattern.fits(&place), slow(&pattern.0, &place), "{} {:?}", text, place);
            prop_assert_eq!(pattern.to_string(), text);
        }
    }
}
