//! Everything that happened to one thing, newest first.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::{Path, State};
use bailiwick_domain::rule::ReadAudit;
use bailiwick_proof::{Hash, leaf_hash};
use bailiwick_store::{Store, audit};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    actors::Names,
    difference::{self, Change},
    history,
    record::Record,
    words,
};
use crate::{
    access::Access,
    error::{Error, Result},
    forms::Query,
    pages::{
        parts::{Badge, Pager, address, counted},
        reach,
    },
    shell::{Shell, Visit},
    when::When,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Place {
    /// The revision before which the page begins.
    before: Option<i64>,
}

#[derive(Template, WebTemplate)]
#[template(path = "audit/entity.html")]
pub(super) struct AuditEntityPage {
    shell: Shell,
    title: String,
    sentence: &'static str,
    /// The page of the thing itself.
    open: Option<String>,
    chain: Badge,
    rows: Vec<RevisionRow>,
    pager: Pager,
}

struct RevisionRow {
    icon: &'static str,
    href: String,
    action: String,
    outcome: Badge,
    actor: String,
    at: When,
    revision: i64,
    changes: Vec<Change>,
}

/// A link of the chain: the hash of a record and the hash of the one before, as the record itself says it.
struct Linked {
    revision: i64,
    hash: Hash,
    prev: Option<Hash>,
}

pub(super) async fn entity(
    Access(permit): Access<ReadAudit>,
    visit: Visit,
    State(store): State<Store>,
    Path((kind, id)): Path<(String, String)>,
    Query(place): Query<Place>,
) -> Result<AuditEntityPage> {
    let id = Uuid::try_parse(&id).map_err(|_| Error::NotFound)?;
    let mut view = store.read(&permit).await?;
    let found = audit::entity_history(&mut view, &kind, id, place.before).await?;
    // Another tenant's thing looks like one that never was.
    let (Some((newest, _)), Some((oldest, _))) = (found.first(), found.last()) else {
        return Err(Error::NotFound);
    };
    let (newest, oldest) = (newest.revision, oldest.revision);
    let events: Vec<_> = found.iter().map(|(listed, _)| listed.event).collect();
    let personal = audit::revealed(&mut view, &events).await?;
    let actors = found.iter().filter_map(|(listed, _)| Some((listed.actor_kind.as_str(), listed.actor_id?)));
    let ids: Vec<_> = actors.chain([(kind.as_str(), id)]).collect();
    let names = Names::of(&mut view, &permit, &ids).await?;
    let (mut rows, mut chain) = (Vec::with_capacity(found.len()), Vec::with_capacity(found.len()));
    for (listed, octets) in &found {
        let record = Record::read(octets)?;
        chain.push(Linked {
            revision: listed.revision,
            hash: leaf_hash(octets.as_bytes()),
            prev: record.prev,
        });
        rows.push(RevisionRow {
            icon: words::icon(&kind),
            href: format!("/audit/events/{}", listed.event),
            action: listed.action.clone(),
            outcome: words::of_outcome(&listed.outcome),
            actor: names.actor(&listed.actor_kind, listed.actor_id, None).name,
            at: When::instant(listed.recorded_at),
            revision: listed.revision,
            changes: difference::changes(record.changes, &personal),
        });
    }
    let (title, here) = (names.title(&kind, id), history(&kind, id));
    let shown = if place.before.is_none() {
        counted(newest, "revision")
    } else {
        format!("Revisions {oldest} to {newest}")
    };
    Ok(AuditEntityPage {
        shell: Shell::new(&permit, &visit, title.clone()).under("Audit log", "/audit"),
        title,
        sentence: "Everything that happened to it, newest first.",
        open: match kind.as_str() {
            "user" => reach::link(&visit, &permit, "/users/{user}", || format!("/users/{id}")),
            "policy" => reach::link(&visit, &permit, "/policy", || "/policy".to_owned()),
            _ => None,
        },
        chain: unbroken(&chain),
        rows,
        pager: Pager {
            shown,
            first: place.before.is_some().then(|| here.clone()),
            prev: None,
            next: (oldest > 1).then(|| address(&here, &[("before", Some(&oldest.to_string()))])),
        },
    })
}

/// Whether each shown record names the hash of the one before; they come newest first.
fn unbroken(chain: &[Linked]) -> Badge {
    for (place, link) in chain.iter().enumerate() {
        let fits = match chain.get(place + 1) {
            Some(before) => link.prev == Some(before.hash) && link.revision == before.revision + 1,
            // The one before lies on the next page, unless this is the first of all.
            None => (link.revision == 1) == link.prev.is_none(),
        };
        if !fits {
            return Badge::new("bad", format!("Chain broken at revision {}", link.revision));
        }
    }
    Badge::new(
        "ok",
        format!("Chain unbroken, {}", counted(i64::try_from(chain.len()).unwrap_or(i64::MAX), "revision")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain() -> Vec<Linked> {
        let hash = |n: u8| leaf_hash(&[n]);
        let link = |n: u8, prev| Linked { revision: i64::from(n), hash: hash(n), prev };
        vec![link(3, Some(hash(2))), link(2, Some(hash(1))), link(1, None)]
    }

    #[test]
    fn auditor_sees_where_a_chain_was_cut() {
        assert_eq!(unbroken(&chain()).text, "Chain unbroken, 3 revisions");
        let mut altered = chain();
        altered[1].hash = leaf_hash(b"another record");
        assert_eq!(unbroken(&altered).text, "Chain broken at revision 3");
        let mut removed = chain();
        removed.remove(1);
        assert_eq!(unbroken(&removed).text, "Chain broken at revision 3");
        let mut beheaded = chain();
        beheaded.pop();
        assert_eq!(unbroken(&beheaded).kind, "ok", "the next page holds the rest");
        let mut forged = chain();
        forged[2].prev = Some(leaf_hash(b"x"));
        assert_eq!(unbroken(&forged).text, "Chain broken at revision 1");
    }
}
