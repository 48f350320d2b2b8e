//! The effective configuration as TOML: secrets masked, and beside each value where it came from.

use std::fmt::Write;

use super::{
    Config,
    keys::{ALL, SECTIONS},
    value::{Given, Origin},
};

/// The effective configuration.
pub(crate) fn show(config: &Config) -> String {
    let mut text = String::from("# The effective configuration. Passwords are masked.\n");
    for section in SECTIONS {
        let lines: Vec<_> =
            ALL.iter().filter(|key| key.section() == section.name).map(|key| line(config, *key)).collect();
        let width = lines.iter().map(|(line, _)| line.chars().count()).max().unwrap_or(0);
        // Writing to a string cannot fail.
        let _ = writeln!(text, "\n[{}]", section.name);
        for (line, origin) in lines {
            let _ = writeln!(text, "{line:width$}  # {origin}");
        }
    }
    text
}

fn line(config: &Config, key: &dyn super::key::AnyKey) -> (String, String) {
    let given = config.given(key.path()).cloned().or_else(|| key.default().map(Given::plain));
    match given.and_then(|given| Some((key.shown(&given)?, given.origin))) {
        Some((value, origin)) => (format!("{} = {value}", key.name()), short(&origin)),
        None => (format!("# {} =", key.name()), "not set".into()),
    }
}

fn short(origin: &Origin) -> String {
    match origin {
        Origin::Variable(name) => format!("env {name}"),
        origin => origin.to_string(),
    }
}
