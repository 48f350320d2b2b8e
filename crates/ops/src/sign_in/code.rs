//! What follows the password: a one-time code, or a recovery code in its place.

use bailiwick_domain::{
    entity::{FactorKind, FactorState, Session, Severity, SignInMethod, User},
    ids::UserId,
    rule::SignIn,
};
use bailiwick_store::{
    Actor, Event, Permit, Scope, Store, Tx, accounts, attempts, recovery_codes, sessions, users,
};
use bailiwick_vault::{recovery::RecoveryCode, token::SessionToken};

use super::{
    Step,
    attempts::{Attempts, CODE, Guess, RECOVERY, Stop},
    session::open_session,
};
use crate::{Error, Result, factors::letter};

/// The same for every wrong code, also for the one of a clock that is off: whoever is told that a guess belongs to another
/// moment has learned a code, and that moment may be still to come.
const WRONG: &str = "The code is not right. Wait for the next one and try again. If none is ever right, let the device with your authenticator set its clock by itself.";
const WRONG_RECOVERY: &str = "This is no recovery code of yours that was not used before.";
const TOO_OFTEN: Error = Error::Conflict("Too many codes were wrong. Sign in with your password again.");
const PASSWORD_FIRST: Error = Error::Conflict("Sign in with your password first.");

/// What is shown beside the password.
#[derive(Clone, Copy)]
enum Proof<'a> {
    Code(&'a str),
    Recovery(&'a str),
}

/// Checks a one-time code after the password. The session gets a new id; the one that waited for the code ends.
///
/// # Errors
/// `Invalid` for a wrong code; `Conflict` without a session that waits for one, also once five wrong codes have ended it;
/// `Limited` where too many codes were wrong, from this source or at this account.
pub async fn code(store: &Store, permit: &Permit<SignIn>, code: &str) -> Result<SessionToken> {
    check(store, permit, Proof::Code(code)).await
}

/// Checks a recovery code in the place of a one-time code. It is used up, and the person is told by a letter.
///
/// Guesses are counted apart from those of one-time codes, under the same limits.
///
/// # Errors
/// As [`code`].
pub async fn recovery(store: &Store, permit: &Permit<SignIn>, code: &str) -> Result<SessionToken> {
    check(store, permit, Proof::Recovery(code)).await
}

async fn check(store: &Store, permit: &Permit<SignIn>, proof: Proof<'_>) -> Result<SessionToken> {
    let Actor::User { id, session, method: SignInMethod::PasswordOnly } = *permit.actor() else {
        return Err(PASSWORD_FIRST);
    };
    // A refusal is recorded, so it leaves the transaction as a value.
    let tried: Result<Result<SessionToken>, Stop> = store
        .change(permit, async |tx| {
            // One guess at a time: the lock makes the counts exact, and lets one of several uses of a code win.
            let user = users::lock(tx, id).await?;
            let waiting = sessions::lock(tx, session).await?;
            let (guess, method, wrong) = match proof {
                Proof::Code(_) => (Guess::Code(&waiting), SignInMethod::PasswordTotp, WRONG),
                Proof::Recovery(_) => {
                    (Guess::Recovery(&waiting), SignInMethod::PasswordRecovery, WRONG_RECOVERY)
                }
            };
            let guesses = Attempts::of(store, permit, &user, guess);
            if let Some(limited) = guesses.limited(tx).await? {
                return Ok(limited.map(Err));
            }
            if waiting.ended_at.is_some() || tx.now() >= waiting.idle_until {
                return Err(PASSWORD_FIRST.into());
            }
            let taken = match proof {
                Proof::Code(code) => take(tx, id, code).await?,
                Proof::Recovery(code) => take_recovery(store, tx, &user, code).await?,
            };
            if let Some(used) = taken {
                tx.also(used);
                let accepted = guesses.accepted(tx).await?;
                tx.also(accepted);
                end(tx, waiting.clone(), "a second factor followed").await?;
                let opened = open_session(store, tx, permit, &user, method).await?;
                return Ok(opened.map(|(Step::Done(token) | Step::SecondFactor(token))| Ok(token)));
            }
            let refused = guesses.refused(tx).await?;
            // Counted for the session itself: whoever has its cookie may come from anywhere.
            if attempts::refused_in(tx, &waiting, guess.factor()).await? >= tx.sign_in_limits().free_guesses {
                end(tx, waiting.clone(), "too many wrong codes").await?;
                return Ok(tx.record(refused, Err(TOO_OFTEN)));
            }
            Ok(tx.record(refused, Err(Error::field("code", wrong))))
        })
        .await;
    let answer = tried.map_err(Error::from).and_then(|tried| tried);
    if let Err(Error::Limited { .. }) = &answer {
        let factor = match proof {
            Proof::Code(_) => CODE,
            Proof::Recovery(_) => RECOVERY,
        };
        attempts::turned_away(store, permit, id, factor);
    }
    answer
}

/// Uses up a recovery code of the locked user, and tells them.
async fn take_recovery(store: &Store, tx: &mut Tx, user: &User, code: &str) -> Result<Option<Event>> {
    // What is no code at all is a wrong guess like any other.
    let Ok(code) = RecoveryCode::parse(code) else { return Ok(None) };
    let Some(written) = recovery_codes::take(tx, user.id, &code.hash()).await? else { return Ok(None) };
    if let Some(left) = written.entity() {
        letter::used(store, tx, user, left).await?;
    }
    let event = Event::new("recovery_code.used", &written)?
        .raising(Severity::Warning, format!("{} signed in with a recovery code", user.role.title()));
    Ok(Some(event))
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
