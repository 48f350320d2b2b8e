//! Everything that happened to one thing, newest first.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::{Path, State};
use bailiwick_domain::rule::ReadAudit;
use bailiwick_proof::{
    Hash,
    checkpoint::{Trust, VerifierKey},
    completeness::{Incomplete, Page},
    leaf_hash,
};
use bailiwick_store::{
    Error as StoreError, View,
    audit::{self, Revision, retention},
};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    actors::Names,
    bundle,
    difference::{self, Change},
    fields::{self, Reader},
    history, moment,
    record::Record,
    rights, words,
};
use crate::{
    access::Access,
    error::{Error, Result},
    forms::{Field, Query},
    pages::{
        parts::{Badge, Pager, address, counted},
        reach,
        titles::Titles,
    },
    shell::{Shell, Visit},
    state::AppState,
    when::{When, zone_of},
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
    /// Of a person: the search for all that is or was theirs, and where all stands that gives them what they may do.
    theirs: Option<Theirs>,
    /// The page of the thing itself.
    open: Option<String>,
    /// Where the history is taken along with what proves it.
    bundle: Option<String>,
    chain: Badge,
    /// Whether the whole history is proven, and where its proof is; on the first page.
    complete: Option<Complete>,
    /// Its own address, and the moment as of which it is asked for.
    here: String,
    at: Field,
    rows: Vec<RevisionRow>,
    pager: Pager,
}

/// Of what a person's own history holds nothing.
struct Theirs {
    search: String,
    access: Option<String>,
}

/// What can be proven of a history without this server.
struct Complete {
    status: Badge,
    sentence: String,
    href: String,
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
    /// Of the octets as they are stored now.
    hash: Hash,
    prev: Option<Hash>,
    /// Whether the octets give the hash in the tree, and the list says what they say.
    intact: bool,
}

pub(super) async fn entity(
    Access(permit): Access<ReadAudit>,
    visit: Visit,
    State(state): State<AppState>,
    Path((kind, id)): Path<(String, String)>,
    Query(place): Query<Place>,
) -> Result<AuditEntityPage> {
    let id = audit::thing_of(&kind, &id).ok_or(Error::NotFound)?;
    let mut view = state.store.read(&permit).await?;
    let found = audit::entity_history(&mut view, &kind, id, place.before).await?;
    let archived = retention::archived(&mut view, &kind, id).await?;
    // Another tenant's thing looks like one that never was.
    let (Some(newest), Some(oldest)) = (found.first(), found.last()) else {
        return Err(if archived { ARCHIVED } else { Error::NotFound });
    };
    let (newest, oldest) = (newest.listed.revision, oldest.listed.revision);
    let events: Vec<_> = found.iter().map(|revision| revision.listed.event).collect();
    let personal = audit::revealed(&mut view, &events).await?;
    let actors = found.iter().map(|revision| &revision.listed);
    let actors = actors.filter_map(|listed| Some((listed.actor_kind.as_str(), listed.actor_id?)));
    let judged = found.iter().map(judged).collect::<Result<Vec<_>>>()?;
    let changed = judged.iter().filter_map(|(_, record)| record.as_ref());
    let changed = changed.flat_map(|record| fields::named(&record.changes));
    let ids: Vec<_> = actors.chain([(kind.as_str(), id)]).chain(changed).collect();
    let listed: Vec<_> = found.iter().map(|revision| revision.listed.clone()).collect();
    let names = Names::of(&mut view, &permit, &ids).await?.called_by_product(&mut view, &listed).await?;
    let (titles, zone) = (Titles::read(&mut view).await?, zone_of(&permit));
    let reader = Reader { names: &names, titles: &titles, zone: &zone };
    let (mut rows, mut chain) = (Vec::with_capacity(found.len()), Vec::with_capacity(found.len()));
    for (revision, (link, record)) in found.iter().zip(judged) {
        let listed = &revision.listed;
        rows.push(RevisionRow {
            icon: words::icon(&kind),
            href: format!("/audit/events/{}", listed.event),
            action: listed.action.clone(),
            outcome: outcome(&link, &listed.outcome),
            actor: names.actor(&listed.actor_kind, listed.actor_id, None).name,
            at: When::instant(listed.recorded_at),
            revision: listed.revision,
            changes: record
                .map(|record| difference::in_words(record.changes, &personal, &reader))
                .unwrap_or_default(),
        });
        chain.push(link);
    }
    let (title, here) = (names.title(&kind, id), history(&kind, id));
    let complete = match place.before {
        None if archived => Some(in_part(&kind, id)),
        None => complete(&mut view, &state.verifier, &kind, id).await?,
        Some(_) => None,
    };
    // Where the retention took some, what is left may end before the first revision.
    let more = oldest > 1
        && (!archived || !audit::entity_history(&mut view, &kind, id, Some(oldest)).await?.is_empty());
    let shown = if place.before.is_none() {
        counted(newest, "revision")
    } else {
        format!("Revisions {oldest} to {newest}")
    };
    Ok(AuditEntityPage {
        shell: Shell::new(&permit, &visit, title.clone()).under("Audit log", "/audit"),
        title,
        sentence: if kind == "user" {
            "What happened to the account itself, newest first."
        } else {
            "Everything that happened to it, newest first."
        },
        theirs: (kind == "user").then(|| Theirs {
            search: format!("/audit?q=entity:{id}"),
            // Whoever was deleted may do nothing any more.
            access: names.called("user", id).and_then(|_| rights::access_of(&visit, &permit, id)),
        }),
        open: match kind.as_str() {
            // Whoever was deleted has no page any more.
            "user" if names.called("user", id).is_none() => None,
            "user" => reach::link(&visit, &permit, "/users/{user}", || format!("/users/{id}")),
            "policy" => reach::link(&visit, &permit, "/policy", || "/policy".to_owned()),
            _ => None,
        },
        bundle: reach::link(&visit, &permit, "/audit/bundle", || bundle::of_entity(&kind, id)),
        chain: unbroken(&chain, archived),
        complete,
        at: moment::field("at", "As of (UTC)", None, &[]),
        here: here.clone(),
        rows,
        pager: Pager {
            shown,
            first: place.before.is_some().then(|| here.clone()),
            prev: None,
            next: more.then(|| address(&here, &[("before", Some(&oldest.to_string()))])),
        },
    })
}

const ARCHIVED: Error = Error::Conflict(
    "The archive alone holds the records of this thing. Bring their segments back to read them.",
);

fn completeness(kind: &str, id: Uuid) -> String {
    format!("/v1/audit/entities/{kind}/{id}/completeness")
}

/// What is said of a history of which the retention took a part.
fn in_part(kind: &str, id: Uuid) -> Complete {
    Complete {
        status: Badge::new("info", "In part"),
        sentence:
            "The archive alone holds part of this history. With its segments back, all of it can be proven."
                .to_owned(),
        href: completeness(kind, id),
    }
}

/// Whether the history leads, without a gap, from its first revision to one that lies in the signed tree: checked here and now
/// with the verifier's own code, as far as one answer of the API reaches.
async fn complete(view: &mut View, verifier: &VerifierKey, kind: &str, id: Uuid) -> Result<Option<Complete>> {
    let href = completeness(kind, id);
    let page = match audit::completeness(view, kind, id, None).await {
        Ok(Some(page)) => page,
        Ok(None) => return Ok(None),
        Err(StoreError::Conflict(text)) => {
            let status = Badge::new("bad", "Not complete");
            return Ok(Some(Complete { status, sentence: text.to_owned(), href }));
        }
        Err(error) => return Err(error.into()),
    };
    let whole = page.next.is_none();
    let trust = Trust { logs: vec![verifier.clone()], ..Trust::default() };
    let (status, sentence) = match Page::verify(&[page], &trust) {
        Ok((complete, _)) => {
            let revisions = i64::try_from(complete.revisions).unwrap_or(i64::MAX);
            (
                Badge::new("ok", "Complete"),
                format!("{} without a gap, the newest of them in the signed tree.", counted(revisions, "revision")),
            )
        }
        Err(Incomplete::Missing(_)) if !whole => (
            Badge::new("info", "Long"),
            "Its newest revisions follow each other without a gap into the signed tree; the whole history takes several answers.".to_owned(),
        ),
        Err(error) => (Badge::new("bad", "Not complete"), format!("Run a verification: {error}.")),
    };
    Ok(Some(Complete { status, sentence, href }))
}

/// What a revision is worth as a link of the chain, and what its octets say; nothing when they were made unreadable.
fn judged(revision: &Revision) -> Result<(Linked, Option<Record>)> {
    let listed = &revision.listed;
    let hash = leaf_hash(revision.bytes.as_bytes());
    let hashed = hash == revision.hash;
    let record = match Record::read(&revision.bytes) {
        Ok(record) => Some(record),
        // The very octets that were written: a fault of this program, not of whoever has hands on the database.
        Err(error) if hashed => return Err(error),
        Err(_) => None,
    };
    let agrees = |record: &Record| {
        record.action == listed.action
            && record.outcome == listed.outcome
            && record.entity.revision == listed.revision
    };
    let intact = hashed && record.as_ref().is_some_and(agrees);
    let prev = record.as_ref().and_then(|record| record.prev);
    Ok((Linked { revision: listed.revision, hash, prev, intact }, record))
}

/// How it ended, unless that is no longer known.
fn outcome(link: &Linked, recorded: &str) -> Badge {
    if link.intact { words::of_outcome(recorded) } else { Badge::new("bad", "Altered") }
}

/// Whether each shown record is as it was written and names the hash of the one before; they come newest first. What is `archived`
/// in part has gaps, and whether they are rightly there is for a verification to say.
fn unbroken(chain: &[Linked], archived: bool) -> Badge {
    if let Some(altered) = chain.iter().find(|link| !link.intact) {
        return Badge::new("bad", format!("Altered at revision {}", altered.revision));
    }
    let mut gaps = false;
    for (place, link) in chain.iter().enumerate() {
        let fits = match chain.get(place + 1) {
            Some(before) if archived && link.revision > before.revision + 1 => {
                gaps = true;
                link.prev.is_some()
            }
            Some(before) => link.prev == Some(before.hash) && link.revision == before.revision + 1,
            // The one before lies on the next page, unless this is the first of all.
            None => (link.revision == 1) == link.prev.is_none(),
        };
        if !fits {
            return Badge::new("bad", format!("Chain broken at revision {}", link.revision));
        }
    }
    if gaps {
        return Badge::new("info", "Gaps lie in the archive");
    }
    Badge::new("ok", format!("Chain unbroken, {}", counted(chain.len(), "revision")))
}

#[cfg(test)]
mod tests {
    use bailiwick_testkit::both_databases;

    use super::*;

    fn chain() -> Vec<Linked> {
        let hash = |n: u8| leaf_hash(&[n]);
        let link = |n: u8, prev| Linked { revision: i64::from(n), hash: hash(n), prev, intact: true };
        vec![link(3, Some(hash(2))), link(2, Some(hash(1))), link(1, None)]
    }

    #[test]
    fn auditor_sees_where_a_chain_was_cut() {
        assert_eq!(unbroken(&chain(), false).text, "Chain unbroken, 3 revisions");
        let mut altered = chain();
        altered[1].hash = leaf_hash(b"another record");
        assert_eq!(unbroken(&altered, false).text, "Chain broken at revision 3");
        let mut removed = chain();
        removed.remove(1);
        assert_eq!(unbroken(&removed, false).text, "Chain broken at revision 3");
        assert_eq!(unbroken(&removed, true).kind, "info", "the retention took it");
        let mut beheaded = chain();
        beheaded.pop();
        assert_eq!(unbroken(&beheaded, false).kind, "ok", "the next page holds the rest");
        let mut forged = chain();
        forged[2].prev = Some(leaf_hash(b"x"));
        assert_eq!(unbroken(&forged, false).text, "Chain broken at revision 1");
        assert_eq!(unbroken(&forged, true).kind, "bad", "no retention does that");
    }

    both_databases! {
        async fn auditor_sees_a_record_whose_octets_were_altered(db: Db) {
            let acme = db.tenant("acme").await;
            db.sign().await;
            let owner = acme.owner();
            let mut view = db.store.read(&owner.permit::<ReadAudit>().await).await.unwrap();
            let history = audit::entity_history(&mut view, "user", owner.id().uuid(), None).await.unwrap();
            let written = history.into_iter().find(|revision| revision.listed.outcome == "ok").unwrap();
            let (link, record) = judged(&written).unwrap();
            assert_eq!((outcome(&link, "ok").text.as_str(), record.is_some()), ("Done", true));
            for place in [0, written.bytes.len() / 2, written.bytes.len() - 1] {
                // The lowest bit: another character of the same length, within whatever the text is.
                let mut octets = written.bytes.clone().into_bytes();
                octets[place] ^= 1;
                let altered = Revision { bytes: String::from_utf8_lossy(&octets).into_owned(), ..written.clone() };
                let (link, _) = judged(&altered).unwrap();
                assert_eq!(outcome(&link, "ok").text, "Altered", "octet {place}");
                let chain = unbroken(&[link], false);
                assert!(chain.kind == "bad" && chain.text.starts_with("Altered at revision"), "{}", chain.text);
            }
            let mut listed = written.clone();
            listed.listed.action = "user.praised".into();
            assert!(!judged(&listed).unwrap().0.intact, "the list says what the octets do not");
        }
    }
}
