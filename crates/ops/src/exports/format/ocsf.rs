//! The Open Cybersecurity Schema Framework, 1.5: Entity Management, and Authentication for what is about signing in.
//!
//! What the schema has no place for stands under `unmapped`, the exact octets under `raw_data`; so a record that went through a
//! security tool can still be proven.

use bailiwick_domain::{flat::Flat, time::Timestamp};
use bailiwick_store::audit::export::Exported;
use serde_json::{Value, json};

const VERSION: &str = "1.5.0";

pub(super) fn line(record: &Exported, size: i64, out: &mut Vec<u8>) {
    out.extend_from_slice(event(record, size).to_string().as_bytes());
    out.push(b'\n');
}

/// A class of the schema and what was done in its terms.
struct Class {
    uid: i64,
    name: &'static str,
    activity: i64,
    activity_name: &'static str,
}

fn class(flat: &Flat) -> Class {
    let (_, verb) = flat.action.split_once('.').unwrap_or_default();
    let authentication =
        |activity, activity_name| Class { uid: 3002, name: "Authentication", activity, activity_name };
    let management =
        |activity, activity_name| Class { uid: 3004, name: "Entity Management", activity, activity_name };
    match (flat.action.as_str(), verb) {
        (action, _) if action.starts_with("sign_in.") => authentication(1, "Logon"),
        (action, _) if action.starts_with("session.ended") => authentication(2, "Logoff"),
        (_, "removed" | "deleted" | "dissolved" | "revoked" | "withdrawn" | "expired") => {
            management(4, "Delete")
        }
        _ if flat.revision == 1 => management(1, "Create"),
        _ => management(3, "Update"),
    }
}

fn event(record: &Exported, size: i64) -> Value {
    let unmapped = json!({
        "hash": record.hash.to_string(),
        "leaf_index": record.leaf_index,
        "proof": {"path": super::path(record), "size": size},
    });
    let raw = String::from_utf8_lossy(&record.octets);
    let Some(flat) = Flat::read(&record.octets) else {
        return json!({
            "activity_id": 0, "category_uid": 3, "class_uid": 3004, "severity_id": 5, "time": 0, "type_uid": 300_400,
            "message": "This record cannot be read: verify the log.",
            "metadata": metadata(None, None, None), "entity": {"type": "unknown"},
            "raw_data": raw, "unmapped": unmapped,
        });
    };
    let class = class(&flat);
    let millis = |text: &str| Timestamp::parse(text).ok().map(Timestamp::unix_millis);
    let ok = flat.outcome == "ok";
    let person = json!({"uid": flat.actor_id, "type": flat.actor_kind});
    let paths = flat.paths();
    let mut event = json!({
        "activity_id": class.activity,
        "activity_name": class.activity_name,
        "actor": {"user": person},
        "category_name": "Identity & Access Management",
        "category_uid": 3,
        "class_name": class.name,
        "class_uid": class.uid,
        "message": flat.action,
        "metadata": metadata(Some(&flat), millis(&flat.recorded_at), flat.request.as_deref()),
        "raw_data": raw,
        "severity": "Informational",
        "severity_id": 1,
        "status": if ok { "Success" } else { "Failure" },
        "status_detail": flat.outcome,
        "status_id": if ok { 1 } else { 2 },
        "time": millis(&flat.occurred_at),
        "type_uid": class.uid * 100 + class.activity,
        "unmapped": unmapped,
    });
    if let Some(members) = event.as_object_mut() {
        if class.uid == 3002 {
            members.insert("user".into(), json!({"uid": flat.actor_id, "type": flat.actor_kind}));
            members.insert("auth_protocol".into(), json!(flat.actor_auth));
        } else {
            let entity = json!({"uid": flat.entity_id, "type": flat.entity_type, "version": flat.revision.to_string()});
            members.insert("entity".into(), entity);
            members.insert("comment".into(), json!(flat.reason));
        }
        if let Some(own) = members.get_mut("unmapped").and_then(Value::as_object_mut) {
            own.insert("changed_paths".into(), json!(paths));
            own.insert(
                "entity".into(),
                json!({"id": flat.entity_id, "type": flat.entity_type, "revision": flat.revision}),
            );
        }
        members.retain(|_, value| !value.is_null());
    }
    event
}

fn metadata(flat: Option<&Flat>, logged: Option<u64>, request: Option<&str>) -> Value {
    let mut metadata = json!({
        "correlation_uid": request,
        "event_code": flat.map(|flat| flat.action.as_str()),
        "log_name": "audit",
        "logged_time": logged,
        "product": {"name": "Bailiwick", "vendor_name": "Bailiwick"},
        "uid": flat.map(|flat| flat.id.as_str()),
        "version": VERSION,
    });
    if let Some(members) = metadata.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    metadata
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(action: &str, revision: i64, outcome: &str) -> Value {
        let octets = json!({
            "action": action, "actor": {"kind": "user", "id": "a", "auth": "password"}, "changes": [],
            "entity": {"type": "team", "id": "e", "revision": revision}, "id": "i", "outcome": outcome,
            "occurred_at": "2026-01-02T03:04:05.006007Z", "recorded_at": "2026-01-02T03:04:05.006007Z",
        });
        let hash = "00".repeat(32).parse().unwrap();
        let record =
            Exported { leaf_index: 7, hash, octets: octets.to_string().into_bytes(), path: Vec::new() };
        event(&record, 9)
    }

    #[test]
    fn security_tool_finds_class_activity_and_status() {
        for (action, revision, class, activity) in [
            ("team.created", 1, 3004, 1),
            ("team.changed", 2, 3004, 3),
            ("team.dissolved", 3, 3004, 4),
            ("sign_in.accepted", 1, 3002, 1),
            ("session.ended", 2, 3002, 2),
        ] {
            let event = of(action, revision, "ok");
            assert_eq!(
                (event["class_uid"].as_i64(), event["activity_id"].as_i64(), event["type_uid"].as_i64()),
                (Some(class), Some(activity), Some(class * 100 + activity)),
                "{action}"
            );
            assert_eq!(event["status_id"], 1);
        }
        assert_eq!(of("team.changed", 2, "denied")["status_id"], 2);
    }

    #[test]
    fn a_record_can_still_be_proven_and_nothing_is_null() {
        let event = of("team.created", 1, "ok");
        assert_eq!(event["time"], 1_767_323_045_006_i64);
        assert_eq!(
            (event["unmapped"]["leaf_index"].as_i64(), event["unmapped"]["proof"]["size"].as_i64()),
            (Some(7), Some(9))
        );
        assert!(event["raw_data"].as_str().unwrap().contains("team.created"));
        assert!(!event.to_string().contains("null,"), "{event}");
    }
}
