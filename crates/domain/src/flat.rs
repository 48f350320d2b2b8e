//! A record of the log as one row, for tables and columns.

use serde::Deserialize;
use serde_json::Value;

use crate::change::Change;

/// What a record says, each thing in a place of its own. Ids are texts, because products give their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flat {
    /// The record's id.
    pub id: String,
    /// What was done, `noun.verb`.
    pub action: String,
    /// `user`, `api_key`, `operator`, `system`, `anonymous` or `product`.
    pub actor_kind: String,
    /// Their opaque id.
    pub actor_id: Option<String>,
    /// How they proved who they are.
    pub actor_auth: Option<String>,
    /// The kind of the thing that it was done to.
    pub entity_type: String,
    /// That thing.
    pub entity_id: String,
    /// The revision it made.
    pub revision: i64,
    /// When it happened, RFC 3339 in UTC.
    pub occurred_at: String,
    /// When it was recorded, RFC 3339 in UTC.
    pub recorded_at: String,
    /// `ok`, `denied` or `failed`.
    pub outcome: String,
    /// What the actor gave as the reason.
    pub reason: Option<String>,
    /// The request's id.
    pub request: Option<String>,
    /// What kind of program sent it.
    pub agent: Option<String>,
    /// The differences, as JSON. Personal values are commitments there, secrets marks.
    pub changes: String,
}

#[derive(Deserialize)]
struct Octets {
    id: String,
    action: String,
    actor: Actor,
    entity: Entity,
    occurred_at: String,
    recorded_at: String,
    outcome: String,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    request: Option<String>,
    #[serde(default)]
    source: Source,
    #[serde(default)]
    changes: Value,
}

#[derive(Deserialize)]
struct Actor {
    kind: String,
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    auth: Option<String>,
}

#[derive(Deserialize)]
struct Entity {
    #[serde(rename = "type")]
    kind: String,
    id: String,
    revision: i64,
}

#[derive(Default, Deserialize)]
struct Source {
    #[serde(default)]
    agent: Option<String>,
}

impl Flat {
    /// Reads a record; nothing for octets that are none.
    pub fn read(octets: &[u8]) -> Option<Self> {
        let read: Octets = serde_json::from_slice(octets).ok()?;
        Some(Self {
            id: read.id,
            action: read.action,
            actor_kind: read.actor.kind,
            actor_id: read.actor.id,
            actor_auth: read.actor.auth,
            entity_type: read.entity.kind,
            entity_id: read.entity.id,
            revision: read.entity.revision,
            occurred_at: read.occurred_at,
            recorded_at: read.recorded_at,
            outcome: read.outcome,
            reason: read.reason,
            request: read.request,
            agent: read.source.agent,
            changes: read.changes.to_string(),
        })
    }

    /// The paths that changed, where the differences can be read.
    pub fn paths(&self) -> Vec<String> {
        let changes: Vec<Change> = serde_json::from_str(&self.changes).unwrap_or_default();
        changes.into_iter().map(|change| change.path).collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::Flat;

    const OCTETS: &str = r#"{"action":"user.role_changed","actor":{"auth":"password","credential":"c","id":"a","kind":"user"},"changes":[{"after":"b","before":"a","op":"replace","path":"/role"}],"entity":{"id":"e","revision":2,"type":"user"},"id":"i","occurred_at":"2026-01-02T03:04:05.000006Z","outcome":"ok","prev":null,"reason":null,"recorded_at":"2026-01-02T03:04:05.000007Z","request":"r","source":{"agent":"browser","ip":null},"tenant":"t","v":1}"#;

    #[test]
    fn analyst_finds_each_thing_in_a_place_of_its_own() {
        let flat = Flat::read(OCTETS.as_bytes()).unwrap();
        assert_eq!(
            (flat.action.as_str(), flat.entity_id.as_str(), flat.revision),
            ("user.role_changed", "e", 2)
        );
        assert_eq!((flat.actor_id.as_deref(), flat.actor_auth.as_deref()), (Some("a"), Some("password")));
        assert_eq!((flat.reason.as_deref(), flat.agent.as_deref()), (None, Some("browser")));
        assert_eq!(flat.changes, r#"[{"after":"b","before":"a","op":"replace","path":"/role"}]"#);
        assert_eq!(flat.paths(), ["/role"]);
    }

    #[test]
    fn octets_that_are_no_record_are_no_row() {
        assert_eq!(Flat::read(b"{}"), None);
        assert_eq!(Flat::read(&[0xff]), None);
    }
}
