//! Whether a hold keeps something.

use bailiwick_domain::{
    entity::{Document, DocumentVersion, Entity as _, HoldScope, is_of},
    time::Timestamp,
};
use uuid::Uuid;

use super::{Hold, standing};
use crate::{
    Result,
    audit::{integrate::leaf_of, pack::EventOctets},
    lock::rows,
    tx::Scope,
};

/// What is about to go.
#[derive(Clone, Copy, Debug)]
pub enum Target<'a> {
    /// Everything that is kept of a person: under these ids the log keeps values about them, their own among them.
    Person(&'a [Uuid]),
    /// A document with all its versions.
    Document {
        /// Its id.
        id: Uuid,
        /// Those of its versions.
        versions: &'a [Uuid],
        /// Who added it or one of its versions.
        by: &'a [Uuid],
        /// What was recorded when it and its versions were added, and when. Those records may have left the database.
        added: &'a [(&'a str, Timestamp)],
    },
    /// Records of a time, and where it is known of a class of actions: what the retention takes.
    Records {
        /// The first moment.
        from: Timestamp,
        /// The first moment after it.
        until: Timestamp,
        /// The class of the actions; nothing for all of them.
        action: Option<&'a str>,
    },
}

/// The oldest hold that keeps something of what is about to go.
///
/// Whoever erases by the answer locks the policy before they ask; see the module.
pub async fn held(scope: &mut impl Scope, target: Target<'_>) -> Result<Option<Hold>> {
    for hold in standing(scope).await? {
        let keeps = match target {
            Target::Person(ids) => keeps_person(scope, &hold.hold.scope, ids).await?,
            Target::Document { id, versions, by, added } => match &hold.hold.scope {
                HoldScope::Tenant => true,
                HoldScope::Person { person } => by.contains(person),
                // More rather than less: what somebody added belongs to the matter that they are held for.
                HoldScope::Entity { entity_type, entity_id } => match entity_type.as_str() {
                    Document::KIND => *entity_id == id,
                    DocumentVersion::KIND => versions.contains(entity_id),
                    _ => by.contains(entity_id),
                },
                range @ HoldScope::Range { .. } => {
                    added.iter().any(|(action, at)| range.keeps(action, *at))
                        || recorded(scope, range, Document::KIND, &[id]).await?
                        || recorded(scope, range, DocumentVersion::KIND, versions).await?
                }
            },
            Target::Records { from, until, action } => {
                keeps_records(scope, &hold.hold.scope, (from, until), action).await?
            }
        };
        if keeps {
            return Ok(Some(hold));
        }
    }
    Ok(None)
}

/// Whether a range keeps a record of one of these entities.
async fn recorded(scope: &mut impl Scope, hold: &HoldScope, kind: &str, ids: &[Uuid]) -> Result<bool> {
    let HoldScope::Range { from, until, action } = hold else { return Ok(false) };
    let (tenant, class) = (scope.tenant(), action.as_deref().unwrap_or_default());
    let below = format!("{class}.");
    for id in ids {
        let found: Vec<(i64,)> = rows!(
            scope,
            "SELECT leaf_index FROM audit_leaf
             WHERE tenant = $1 AND entity_type = $2 AND entity_id = $3 AND recorded_at >= $4 AND recorded_at < $5
               AND ($6 = '' OR action = $6 OR substr(action, 1, length(CAST($7 AS text))) = CAST($7 AS text)) LIMIT 1",
            tenant.uuid(),
            kind,
            *id,
            from.map_or(i64::MIN, Timestamp::micros),
            until.map_or(i64::MAX, Timestamp::micros),
            class,
            below.as_str()
        )?;
        if !found.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn keeps_person(scope: &mut impl Scope, hold: &HoldScope, ids: &[Uuid]) -> Result<bool> {
    match hold {
        HoldScope::Tenant => return Ok(true),
        HoldScope::Person { person } => return Ok(ids.contains(person)),
        HoldScope::Entity { entity_id, .. } if ids.contains(entity_id) => return Ok(true),
        HoldScope::Entity { .. } | HoldScope::Range { .. } => {}
    }
    for id in ids {
        if in_tree(scope, hold, *id).await? || waiting(scope, hold, *id).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a record that the hold keeps, and that has its place in the tree, has a value of the person beside it.
async fn in_tree(scope: &mut impl Scope, hold: &HoldScope, subject: Uuid) -> Result<bool> {
    let tenant = scope.tenant();
    let found: Vec<(i64,)> = match hold {
        HoldScope::Entity { entity_type, entity_id } => rows!(
            scope,
            "SELECT l.leaf_index FROM audit_personal p JOIN audit_leaf l ON l.tenant = p.tenant AND l.event = p.event
             WHERE p.tenant = $1 AND p.subject = $2 AND l.entity_type = $3 AND l.entity_id = $4 LIMIT 1",
            tenant.uuid(),
            subject,
            entity_type.as_str(),
            *entity_id
        )?,
        HoldScope::Range { from, until, action } => {
            let class = action.as_deref().unwrap_or_default();
            let below = format!("{class}.");
            rows!(
                scope,
                "SELECT l.leaf_index FROM audit_personal p JOIN audit_leaf l ON l.tenant = p.tenant AND l.event = p.event
                 WHERE p.tenant = $1 AND p.subject = $2 AND l.recorded_at >= $3 AND l.recorded_at < $4
                   AND ($5 = '' OR l.action = $5 OR substr(l.action, 1, length(CAST($6 AS text))) = CAST($6 AS text)) LIMIT 1",
                tenant.uuid(),
                subject,
                from.map_or(i64::MIN, Timestamp::micros),
                until.map_or(i64::MAX, Timestamp::micros),
                class,
                below.as_str()
            )?
        }
        HoldScope::Tenant | HoldScope::Person { .. } => Vec::new(),
    };
    Ok(!found.is_empty())
}

/// The same of records that were written a moment ago and have no place yet.
async fn waiting(scope: &mut impl Scope, hold: &HoldScope, subject: Uuid) -> Result<bool> {
    let tenant = scope.tenant();
    let found: Vec<(Uuid, Vec<u8>, EventOctets)> = rows!(
        scope,
        "SELECT e.id, e.hash, e.bytes FROM audit_personal p
         JOIN audit_pending w ON w.tenant = p.tenant AND w.event = p.event JOIN audit_event e ON e.tenant = p.tenant AND e.id = p.event
         WHERE p.tenant = $1 AND p.subject = $2",
        tenant.uuid(),
        subject
    )?;
    for (event, hash, bytes) in found {
        let leaf = leaf_of(event, &hash, &bytes, None, None)?;
        let keeps = match hold {
            HoldScope::Entity { entity_type, entity_id } => {
                *leaf.entity_type == **entity_type && leaf.entity_id == *entity_id
            }
            other => other.keeps(&leaf.action, Timestamp::from_micros(leaf.recorded_at)),
        };
        if keeps {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn keeps_records(
    scope: &mut impl Scope,
    hold: &HoldScope,
    (from, until): (Timestamp, Timestamp),
    action: Option<&str>,
) -> Result<bool> {
    let tenant = scope.tenant();
    let found: Vec<(i64,)> = match hold {
        HoldScope::Tenant => return Ok(true),
        HoldScope::Range { from: first, until: last, action: class } => {
            let apart = first.is_some_and(|first| until <= first) || last.is_some_and(|last| last <= from);
            return Ok(!apart && meet(class.as_deref(), action));
        }
        // Whatever they did, whatever was done to them, and whatever holds a value of theirs: more rather than less.
        HoldScope::Person { person } => rows!(
            scope,
            "SELECT l.leaf_index FROM audit_leaf l WHERE l.tenant = $1 AND l.recorded_at >= $2 AND l.recorded_at < $3
               AND (l.actor_id = $4 OR l.entity_id = $4
                    OR EXISTS (SELECT 1 AS one FROM audit_personal p WHERE p.tenant = l.tenant AND p.event = l.event AND p.subject = $4)) LIMIT 1",
            tenant.uuid(),
            from.micros(),
            until.micros(),
            *person
        )?,
        HoldScope::Entity { entity_type, entity_id } => rows!(
            scope,
            "SELECT leaf_index FROM audit_leaf WHERE tenant = $1 AND entity_type = $4 AND entity_id = $5 AND recorded_at >= $2 AND recorded_at < $3 LIMIT 1",
            tenant.uuid(),
            from.micros(),
            until.micros(),
            entity_type.as_str(),
            *entity_id
        )?,
    };
    Ok(!found.is_empty())
}

/// Whether two classes have an action in common: one lies within the other.
fn meet(one: Option<&str>, other: Option<&str>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => is_of(one, other) || is_of(other, one),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_meet_where_one_lies_within_the_other() {
        for (one, other, together) in [
            (Some("user"), Some("user.deleted"), true),
            (Some("user.deleted"), Some("user"), true),
            (Some("user"), Some("users"), false),
            (None, Some("user"), true),
            (Some("invitation"), Some("user"), false),
        ] {
            assert_eq!(meet(one, other), together, "{one:?} {other:?}");
        }
    }
}
