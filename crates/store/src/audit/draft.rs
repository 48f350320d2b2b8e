//! An event on its way into the log: everything but its place in its entity's history.

use std::{
    borrow::Cow,
    sync::{Arc, OnceLock},
};

use bailiwick_domain::{
    change::Change,
    entity::{SecurityEvent, Triage},
    ids::{EventId, SecurityEventId, TenantId},
    rule::Rule,
    search::SOURCE,
    time::Timestamp,
};
use bailiwick_proof::hash::Hash;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    access,
    octets::{Id, Octets, Said},
    personal::{Personal, Sealed},
    search::{self, Term},
};
use crate::{
    Event, Result,
    gate::{Actor, Permit},
    key_cache, security_events,
    tx::{Scope, Tx},
};

/// How the recorded operation ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    Ok,
    Denied,
    Failed,
}

impl Outcome {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Denied => "denied",
            Self::Failed => "failed",
        }
    }
}

/// An event without its revision and the hash of the one before.
pub(crate) struct Draft {
    pub(crate) tenant: TenantId,
    pub(crate) id: EventId,
    pub(crate) recorded_at: Timestamp,
    pub(crate) actor: ActorImage,
    pub(crate) action: Cow<'static, str>,
    pub(crate) outcome: Outcome,
    pub(crate) entity_type: Cow<'static, str>,
    pub(crate) entity_id: Uuid,
    pub(crate) octets: Octets,
    pub(crate) personal: Vec<Sealed>,
    /// Where the hash is left that the event gets with its place in its entity's history, for whoever has to answer it.
    pub(crate) told: Option<Arc<OnceLock<Hash>>>,
    /// What it is found by.
    pub(crate) terms: Vec<Term>,
    /// The tag of where it came from, which the octets only commit to.
    pub(crate) source: Option<[u8; SOURCE]>,
    /// Whose the thing is, where that is somebody else than the thing itself.
    pub(crate) owner: Option<Uuid>,
}

/// The actor as the log names them: opaque ids only.
#[derive(Clone)]
pub(crate) struct ActorImage {
    pub(crate) kind: &'static str,
    pub(crate) id: Option<Uuid>,
    /// How the guarded product calls them, where it is one of its actors: `id` then stands for this.
    pub(crate) named: Option<String>,
    pub(crate) auth: &'static str,
    pub(crate) credential: Option<Uuid>,
}

impl ActorImage {
    pub(super) fn of(actor: &Actor) -> Self {
        let named = None;
        match actor {
            Actor::Anonymous => Self { kind: "anonymous", id: None, named, auth: "none", credential: None },
            Actor::User { id, session, method } => Self {
                kind: "user",
                id: Some(id.uuid()),
                named,
                auth: method.name(),
                credential: Some(session.uuid()),
            },
            Actor::Operator { id, session } => Self {
                kind: "operator",
                id: Some(id.uuid()),
                named,
                auth: "session",
                credential: Some(session.uuid()),
            },
            Actor::Key { id, .. } => {
                let id = Some(id.uuid());
                Self { kind: "api_key", id, named, auth: "api_key", credential: id }
            }
            Actor::System(job) => {
                Self { kind: "system", id: None, named, auth: job.name(), credential: None }
            }
        }
    }

    /// The person whose address the request came from; the request itself where nobody is known.
    pub(super) fn subject(&self, request: Uuid) -> Uuid {
        self.id.unwrap_or(request)
    }
}

impl Draft {
    /// Subject keys that exist once this draft is committed.
    pub(crate) fn new_subjects(&self) -> Vec<super::personal::Learned> {
        self.personal.iter().filter_map(|sealed| sealed.learned(self.tenant)).collect()
    }
}

/// Turns the events of a finished change into drafts, and raises the security events they carry.
pub(crate) async fn drafts<R: Rule>(tx: &mut Tx, permit: &Permit<R>) -> Result<Vec<Draft>> {
    let mut drafts = Vec::with_capacity(tx.events.len());
    tx.decides |= tx.events.iter().any(key_cache::decides);
    for event in std::mem::take(&mut tx.events) {
        let id: EventId = EventId::new(tx.now, &*tx.shared.entropy);
        if let Some(raised) = &event.raises {
            let raised = SecurityEvent {
                id: SecurityEventId::new(tx.now, &*tx.shared.entropy),
                kind: event.action.to_owned(),
                severity: raised.severity,
                detail: raised.detail.clone(),
                audit_event: id.uuid(),
                triage: Triage::Open,
                at: tx.now,
            };
            security_events::insert(tx, &raised).await?;
        }
        let outcome = if event.refused { Outcome::Denied } else { Outcome::Ok };
        let subject = event.subject;
        let says = access::says(event.entity_type, &event.changes);
        let draft = draft(tx, permit, id, event, outcome).await?;
        access::note(tx, subject, &draft, says).await?;
        drafts.push(draft);
    }
    Ok(drafts)
}

/// The record of an operation that was refused or failed: an event about the request itself.
pub(crate) async fn outcome_draft<R: Rule>(
    tx: &mut Tx,
    permit: &Permit<R>,
    outcome: Outcome,
    code: &'static str,
) -> Result<Draft> {
    let id = EventId::new(tx.now, &*tx.shared.entropy);
    let request = permit.request().id.uuid();
    let event = Event {
        action: "request.refused",
        entity_type: "request",
        entity_id: id.uuid(),
        subject: request,
        owner: None,
        changes: vec![Change {
            path: "/rule".into(),
            op: bailiwick_domain::change::Op::Add,
            before: Value::Null,
            after: Value::from(R::NAME),
        }],
        personal: &[],
        secret: &[],
        reason: Some(code.to_owned()),
        raises: None,
        refused: outcome == Outcome::Denied,
        follows: false,
    };
    draft(tx, permit, id, event, outcome).await
}

async fn draft<R: Rule>(
    tx: &mut Tx,
    permit: &Permit<R>,
    id: EventId,
    event: Event,
    outcome: Outcome,
) -> Result<Draft> {
    let request = permit.request();
    let actor = ActorImage::of(&actor(tx, permit));
    let mut personal = Personal::new(tx.tenant(), id);
    let changes = event
        .changes
        .into_iter()
        .map(|change| {
            if event.secret.contains(&change.field()) {
                redacted(change)
            } else if event.personal.contains(&change.field()) {
                personal.commit_change(&*tx.shared.entropy, event.subject, change)
            } else {
                Ok(change)
            }
        })
        .collect::<Result<Vec<_>>>()?;
    let ip = match request.ip {
        Some(ip) => personal.commit(
            &*tx.shared.entropy,
            actor.subject(request.id.uuid()),
            &Value::from(ip.to_string()),
        )?,
        None => Value::Null,
    };
    let (tenant, recorded_at) = (tx.tenant(), tx.shared.clock.now());
    let source = request.ip.map(|ip| search::source_tag(tx, ip));
    let terms = search::terms(
        &search::Said {
            action: event.action,
            outcome: outcome.name(),
            entity_type: event.entity_type,
            actor_kind: actor.kind,
            actor_id: actor.id,
            credential: actor.credential,
            owner: event.owner,
            reason: event.reason.as_deref(),
            request: Some(request.id.uuid()),
            source,
        },
        changes.iter().map(|change| (&*change.path, [&change.before, &change.after])),
    );
    let octets = Octets::of(&Said {
        action: event.action,
        actor: &actor,
        changes: &changes,
        entity_type: event.entity_type,
        entity_id: Id::Ours(event.entity_id),
        id,
        occurred_at: recorded_at,
        recorded_at,
        outcome,
        reason: event.reason.as_deref(),
        request: request.id.uuid(),
        agent: request.agent.name(),
        ip: &ip,
        tenant,
    })?;
    Ok(Draft {
        tenant,
        id,
        recorded_at,
        actor,
        action: Cow::Borrowed(event.action),
        outcome,
        entity_type: Cow::Borrowed(event.entity_type),
        entity_id: event.entity_id,
        octets,
        personal: personal.seal(tx).await?,
        told: None,
        terms,
        source,
        owner: event.owner,
    })
}

/// Who acts: as the gate admitted them, or whoever signed in by this very transaction.
///
/// It follows from the row of the session and from nothing that a caller says. A browser that belonged to somebody else a
/// moment ago makes no difference: it was the new session's user who gave the password or opened the link.
fn actor<R: Rule>(tx: &Tx, permit: &Permit<R>) -> Actor {
    match (permit.actor(), &tx.opened) {
        (Actor::User { id, .. }, Some(opened)) if *id == opened.user => permit.actor().clone(),
        (Actor::Anonymous | Actor::User { .. }, Some(opened)) => {
            Actor::User { id: opened.user, session: opened.session, method: opened.method }
        }
        (actor, _) => actor.clone(),
    }
}

/// A secret leaves only the fact that it changed.
fn redacted(change: Change) -> Result<Change> {
    let hide = |value: Value| if value.is_null() { value } else { json!({"redacted": true}) };
    Ok(Change { before: hide(change.before), after: hide(change.after), ..change })
}
