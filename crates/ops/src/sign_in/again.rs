//! Proving again who one is, before changes that are more than everyday (OWASP ASVS 5.0, 7.5.1).

use bailiwick_domain::{
    entity::{SignInMethod, User, UserStatus},
    ids::{SessionId, UserId},
    rule::{ProveAgain, Rule},
};
use bailiwick_store::{Actor, Permit, Store, Tx, accounts, sessions, users};
use bailiwick_vault::{
    password::{Password, PasswordHasher, StoredPassword, Verdict},
    token::SessionToken,
};

use super::{
    Step,
    attempts::{Attempts, Guess, Stop},
    code::take,
    idle,
    session::{has_authenticator, has_second_factor, open_session},
};
use crate::{Error, Result};

const WRONG: &str = "What you entered is not right. After five wrong tries, wait fifteen minutes.";
const NOT_SO: Error = Error::Forbidden("Sign out and sign in again with your passkey.");
const GONE: Error = Error::Conflict("Your session has ended. Sign in again.");

/// What a signed-in person can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proofs {
    /// Their password. Nothing for whoever has none, and for whoever has a passkey and no authenticator: they sign out and in
    /// again.
    pub password: bool,
    /// The code of their authenticator besides.
    pub code: bool,
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
    // Beside a passkey the password alone proves nothing.
    let password = has_password && (code || !has_second_factor(&mut view, &user).await?);
    Ok(Proofs { password, code })
}

/// Checks the password, and the code where an authenticator is set up. The session ends, and another takes its place, as at a
/// sign-in; wrong guesses are counted and limited as there.
///
/// # Errors
/// `Invalid` for anything wrong or over a limit, in the same words; `Conflict` where the session has ended meanwhile;
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
    let password = Password::presented(password).map_err(|_| wrong())?;
    let mut view = store.read(permit).await?;
    let user = users::find(&mut view, id).await?;
    let stored =
        accounts::password(&mut view, id).await?.map(|stored| StoredPassword::from_stored(stored.hash));
    drop(view);
    match Attempts::of(store, permit, &user, Guess::Password).look().await {
        Ok(()) => {}
        Err(Error::Limited { .. }) => {
            // Whoever is over the limit waits as long as for anything wrong.
            idle(hasher, &password).await?;
            return Err(wrong());
        }
        Err(error) => return Err(error),
    }
    let verdict = hasher.verify(&password, stored.as_ref()).await.map_err(Error::Password)?;
    let right = matches!(verdict, Verdict::Match { .. });
    let tried: Result<Result<SessionToken>, Stop> = store
        .change(permit, async |tx| {
            let user = users::lock(tx, id).await?;
            let present = sessions::lock(tx, session).await?;
            if present.ended_at.is_some() || user.status != UserStatus::Active {
                return Err(GONE.into());
            }
            let passwords = Attempts::of(store, permit, &user, Guess::Password);
            if let Some(limited) = passwords.limited(tx).await? {
                return Ok(limited.map(Err));
            }
            if !right {
                let refused = passwords.refused(tx).await?;
                return Ok(tx.record(refused, Err(wrong())));
            }
            let mut method = SignInMethod::Password;
            if has_authenticator(tx, &user).await? {
                let codes = Attempts::of(store, permit, &user, Guess::Code(&present));
                if let Some(limited) = codes.limited(tx).await? {
                    return Ok(limited.map(Err));
                }
                if !used(tx, &user, code).await? {
                    let refused = codes.refused(tx).await?;
                    return Ok(tx.record(refused, Err(wrong())));
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
        Ok(Err(Error::Limited { .. })) | Err(Stop::Unsaid(Error::Limited { .. })) => Err(wrong()),
        tried => tried?,
    }
}

async fn used(tx: &mut Tx, user: &User, code: &str) -> Result<bool> {
    let used = take(tx, user.id, code).await?;
    let right = used.is_some();
    if let Some(event) = used {
        tx.also(event);
    }
    Ok(right)
}

fn wrong() -> Error {
    Error::field("password", WRONG)
}

fn person<R: Rule>(permit: &Permit<R>) -> Result<(UserId, SessionId)> {
    match *permit.actor() {
        Actor::User { id, session, .. } => Ok((id, session)),
        _ => Err(Error::Forbidden("Only a signed-in person can prove again who they are.")),
    }
}
