//! The table of the OWASP ASVS: every requirement once, each with a verdict, and with tests that are there.

use std::collections::{BTreeMap, BTreeSet};

use super::Breach;

/// The table.
pub(super) const TABLE: &str = "docs/security/asvs.md";
/// The requirements that it has to answer: id and level.
const LIST: &str = "docs/security/asvs-5.0.0.tsv";
/// What every id begins with.
const VERSION: &str = "v5.0.0-";
const VERDICTS: [&str; 4] = ["met", "met in part", "not met", "does not apply"];
/// What stands before that which is missing where a requirement is met in part.
const GAP: &str = "**Gap:**";
/// Where files begin that a row may name.
const OURS: [&str; 4] = ["crates/", "docs/", "e2e/", "xtask/"];

/// Checks the table; `read` gives the text of a file of the checkout, if it is there.
pub(super) fn check(read: &dyn Fn(&str) -> Option<String>) -> Vec<Breach> {
    let (Some(table), Some(list)) = (read(TABLE), read(LIST)) else {
        return vec![Breach::new(0, format!("this table or its list {LIST} is missing"))];
    };
    let asked: BTreeMap<&str, &str> = requirements(&list).collect();
    let mut answered = BTreeSet::new();
    let mut breaches = Vec::new();
    for (number, line) in
        table.lines().enumerate().filter(|(_, line)| line.starts_with(&format!("| {VERSION}")))
    {
        let mut breach = |rule: String| breaches.push(Breach::new(number + 1, rule));
        let Some(row) = Row::read(line) else {
            breach("not six cells: id, level, what is asked, how it is met, tests, verdict".to_owned());
            continue;
        };
        match asked.get(row.id) {
            None => breach(format!("{LIST} has no {}", row.id)),
            Some(level) if *level != row.level => breach(format!("{} is of level {level}", row.id)),
            Some(_) => {}
        }
        if !answered.insert(row.id) {
            breach(format!("{} is there twice", row.id));
        }
        row.check(read).into_iter().for_each(breach);
    }
    let missing = asked.keys().filter(|id| !answered.contains(*id));
    breaches.extend(missing.map(|id| Breach::new(0, format!("{id} is missing"))));
    if asked.is_empty() {
        breaches.push(Breach::new(0, format!("{LIST} lists nothing")));
    }
    breaches
}

/// The ids of the list with their levels; lines that begin with `#` say where it comes from.
fn requirements(list: &str) -> impl Iterator<Item = (&str, &str)> {
    list.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('\t'))
}

/// One row of the table.
struct Row<'t> {
    /// Without the version.
    id: &'t str,
    level: &'t str,
    how: &'t str,
    tests: &'t str,
    verdict: &'t str,
}

impl<'t> Row<'t> {
    fn read(line: &'t str) -> Option<Self> {
        let inner = line.trim().strip_prefix('|')?.strip_suffix('|')?;
        let cells: Vec<_> = inner.split('|').map(str::trim).collect();
        let [id, level, _, how, tests, verdict] = *cells.as_slice() else { return None };
        Some(Self { id: id.strip_prefix(VERSION)?, level, how, tests, verdict })
    }

    fn check(&self, read: &dyn Fn(&str) -> Option<String>) -> Vec<String> {
        let mut found = Vec::new();
        if !VERDICTS.contains(&self.verdict) {
            found.push(format!("`{}` is no verdict; there are {}", self.verdict, VERDICTS.join(", ")));
        }
        let tests: Vec<_> = quoted(self.tests).collect();
        found.extend(tests.iter().filter_map(|test| missing(test, read)));
        if self.verdict.starts_with("met") && tests.is_empty() {
            found.push("nothing shows it: name a test".to_owned());
        }
        if (self.verdict == "met in part") != self.how.contains(GAP) {
            found.push(format!("`met in part` and {GAP} belong together"));
        }
        let files = quoted(self.how).filter(|text| OURS.iter().any(|folder| text.starts_with(folder)));
        found
            .extend(files.filter(|file| read(file).is_none()).map(|file| format!("there is no file {file}")));
        found
    }
}

/// What stands between backticks.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// Why there is no such test, if there is none: `crate/tests/file.rs::name`, or `e2e/tests/file.test.mjs: title`.
fn missing(test: &str, read: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let (file, wanted) = if let Some((file, title)) = test.split_once(".mjs: ") {
        let quotes = ['\'', '"', '`'];
        (format!("{file}.mjs"), quotes.map(|quote| format!("test({quote}{title}{quote},")).to_vec())
    } else if let Some((file, name)) = test.split_once("::") {
        (file.to_owned(), vec![format!("fn {name}(")])
    } else {
        return Some(format!("`{test}` names no test"));
    };
    let Some(text) = read(&file) else { return Some(format!("there is no file {file}")) };
    let there = wanted.iter().any(|wanted| text.contains(wanted));
    (!there).then(|| format!("there is no test `{test}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: &str =
        "| v5.0.0-6.2.1 | 1 | Long enough | `crates/a/src/lib.rs` | `crates/a/tests/a.rs::holds` | met |";

    /// What is found in these rows, where the list asks for two requirements.
    fn found(rows: &[&str]) -> Vec<String> {
        let read = |file: &str| {
            Some(match file {
                TABLE => format!(
                    "# Title\n\n| id | level | asks | how | tests | verdict |\n|---|---|---|---|---|---|\n{}",
                    rows.join("\n")
                ),
                LIST => "# where it comes from\n6.2.1\t1\n6.2.9\t2\n".to_owned(),
                "crates/a/src/lib.rs" => String::new(),
                "crates/a/tests/a.rs" => "    async fn holds(db: Db) {".to_owned(),
                "e2e/tests/a.test.mjs" => {
                    "test('owner looks', async () => {\ntest(\"owner's key\", f);".to_owned()
                }
                _ => return None,
            })
        };
        check(&read).into_iter().map(|breach| format!("{}: {}", breach.line, breach.rule)).collect()
    }

    fn other(tests: &str, verdict: &str) -> String {
        let how = if verdict == "met in part" { "As above. **Gap:** not all" } else { "As above" };
        format!("| v5.0.0-6.2.9 | 2 | Longer | {how} | {tests} | {verdict} |")
    }

    #[test]
    fn a_whole_table_passes() {
        for second in [
            other("`e2e/tests/a.test.mjs: owner looks`; `crates/a/tests/a.rs::holds`", "met in part"),
            other("`e2e/tests/a.test.mjs: owner's key`", "met"),
            other("—", "not met"),
            other("", "does not apply"),
        ] {
            assert_eq!(found(&[ROW, &second]), Vec::<String>::new(), "{second}");
        }
    }

    #[test]
    fn a_test_that_is_not_there_is_found() {
        for (tests, says) in [
            ("`crates/a/tests/a.rs::hold`", "5: there is no test"),
            ("`crates/b/tests/a.rs::holds`", "5: there is no file crates/b/tests/a.rs"),
            ("`e2e/tests/a.test.mjs: owner`", "5: there is no test"),
            ("`e2e/tests/b.test.mjs: owner looks`", "5: there is no file e2e/tests/b.test.mjs"),
            ("`holds`", "5: `holds` names no test"),
            ("holds", "5: nothing shows it"),
        ] {
            let found = found(&[&other(tests, "met"), ROW]);
            assert!(found.len() == 1 && found.iter().all(|one| one.starts_with(says)), "{tests}: {found:?}");
        }
    }

    #[test]
    fn an_id_that_is_missing_unknown_of_another_level_or_there_twice_is_found() {
        assert_eq!(found(&[ROW]), ["0: 6.2.9 is missing"]);
        let second = other("", "not met");
        assert_eq!(found(&[ROW, &second, ROW]), ["7: 6.2.1 is there twice"]);
        assert_eq!(found(&[ROW, &second.replace("| 2 |", "| 1 |")]), ["6: 6.2.9 is of level 2"]);
        let unknown = second.replace("6.2.9", "6.2.99");
        assert_eq!(found(&[ROW, &second, &unknown]), [format!("7: {LIST} has no 6.2.99")]);
        assert_eq!(
            found(&[&second, "| v5.0.0-6.2.1 | 1 | met |"]).len(),
            2,
            "a row that cannot be read answers nothing"
        );
    }

    #[test]
    fn a_gap_that_is_not_named_and_one_that_the_verdict_hides_are_found() {
        for row in
            [ROW.replace("| met |", "| met in part |"), ROW.replace("lib.rs`", "lib.rs`. **Gap:** much")]
        {
            assert_eq!(
                found(&[&row, &other("", "not met")]),
                [format!("5: `met in part` and {GAP} belong together")]
            );
        }
    }

    #[test]
    fn a_verdict_of_ones_own_and_a_file_that_is_not_there_are_found() {
        for verdict in ["", "Met", "mostly met", "partly"] {
            assert!(
                found(&[ROW, &other("`crates/a/tests/a.rs::holds`", verdict)])
                    .iter()
                    .any(|one| one.contains("is no verdict")),
                "{verdict}"
            );
        }
        let elsewhere = ROW.replace("src/lib.rs", "src/gone.rs");
        assert_eq!(found(&[&elsewhere, &other("", "not met")]), ["5: there is no file crates/a/src/gone.rs"]);
    }

    #[test]
    fn a_table_without_its_list_is_found() {
        assert_eq!(check(&|_| None).len(), 1);
        let empty = |file: &str| Some(if file == LIST { "# nothing\n" } else { "" }.to_owned());
        assert_eq!(check(&empty), [Breach::new(0, format!("{LIST} lists nothing"))]);
    }
}
