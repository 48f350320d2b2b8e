//! The one-time code after the password.

use bailiwick_domain::{
    entity::{FactorKind, FactorState, Session, SignInMethod},
    ids::UserId,
    rule::SignIn,
};
use bailiwick_store::{Actor, Event, Permit, Scope, Store, Tx, accounts, attempts, sessions, users};
use bailiwick_vault::token::SessionToken;

use super::{
    Step,
    attempts::{Attempts, GUESSES, Guess, Stop},
    session::open_session,
};
use crate::{Error, Result};

const WRONG: &str = "The code is not right. Wait for the next one and try again.";
const TOO_OFTEN: Error = Error::Conflict("Too many codes were wrong. Sign in with your password again.");
const PASSWORD_FIRST: Error = Error::Conflict("Sign in with your password first.");

/// Checks a one-time code after the password. The session gets a new id; the one that waited for the code ends.
///
/// # Errors
/// `Invalid` for a wrong code; `Conflict` without a session that waits for one, also once five wrong codes have ended it;
/// `Limited` where too many codes were wrong, from this source or at this account.
pub async fn code(store: &Store, permit: &Permit<SignIn>, code: &str) -> Result<SessionToken> {
    let Actor::User { id, session, method: SignInMethod::PasswordOnly } = *permit.actor() else {
        return Err(PASSWORD_FIRST);
    };
    // A refusal is recorded, so it leaves the transaction as a value.
    let tried: Result<Result<SessionToken>, Stop> = store
        .change(permit, async |tx| {
            // One guess at a time: the lock makes the counts exact.
            let user = users::lock(tx, id).await?;
            let waiting = sessions::lock(tx, session).await?;
            let guesses = Attempts::of(store, permit, &user, Guess::Code(&waiting));
            if let Some(limited) = guesses.limited(tx).await? {
                return Ok(limited.map(Err));
            }
            if waiting.ended_at.is_some() || tx.now() >= waiting.idle_until {
                return Err(PASSWORD_FIRST.into());
            }
            if let Some(used) = take(tx, id, code).await? {
                tx.also(used);
                let accepted = guesses.accepted(tx).await?;
                tx.also(accepted);
                end(tx, waiting.clone(), "a second factor followed").await?;
                let opened = open_session(store, tx, permit, &user, SignInMethod::PasswordTotp).await?;
                return Ok(opened.map(|(Step::Done(token) | Step::SecondFactor(token))| Ok(token)));
            }
            let refused = guesses.refused(tx).await?;
            // Counted for the session itself: whoever has its cookie may come from anywhere.
            if attempts::refused_in(tx, &waiting, "totp").await? >= GUESSES {
                end(tx, waiting.clone(), "too many wrong codes").await?;
                return Ok(tx.record(refused, Err(TOO_OFTEN)));
            }
            Ok(tx.record(refused, Err(Error::field("code", WRONG))))
        })
        .await;
    tried?
}

/// Uses up the code if it is one of the person's authenticators', and not used before.
pub(super) async fn take(tx: &mut Tx, user: UserId, code: &str) -> Result<Option<Event>> {
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    for factor in accounts::factors(tx, user).await? {
        if factor.kind != FactorKind::Totp || factor.state != FactorState::Verified {
            continue;
        }
        let factor = accounts::lock_factor(tx, user, factor.id).await?;
        let secret = accounts::factor_secret(tx, factor.id).await?;
        let last = u64::try_from(factor.last_step).ok();
        let Ok(step) = secret.verify(&code, tx.now().unix_seconds(), last) else { continue };
        let mut after = factor.clone();
        after.last_step = i64::try_from(step).unwrap_or(i64::MAX);
        let written = accounts::replace_factor(tx, factor, after).await?;
        return Ok(Some(Event::new("factor.used", &written)?));
    }
    Ok(None)
}

async fn end(tx: &mut Tx, waiting: Session, why: &'static str) -> Result<()> {
    let written = sessions::end(tx, waiting).await?;
    let ended = Event::new("session.ended", &written)?.because(why);
    tx.also(ended);
    Ok(())
}
