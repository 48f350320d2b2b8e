//! The files of the checkout.

use std::path::Path;

use crate::stop::{Context, Result};

/// Folders that hold what tools made.
const MADE: [&str; 4] = [".git", "target", "node_modules", "vendor"];

/// Every file below `root`, as sorted paths with `/`, without folders that tools fill.
pub(super) fn list(root: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    walk(root, "", &mut found)?;
    found.sort();
    Ok(found)
}

fn walk(dir: &Path, prefix: &str, found: &mut Vec<String>) -> Result<()> {
    let doing = || format!("cannot list {}", dir.display());
    for entry in std::fs::read_dir(dir).context(doing)? {
        let entry = entry.context(doing)?;
        let kind = entry.file_type().context(doing)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if kind.is_dir() && !MADE.contains(&name.as_str()) {
            walk(&entry.path(), &format!("{prefix}{name}/"), found)?;
        } else if kind.is_file() {
            found.push(format!("{prefix}{name}"));
        }
    }
    Ok(())
}
