//! The reference of all keys: docs/CONFIGURATION.md.

use std::fmt::Write;

use super::{
    environment,
    keys::{ALL, SECTIONS},
};

/// The reference as Markdown.
pub(crate) fn reference() -> String {
    let mut text = format!(
        "# Configuration\n\n\
         <!-- Written by `bailiwick config reference`; a test compares. -->\n\n\
         Settings come from four places. Each goes before those below it:\n\n\
         1. flags: `--set section.key=value`, and those that `bailiwick help serve` lists;\n\
         2. environment variables: `BAILIWICK_SECTION__KEY`, with two underscores between section and key;\n\
         3. the file that `--config` or `{}` names, or `bailiwick.toml` in the working folder;\n\
         4. the defaults below.\n\n\
         A key or variable that does not exist is an error that names the nearest one; so is a value of the wrong type. \
         Relative paths of the file start from the folder of the file, others from the working folder. \
         Lists are written with commas in variables and flags. `bailiwick config show` prints what is in force and where each \
         value came from, with passwords masked; `bailiwick check` tries it out.\n",
        environment::FILE
    );
    for section in SECTIONS {
        // Writing to a string cannot fail.
        let _ = write!(text, "\n## `[{}]`\n\n{}\n", section.name, section.about);
        for key in ALL.iter().filter(|key| key.section() == section.name) {
            let about: Vec<_> = key.about().iter().map(|line| line.trim()).collect();
            let _ = write!(text, "\n### `{}`\n\n{}\n\n", key.path(), about.join(" "));
            let _ = writeln!(text, "- Value: {}", key.expected());
            let _ = match (key.default().and_then(|default| key.shown_text(default)), key.required()) {
                (Some(default), _) => writeln!(text, "- Default: `{default}`"),
                (None, true) => writeln!(text, "- Default: none; the server does not start without it"),
                (None, false) => writeln!(text, "- Default: not set"),
            };
            let _ = writeln!(text, "- Variable: `{}`", key.variable());
        }
    }
    text
}
