//! Records as lines beside something: what happened around a record, and what led from one state of a thing to another.

use bailiwick_store::audit::{Listed, Related};
use uuid::Uuid;

use super::{actors::Names, words};
use crate::{pages::parts::Badge, shell::Link, when::When};

/// A record as one line.
pub(super) struct BesideRow {
    pub(super) icon: &'static str,
    pub(super) href: String,
    pub(super) action: String,
    pub(super) words: String,
    pub(super) outcome: Badge,
    pub(super) actor: String,
    pub(super) on: Link,
    pub(super) at: When,
}

/// Records that belong together, and why.
pub(super) struct Beside {
    pub(super) title: &'static str,
    pub(super) rows: Vec<BesideRow>,
}

/// Who acts in these records, and what they are about.
pub(super) fn ids(records: &[Listed]) -> impl Iterator<Item = (&str, Uuid)> {
    records.iter().flat_map(|one| {
        let actor = one.actor_id.map(|id| (one.actor_kind.as_str(), id));
        actor.into_iter().chain([(one.entity_type.as_str(), one.entity_id)])
    })
}

/// Records as lines.
pub(super) fn rows(records: &[Listed], names: &Names) -> Vec<BesideRow> {
    let row = |one: &Listed| BesideRow {
        icon: words::icon(&one.entity_type),
        href: format!("/audit/events/{}", one.event),
        action: one.action.clone(),
        words: words::of_action(&one.action),
        outcome: words::of_outcome(&one.outcome),
        actor: names.actor(&one.actor_kind, one.actor_id, None).name,
        on: names.entity(&one.entity_type, one.entity_id),
        at: When::instant(one.recorded_at),
    };
    records.iter().map(row).collect()
}

/// What happened beside a record; nothing of what did not.
pub(super) fn beside(related: &Related, names: &Names) -> Vec<Beside> {
    let all = [
        ("In the same request", &related.request),
        ("In the same session", &related.session),
        ("By the same actor, just before and after", &related.actor),
    ];
    let some = all.into_iter().filter(|(_, records)| !records.is_empty());
    some.map(|(title, records)| Beside { title, rows: rows(records, names) }).collect()
}
