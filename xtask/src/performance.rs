//! The text of `docs/PERFORMANCE.md`: what was measured again in place of what stands there of it.
//!
//! The benchmarks write what they measured in the form of the whole page. Every row of its table leads to the section of its
//! measure, and that section begins with when and on what it was measured; so a measure that is run alone takes its rows, what
//! would close its gaps and its section with it, and leaves those of the others as they are.

/// The page apart.
struct Page<'t> {
    /// Up to the first row of the table.
    head: &'t str,
    rows: Vec<Row<'t>>,
    /// The rows of the table of the machine, which is that of the last run of everything.
    machine: &'t str,
    method: &'t str,
    sections: Vec<Section<'t>>,
}

/// A bar and its figure.
#[derive(Clone, Copy)]
struct Row<'t> {
    line: &'t str,
    /// The end of the address of its section.
    anchor: &'t str,
    /// What would close the gap, as it stands below the table.
    close: Option<&'t str>,
}

/// What a measure found.
#[derive(Clone, Copy)]
struct Section<'t> {
    title: &'t str,
    body: &'t str,
}

const RULE: &str = "|---|---|---|---|---|\n";
const GAPS: &str = "\nWhat would close the gaps:\n\n";
const MACHINE: &str = "\n## The machine\n";
const METHOD: &str = "\n## How it is measured\n";
const SECTION: &str = "\n## ";

/// `before`, with the measures of `measured` in place of those that it has of them; new ones come last. How things are measured
/// is what `measured` says of it, as the program that wrote it knows.
///
/// # Errors
/// A sentence on what is no page of this kind.
pub(crate) fn renewed(before: &str, measured: &str) -> Result<String, String> {
    let (mut page, new) = (Page::read(before)?, Page::read(measured)?);
    page.head = new.head;
    page.method = new.method;
    for section in &new.sections {
        let anchor = section.anchor();
        let of_it = |row: &&Row<'_>| row.anchor == anchor;
        let rows: Vec<_> = new.rows.iter().filter(of_it).copied().collect();
        let place = page.rows.iter().position(|row| row.anchor == anchor).unwrap_or(page.rows.len());
        page.rows.retain(|row| row.anchor != anchor);
        page.rows.splice(place..place, rows);
        match page.sections.iter_mut().find(|old| old.title == section.title) {
            Some(old) => *old = *section,
            None => page.sections.push(*section),
        }
    }
    Ok(page.write())
}

impl<'t> Page<'t> {
    fn read(text: &'t str) -> Result<Self, String> {
        let (top, rest) = text.split_once(MACHINE).ok_or("it has no machine")?;
        let (machine, rest) = rest.split_once(METHOD).ok_or("it does not say how things are measured")?;
        let (table, gaps) = top.split_once(GAPS).unwrap_or((top, ""));
        let begin =
            table.find(RULE).ok_or("it has no table of bars that lead to their sections")? + RULE.len();
        let (head, rows) = table.split_at_checked(begin).ok_or("it has no table of bars")?;
        let rows = rows.lines().map(|line| Row::read(line, gaps)).collect::<Result<Vec<_>, _>>()?;
        let mut parts = rest.split(SECTION);
        let method = parts.next().unwrap_or_default();
        let sections = parts.map(Section::read).collect::<Result<Vec<_>, _>>()?;
        match rows.iter().find(|row| sections.iter().all(|section| section.anchor() != row.anchor)) {
            Some(row) => Err(format!("there is no section for this row: {}", row.line)),
            None => Ok(Self { head, rows, machine, method, sections }),
        }
    }

    fn write(&self) -> String {
        let mut text = self.head.to_owned();
        for row in &self.rows {
            text.extend([row.line, "\n"]);
        }
        let mut closes = self.rows.iter().filter_map(|row| row.close).peekable();
        if closes.peek().is_some() {
            text.push_str(GAPS);
        }
        for close in closes {
            text.extend([close, "\n"]);
        }
        text.extend([MACHINE, self.machine, METHOD, self.method]);
        for section in &self.sections {
            text.extend([SECTION, section.title, "\n", section.body]);
        }
        text
    }
}

impl<'t> Row<'t> {
    /// Reads `| what | bar | measured | | [day](#anchor) |`.
    fn read(line: &'t str, gaps: &'t str) -> Result<Self, String> {
        let odd = || format!("this row leads to no section: {line}");
        let (what, _) = line.strip_prefix("| ").and_then(|rest| rest.split_once(" | ")).ok_or_else(odd)?;
        let (_, anchor) = line.rsplit_once("](#").ok_or_else(odd)?;
        let anchor = anchor.strip_suffix(") |").ok_or_else(odd)?;
        let close = gaps.lines().find(|gap| {
            gap.strip_prefix("- ")
                .and_then(|gap| gap.strip_prefix(what))
                .is_some_and(|rest| rest.starts_with(": "))
        });
        Ok(Self { line, anchor, close })
    }
}

impl<'t> Section<'t> {
    fn read(part: &'t str) -> Result<Self, String> {
        let (title, body) = part.split_once('\n').ok_or("its last section is empty")?;
        Ok(Self { title, body })
    }

    /// What the address of this heading ends in.
    fn anchor(&self) -> String {
        self.title.to_lowercase().replace(' ', "-")
    }
}

#[cfg(test)]
mod tests {
    use super::renewed;

    const HEAD: &str =
        "# Performance\n\nWritten by a program.\n\n| what | bar | measured | | on |\n|---|---|---|---|---|\n";

    fn page(
        day: &str,
        rows: &[(&str, &str, &str, &str)],
        gaps: &[&str],
        sections: &[(&str, &str)],
    ) -> String {
        let mut text = HEAD.to_owned();
        for (what, figure, met, anchor) in rows {
            text.push_str(&format!("| {what} | ≤ 1 | {figure} | {met} | [{day}](#{anchor}) |\n"));
        }
        if !gaps.is_empty() {
            text.push_str("\nWhat would close the gaps:\n\n");
            gaps.iter().for_each(|gap| text.push_str(&format!("- {gap}.\n")));
        }
        text.push_str(&format!("\n## The machine\n\n| | |\n|---|---|\n| date | {day} |\n\n## How it is measured\n\nAs of {day}.\n"));
        for (title, body) in sections {
            text.push_str(&format!("\n## {title}\n\nMeasured {day}: cores 2.\n\n{body}\n"));
        }
        text
    }

    fn whole() -> String {
        page(
            "2026-01-01",
            &[
                ("first: bar", "2", "**missed**", "the-first"),
                ("second", "0.5", "met", "the-second"),
                ("second, too", "3", "**missed**", "the-second"),
                ("third", "0.1", "met", "the-third"),
            ],
            &["first: bar: think: harder", "second, too: wait"],
            &[
                ("The first", "one"),
                ("The second", "two\n\n| a | b |\n|---|---|\n| 1 | 2 |"),
                ("The third", "three"),
            ],
        )
    }

    #[test]
    fn measure_that_was_run_alone_replaces_its_rows_gaps_and_section_and_nothing_else() {
        let alone = page(
            "2026-02-02",
            &[("second", "4", "**missed**", "the-second")],
            &["second: run"],
            &[("The second", "deux")],
        );
        let expected = "# Performance\n\nWritten by a program.\n\n| what | bar | measured | | on |\n|---|---|---|---|---|\n\
            | first: bar | ≤ 1 | 2 | **missed** | [2026-01-01](#the-first) |\n\
            | second | ≤ 1 | 4 | **missed** | [2026-02-02](#the-second) |\n\
            | third | ≤ 1 | 0.1 | met | [2026-01-01](#the-third) |\n\
            \nWhat would close the gaps:\n\n- first: bar: think: harder.\n- second: run.\n\
            \n## The machine\n\n| | |\n|---|---|\n| date | 2026-01-01 |\n\
            \n## How it is measured\n\nAs of 2026-02-02.\n\
            \n## The first\n\nMeasured 2026-01-01: cores 2.\n\none\n\
            \n## The second\n\nMeasured 2026-02-02: cores 2.\n\ndeux\n\
            \n## The third\n\nMeasured 2026-01-01: cores 2.\n\nthree\n";
        assert_eq!(renewed(&whole(), &alone).unwrap(), expected);
    }

    #[test]
    fn a_bar_that_is_met_again_has_no_gap_and_the_last_gap_takes_its_heading_along() {
        let first =
            page("2026-02-02", &[("first: bar", "1", "met", "the-first")], &[], &[("The first", "un")]);
        let second =
            page("2026-02-02", &[("second", "1", "met", "the-second")], &[], &[("The second", "deux")]);
        let one_left = renewed(&whole(), &first).unwrap();
        assert!(
            !one_left.contains("think: harder") && one_left.contains("- second, too: wait."),
            "{one_left}"
        );
        let none_left = renewed(&one_left, &second).unwrap();
        assert!(!none_left.contains("What would close"), "{none_left}");
    }

    #[test]
    fn a_new_measure_comes_last_and_the_same_again_changes_nothing() {
        let new = page("2026-02-02", &[("fourth", "1", "met", "a-fourth")], &[], &[("A fourth", "four")]);
        let once = renewed(&whole(), &new).unwrap();
        assert!(once.ends_with("\n## A fourth\n\nMeasured 2026-02-02: cores 2.\n\nfour\n"), "{once}");
        assert!(once.contains("(#the-third) |\n| fourth |"), "{once}");
        assert_eq!(renewed(&once, &new).unwrap(), once);
        assert_eq!(renewed(&whole(), &whole()).unwrap(), whole());
    }

    #[test]
    fn the_page_of_this_repository_can_be_renewed() {
        let page = include_str!("../../docs/PERFORMANCE.md");
        assert_eq!(renewed(page, page).unwrap(), page);
    }

    #[test]
    fn a_page_that_no_program_wrote_is_left_alone() {
        let unlinked = whole().replace(" [2026-01-01](#the-third) |", "");
        let without = whole().replace("## The third", "## A third");
        for text in ["", "# Performance\n", &unlinked, &without] {
            assert!(renewed(text, &whole()).is_err(), "{text}");
        }
    }
}
