//! The configuration: one table of keys, four sources (flags over environment over file over default), and for each value
//! the place that it came from.

mod address;
mod api;
mod choice;
mod collect;
mod documents;
mod environment;
mod file;
mod holder;
mod key;
mod keys;
mod mail;
mod nearest;
mod problem;
mod reference;
mod settings;
mod show;
mod step_up;
mod template;
mod types;
mod value;
mod witness;

#[cfg(test)]
mod tests;

use std::{ffi::OsString, path::PathBuf};

pub(crate) use address::{DatabaseUrl, PublicUrl};
#[cfg(feature = "objects")]
pub(crate) use choice::ArchiveLock;
pub(crate) use choice::{BuiltInPack, DatabaseTls, Https, LogFormat, LogLevel, MailTls};
pub(crate) use documents::DocumentObjects;
pub(crate) use environment::opened;
pub(crate) use holder::{KeyCredential, Keys, Provider, RootKey};
pub(crate) use problem::{Problem, Problems};
pub(crate) use reference::reference;
#[cfg(feature = "columnar")]
pub(crate) use settings::{ArchiveBucket, ArchivePlace};
pub(crate) use settings::{
    Database, Gateway, GatewaySecret, MailServer, Packs, Password, Passwords, Region, Server, Settings,
    Witnesses,
};
pub(crate) use show::show;
pub(crate) use template::template;

use collect::Collected;
use key::AnyKey;
use value::{Given, Origin, Raw};

/// The name that the configuration file has by default.
pub(crate) const FILE_NAME: &str = "bailiwick.toml";
/// What the environment variables of all settings begin with.
const PREFIX: &str = "BAILIWICK_";

/// One setting from the command line.
#[derive(Clone, Debug)]
pub(crate) struct Assignment {
    /// The flag, as the operator knows it.
    pub(crate) flag: String,
    /// The key.
    pub(crate) key: String,
    value: Raw,
}

impl Assignment {
    /// The value as it was written.
    pub(crate) fn text(&self) -> &str {
        match &self.value {
            Raw::Text(text) => text,
            _ => "",
        }
    }
}

impl Assignment {
    /// What a flag of its own gives.
    pub(crate) fn new(flag: &str, key: &str, value: String) -> Self {
        Self { flag: flag.into(), key: key.into(), value: Raw::Text(value) }
    }

    /// What `--set section.key=value` gives.
    pub(crate) fn parse(text: &str) -> Result<Self, Problem> {
        match text.split_once('=') {
            Some((key, value)) if !key.trim().is_empty() => {
                let key = key.trim();
                Ok(Self::new(&format!("--set {key}"), key, value.trim().into()))
            }
            // What was written may be a secret whose key was forgotten.
            _ => Err(Problem::NotAnAssignment("…".into())),
        }
    }
}

/// Which file is read.
pub(crate) enum FileSource {
    /// None.
    None,
    /// This one.
    Named(PathBuf),
    /// The one that the environment names, or `bailiwick.toml` in this folder if there is one.
    In(PathBuf),
}

/// Where settings come from.
pub(crate) struct Sources {
    /// The file.
    pub(crate) file: FileSource,
    /// Environment variables with the prefix.
    pub(crate) variables: Vec<(OsString, OsString)>,
    /// Flags.
    pub(crate) flags: Vec<Assignment>,
}

impl Sources {
    /// The file, the environment of this process, and `flags`.
    pub(crate) fn of_process(file: FileSource, flags: Vec<Assignment>) -> Self {
        Self { file, variables: environment::read(), flags }
    }

    /// `flags` alone.
    pub(crate) const fn of_flags(flags: Vec<Assignment>) -> Self {
        Self { file: FileSource::None, variables: Vec::new(), flags }
    }

    /// Whether there is a file among them.
    pub(crate) fn has_file(&self) -> bool {
        self.path().is_some()
    }

    fn path(&self) -> Option<PathBuf> {
        match &self.file {
            FileSource::None => None,
            FileSource::Named(path) => Some(path.clone()),
            FileSource::In(folder) => environment::named_file(&self.variables)
                .or_else(|| Some(folder.join(FILE_NAME)).filter(|path| path.exists())),
        }
    }
}

/// A configuration whose every value is what its key expects.
#[derive(Debug)]
pub(crate) struct Config {
    collected: Collected,
}

impl Config {
    /// Reads all sources. Reports everything that is wrong, not only the first.
    pub(crate) fn load(sources: &Sources) -> Result<Self, Problems> {
        let mut collected = Collected::default();
        if let Some(path) = sources.path() {
            match file::read(&path) {
                Ok(text) => file::collect(&path, &text, &mut collected),
                Err(problem) => collected.problems.push(problem),
            }
        }
        environment::collect(&sources.variables, &mut collected);
        let mut layer = collected.layer(PathBuf::new(), |key| key.path().into());
        for flag in &sources.flags {
            layer.give(&flag.key, flag.value.clone(), Origin::Flag(flag.flag.clone()));
        }
        Self::check(collected)
    }

    /// Reads the text of a file as if it lay at `path`.
    #[cfg(test)]
    pub(crate) fn from_text(path: &std::path::Path, text: &str) -> Result<Self, Problems> {
        let mut collected = Collected::default();
        file::collect(path, text, &mut collected);
        Self::check(collected)
    }

    fn check(mut collected: Collected) -> Result<Self, Problems> {
        for key in keys::ALL {
            let Some(given) = collected.values.get(key.path()) else { continue };
            if key.shown(given).is_none() {
                let (at, expected) = (given.origin.clone(), key.expected());
                collected.problems.push(Problem::Wrong {
                    at,
                    key: key.path(),
                    got: got(*key, given),
                    expected,
                });
            }
        }
        if collected.problems.is_empty() { Ok(Self { collected }) } else { Err(Problems(collected.problems)) }
    }

    /// Whether any source gives a key its value.
    pub(crate) fn is_given(&self, path: &str) -> bool {
        self.given(path).is_some()
    }

    /// The public address, if any source gives one.
    pub(crate) fn public_url(&self) -> Option<PublicUrl> {
        let key = &keys::SERVER_PUBLIC_URL;
        self.given(AnyKey::path(key)).and_then(|given| key.parse(given))
    }

    /// The settings with their types. Fails where one that is needed is missing, or where some do not go together.
    pub(crate) fn settings(&self) -> Result<Settings, Problems> {
        settings::build(self)
    }

    /// What was given for a key, if anything was.
    fn given(&self, path: &str) -> Option<&Given> {
        self.collected.values.get(path)
    }
}

/// A value as an error may show it.
fn got(key: &dyn AnyKey, given: &Given) -> String {
    match &given.raw {
        Raw::Text(_) if key.secret() => "something else (not shown, it may hold a password)".into(),
        Raw::Text(text) if text.chars().count() > 80 => "a long text".into(),
        Raw::Text(text) => toml::Value::from(text.as_str()).to_string(),
        Raw::Integer(number) => number.to_string(),
        raw @ (Raw::List(_) | Raw::Other(_)) => raw.kind().into(),
    }
}
