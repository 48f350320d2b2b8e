//! What a key of the configuration is, whatever its type.

use std::{fmt, marker::PhantomData, path::Path};

use super::value::{Given, Raw, Setting};

/// One key of the configuration, with the type of its value.
pub(crate) struct Key<T> {
    path: &'static str,
    default: Option<&'static str>,
    example: &'static str,
    required: bool,
    about: &'static [&'static str],
    /// A key makes values, it holds none.
    value: PhantomData<fn() -> T>,
}

impl<T> Key<T> {
    /// `default` and `example` are written as in an environment variable.
    pub(crate) const fn new(
        path: &'static str,
        default: Option<&'static str>,
        example: Option<&'static str>,
        required: bool,
        about: &'static [&'static str],
    ) -> Self {
        let example = match (example, default) {
            (Some(text), _) | (None, Some(text)) => text,
            (None, None) => "",
        };
        Self { path, default, example, required, about, value: PhantomData }
    }
}

/// A key without the type of its value: what the table of keys lists.
pub(crate) trait AnyKey: Sync {
    /// `section.name`.
    fn path(&self) -> &'static str;
    /// The value where nothing is given, as text; nothing if there is none.
    fn default(&self) -> Option<&'static str>;
    /// A value that fits, as text.
    fn example(&self) -> &'static str;
    /// Whether the server cannot run without it.
    fn required(&self) -> bool;
    /// What it is for, one sentence a line.
    fn about(&self) -> &'static [&'static str];
    /// What a value has to be, to follow "expected".
    fn expected(&self) -> String;
    /// Whether its value may be shown only masked.
    fn secret(&self) -> bool;
    /// The value as it may be shown, or `None` where it is not what is expected.
    fn shown(&self, given: &Given) -> Option<toml::Value>;

    /// The section, without the name.
    fn section(&self) -> &'static str {
        self.path().split_once('.').map_or("", |(section, _)| section)
    }
    /// The name, without the section.
    fn name(&self) -> &'static str {
        self.path().split_once('.').map_or(self.path(), |(_, name)| name)
    }
    /// The environment variable that sets it.
    fn variable(&self) -> String {
        format!("{}{}", super::PREFIX, self.path().to_uppercase().replace('.', "__"))
    }
    /// The text of a default or example as it may be shown.
    fn shown_text(&self, text: &str) -> Option<toml::Value> {
        self.shown(&Given::plain(text))
    }
}

impl<T: Setting> AnyKey for Key<T> {
    fn path(&self) -> &'static str {
        self.path
    }
    fn default(&self) -> Option<&'static str> {
        self.default
    }
    fn example(&self) -> &'static str {
        self.example
    }
    fn required(&self) -> bool {
        self.required
    }
    fn about(&self) -> &'static [&'static str] {
        self.about
    }
    fn expected(&self) -> String {
        T::expected()
    }
    fn secret(&self) -> bool {
        T::SECRET
    }
    fn shown(&self, given: &Given) -> Option<toml::Value> {
        self.parse(given).map(|value| value.shown())
    }
}

impl<T: Setting> Key<T> {
    /// The value, or `None` where it is not what is expected.
    pub(crate) fn parse(&self, given: &Given) -> Option<T> {
        match &given.raw {
            // What comes as text alone (environment, flags) may spell a number or a list.
            Raw::Text(text) if given.origin.is_text() => T::from_text(text, &given.base),
            raw => T::from_toml(raw, &given.base),
        }
    }

    /// The default's value.
    pub(crate) fn parse_default(&self) -> Option<T> {
        self.default.and_then(|text| T::from_text(text, Path::new("")))
    }
}

impl<T> fmt::Debug for Key<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.path)
    }
}
