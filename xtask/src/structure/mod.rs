//! House rules that no compiler checks: sizes, templates, unfinished work, paths of one machine, and the table of the OWASP
//! ASVS.

mod asvs;
mod files;
mod rust;
mod templates;
mod texts;

use crate::report::Verdict;
use crate::stop::Result;
use crate::workspace::Workspace;

/// One breach of a rule.
#[derive(Debug, PartialEq, Eq)]
struct Breach {
    /// Line, counted from 1; 0 for the file as a whole.
    line: usize,
    rule: String,
}

impl Breach {
    fn new(line: usize, rule: impl Into<String>) -> Self {
        Self { line, rule: rule.into() }
    }
}

/// Reads every source file of the checkout.
pub(crate) fn check(workspace: &Workspace) -> Result<Verdict> {
    let mut report = String::new();
    let mut read = 0_usize;
    for file in files::list(&workspace.root)? {
        // What is not text has no lines to check.
        let Ok(text) = std::fs::read_to_string(workspace.root.join(&file)) else { continue };
        read += 1;
        let breaches = texts::check(&file, &text)
            .into_iter()
            .chain(rust::check(&file, &text))
            .chain(templates::check(&file, &text));
        for Breach { line, rule } in breaches {
            report.push_str(&format!("{file}:{line}: {rule}\n"));
        }
    }
    let text_of = |file: &str| std::fs::read_to_string(workspace.root.join(file)).ok();
    for Breach { line, rule } in asvs::check(&text_of) {
        report.push_str(&format!("{}:{line}: {rule}\n", asvs::TABLE));
    }
    report.push_str(&format!("{read} files read\n"));
    Ok(Verdict::single(read > 0 && !report.contains(": "), report))
}
