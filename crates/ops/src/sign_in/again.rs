//! Proving again who one is, before changes that are more than everyday (OWASP ASVS 5.0, 7.5.1).

use bailiwick_domain::{
    entity::{Session, Severity, SignInMethod, User, UserStatus},
    ids::{SessionId, UserId},
    rule::{ProveAgain, Rule},
};
use bailiwick_store::{
    Actor, Event, Permit, Recorded, Scope, Store, Tx, accounts, attempts, sessions, users,
};
use bailiwick_vault::{
    password::{Password, PasswordHasher, StoredPassword, Verdict},
    token::SessionToken,
};

use super::{
    Step,
    attempts::{Attempts, CODE, Guess, PASSWORD, Stop},
    code::take,
    idle, is_stored,
    session::{has_authenticator, has_passkey, has_second_factor, held_to_passkey, open_session},
    waits::rule,
};
use crate::{Error, Result};

const NOT_SO: Error = Error::Forbidden("Use your passkey, or sign out and in again.");
pub(super) const GONE: Error = Error::Conflict("Your session has ended. Sign in again.");
const ENDED: Error =
    Error::Conflict("What you entered was wrong too often, so this session has ended. Sign in again.");

/// What a signed-in person can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proofs {
    /// Their password. Nothing for whoever has none, for whoever has a passkey and no authenticator, and where their policy holds
    /// them to the passkey that they have.
    pub password: bool,
    /// The code of their authenticator besides.
    pub code: bool,
    /// One of their passkeys, in the place of both.
    pub passkey: bool,
}

/// What the person behind the permit has to give to prove again who they are.
///
/// # Errors
/// `Forbidden` for a key, behind which nobody sits.
pub async fn proofs<R: Rule>(store: &Store, permit: &Permit<R>) -> Result<Proofs> {
    let (id, _) = person(permit)?;
    let mut view = store.read(permit).await?;
    let user = users::find(&mut view, id).await?;
    let has_password = accounts::password(&mut view, id).await?.is_some();
    let code = has_authenticator(&mut view, &user).await?;
    // Beside a passkey the password alone proves nothing, nor does the code with it where a passkey is asked for.
    let enough = code || !has_second_factor(&mut view, &user).await?;
    let password = has_password && enough && !held_to_passkey(&mut view, &user).await?;
    let passkey = has_passkey(&mut view, &user).await?;
    Ok(Proofs { password, code, passkey })
}

/// Checks the password, and the code where an authenticator is set up. The session ends, and another takes its place, as at a
/// sign-in; wrong guesses are counted and limited as there. As many wrong passwords or codes in one session end it, so that whoever
/// came by a session does not guess on from many addresses.
///
/// # Errors
/// `Invalid` for anything wrong or over a limit, in the same words; `Conflict` where the session has ended, also by this guess;
/// `Forbidden` where the password proves nothing, see [`Proofs::password`].
pub async fn again(
    store: &Store,
    hasher: &PasswordHasher,
    permit: &Permit<ProveAgain>,
    password: String,
    code: &str,
) -> Result<SessionToken> {
    let (id, session) = person(permit)?;
    if !proofs(store, permit).await?.password {
        return Err(NOT_SO);
    }
    let password = Password::presented(password).map_err(|_| wrong(store))?;
    let mut view = store.read(permit).await?;
    let user = users::find(&mut view, id).await?;
    let stored =
        accounts::password(&mut view, id).await?.map(|stored| StoredPassword::from_stored(stored.hash));
    drop(view);
    match Attempts::of(store, permit, &user, Guess::Current(session)).look().await {
        Ok(()) => {}
        Err(Error::Limited { .. }) => {
            // Whoever is over the limit waits as long as for anything wrong.
            idle(hasher, &password).await?;
            return Err(wrong(store));
        }
        Err(error) => return Err(error),
    }
    let verdict = hasher.verify(&password, stored.as_ref()).await.map_err(Error::Password)?;
    let right = matches!(verdict, Verdict::Match { .. });
    // Which of the two somebody is over the limit with.
    let mut codes_limited = false;
    let tried: Result<Result<SessionToken>, Stop> = store
        .change(permit, async |tx| {
            let user = users::lock(tx, id).await?;
            let present = sessions::lock(tx, session).await?;
            if present.ended_at.is_some() || user.status != UserStatus::Active {
                return Err(GONE.into());
            }
            let passwords = Attempts::of(store, permit, &user, Guess::Current(session));
            if let Some(limited) = passwords.limited(tx).await? {
                return Ok(limited.map(Err));
            }
            // What was verified has to be the password still.
            if !right || !is_stored(tx, id, stored.as_ref()).await? {
                let refused = passwords.refused(tx).await?;
                return Ok(refuse(store, tx, &user, &present, PASSWORD, refused).await?);
            }
            let mut method = SignInMethod::Password;
            if has_authenticator(tx, &user).await? {
                let codes = Attempts::of(store, permit, &user, Guess::Code(&present));
                codes_limited = true;
                if let Some(limited) = codes.limited(tx).await? {
                    return Ok(limited.map(Err));
                }
                codes_limited = false;
                if !used(tx, &user, code).await? {
                    let refused = codes.refused(tx).await?;
                    return Ok(refuse(store, tx, &user, &present, CODE, refused).await?);
                }
                let accepted = codes.accepted(tx).await?;
                tx.also(accepted);
                method = SignInMethod::PasswordTotp;
            } else if has_second_factor(tx, &user).await? {
                return Err(NOT_SO.into());
            }
            let accepted = passwords.accepted(tx).await?;
            tx.also(accepted);
            let opened = open_session(store, tx, permit, &user, method).await?;
            Ok(opened.map(|(Step::Done(token) | Step::SecondFactor(token))| Ok(token)))
        })
        .await;
    match tried {
        Ok(Err(Error::Limited { .. })) | Err(Stop::Unsaid(Error::Limited { .. })) => {
            let factor = if codes_limited { CODE } else { PASSWORD };
            attempts::turned_away(store, permit, id, factor);
            Err(wrong(store))
        }
        tried => tried?,
    }
}

/// The answer to a wrong guess. The one that uses up the session's guesses ends it.
async fn refuse(
    store: &Store,
    tx: &mut Tx,
    user: &User,
    present: &Session,
    factor: &'static str,
    refused: Event,
) -> Result<Recorded<Result<SessionToken>>> {
    if attempts::refused_in(tx, present, factor).await? < tx.sign_in_limits().free_guesses {
        return Ok(tx.record(refused, Err(wrong(store))));
    }
    let guesses = if factor == CODE { "codes" } else { "passwords" };
    let written = sessions::end(tx, present.clone()).await?;
    let text = format!("{} session ended after too many wrong {guesses}", user.role.title());
    let ended = Event::new("session.ended", &written)?
        .because(if factor == CODE { "too many wrong codes" } else { "too many wrong passwords" })
        .raising(Severity::Warning, text);
    tx.also(ended);
    Ok(tx.record(refused, Err(ENDED)))
}

async fn used(tx: &mut Tx, user: &User, code: &str) -> Result<bool> {
    let used = take(tx, user.id, code).await?;
    let right = used.is_some();
    if let Some(event) = used {
        tx.also(event);
    }
    Ok(right)
}

fn wrong(store: &Store) -> Error {
    let rule = rule(&store.sign_in_limits());
    Error::field("password", format!("What you entered is not right. {rule}"))
}

pub(super) fn person<R: Rule>(permit: &Permit<R>) -> Result<(UserId, SessionId)> {
    match *permit.actor() {
        Actor::User { id, session, .. } => Ok((id, session)),
        _ => Err(Error::Forbidden("Only a signed-in person can prove again who they are.")),
    }
}
