//! Signing in with a passkey: password and second factor in one, without a user name.
//!
//! Before the answer nobody knows in which organisation the visitor is at home, so there is no row to keep the challenge in.
//! It goes to the browser and back under a mark that binds it to the visitor's cookie and to five minutes; the hash of it is
//! noted in the organisation that the answer leads to, which takes each challenge once.

use bailiwick_domain::{
    entity::{Passkey, Severity, SignInMethod, TenantStatus, User, UserStatus},
    ids::{TenantId, UserId},
    rule::{SignIn, Writes},
    time::Timestamp,
};
use bailiwick_passkey::{Assertion, Credential, Refused, RelyingParty};
use bailiwick_store::{Actor, Event, Permit, Recorded, Scope, Store, Tx, attempts, passkeys, tenants, users};
use bailiwick_vault::{carried::Carried, token::SessionToken};
use serde_json::Value;

use super::{
    Step,
    attempts::{Attempts, Guess, Stop},
    session::{leave_elsewhere, open_session},
};
use crate::{
    Error, Result,
    passkeys::{LASTS, fault},
};

/// What the mark on a challenge says that it is for.
const PURPOSE: &str = "passkey sign-in";

const WRONG: Error = Error::Conflict(
    "This passkey did not sign you in. It may have been removed, or it took longer than five minutes. Try again.",
);

/// What a visitor's browser is asked.
#[derive(Debug)]
pub struct Asked {
    /// What has to come back beside the answer.
    pub ceremony: String,
    /// For `navigator.credentials.get`, in its JSON form.
    pub options: Value,
}

/// Begins a sign-in with a passkey. Nothing is stored.
///
/// `visitor` is what only this visitor's browser can show again, such as the token that follows from its cookie.
///
/// # Errors
/// `Forbidden` for a visitor without one.
pub fn passkey_begin(
    store: &Store,
    party: &RelyingParty,
    _: &Permit<SignIn>,
    visitor: &str,
) -> Result<Asked> {
    if visitor.is_empty() {
        return Err(Error::Forbidden("Open the sign-in page first."));
    }
    let begun = party.begin_sign_in().map_err(fault)?;
    let until = (store.now() + LASTS).micros();
    let ceremony = store.keys().directory.carry(PURPOSE, visitor.as_bytes(), until, &begun.state);
    Ok(Asked { ceremony, options: begun.options })
}

/// Signs in whoever proves to hold a passkey. Limits of passwords and codes have no say in it.
///
/// # Errors
/// `Conflict`, with one sentence whatever was wrong.
pub async fn passkey(
    store: &Store,
    party: &RelyingParty,
    permit: &Permit<SignIn>,
    visitor: &str,
    ceremony: &str,
    credential: &str,
) -> Result<SessionToken> {
    let carried = store.keys().directory.carried(PURPOSE, visitor.as_bytes(), store.now().micros(), ceremony);
    let (Ok(carried), Ok(assertion)) = (carried, Assertion::parse(credential)) else {
        return Err(WRONG);
    };
    let handle = assertion.handle();
    let tenant = TenantId::from_bytes(handle.tenant());
    let user = UserId::from_bytes(handle.user());
    // Otherwise the attempt at one account would be recorded as made by another.
    let here = permit.tenant() == Some(tenant);
    if here && matches!(permit.actor(), Actor::User { id, .. } if *id != user) {
        return Err(WRONG);
    }
    let inside = permit.enter(tenant);
    if !there(store, &inside, user).await? {
        return Err(WRONG);
    }
    let answer = Answer { party, carried, assertion };
    // A refusal is recorded, so it leaves the transaction as a value.
    let tried: Result<Result<SessionToken>, Stop> = store
        .change(&inside, async |tx| {
            let user = users::lock(tx, user).await?;
            let served = tenants::find(tx).await?.status == TenantStatus::Active;
            let active = served && user.status == UserStatus::Active;
            answer.settle(store, tx, &inside, &user, active, WRONG).await
        })
        .await;
    let token = match tried {
        Err(Stop::Unsaid(_)) => {
            attempts::turned_away(store, &inside, user, "passkey");
            return Err(WRONG);
        }
        tried => tried??,
    };
    leave_elsewhere(store, permit, tenant).await;
    Ok(token)
}

/// Whether there is a user with this id in an organisation that is served. Strangers may name any: what is not there leaves
/// no record.
async fn there(store: &Store, permit: &Permit<SignIn>, user: UserId) -> Result<bool> {
    let mut view = store.read(permit).await?;
    let found = match tenants::find(&mut view).await {
        Ok(tenant) if tenant.status == TenantStatus::Active => users::find(&mut view, user).await,
        Ok(_) => return Ok(false),
        Err(error) => Err(error),
    };
    match found {
        Ok(_) => Ok(true),
        Err(bailiwick_store::Error::NotFound) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// An answer and what it answers.
pub(super) struct Answer<'a> {
    pub(super) party: &'a RelyingParty,
    pub(super) carried: Carried,
    pub(super) assertion: Assertion,
}

/// What an answer shows of whoever sent it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    /// They hold a passkey of the user.
    Holder,
    /// They hold a passkey whose counter went backwards.
    Copy,
    Nothing,
}

impl Answer<'_> {
    /// Opens a session for a locked user whose passkey the answer proves to be there; to anybody else it is `wrong`.
    pub(super) async fn settle<R: Writes>(
        &self,
        store: &Store,
        tx: &mut Tx,
        permit: &Permit<R>,
        user: &User,
        active: bool,
        wrong: Error,
    ) -> Result<Recorded<Result<SessionToken>>, Stop> {
        let attempts = Attempts::of(store, permit, user, Guess::Passkey);
        let shown = self.shows(tx, user, active).await?;
        if shown == Shown::Holder {
            let accepted = attempts.accepted(tx).await?;
            tx.also(accepted);
            let opened = open_session(store, tx, permit, user, SignInMethod::Passkey).await?;
            return Ok(opened.map(|(Step::Done(token) | Step::SecondFactor(token))| Ok(token)));
        }
        // Wrong answers beyond a few leave no further record; the right one is never kept out, nor a copy unnoticed.
        if shown == Shown::Nothing
            && let Some(limited) = attempts.limited(tx).await?
        {
            return Ok(limited.map(|_| Err(wrong)));
        }
        let refused = attempts.refused(tx).await?;
        Ok(tx.record(refused, Err(wrong)))
    }

    /// What the answer shows of a locked user, whose passkey is noted to have been used; something only if it is the first
    /// answer to its challenge.
    async fn shows(&self, tx: &mut Tx, user: &User, active: bool) -> Result<Shown> {
        let until = Timestamp::from_micros(self.carried.until);
        if !passkeys::spend(tx, &self.carried.mark, until).await? || !active {
            return Ok(Shown::Nothing);
        }
        let found = passkeys::by_credential(tx, user.id, self.assertion.credential_id()).await?;
        let Some((before, kept)) = found else { return Ok(Shown::Nothing) };
        let kept = Credential::from_bytes(kept.as_bytes()).map_err(fault)?;
        match self.party.finish_sign_in(&self.carried.content, &self.assertion, kept) {
            Ok(proven) => {
                let after = Passkey {
                    sign_count: i64::from(proven.sign_count),
                    backup_eligible: proven.backup_eligible,
                    backed_up: proven.backed_up,
                    last_used_at: Some(tx.now()),
                    ..before.clone()
                };
                let credential = proven.credential.to_bytes().map_err(fault)?;
                let written = passkeys::used(tx, before, after, &credential).await?;
                let used = Event::new("passkey.used", &written)?;
                tx.also(used);
                Ok(Shown::Holder)
            }
            Err(Refused::Cloned) => {
                let after = Passkey { suspected_at: Some(tx.now()), ..before.clone() };
                let written = passkeys::replace(tx, before, after).await?;
                let text = format!(
                    "The counter of a passkey of a user with the role {} went backwards: a copy of it may exist",
                    user.role.title()
                );
                let cloned = Event::new("passkey.cloned", &written)?.refused().raising(Severity::High, text);
                tx.also(cloned);
                Ok(Shown::Copy)
            }
            Err(error @ Refused::Fault) => Err(fault(error)),
            Err(Refused::Unreadable | Refused::Wrong) => Ok(Shown::Nothing),
        }
    }
}
