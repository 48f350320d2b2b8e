//! Values as they were given, and how they become values of a type.

use std::{
    fmt,
    path::{Path, PathBuf},
};

/// A value as it was written, before its key gives it a type.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Raw {
    /// A string of the file, or any value of the environment and the command line.
    Text(String),
    /// A whole number of the file.
    Integer(i64),
    /// A list of strings of the file.
    List(Vec<String>),
    /// A value of another type, which no key takes; holds the name of the type.
    Other(&'static str),
}

/// Values may be secrets, so only their kind is shown.
impl fmt::Debug for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind())
    }
}

impl Raw {
    /// The name of the value's type in TOML.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "a string",
            Self::Integer(_) => "a whole number",
            Self::List(_) => "a list of strings",
            Self::Other(kind) => kind,
        }
    }
}

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The table of keys.
    Default,
    /// A line of the file, counted from 1.
    File {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
    },
    /// An environment variable.
    Variable(String),
    /// A flag of the command line.
    Flag(String),
}

impl Origin {
    /// Whether values from there come as text whatever their type.
    pub(crate) const fn is_text(&self) -> bool {
        !matches!(self, Self::File { .. })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Variable(name) => write!(f, "environment variable {name}"),
            Self::Flag(name) => write!(f, "flag {name}"),
        }
    }
}

/// A value with its origin.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    /// The value.
    pub(crate) raw: Raw,
    /// Where it came from.
    pub(crate) origin: Origin,
    /// The folder that a relative path in it starts from; empty for the working folder.
    pub(crate) base: PathBuf,
}

impl Given {
    /// A default or an example.
    pub(crate) fn plain(text: &str) -> Self {
        Self { raw: Raw::Text(text.to_owned()), origin: Origin::Default, base: PathBuf::new() }
    }
}

/// A type that the value of a key can have.
pub(crate) trait Setting: Sized {
    /// Whether a value may be shown only masked.
    const SECRET: bool = false;

    /// What a value has to be, to follow "expected".
    fn expected() -> String;

    /// Reads text. Relative paths start from `base`.
    fn from_text(text: &str, base: &Path) -> Option<Self>;

    /// Reads a value of the file.
    fn from_toml(raw: &Raw, base: &Path) -> Option<Self> {
        match raw {
            Raw::Text(text) => Self::from_text(text, base),
            _ => None,
        }
    }

    /// The value as it may be shown.
    fn shown(&self) -> toml::Value;
}
