//! One record: what it changed, who did it, and the proof that it lies in the log.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{ids::EventId, permission::Permission, rule::ReadAudit, time::Timestamp, visible};
use bailiwick_proof::{
    checkpoint::{Checkpoint, SignedNote},
    leaf_hash,
    tree::verify_inclusion,
};
use bailiwick_store::{
    Error as StoreError, Scope, Store,
    audit::{self, EventPage, retention},
};
use serde_json::Value;

use super::{
    actors::{Actor, Names},
    as_of::{as_of_at, rights_at},
    beside::{self, Beside},
    difference::{self, Change},
    facts::{Detail, facts},
    fields::{self, Reader},
    history,
    record::Record,
    retired,
    rights::{Rights, rights},
    words,
};
use crate::{
    access::Access,
    error::Result,
    forms::Id,
    pages::{
        parts::{Badge, grouped},
        titles::Titles,
    },
    shell::{Link, Shell, Visit},
    when::{When, zone_of},
};

#[derive(Template, WebTemplate)]
#[template(path = "audit/event.html")]
struct AuditEventPage {
    shell: Shell,
    id: String,
    action: String,
    sentence: String,
    outcome: Badge,
    older: Option<String>,
    newer: Option<String>,
    actor: Actor,
    entity: Link,
    entity_type: String,
    revision: i64,
    previous: Option<Link>,
    occurred: When,
    recorded: When,
    reason: Option<String>,
    facts: Vec<Detail>,
    changes: Vec<Change>,
    /// The same as they are stored.
    raw: Vec<Change>,
    /// How the thing stood just before, and just after.
    stood: (String, String),
    /// What the person whom it is about could do just before.
    could: Option<String>,
    /// Where all stands that decides what somebody may do, beside a change of it.
    rights: Option<Rights>,
    beside: Vec<Beside>,
    proof: Proof,
    /// Indented for reading.
    json: String,
    /// The octets that are hashed.
    octets: String,
    /// What proves the record without this server; nothing before a checkpoint covers it.
    receipt: Option<String>,
    /// Whether personal values can go along with it.
    discloses: bool,
    /// Until when it is back from the archive, where the retention had taken it.
    back: Option<When>,
}

/// A record whose octets are no record any more: nothing of it is told but what was stored, and that it was altered.
#[derive(Template, WebTemplate)]
#[template(path = "audit/unreadable.html")]
struct UnreadablePage {
    shell: Shell,
    id: String,
    proof: Proof,
    octets: String,
}

struct Proof {
    status: Badge,
    hash: String,
    leaf: Option<String>,
    /// The tree that the path leads to.
    tree: Option<Tree>,
    checkpoint: Option<Signed>,
}

struct Tree {
    size: String,
    root: String,
    path: Vec<String>,
}

struct Signed {
    size: String,
    root: String,
    signed: Option<When>,
    signer: String,
    note: String,
}

pub(super) async fn event(
    Access(permit): Access<ReadAudit>,
    visit: Visit,
    State(store): State<Store>,
    Id(id): Id<EventId>,
) -> Result<Response> {
    let mut view = store.read(&permit).await?;
    let stub = retention::stub(&mut view, id).await?;
    let page = match (audit::event_page(&mut view, id).await, &stub) {
        (Err(StoreError::NotFound), Some(stub)) => {
            return Ok(retired::page(&permit, &visit, id, stub).into_response());
        }
        (page, _) => page?,
    };
    let record = match Record::read(&page.bytes) {
        Ok(record) => record,
        // Only octets that nobody here wrote cannot be read. Whoever looks for the altered record must find it.
        Err(_) if !intact(&page) => {
            let shell = Shell::new(&permit, &visit, "Unreadable record").under("Audit log", "/audit");
            let page = UnreadablePage { shell, id: id.to_string(), proof: proof(&page), octets: page.bytes };
            return Ok(page.into_response());
        }
        Err(error) => return Err(error),
    };
    let (kind, entity, revision) = (record.entity.kind.as_str(), record.entity.id, record.entity.revision);
    // The revision after this one, this one, and the one before.
    let around = audit::entity_history(&mut view, kind, entity, Some(revision.saturating_add(2))).await?;
    let at = |revision: i64| {
        let found = around.iter().find(|each| each.listed.revision == revision);
        found.map(|each| format!("/audit/events/{}", each.listed.event))
    };
    let (older, newer) = (at(revision - 1), at(revision + 1));
    let leaf = page.proof.as_ref().map(|proof| proof.leaf_index);
    let related = audit::related(&mut view, id, leaf, page.bytes.as_bytes()).await?;
    let others = [&related.request, &related.session, &related.actor];
    let ids: Vec<_> = record
        .actor
        .id
        .map(|id| (record.actor.kind.as_str(), id))
        .into_iter()
        .chain([(kind, entity)])
        .chain(fields::named(&record.changes))
        .chain(others.into_iter().flat_map(|records| beside::ids(records)))
        .collect();
    let listed: Vec<_> = others.into_iter().flatten().cloned().collect();
    let names = Names::of(&mut view, &permit, &ids).await?.called_by_product(&mut view, &listed).await?;
    let (titles, zone) = (Titles::read(&mut view).await?, zone_of(&permit));
    let reader = Reader { names: &names, titles: &titles, zone: &zone };
    let just_before = Timestamp::from_micros(record.recorded_at.micros() - 1);
    let mut actor = names.actor(&record.actor.kind, record.actor.id, Some(&record.actor.auth));
    if let Some(named) = &record.actor.named {
        actor.name.clone_from(named);
    }
    let mut thing = names.entity(kind, entity);
    if let Some(named) = &record.entity.named {
        thing.label.clone_from(named);
    }
    let recorded = When::instant(record.recorded_at);
    let previous = record
        .prev
        .map(|hash| Link::new(hash.to_string(), older.clone().unwrap_or_else(|| history(kind, entity))));
    let receipt = match audit::log::receipt(&mut view, id).await {
        Ok(receipt) => receipt.map(|receipt| receipt.to_string()),
        // An altered record has none; the panel of its proof says why.
        Err(StoreError::Conflict(_)) => None,
        Err(error) => return Err(error.into()),
    };
    let words = words::of_action(&record.action);
    // How it ended is what the octets say, and altered octets say nothing that counts.
    let outcome =
        if intact(&page) { words::of_outcome(&record.outcome) } else { Badge::new("bad", "Altered") };
    Ok(AuditEventPage {
        shell: Shell::new(&permit, &visit, record.action.clone()).under("Audit log", "/audit"),
        id: id.to_string(),
        back: stub.and_then(|stub| stub.back).map(|(_, until)| When::moment(until)),
        sentence: format!(
            "{words} by {}, {}.",
            actor.name,
            When::ago(record.recorded_at, view.now()).text(&zone)
        ),
        outcome,
        older,
        newer,
        entity: thing,
        entity_type: words::of_kind(kind),
        revision,
        previous,
        occurred: When::instant(record.occurred_at),
        recorded,
        facts: facts(&record, &page, |ip| hex::encode(audit::source_tag(&view, ip))),
        proof: proof(&page),
        json: visible::shown(&indented(&page.bytes)).into_owned(),
        stood: (as_of_at(kind, entity, just_before), as_of_at(kind, entity, record.recorded_at)),
        rights: rights(&visit, &permit, &record, &names),
        could: rights_at(&visit, &permit, names.person(kind, entity), just_before),
        beside: beside::beside(&related, &names),
        raw: difference::changes(record.changes.clone(), &page.personal),
        discloses: !page.personal.is_empty() && permit.may(Permission::AUDIT_EXPORT),
        changes: difference::in_words(record.changes, &page.personal, &reader),
        reason: record.reason.map(|reason| visible::shown(&reason).into_owned()),
        action: record.action,
        actor,
        octets: page.bytes,
        receipt,
    }
    .into_response())
}

/// What proves the record, checked here and now with the verifier's own code.
fn proof(page: &EventPage) -> Proof {
    let fits = page.proof.as_ref().map(|proof| {
        verify_inclusion(
            &page.hash,
            proof.leaf_index.unsigned_abs(),
            proof.size.unsigned_abs(),
            &proof.path,
            &proof.root,
        )
        .is_ok()
    });
    let signed = page.proof.as_ref().and_then(|proof| Some((proof, signed(proof)?)));
    // The path must lead to the very root that was signed, not to one that the database gives beside it.
    let vouched = signed.as_ref().map(|(proof, (checkpoint, _))| {
        checkpoint.root == proof.root && checkpoint.size == proof.size.unsigned_abs()
    });
    let status = match (intact(page), fits, vouched) {
        (false, ..) => Badge::new("bad", "Altered: the octets do not give the recorded hash"),
        (true, Some(false), _) => Badge::new("bad", "Not in the tree: the path does not lead to its root"),
        (true, None, _) => Badge::new("info", "Waiting for its place in the tree"),
        (true, Some(true), None) => Badge::new("info", "In the tree, waiting for a checkpoint"),
        (true, Some(true), Some(false)) => Badge::new("bad", "Not the signed tree: its root is another"),
        (true, Some(true), Some(true)) => Badge::new("ok", "Sealed"),
    };
    let tree = page.proof.as_ref().map(|proof| Tree {
        size: grouped(proof.size),
        root: proof.root.to_string(),
        path: proof.path.iter().map(ToString::to_string).collect(),
    });
    Proof {
        status,
        hash: page.hash.to_string(),
        leaf: page.proof.as_ref().map(|proof| grouped(proof.leaf_index)),
        tree,
        checkpoint: signed.map(|(_, (_, shown))| shown),
    }
}

/// Whether the octets are the ones that were hashed.
fn intact(page: &EventPage) -> bool {
    leaf_hash(page.bytes.as_bytes()) == page.hash
}

/// The oldest checkpoint that covers the record, and how it is shown; nothing while there is none, or when the note cannot
/// be read.
fn signed(proof: &audit::Proof) -> Option<(Checkpoint, Signed)> {
    let note = proof.checkpoint.as_ref()?;
    let parsed = SignedNote::parse(note.as_bytes()).ok()?;
    let checkpoint = Checkpoint::parse(parsed.text()).ok()?;
    let signer =
        parsed.signatures().first().map(|line| format!("{} (key {})", line.name, hex::encode(line.key_id)));
    let shown = Signed {
        size: grouped(i64::try_from(checkpoint.size).unwrap_or(i64::MAX)),
        root: checkpoint.root.to_string(),
        signed: proof.signed_at.map(When::instant),
        signer: signer.unwrap_or_default(),
        note: note.clone(),
    };
    Some((checkpoint, shown))
}

fn indented(octets: &str) -> String {
    let value = serde_json::from_str::<Value>(octets);
    value.and_then(|value| serde_json::to_string_pretty(&value)).unwrap_or_else(|_| octets.to_owned())
}
