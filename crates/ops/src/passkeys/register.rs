//! Adding a passkey: the challenge, and the answer to it.

use bailiwick_domain::{
    entity::{Factor, FactorKind, FactorState, Passkey, PasskeyCeremony, Severity, User},
    ids::{CeremonyId, SessionId},
    rule::{ChangeMyProofs, Rule, Writes},
};
use bailiwick_passkey::{Attestation, Person, Refused, Registered, RelyingParty, UserHandle};
use bailiwick_store::{Event, Permit, Scope, Store, Tx, accounts, passkeys, users};
use serde_json::Value;

use super::{LASTS, MOST, NOT_TAKEN, fault, letter, me};
use crate::{
    Error, Result,
    sessions::{Because, end_because},
    valid,
};

/// A registration that has begun.
#[derive(Debug)]
pub struct Begun {
    /// What the answer has to name.
    pub ceremony: CeremonyId,
    /// For `navigator.credentials.create`, in its JSON form.
    pub options: Value,
}

/// A passkey to be.
#[derive(Debug, Clone)]
pub struct NewPasskey {
    /// The registration that it answers.
    pub ceremony: CeremonyId,
    /// What its owner calls it.
    pub name: String,
    /// The browser's answer, in its JSON form.
    pub credential: String,
}

/// Begins to add a passkey. What was begun before in the same session is over.
///
/// # Errors
/// `Conflict` with ten passkeys.
pub async fn begin(store: &Store, party: &RelyingParty, permit: &Permit<ChangeMyProofs>) -> Result<Begun> {
    begin_as(store, party, permit).await
}

/// As [`begin`], by whichever rule.
pub(crate) async fn begin_as<R: Writes>(
    store: &Store,
    party: &RelyingParty,
    permit: &Permit<R>,
) -> Result<Begun> {
    let (id, session) = me(permit)?;
    store
        .change(permit, async |tx| {
            let user = users::lock(tx, id).await?;
            let known = passkeys::credential_ids(tx, id).await?;
            room(known.len())?;
            let person = Person {
                handle: UserHandle::of(tx.tenant().bytes(), id.bytes()),
                address: &user.email,
                name: &user.name,
            };
            let begun = party.begin_registration(person, known).map_err(fault)?;
            let now = tx.now();
            let ceremony = PasskeyCeremony {
                id: store.new_id(),
                user: id,
                session,
                created_at: now,
                expires_at: now + LASTS,
            };
            let answer = Begun { ceremony: ceremony.id, options: begun.options };
            let written = passkeys::begin(tx, ceremony, &begun.state).await?;
            let event = Event::new("passkey_ceremony.begun", &written)?;
            Ok(tx.record(event, answer))
        })
        .await
}

/// Adds the passkey that the answer proves. Its owner is told, and every other session of theirs ends.
///
/// A ceremony is over with its first answer, whether that was accepted or not.
///
/// # Errors
/// `Invalid` for a name that cannot be taken, which leaves the ceremony; `Conflict` for an answer that proves nothing, for a
/// ceremony of another session, one that is over, and for an eleventh passkey.
pub async fn finish(
    store: &Store,
    party: &RelyingParty,
    permit: &Permit<ChangeMyProofs>,
    new: NewPasskey,
) -> Result<Passkey> {
    let new = Parsed::of(permit, new)?;
    // A refusal uses the ceremony up, so it leaves the transaction as a value.
    let answered: Result<Result<Passkey>> = store
        .change(permit, async |tx| {
            // The user first, so that ten answers at once are counted one by one.
            let user = users::lock(tx, me(permit)?.0).await?;
            let (event, proven) = prove(store, tx, party, &user, &new).await?;
            if proven.is_ok() {
                end_because(tx, user.id, Some(new.session), Because::PasskeyAdded).await?;
            }
            Ok(tx.record(event, proven))
        })
        .await;
    answered?
}

/// A [`NewPasskey`] whose name can be taken, and the session that it comes in.
pub(crate) struct Parsed {
    ceremony: CeremonyId,
    session: SessionId,
    name: String,
    credential: String,
}

impl Parsed {
    /// Reads what was sent.
    ///
    /// # Errors
    /// `Invalid` for a name that cannot be taken.
    pub(crate) fn of<R: Rule>(permit: &Permit<R>, new: NewPasskey) -> Result<Self> {
        let (_, session) = me(permit)?;
        let name = valid::name(&new.name).map_err(|text| Error::field("name", text))?;
        Ok(Self { ceremony: new.ceremony, session, name, credential: new.credential })
    }
}

/// Takes the answer of a locked user: with the event to record, the passkey or why there is none. Its owner is told.
///
/// # Errors
/// As [`finish`], where the ceremony is left as it is.
pub(crate) async fn prove(
    store: &Store,
    tx: &mut Tx,
    party: &RelyingParty,
    user: &User,
    new: &Parsed,
) -> Result<(Event, Result<Passkey>)> {
    let (ceremony, state) = match passkeys::take(tx, new.ceremony, user.id, new.session).await {
        Err(bailiwick_store::Error::NotFound) => return Err(NOT_TAKEN),
        taken => taken?,
    };
    let known = passkeys::credential_ids(tx, user.id).await?;
    room(known.len())?;
    let answer = Attestation::parse(&new.credential);
    let proven = answer.and_then(|answer| party.finish_registration(state.as_bytes(), &answer));
    let registered = match proven {
        Ok(registered) => registered,
        Err(error @ Refused::Fault) => return Err(fault(error)),
        Err(_) => {
            let refused = Event::new("passkey_ceremony.refused", &ceremony)?.refused();
            return Ok((refused, Err(NOT_TAKEN)));
        }
    };
    let answered = Event::new("passkey_ceremony.answered", &ceremony)?;
    tx.also(answered);
    let (enabled, passkey) = keep(store, tx, user, new.name.clone(), registered).await?;
    letter::added(store, tx, user, &passkey).await?;
    Ok((enabled, Ok(passkey)))
}

/// Stores a passkey that was just proven, with its factor, for a locked user; gives the event that enables it.
pub(crate) async fn keep(
    store: &Store,
    tx: &mut Tx,
    user: &User,
    name: String,
    registered: Registered,
) -> Result<(Event, Passkey)> {
    let now = tx.now();
    let factor = Factor {
        id: store.new_id(),
        user: user.id,
        kind: FactorKind::Passkey,
        // What its owner calls it stands with the passkey alone, which goes when it is removed.
        name: "Passkey".to_owned(),
        state: FactorState::Verified,
        last_step: 0,
        created_at: now,
        verified_at: Some(now),
    };
    let passkey = Passkey {
        id: factor.id,
        user: user.id,
        name,
        sign_count: i64::from(registered.sign_count),
        backup_eligible: registered.backup_eligible,
        backed_up: registered.backed_up,
        transports: registered.transports.into_iter().map(str::to_owned).collect(),
        created_at: now,
        last_used_at: None,
        suspected_at: None,
    };
    let enabled = accounts::insert_factor(tx, factor, None).await?;
    let credential = registered.credential.to_bytes().map_err(fault)?;
    let written = passkeys::insert(tx, passkey.clone(), &registered.id, &credential).await?;
    let created = Event::new("passkey.created", &written)?;
    tx.also(created);
    let event = Event::new("mfa.enabled", &enabled)?
        .raising(Severity::Info, format!("User with the role {} added a passkey", user.role.title()));
    Ok((event, passkey))
}

fn room(taken: usize) -> Result<()> {
    if taken < MOST { Ok(()) } else { Err(Error::Conflict("Ten passkeys are enough. Remove one first.")) }
}
