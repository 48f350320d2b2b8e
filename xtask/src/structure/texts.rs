//! Rules for every text of the project.

use super::Breach;

/// Kinds of file that people write.
const WRITTEN: [&str; 12] =
    [".rs", ".toml", ".md", ".html", ".css", ".js", ".mjs", ".sql", ".json", ".yml", ".sh", ".txt"];

/// Marks of unfinished work. Written apart, so that this list does not find itself.
const UNFINISHED: [&str; 6] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X:"),
    concat!("to", "do!("),
    concat!("unimpl", "emented!("),
    concat!("not yet ", "implemented"),
];

/// Folders of one person's machine.
const MACHINE: [&str; 5] = [
    concat!("/ro", "ot/"),
    concat!("/wo", "rk/"),
    concat!("/ho", "me/"),
    concat!("/Use", "rs/"),
    concat!("C:\\", "Users"),
];

/// Checks one file.
pub(super) fn check(path: &str, text: &str) -> Vec<Breach> {
    if !WRITTEN.iter().any(|ending| path.ends_with(ending)) || path.ends_with("package-lock.json") {
        return Vec::new();
    }
    let mut breaches = Vec::new();
    for (number, line) in text.lines().enumerate() {
        for mark in UNFINISHED.iter().filter(|mark| line.contains(**mark)) {
            breaches.push(Breach::new(number + 1, format!("unfinished work: {mark}")));
        }
        for folder in MACHINE.iter().filter(|folder| has_path(line, folder)) {
            breaches.push(Breach::new(number + 1, format!("a folder of one machine: {folder}")));
        }
    }
    breaches
}

/// Whether a line names a folder from the root on, rather than as the end of another path.
fn has_path(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(start, _)| {
        let before = line.get(..start).and_then(|before| before.chars().next_back());
        before.is_none_or(|c| !(c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '}' | '/')))
    })
}

#[cfg(test)]
mod tests {
    use super::{MACHINE, UNFINISHED, check};

    #[test]
    fn every_mark_of_unfinished_work_is_found() {
        for mark in UNFINISHED {
            assert_eq!(check("src/lib.rs", &format!("// {mark} later")).len(), 1, "{mark}");
        }
        assert!(check("src/lib.rs", "// done").is_empty());
    }

    #[test]
    fn folders_of_one_machine_are_found_but_not_parts_of_paths() {
        for folder in MACHINE {
            assert_eq!(check("README.md", &format!("see {folder}x")).len(), 1, "{folder}");
        }
        assert!(check("README.md", &format!("see docs{}x", concat!("/wo", "rk/"))).is_empty());
    }
}
