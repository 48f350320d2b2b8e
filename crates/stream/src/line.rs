//! A record as one line of JSON, with what ties it to its log.

use bailiwick_domain::stream::{Leaf, Parcel};
use serde_json::json;

/// One object with sorted members: `event` (the record, octet for octet as it was hashed; `null` where the stored octets do not have
/// the hash), `event_id`, `hash`, `index`, `previous`, `stream`, `tree_size`.
pub(crate) fn line(parcel: &Parcel, leaf: &Leaf) -> String {
    let event = leaf.octets.as_deref().unwrap_or("null");
    let previous = json!(leaf.previous);
    format!(
        r#"{{"event":{event},"event_id":"{}","hash":"{}","index":{},"previous":{previous},"stream":"{}","tree_size":{}}}"#,
        leaf.event, leaf.hash, leaf.index, parcel.stream, parcel.tree_size
    )
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use bailiwick_domain::{stream::Contents, time::Timestamp};
    use serde_json::Value;

    use super::*;

    /// A parcel with these records.
    pub(crate) fn parcel(leaves: Vec<Leaf>) -> Parcel {
        let id = "0193a7c2-7b1e-7000-8000-000000000001";
        let upto = leaves.last().map_or(0, |leaf| leaf.index + 1);
        Parcel {
            tenant: id.parse().unwrap(),
            stream: id.parse().unwrap(),
            tree_size: 12,
            now: Timestamp::parse("2026-01-02T03:04:05Z").unwrap(),
            contents: Contents::Leaves { first: 7, upto, leaves },
        }
    }

    /// The record at place 7.
    pub(crate) fn leaf() -> Leaf {
        Leaf {
            index: 7,
            event: "0193a7c2-7b1e-7000-8000-000000000007".parse().unwrap(),
            hash: "ab".repeat(32),
            previous: Some("cd".repeat(32)),
            recorded_at: Timestamp::parse("2026-01-02T03:04:05.000006Z").unwrap(),
            action: "user.role_changed".into(),
            outcome: "ok".into(),
            entity_type: "user".into(),
            octets: Some(r#"{"action":"user.role_changed","v":1}"#.into()),
        }
    }

    #[test]
    fn receiver_finds_the_octets_and_where_they_stand_in_the_log() {
        let text = line(&parcel(vec![leaf()]), &leaf());
        assert!(text.contains(r#""event":{"action":"user.role_changed","v":1},"#), "{text}");
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!((value["index"].as_i64(), value["tree_size"].as_i64()), (Some(7), Some(12)));
        assert_eq!(
            (value["hash"].as_str(), value["previous"].as_str()),
            (Some(&*"ab".repeat(32)), Some(&*"cd".repeat(32)))
        );
        let first = Leaf { previous: None, octets: None, ..leaf() };
        let value: Value = serde_json::from_str(&line(&parcel(vec![first.clone()]), &first)).unwrap();
        assert!(value["event"].is_null() && value["previous"].is_null() && value["hash"].is_string());
    }
}
