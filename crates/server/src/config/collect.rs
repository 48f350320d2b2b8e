//! Gathering what was given for each key, one source over the other.

use std::{collections::BTreeMap, path::PathBuf};

use super::{
    key::AnyKey,
    keys::{self, REGION, SECTIONS},
    nearest::nearest,
    problem::Problem,
    value::{Given, Origin, Raw},
};

/// What was given, by path of the key, and what was wrong so far.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    /// What the highest source gave for each key.
    pub(crate) values: BTreeMap<&'static str, Given>,
    /// What was wrong so far.
    pub(crate) problems: Vec<Problem>,
}

/// What one source gave.
pub(crate) struct Layer<'a> {
    collected: &'a mut Collected,
    /// Where a relative path starts.
    base: PathBuf,
    /// How a key is written in this source.
    spell: fn(&dyn AnyKey) -> String,
    own: BTreeMap<&'static str, Origin>,
}

impl Collected {
    /// Begins a source that goes before all earlier ones.
    pub(crate) fn layer(&mut self, base: PathBuf, spell: fn(&dyn AnyKey) -> String) -> Layer<'_> {
        Layer { collected: self, base, spell, own: BTreeMap::new() }
    }
}

impl Layer<'_> {
    /// Notes that `path` was given the value `raw`.
    pub(crate) fn give(&mut self, path: &str, raw: Raw, at: Origin) {
        let short = match regional(path) {
            Ok(short) => short,
            Err(region) => return self.wrong(Problem::Region { at, region: region.into() }),
        };
        let Some(key) = keys::find(short) else { return self.unknown(path, at) };
        let key = key.path();
        if let Some(first) = self.own.insert(key, at.clone()) {
            return self.wrong(Problem::Twice { key, first, second: at });
        }
        self.collected.values.insert(key, Given { raw, origin: at, base: self.base.clone() });
    }

    /// Notes that there is no key `written`.
    pub(crate) fn unknown(&mut self, written: &str, at: Origin) {
        // The table is never empty, so there always is a nearest one.
        let Some(nearest) = nearest(written) else { return };
        let nearest = (self.spell)(nearest);
        self.wrong(Problem::Unknown { at, key: written.into(), nearest });
    }

    /// Notes a problem.
    pub(crate) fn wrong(&mut self, problem: Problem) {
        self.collected.problems.push(problem);
    }
}

/// Whether `path` is that of a key.
pub(crate) fn is_key(path: &str) -> bool {
    regional(path).ok().and_then(keys::find).is_some()
}

/// Whether `path` is the beginning of the paths of keys.
pub(crate) fn is_section(path: &str) -> bool {
    match path.split('.').collect::<Vec<_>>().as_slice() {
        ["regions"] => true,
        ["regions", region] => *region == REGION,
        ["regions", region, section] => *region == REGION && is_regional(section),
        [section] => SECTIONS.iter().any(|known| known.name == *section),
        _ => false,
    }
}

/// The path of a region's key without its region, or the name of a region that there is none of.
fn regional(path: &str) -> Result<&str, &str> {
    let Some((region, rest)) = path.strip_prefix("regions.").and_then(|rest| rest.split_once('.')) else {
        return Ok(path);
    };
    if !is_regional(rest.split('.').next().unwrap_or_default()) {
        return Ok(path);
    }
    if region == REGION { Ok(rest) } else { Err(region) }
}

fn is_regional(section: &str) -> bool {
    matches!(section, "database" | "keys" | "keys_next")
}
