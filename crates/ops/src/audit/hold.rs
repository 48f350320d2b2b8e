//! Legal holds: placing and lifting one. Sensitive, since one decides what can be erased.

mod typed;

use bailiwick_domain::{
    entity::{AuditHold, HoldScope, Severity},
    ids::AuditHoldId,
    permission::Permission,
    rule::{LiftHold, PlaceHold, Rule},
    time::Timestamp,
};
use bailiwick_store::{
    Event, Permit, Recorded, Scope, Store, Tx,
    audit::{
        hold::{self, STANDING, Target},
        subject,
    },
    tenants, users,
};
use uuid::Uuid;

use self::typed::{parse, person};
use crate::{
    Error, Result,
    step_up::{Answer, Change, Outcome, Told},
    valid,
};

/// A hold to be, as it is typed. Fields that its scope does not take stay empty.
#[derive(Clone, Debug, Default)]
pub struct NewHold {
    /// Its id, a UUID that whoever places it chooses: the question and the answer with the code are about the same one.
    pub id: String,
    /// `tenant`, `person`, `entity` or `range`.
    pub scope: String,
    /// Of a person: their opaque id, or of the product's people `product:u-17` or `app.customer/CU-77`; for whoever may see users also
    /// their name or address.
    pub person: String,
    /// Of a thing: its kind.
    pub entity_type: String,
    /// Of a thing: its id; of the product's things the product's own.
    pub entity_id: String,
    /// Of a range: the first moment.
    pub from: Option<Timestamp>,
    /// Of a range: the first moment after it.
    pub until: Option<Timestamp>,
    /// Of a range: an action, or what it begins with up to a dot.
    pub action: String,
    /// Why: the matter.
    pub reason: String,
}

/// Places a hold. A code is asked for first. From its commit on nothing that it covers can be erased.
///
/// # Errors
/// `Invalid` with the fields `id`, `scope`, `person`, `entity_type`, `entity_id`, `until`, `action` and `reason`; `Conflict` for an id that is taken, and where
/// too many holds stand.
pub async fn place(
    store: &Store,
    permit: &Permit<PlaceHold>,
    new: &NewHold,
    answer: Option<Answer>,
) -> Result<Outcome<AuditHold>> {
    let mut view = store.read(permit).await?;
    let hold = parse(new, person(&mut view, permit, new).await?)?;
    let name = name(&mut view, permit, &hold.scope).await?;
    drop(view);
    let (change, hold) = (Change { store, home: permit, inside: permit }, &hold);
    let told = |hold: &AuditHold| Told {
        name: hold.scope.words_of(name.as_deref()),
        effects: vec![
            "Nothing that it covers can be erased, neither on request nor by the retention.".to_owned(),
            "Users whom it concerns cannot be deleted while it stands.".to_owned(),
        ],
    };
    change.confirmed(answer, told, async |tx| put(tx, permit, hold).await).await
}

async fn put(tx: &mut Tx, permit: &Permit<PlaceHold>, hold: &AuditHold) -> Result<Recorded<AuditHold>> {
    // Whoever erases holds this lock until they are done, and looks for holds after they have it.
    tenants::lock_policy(tx).await?;
    let standing = hold::standing(tx).await?.len();
    if i64::try_from(standing).unwrap_or(i64::MAX) >= STANDING {
        return Err(Error::Conflict("There are 200 holds, which is the most. Lift one that is not needed."));
    }
    let written = hold::insert(tx, hold.clone(), permit.actor().person()).await?;
    let event = Event::new("audit_hold.placed", &written)?
        .because(hold.reason.as_str())
        .raising(Severity::Warning, format!("Legal hold placed on {}", hold.scope.words()));
    Ok(tx.record(event, hold.clone()))
}

/// Lifts a hold, with a reason. A code is asked for first.
///
/// # Errors
/// `NotFound`; `Conflict` for one that was lifted before.
pub async fn lift(
    store: &Store,
    permit: &Permit<LiftHold>,
    id: AuditHoldId,
    reason: &str,
    answer: Option<Answer>,
) -> Result<Outcome<AuditHold>> {
    let reason = &valid::reason(reason).map_err(|text| Error::field("reason", text))?;
    let mut view = store.read(permit).await?;
    let placed = hold::find(&mut view, id).await?.hold;
    let name = name(&mut view, permit, &placed.scope).await?;
    drop(view);
    let change = Change { store, home: permit, inside: permit };
    let told = |hold: &AuditHold| Told {
        name: hold.scope.words_of(name.as_deref()),
        effects: vec!["What no other hold covers can be erased again.".to_owned()],
    };
    change.confirmed(answer, told, async |tx| take(tx, permit, id, reason).await).await
}

async fn take(
    tx: &mut Tx,
    permit: &Permit<LiftHold>,
    id: AuditHoldId,
    reason: &str,
) -> Result<Recorded<AuditHold>> {
    tenants::lock_policy(tx).await?;
    let before = hold::lock(tx, id).await?.hold;
    if before.lifted {
        return Err(Error::Conflict("The hold was lifted already."));
    }
    let written = hold::lift(tx, before.clone(), permit.actor().person()).await?;
    let event = Event::new("audit_hold.lifted", &written)?
        .because(reason)
        .raising(Severity::Warning, format!("Legal hold on {} lifted", before.scope.words()));
    Ok(tx.record(event, AuditHold { lifted: true, ..before }))
}

/// What to call whom a hold keeps: their name for whoever may see users, and for everybody else nothing.
///
/// # Errors
/// Those of the database.
pub async fn name<R: Rule>(
    scope: &mut impl Scope,
    permit: &Permit<R>,
    hold: &HoldScope,
) -> Result<Option<String>> {
    match hold.somebody() {
        Some(id) if permit.may(Permission::USER_READ) => Ok(users::names(scope, &[id]).await?.remove(&id)),
        _ => Ok(None),
    }
}

/// Refuses where a hold keeps something about a person. Whoever erases by the answer has locked the policy.
///
/// # Errors
/// `Held`, which names the hold.
pub async fn refuse_held<R: Rule>(
    scope: &mut impl Scope,
    permit: &Permit<R>,
    person: Uuid,
    address: Option<&str>,
) -> Result<()> {
    let keys = subject::keys(scope, person, address).await?;
    let Some(found) = hold::held(scope, Target::Person(&keys)).await? else { return Ok(()) };
    let name = name(scope, permit, &found.hold.scope).await?;
    Err(Error::Held(found.hold.refusal(name.as_deref())))
}
