//! A table, RFC 4180, that spreadsheets open without running anything of it.

use bailiwick_domain::flat::Flat;
use bailiwick_store::audit::export::Exported;

const COLUMNS: [&str; 17] = [
    "leaf_index",
    "id",
    "recorded_at",
    "occurred_at",
    "action",
    "outcome",
    "actor_kind",
    "actor_id",
    "actor_auth",
    "entity_type",
    "entity_id",
    "revision",
    "reason",
    "request",
    "agent",
    "changes",
    "hash",
];

/// With what a spreadsheet begins a formula, in the letters of half and of full width; and what may stand before one.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

pub(super) fn head(out: &mut Vec<u8>) {
    row(COLUMNS.into_iter(), out);
}

/// A record whose octets cannot be read has its place, its hash, and nothing else.
pub(super) fn line(record: &Exported, out: &mut Vec<u8>) {
    let (place, hash) = (record.leaf_index.to_string(), record.hash.to_string());
    let Some(flat) = Flat::read(&record.octets) else {
        let cells = COLUMNS.into_iter().map(|column| match column {
            "leaf_index" => place.as_str(),
            "action" | "outcome" => bailiwick_store::audit::UNREADABLE,
            "hash" => hash.as_str(),
            _ => "",
        });
        return row(cells, out);
    };
    let revision = flat.revision.to_string();
    let or_nothing = |text: &Option<String>| text.clone().unwrap_or_default();
    let (actor, auth) = (or_nothing(&flat.actor_id), or_nothing(&flat.actor_auth));
    let (reason, request, agent) =
        (or_nothing(&flat.reason), or_nothing(&flat.request), or_nothing(&flat.agent));
    let cells: [&str; COLUMNS.len()] = [
        &place,
        &flat.id,
        &flat.recorded_at,
        &flat.occurred_at,
        &flat.action,
        &flat.outcome,
        &flat.actor_kind,
        &actor,
        &auth,
        &flat.entity_type,
        &flat.entity_id,
        &revision,
        &reason,
        &request,
        &agent,
        &flat.changes,
        &hash,
    ];
    row(cells.into_iter(), out);
}

fn row<'a>(cells: impl Iterator<Item = &'a str>, out: &mut Vec<u8>) {
    for (place, text) in cells.enumerate() {
        if place > 0 {
            out.push(b',');
        }
        cell(text, out);
    }
    out.extend_from_slice(b"\r\n");
}

/// Always in quotes; with an apostrophe in front of what a spreadsheet would take for a formula, also behind white space.
fn cell(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    if text.starts_with(FORMULA) || text.trim_start().starts_with(FORMULA) {
        out.push(b'\'');
    }
    for octet in text.bytes() {
        if octet == b'"' {
            out.push(b'"');
        }
        out.push(octet);
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell_of(text: &str) -> String {
        let mut out = Vec::new();
        cell(text, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn attacker_cannot_have_a_spreadsheet_run_a_formula() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =HYPERLINK(\"x\")", "＝1", "\n@x"] {
            assert!(cell_of(text).starts_with("\"'"), "{text:?}");
        }
    }

    #[test]
    fn what_is_no_formula_stays_as_it_is_but_for_its_quotes() {
        assert_eq!(cell_of("user.created"), "\"user.created\"");
        assert_eq!(cell_of("a \"b\", c\nd"), "\"a \"\"b\"\", c\nd\"");
        assert_eq!(cell_of(""), "\"\"");
    }
}
