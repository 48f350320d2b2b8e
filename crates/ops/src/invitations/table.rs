//! A table as people paste it or as a spreadsheet saves it: values apart by a sign, quoted where they hold one (RFC 4180).

/// One record of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    /// The line that it begins in, from 1.
    pub(super) line: usize,
    /// Its values, without the blanks around them.
    pub(super) fields: Vec<String>,
}

/// Splits a text into records, each value apart from the next by one of `separators`.
///
/// Between quotation marks stand separators, line ends and, doubled, quotation marks. More lenient than RFC 4180 where people are:
/// blanks may stand around the marks, text may follow them, and a mark that nothing closes stands for itself.
pub(super) fn records(text: &str, separators: &[char]) -> Vec<Record> {
    let mut found = Vec::new();
    let (mut line, mut record) = (1, Record { line: 1, fields: Vec::new() });
    let (mut field, mut quoted) = (String::new(), false);
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '"' if quoted && rest.as_str().starts_with('"') => {
                rest.next();
                field.push('"');
            }
            '"' if quoted => quoted = false,
            '"' if field.trim().is_empty() && closes(rest.as_str()) => {
                field.clear();
                quoted = true;
            }
            '\r' if rest.as_str().starts_with('\n') => {}
            '\n' => {
                line += 1;
                if quoted {
                    field.push('\n');
                    continue;
                }
                record.fields.push(std::mem::take(&mut field).trim().to_owned());
                found.push(std::mem::replace(&mut record, Record { line, fields: Vec::new() }));
            }
            c if !quoted && separators.contains(&c) => {
                record.fields.push(std::mem::take(&mut field).trim().to_owned());
            }
            c => field.push(c),
        }
    }
    record.fields.push(field.trim().to_owned());
    found.push(record);
    found
}

/// A value as it is written back: quoted where it would be read as something else.
pub(super) fn written(value: &str) -> String {
    if value.contains(['"', ',', ';', '\t', '\n', '\r']) {
        format!("\"{}\"", value.replace('"', "\"\""))
    } else {
        value.to_owned()
    }
}

/// Whether a quotation mark follows that is not one of two.
fn closes(rest: &str) -> bool {
    let mut rest = rest.chars();
    while let Some(c) = rest.next() {
        if c == '"' {
            if !rest.as_str().starts_with('"') {
                return true;
            }
            rest.next();
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fields(text: &str, separators: &[char]) -> Vec<Vec<String>> {
        records(text, separators).into_iter().map(|record| record.fields).collect()
    }

    #[test]
    fn quoted_values_hold_separators_lines_and_marks() {
        assert_eq!(
            fields("\"Doe, Jane\",\"a \"\"b\"\"\"\r\nx,\"two\nlines\"", &[',']),
            [vec!["Doe, Jane", "a \"b\""], vec!["x", "two\nlines"]]
        );
        let lines: Vec<_> = records("\"a\nb\"\nc", &[',']).iter().map(|record| record.line).collect();
        assert_eq!(lines, [1, 3]);
    }

    #[test]
    fn a_mark_that_nothing_closes_stands_for_itself_and_swallows_nothing() {
        assert_eq!(fields("\"Ann,x\nb,c", &[',']), [["\"Ann", "x"], ["b", "c"]]);
        assert_eq!(fields("5\" disk,x", &[',']), [["5\" disk", "x"]]);
        assert_eq!(fields(" \"Bob\" <b@x.example> ,", &[',']), [["Bob <b@x.example>", ""]]);
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_read_back(
            table in prop::collection::vec(prop::collection::vec("[a-z@ ,;\"\\t\\né]{0,8}", 1..5), 1..6),
            separator in prop::sample::select(vec![',', ';', '\t']),
        ) {
            let table: Vec<Vec<String>> =
                table.into_iter().map(|row| row.iter().map(|value| value.trim().to_owned()).collect()).collect();
            let text: Vec<_> = table
                .iter()
                .map(|row| row.iter().map(|value| written(value)).collect::<Vec<_>>().join(&separator.to_string()))
                .collect();
            prop_assert_eq!(fields(&text.join("\r\n"), &[separator]), table);
        }

        #[test]
        fn no_text_is_lost_or_split_without_end(text in "[a,;\"\\n]{0,60}") {
            let read = records(&text, &[',', ';']);
            let kept = |text: &str| text.chars().filter(|c| *c == 'a').count();
            prop_assert_eq!(read.iter().flat_map(|record| &record.fields).map(|field| kept(field)).sum::<usize>(), kept(&text));
            prop_assert!(read.iter().zip(read.iter().skip(1)).all(|(one, next)| one.line < next.line));
        }
    }
}
