//! Rules for Rust files.

use super::Breach;

/// Most lines a Rust file may have before its tests begin.
const MOST_LINES: usize = 600;

/// Checks one file; other kinds of file pass.
pub(super) fn check(path: &str, text: &str) -> Vec<Breach> {
    let in_tests = path.split('/').any(|part| part == "tests" || part == "tests.rs");
    if !path.ends_with(".rs") || in_tests {
        return Vec::new();
    }
    let lines = text.lines().take_while(|line| !line.starts_with("#[cfg(test)]")).count();
    if lines > MOST_LINES {
        vec![Breach::new(lines, format!("more than {MOST_LINES} lines before its tests"))]
    } else {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn only_code_outside_tests_counts() {
        let long = "\n".repeat(601);
        assert_eq!(check("crates/a/src/lib.rs", &long).len(), 1);
        assert!(check("crates/a/tests/all.rs", &long).is_empty());
        assert!(check("crates/a/src/lib.rs", &format!("fn a() {{}}\n#[cfg(test)]\n{long}")).is_empty());
        assert!(check("docs/long.md", &long).is_empty());
    }
}
