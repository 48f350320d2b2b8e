//! The commented file that `init` writes.

use std::fmt::Write;

use super::{
    key::AnyKey,
    keys::{ALL, SECTIONS},
};

/// A file that sets the keys of `values` (path and text) and shows the others, commented out, with their defaults.
pub(crate) fn template(values: &[(&str, String)]) -> String {
    let mut text = String::from(
        "# Configuration of Bailiwick.\n#\n\
         # Every key may also be given as an environment variable, BAILIWICK_SECTION__KEY, or as a flag,\n\
         # --set section.key=value. Flags go before the environment, the environment before this file.\n\
         # `bailiwick config show` prints what is in force and where it came from.\n",
    );
    for section in SECTIONS {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "\n# {}\n[{}]", section.about, section.name);
        for key in ALL.iter().filter(|key| key.section() == section.name) {
            let _ = writeln!(text);
            for line in key.about() {
                let _ = writeln!(text, "# {}", line.trim());
            }
            let set = values.iter().find(|(path, _)| *path == key.path());
            let _ = writeln!(text, "{}", assignment(*key, set.map(|(_, value)| value.as_str())));
        }
    }
    text
}

fn assignment(key: &dyn AnyKey, value: Option<&str>) -> String {
    match value {
        Some(value) => {
            // A value that its key refuses is written as it is, for the check that follows to name.
            let value = key.shown_text(value).unwrap_or_else(|| value.into());
            format!("{} = {value}", key.name())
        }
        None => {
            let value = key.shown_text(key.default().unwrap_or(key.example()));
            format!("# {} = {}", key.name(), value.unwrap_or_else(|| "".into()))
        }
    }
}
