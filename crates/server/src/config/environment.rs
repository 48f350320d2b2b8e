//! Settings from environment variables: `BAILIWICK_SECTION__KEY`.

use std::{collections::BTreeMap, ffi::OsString, path::PathBuf};

use super::{
    PREFIX,
    collect::Collected,
    key::AnyKey,
    keys::{ALL, SECTIONS},
    nearest::is_slip,
    problem::Problem,
    value::{Origin, Raw},
};

/// The variable that names the configuration file.
pub(crate) const FILE: &str = "BAILIWICK_CONFIG";

/// The variables of this process.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
pub(crate) fn read() -> Vec<(OsString, OsString)> {
    std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with(PREFIX)).collect()
}

/// The variables of this process whose names begin so, and whose values are text: what the operator has opened to integrations.
#[expect(clippy::disallowed_methods, reason = "beside `read`, the one place that reads the environment")]
pub(crate) fn opened(prefix: &str) -> BTreeMap<String, String> {
    let text =
        |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
    std::env::vars_os().filter_map(text).filter(|(name, _)| name.starts_with(prefix)).collect()
}

/// The file that the environment names.
pub(crate) fn named_file(variables: &[(OsString, OsString)]) -> Option<PathBuf> {
    variables.iter().find(|(name, _)| name == FILE).map(|(_, value)| PathBuf::from(value))
}

/// Collects what the variables give. Relative paths in them start from the working folder.
pub(crate) fn collect(variables: &[(OsString, OsString)], collected: &mut Collected) {
    let mut layer = collected.layer(PathBuf::new(), |key: &dyn AnyKey| key.variable());
    for (name, value) in variables {
        let name = name.to_string_lossy();
        let Some(rest) = name.strip_prefix(PREFIX).filter(|_| name != FILE) else { continue };
        let at = Origin::Variable(name.to_string());
        let path = rest.replace("__", ".").to_lowercase();
        if !rest.contains("__") {
            if looks_meant(rest) {
                layer.unknown(&path.replacen('_', ".", 1), at);
            }
            continue;
        }
        // Keys are written in capitals, so that a variable has one spelling.
        if rest != rest.to_uppercase() {
            layer.unknown(&path, at);
            continue;
        }
        match value.to_str() {
            Some(text) => layer.give(&path, Raw::Text(text.into()), at),
            None => layer.wrong(Problem::NotText(name.into())),
        }
    }
}

/// Whether a name without `__` was probably meant as a setting. Others belong to other programs.
fn looks_meant(rest: &str) -> bool {
    let lower = rest.to_lowercase();
    let first = lower.split('_').next().unwrap_or_default();
    let dotted = lower.replacen('_', ".", 1);
    SECTIONS.iter().any(|section| section.name == first)
        || ALL.iter().any(|key| is_slip(&dotted, *key) || is_slip(&lower, *key))
}
