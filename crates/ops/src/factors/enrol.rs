//! Setting up a second factor at sign-in, by whoever may do nothing else until they have.

use bailiwick_domain::{
    entity::{Factor, FactorKind, FactorState, MfaFloor, SignInMethod, User},
    mfa::{Held, Standing},
    rule::EnrolFactor,
};
use bailiwick_passkey::RelyingParty;
use bailiwick_store::{Permit, Recorded, Store, Tx, accounts, roles, sessions, tenants, users};
use bailiwick_vault::{token::SessionToken, totp::TotpSecret};

use super::{me, present, totp};
use crate::{
    Error, Result,
    passkeys::{self, Begun, NewPasskey},
    sessions::{Because, end_because},
    sign_in::{Step, session::open_session},
};

/// Whoever is not late changes their factors on the page of their account, where more may be asked of them.
const NOT_ASKED: Error =
    Error::Conflict("Nothing has to be set up. Your account page has your second factors.");
const ENDED: Error = Error::Conflict("This session has ended. Sign in again.");
const NOT_ENOUGH: Error = Error::Conflict("Your organisation asks for a passkey. Set one up.");
const NOTHING_BEGUN: Error = Error::Conflict("Begin again: no authenticator app is waiting for its code.");

/// What a person has to set up before they may do anything else; nothing for everybody else.
pub async fn wanted(store: &Store, permit: &Permit<EnrolFactor>) -> Result<Option<MfaFloor>> {
    let Some(caller) = permit.caller().filter(|caller| caller.mfa == Standing::Below) else {
        return Ok(None);
    };
    let mut view = store.read(permit).await?;
    let roles = roles::of_user(&mut view, &caller.user).await?;
    Ok(Some(tenants::policy(&mut view).await?.asked(&roles).level()))
}

/// Begins setting up an authenticator app.
///
/// # Errors
/// `Conflict` for whoever is not held to it, and where nothing less than a passkey is enough.
pub async fn begin(store: &Store, permit: &Permit<EnrolFactor>) -> Result<(Factor, TotpSecret)> {
    refuse_others(permit)?;
    if wanted(store, permit).await?.is_some_and(|level| !Held::by(FactorKind::Totp).meets(level)) {
        return Err(NOT_ENOUGH);
    }
    totp::begin(store, permit, me(permit)?, None).await
}

/// Proves the authenticator that was begun. Every session of the person ends, also this one, and another opens: what was
/// held back becomes a session that counts, so it gets a new id.
///
/// # Errors
/// `Conflict` for whoever is not held to it, if nothing was begun, and once the session has ended; `Invalid` for a wrong code.
pub async fn verify(store: &Store, permit: &Permit<EnrolFactor>, code: &str) -> Result<SessionToken> {
    refuse_others(permit)?;
    let me = me(permit)?;
    store
        .change(permit, async |tx| {
            let owner = still_here(tx, permit).await?;
            let factors = accounts::factors(tx, me).await?;
            let pending =
                |factor: &&Factor| factor.kind == FactorKind::Totp && factor.state == FactorState::Pending;
            let begun = factors.iter().find(pending).ok_or(NOTHING_BEGUN)?.id;
            let before = accounts::lock_factor(tx, me, begun).await?;
            let (event, _) = totp::prove(store, tx, permit, &owner, before, code).await?;
            tx.also(event);
            enter(store, tx, permit, &owner, SignInMethod::PasswordTotp).await
        })
        .await
}

/// The secret of the authenticator app that was begun, to be shown again to whoever typed a wrong code; nothing if none was.
///
/// # Errors
/// `Conflict` for whoever is not held to it.
pub async fn waiting(store: &Store, permit: &Permit<EnrolFactor>) -> Result<Option<TotpSecret>> {
    refuse_others(permit)?;
    totp::waiting(store, permit, me(permit)?, None).await
}

/// Begins setting up a passkey.
///
/// # Errors
/// `Conflict` for whoever is not held to it, and with ten passkeys.
pub async fn passkey_begin(
    store: &Store,
    party: &RelyingParty,
    permit: &Permit<EnrolFactor>,
) -> Result<Begun> {
    refuse_others(permit)?;
    passkeys::begin_as(store, party, permit).await
}

/// Adds the passkey that the answer proves. As with [`verify`], every session of the person ends and another opens.
///
/// # Errors
/// As [`passkeys::finish`], and `Conflict` for whoever is not held to it and once the session has ended.
pub async fn passkey(
    store: &Store,
    party: &RelyingParty,
    permit: &Permit<EnrolFactor>,
    new: NewPasskey,
) -> Result<SessionToken> {
    refuse_others(permit)?;
    let new = passkeys::Parsed::of(permit, new)?;
    // A refusal uses the ceremony up, so it leaves the transaction as a value.
    let answered: Result<Result<SessionToken>> = store
        .change(permit, async |tx| {
            let owner = still_here(tx, permit).await?;
            let (event, proven) = passkeys::prove(store, tx, party, &owner, &new).await?;
            if let Err(refused) = proven {
                return Ok(tx.record(event, Err(refused)));
            }
            tx.also(event);
            let opened = enter(store, tx, permit, &owner, SignInMethod::Passkey).await?;
            Ok(opened.map(Ok))
        })
        .await;
    answered?
}

/// The locked person, unless they were signed out or disabled in the meantime: an ended session opens no other.
async fn still_here(tx: &mut Tx, permit: &Permit<EnrolFactor>) -> Result<User> {
    let owner = users::lock(tx, me(permit)?).await?;
    let here = present(permit).ok_or(ENDED)?;
    if sessions::lock(tx, here).await?.ended_at.is_some() {
        return Err(ENDED);
    }
    Ok(owner)
}

/// Ends what was held back, and opens a session that counts.
async fn enter(
    store: &Store,
    tx: &mut Tx,
    permit: &Permit<EnrolFactor>,
    owner: &User,
    method: SignInMethod,
) -> Result<Recorded<SessionToken>> {
    end_because(tx, owner.id, None, Because::FactorSetUp).await?;
    let opened = open_session(store, tx, permit, owner, method).await?;
    Ok(opened.map(|(Step::Done(token) | Step::SecondFactor(token))| token))
}

fn refuse_others(permit: &Permit<EnrolFactor>) -> Result<()> {
    match permit.caller() {
        Some(caller) if caller.mfa == Standing::Below => Ok(()),
        Some(_) => Err(NOT_ASKED),
        None => Err(Error::Forbidden("Only a signed-in person has second factors.")),
    }
}
