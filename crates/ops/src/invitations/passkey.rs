//! Joining with a passkey alone: no password is ever set.
//!
//! The user does not exist before the answer, so the challenge goes to the browser and back under a mark that binds it to the
//! visitor, to the link and to five minutes. It is good once because the invitation is.

use bailiwick_domain::{
    entity::SignInMethod,
    ids::{TenantId, UserId},
    rule::SignIn,
};
use bailiwick_passkey::{Attestation, Person, Refused, RelyingParty, UserHandle};
use bailiwick_store::{Permit, Store};
use bailiwick_vault::token::{InvitationToken, SessionToken};

use super::answer::{joined, look, refuse};
use crate::{
    Error, Result,
    passkeys::{LASTS, NOT_TAKEN, fault, keep},
    sign_in::{
        Asked, Step,
        session::{leave_elsewhere, open_session},
    },
    valid,
};

/// What the mark on a challenge says that it is for.
const PURPOSE: &str = "passkey join";
/// What a passkey is called until its owner names it.
const UNNAMED: &str = "Passkey";

/// What somebody sends in to join with a passkey.
#[derive(Debug, Clone)]
pub struct JoiningByPasskey {
    /// Their name.
    pub name: String,
    /// What came with the challenge.
    pub ceremony: String,
    /// The browser's answer, in its JSON form.
    pub credential: String,
}

/// Begins to make the passkey with which an invited person joins. Nothing is stored.
///
/// # Errors
/// `Conflict` for a link that does not work; `Forbidden` for a visitor who can show nothing again.
pub async fn passkey_begin(
    store: &Store,
    party: &RelyingParty,
    permit: &Permit<SignIn>,
    token: &InvitationToken,
    visitor: &str,
) -> Result<Asked> {
    if visitor.is_empty() {
        return Err(Error::Forbidden("Open the invitation first."));
    }
    let Some(invited) = look(store, permit, token).await? else {
        return Err(refuse(store, permit, token).await?);
    };
    let user: UserId = store.new_id();
    let address = invited.invitation.email;
    let handle = UserHandle::of(token.tenant(), user.bytes());
    // The name is not known yet; the address tells accounts of one person apart.
    let person = Person { handle, address: &address, name: &address };
    let begun = party.begin_registration(person, Vec::new()).map_err(fault)?;
    let content = [user.bytes().as_slice(), &begun.state].concat();
    let until = (store.now() + LASTS).micros();
    let ceremony = store.keys().directory.carry(PURPOSE, &bound(visitor, token), until, &content);
    Ok(Asked { ceremony, options: begun.options })
}

/// Joins: makes the user in the role of the invitation, keeps the passkey and signs in. Exactly one of several at once.
///
/// Arriving by the mailed link is what verifies the address.
///
/// # Errors
/// `Invalid` for a name that cannot be taken; `Conflict` for a link that does not work, or an answer that proves nothing.
pub async fn accept_with_passkey(
    store: &Store,
    party: &RelyingParty,
    permit: &Permit<SignIn>,
    token: &InvitationToken,
    visitor: &str,
    joining: JoiningByPasskey,
) -> Result<SessionToken> {
    let tenant = TenantId::from_bytes(token.tenant());
    let inside = permit.enter(tenant);
    if look(store, &inside, token).await?.is_none() {
        return Err(refuse(store, &inside, token).await?);
    }
    let name = valid::called(&joining.name).map_err(|text| Error::field("name", text))?;
    let now = store.now().micros();
    let carried = store.keys().directory.carried(PURPOSE, &bound(visitor, token), now, &joining.ceremony);
    let (Ok(carried), Ok(answer)) = (carried, Attestation::parse(&joining.credential)) else {
        return Err(NOT_TAKEN);
    };
    let Some((user, state)) = carried.content.split_first_chunk() else { return Err(NOT_TAKEN) };
    let registered = match party.finish_registration(state, &answer) {
        Ok(registered) => registered,
        Err(error @ Refused::Fault) => return Err(fault(error)),
        Err(_) => return Err(NOT_TAKEN),
    };
    let session = store
        .change(&inside, async |tx| {
            let user = joined(store, tx, token, UserId::from_bytes(*user), name).await?;
            let (enabled, _) = keep(store, tx, &user, UNNAMED.to_owned(), registered).await?;
            tx.also(enabled);
            let opened = open_session(store, tx, &inside, &user, SignInMethod::Passkey).await?;
            Ok::<_, Error>(opened.map(|(Step::Done(session) | Step::SecondFactor(session))| session))
        })
        .await?;
    leave_elsewhere(store, permit, tenant).await;
    Ok(session)
}

/// To what the challenge is bound: the visitor, and the link that they came by.
fn bound(visitor: &str, token: &InvitationToken) -> Vec<u8> {
    [token.hash().as_bytes().as_slice(), visitor.as_bytes()].concat()
}
