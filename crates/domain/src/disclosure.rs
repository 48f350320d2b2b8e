//! Which personal values of a record are shown to whoever gets its proof; the others stay commitments.

use std::{fmt, str::FromStr};

/// Paths at most in one choice.
pub const MOST_PATHS: usize = 50;

/// Characters of a path at most.
const MOST_CHARACTERS: usize = 200;

/// What the address that a request came from is called; every other path begins with a slash.
const ADDRESS: &str = "ip";

/// Which personal values are shown: none unless somebody asks for them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Disclosure {
    /// None.
    #[default]
    Nothing,
    /// Every one that can still be opened.
    Everything,
    /// Those at these paths and below them, as records write the paths of changes; `ip` is the address of the request.
    Paths(Vec<String>),
}

/// The text names no paths of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a list of paths such as /name, ip")]
pub struct BadDisclosure;

impl Disclosure {
    /// Whether the value at `path` is shown.
    pub fn shows(&self, path: &str) -> bool {
        match self {
            Self::Nothing => false,
            Self::Everything => true,
            Self::Paths(paths) => paths.iter().any(|shown| {
                path.strip_prefix(shown.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            }),
        }
    }

    /// Those at these paths.
    ///
    /// # Errors
    /// A path that is none, or more than [`MOST_PATHS`].
    pub fn of(paths: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Self, BadDisclosure> {
        let mut shown: Vec<String> = Vec::new();
        for path in paths {
            let path = path.as_ref().trim();
            match path {
                "" => {}
                "*" => return Ok(Self::Everything),
                _ if shown.iter().any(|other| other == path) => {}
                _ if is_path(path) && shown.len() < MOST_PATHS => shown.push(path.to_owned()),
                _ => return Err(BadDisclosure),
            }
        }
        Ok(if shown.is_empty() { Self::Nothing } else { Self::Paths(shown) })
    }
}

fn is_path(text: &str) -> bool {
    let shaped = text == ADDRESS || text.strip_prefix('/').is_some_and(|rest| !rest.is_empty());
    shaped && text.chars().count() <= MOST_CHARACTERS && !text.chars().any(|c| c.is_control() || c == ',')
}

/// Paths with commas between them, as people type them; `*` is every value.
impl FromStr for Disclosure {
    type Err = BadDisclosure;

    fn from_str(text: &str) -> Result<Self, BadDisclosure> {
        Self::of(text.split(','))
    }
}

impl fmt::Display for Disclosure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => Ok(()),
            Self::Everything => f.write_str("*"),
            Self::Paths(paths) => f.write_str(&paths.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_shown_unless_it_is_named() {
        let read = |text: &str| text.parse::<Disclosure>();
        assert_eq!(read(" , "), Ok(Disclosure::Nothing));
        assert_eq!(read("/name, *"), Ok(Disclosure::Everything));
        let some = read(" /name,ip , /name").unwrap();
        assert_eq!(some.to_string(), "/name, ip");
        assert_eq!(read(&some.to_string()), Ok(some.clone()));
        for (path, shown) in [
            ("/name", true),
            ("/name/first", true),
            ("/names", false),
            ("ip", true),
            ("/ip", false),
            ("", false),
        ] {
            assert_eq!(some.shows(path), shown, "{path}");
            assert!(Disclosure::Everything.shows(path) && !Disclosure::Nothing.shows(path));
        }
        for wrong in ["name", "/", "ip/x", "/a\nb", &format!("/{}", "a".repeat(200))] {
            assert_eq!(read(wrong), Err(BadDisclosure), "{wrong}");
        }
        let many: Vec<String> = (0..=MOST_PATHS).map(|n| format!("/{n}")).collect();
        assert_eq!(Disclosure::of(&many), Err(BadDisclosure));
    }
}
