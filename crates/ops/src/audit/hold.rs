//! Legal holds: placing and lifting one. Sensitive, since one decides what can be erased.

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

use crate::{
    Error, Result,
    step_up::{Answer, Change, Outcome, Told},
    valid::{self, Fields},
};

/// Characters of a class of actions, and of a kind of things, at most.
const NAME: usize = 100;

/// A hold to be, as it is typed. Fields that its scope does not take stay empty.
#[derive(Clone, Debug, Default)]
pub struct NewHold {
    /// Its id, a UUID that whoever places it chooses: the question and the answer with the code are about the same one.
    pub id: String,
    /// `tenant`, `person`, `entity` or `range`.
    pub scope: String,
    /// Of a person: their opaque id; for whoever may see users also their name or address.
    pub person: String,
    /// Of a thing: its kind.
    pub entity_type: String,
    /// Of a thing: its id.
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

/// An id, or why nobody is meant.
type Meant = std::result::Result<Uuid, &'static str>;

/// Whom a hold of a person is for: by their id, or for whoever may see users by a name or an address that one person has, as the
/// search of the log understands it.
async fn person(scope: &mut impl Scope, permit: &Permit<PlaceHold>, new: &NewHold) -> Result<Meant> {
    let text = new.person.trim();
    if !permit.may(Permission::USER_READ) {
        return Ok(uuid(text, "Enter the id of a person, as the log shows it."));
    }
    let id = uuid(text, "Enter the name, address or id of a person.");
    if id.is_ok() || text.is_empty() || new.scope != "person" {
        return Ok(id);
    }
    Ok(match users::matching(scope, text).await?.as_slice() {
        [one] => Ok(one.id.uuid()),
        [] => Err("Nobody here has this name or address, and it is no id."),
        _ => Err("Several people fit. Use the address of one of them."),
    })
}

fn parse(new: &NewHold, person: Meant) -> Result<AuditHold> {
    let mut fields = Fields::default();
    let id = fields.take("id", uuid(&new.id, "Choose an id that stands for this hold, a UUID."));
    let reason = fields.take("reason", valid::reason(&new.reason));
    let scope = scope(new, person, &mut fields);
    fields.done()?;
    // Each of them is there, or the line before has returned.
    let (Some(id), Some(reason), Some(scope)) = (id, reason, scope) else { return Err(Error::NotFound) };
    Ok(AuditHold { id: id.into(), scope, reason, lifted: false })
}

fn scope(new: &NewHold, person: Meant, fields: &mut Fields) -> Option<HoldScope> {
    match new.scope.as_str() {
        "tenant" => Some(HoldScope::Tenant),
        "person" => fields.take("person", person).map(|person| HoldScope::Person { person }),
        "entity" => {
            let kind = new.entity_type.trim();
            if !is_name(kind) {
                fields.refuse("entity_type", "Enter a kind of things, such as invitation.");
            }
            let id = uuid(&new.entity_id, "Enter the id of a thing, as the log shows it.");
            let entity_id = fields.take("entity_id", id)?;
            Some(HoldScope::Entity { entity_type: kind.to_owned(), entity_id })
        }
        "range" => {
            let action = Some(new.action.trim()).filter(|class| !class.is_empty());
            let (from, until) = (new.from, new.until);
            if from.is_none() && until.is_none() && action.is_none() {
                fields.refuse("scope", "Say from when, until when, or of which action.");
            }
            if from.zip(until).is_some_and(|(from, until)| until <= from) {
                fields.refuse("until", "The end lies before the beginning.");
            }
            if action.is_some_and(|class| !is_name(class)) {
                fields.refuse("action", "Enter an action or what it begins with, such as invitation.");
            }
            Some(HoldScope::Range { from, until, action: action.map(str::to_owned) })
        }
        _ => {
            fields.refuse("scope", "Choose what is to be kept.");
            None
        }
    }
}

/// An id in its one spelling.
fn uuid(text: &str, wrong: &'static str) -> Meant {
    let text = text.trim();
    Uuid::try_parse(text).ok().filter(|id| text.len() == 36 && !id.is_nil()).ok_or(wrong)
}

/// Whether this can be an action, or a kind of things: of ours or of the product.
fn is_name(text: &str) -> bool {
    (1..=NAME).contains(&text.len())
        && text.bytes().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'_' | b'-' | b'.'))
        && !text.starts_with('.')
        && !text.ends_with('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0193a7c2-7b1e-7000-8000-000000000001";

    fn new(scope: &str) -> NewHold {
        NewHold { id: ID.into(), scope: scope.into(), reason: "Matter 12".into(), ..NewHold::default() }
    }

    fn read(new: &NewHold) -> Result<AuditHold> {
        parse(new, uuid(&new.person, "Nobody."))
    }

    fn refused(new: &NewHold) -> Vec<&'static str> {
        match read(new) {
            Err(Error::Invalid(fields)) => fields.into_iter().map(|wrong| wrong.field).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_range_needs_a_bound_and_its_right_order() {
        let at = |micros| Some(Timestamp::from_micros(micros));
        assert_eq!(refused(&new("range")), ["scope"]);
        assert_eq!(refused(&NewHold { from: at(2), until: at(2), ..new("range") }), ["until"]);
        for action in ["user.", "user or", ".user"] {
            assert_eq!(refused(&NewHold { action: action.into(), ..new("range") }), ["action"], "{action}");
        }
        let one = read(&NewHold { action: " user ".into(), ..new("range") }).unwrap();
        assert_eq!(one.scope, HoldScope::Range { from: None, until: None, action: Some("user".into()) });
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        assert_eq!(refused(&NewHold::default()), ["id", "reason", "scope"]);
        assert_eq!(refused(&new("person")), ["person"]);
        assert_eq!(refused(&new("entity")), ["entity_type", "entity_id"]);
        let thing = NewHold { entity_type: "app.plan".into(), entity_id: ID.into(), ..new("entity") };
        assert!(read(&thing).is_ok() && read(&new("tenant")).is_ok());
    }
}
