//! Proving again who one is with a passkey, in the place of password and code (OWASP ASVS 5.0, 7.5.1).
//!
//! The challenge goes to the browser and back as at a sign-in, under a mark that binds it to the session; the answer needs user
//! verification as there, and each challenge is taken once.

use bailiwick_domain::{
    entity::UserStatus,
    ids::{TenantId, UserId},
    rule::ProveAgain,
};
use bailiwick_passkey::{Assertion, RelyingParty};
use bailiwick_store::{Permit, Store, sessions, users};
use bailiwick_vault::token::SessionToken;

use super::{
    Asked,
    again::{GONE, person},
    attempts::Stop,
    passkey::Answer,
};
use crate::{
    Error, Result,
    passkeys::{LASTS, fault},
};

/// What the mark on a challenge says that it is for: none of a sign-in is taken here, and none of here at a sign-in.
const PURPOSE: &str = "passkey again";
const WRONG: &str = "This passkey did not prove that it is you. It may be somebody else's, or it took longer than five minutes.";

/// Begins to prove again who one is with a passkey. Nothing is stored.
///
/// # Errors
/// `Forbidden` for a key, behind which nobody sits.
pub fn again_passkey_begin(
    store: &Store,
    party: &RelyingParty,
    permit: &Permit<ProveAgain>,
) -> Result<Asked> {
    let (_, session) = person(permit)?;
    let begun = party.begin_sign_in().map_err(fault)?;
    let until = (store.now() + LASTS).micros();
    let ceremony = store.keys().directory.carry(PURPOSE, &session.bytes(), until, &begun.state);
    Ok(Asked { ceremony, options: begun.options })
}

/// Checks that the person holds one of their passkeys. The session ends, and another takes its place, as at a sign-in.
///
/// # Errors
/// `Invalid` names `credential` for whatever was wrong, in the same words; `Conflict` where the session has ended meanwhile.
pub async fn again_passkey(
    store: &Store,
    party: &RelyingParty,
    permit: &Permit<ProveAgain>,
    ceremony: &str,
    credential: &str,
) -> Result<SessionToken> {
    let (id, session) = person(permit)?;
    let carried = store.keys().directory.carried(PURPOSE, &session.bytes(), store.now().micros(), ceremony);
    let (Ok(carried), Ok(assertion)) = (carried, Assertion::parse(credential)) else {
        return Err(wrong());
    };
    let handle = assertion.handle();
    let (tenant, user) = (TenantId::from_bytes(handle.tenant()), UserId::from_bytes(handle.user()));
    if permit.tenant() != Some(tenant) || user != id {
        return Err(wrong());
    }
    let answer = Answer { party, carried, assertion };
    // A refusal is recorded, so it leaves the transaction as a value.
    let tried: Result<Result<SessionToken>, Stop> = store
        .change(permit, async |tx| {
            let user = users::lock(tx, id).await?;
            let present = sessions::lock(tx, session).await?;
            if present.ended_at.is_some() || user.status != UserStatus::Active {
                return Err(GONE.into());
            }
            answer.settle(store, tx, permit, &user, true, wrong()).await
        })
        .await;
    match tried {
        Err(Stop::Unsaid(_)) => Err(wrong()),
        tried => tried?,
    }
}

fn wrong() -> Error {
    Error::field("credential", WRONG)
}
