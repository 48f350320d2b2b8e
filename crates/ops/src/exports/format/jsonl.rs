//! The exact octets with what proves them.
//!
//! `{"event":<octets>,"hash":"…","leaf_index":7,"proof":{"path":["…"],"size":9}}`: sorted, without white space, so the whole
//! line is canonical as its record is, and `SHA-256(0x00 ‖ octets)` is the hash that the path leads from.

use bailiwick_store::audit::export::Exported;
use serde_json::json;

pub(super) fn line(record: &Exported, size: i64, out: &mut Vec<u8>) {
    let proof = json!({"path": super::path(record), "size": size});
    let rest =
        format!("\"hash\":\"{}\",\"leaf_index\":{},\"proof\":{proof}}}\n", record.hash, record.leaf_index);
    if is_one_line(&record.octets) {
        out.extend_from_slice(b"{\"event\":");
        out.extend_from_slice(&record.octets);
        out.push(b',');
    } else {
        // Altered octets are evidence, too; within JSON they could be anything.
        let digits: String = record.octets.iter().map(|octet| format!("{octet:02x}")).collect();
        out.extend_from_slice(format!("{{\"event\":null,\"event_octets\":\"{digits}\",").as_bytes());
    }
    out.extend_from_slice(rest.as_bytes());
}

/// Whether the octets can stand in a line as they are.
fn is_one_line(octets: &[u8]) -> bool {
    !octets.contains(&b'\n') && serde_json::from_slice::<serde::de::IgnoredAny>(octets).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(octets: &[u8]) -> Exported {
        let hash = "00".repeat(32).parse().unwrap();
        Exported { leaf_index: 7, hash, octets: octets.to_vec(), path: vec![hash] }
    }

    fn line_of(octets: &[u8]) -> String {
        let mut out = Vec::new();
        line(&record(octets), 9, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn auditor_finds_the_exact_octets_and_the_proof_in_one_line() {
        let zeros = "00".repeat(32);
        assert_eq!(
            line_of(br#"{"a":1}"#),
            format!(
                "{{\"event\":{{\"a\":1}},\"hash\":\"{zeros}\",\"leaf_index\":7,\"proof\":{{\"path\":[\"{zeros}\"],\"size\":9}}}}\n"
            )
        );
    }

    #[test]
    fn altered_octets_break_no_line() {
        for octets in [&b"{\"a\":\n1}"[..], b"{\"a\":1},{", &[0xff, 0x00]] {
            let line = line_of(octets);
            let value: serde_json::Value = serde_json::from_str(&line).unwrap();
            assert!(value["event"].is_null() && value["event_octets"].is_string(), "{line}");
            assert_eq!(line.matches('\n').count(), 1);
        }
    }
}
