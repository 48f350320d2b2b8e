//! Changing one's own password.

use bailiwick_domain::{
    entity::{Password as StoredHash, Session, Severity, User, UserStatus},
    ids::{SessionId, UserId},
    rule::ChangeMyProofs,
};
use bailiwick_store::{
    Actor, Event, Permit, Recorded, Scope, Store, Tx, accounts, attempts, devices, sessions, users,
};
use bailiwick_vault::{
    password::{Password, PasswordHasher, StoredPassword, Verdict},
    token::SessionToken,
};

use super::{
    about, choose,
    letter::{self, Way},
    withdraw_links,
};
use crate::{
    Error, Result,
    sessions::{Because, end_because},
    sign_in::{
        attempts::{Attempts, Guess, Stop},
        device,
    },
};

pub(super) const NOBODY: Error = Error::Forbidden("Only a signed-in person has a password.");
const NONE: Error = Error::Conflict("Your account has no password yet. Set one on the page of your account.");
const MEANWHILE: Error = Error::Conflict("The password was changed in the meantime. Sign in again.");
const ENDED: Error =
    Error::Conflict("The password was wrong too often, so this session has ended. Sign in again.");

/// What somebody fills in to change their password.
#[derive(Clone)]
pub struct NewPassword {
    /// The present one.
    pub current: String,
    /// The one to be.
    pub new: String,
}

/// Replaces the person's password, and gives their session a new id under a token that nobody else can have.
///
/// The present password is asked for (OWASP ASVS 5.0, 6.2.3) whatever the session has proved before. Wrong ones count with
/// those of signing in; as many in one session end it, so that whoever came by a session does not guess on from many
/// addresses. Every other session of the person ends, links that could set a password die, and a letter tells them.
///
/// # Errors
/// `Invalid` names `current` or `new`; `Limited` after too many wrong guesses; `Conflict` where the session has ended or
/// somebody else was quicker; `Forbidden` for programs.
pub async fn change(
    store: &Store,
    hasher: &PasswordHasher,
    permit: &Permit<ChangeMyProofs>,
    passwords: NewPassword,
) -> Result<SessionToken> {
    let Actor::User { id, session, .. } = *permit.actor() else { return Err(NOBODY) };
    let Ok(current) = Password::presented(passwords.current) else { return Err(wrong()) };
    let mut view = store.read(permit).await?;
    let user = users::find(&mut view, id).await?;
    let about = about(&mut view, &user).await?;
    let stored = accounts::password(&mut view, id).await?.ok_or(NONE)?;
    drop(view);
    // Before the present one is looked at: what could not be set costs no attempt.
    let new = choose(hasher, "new", passwords.new, about).await?;
    Attempts::of(store, permit, &user, Guess::Current(session)).look().await?;
    let verdict = hasher
        .verify(&current, Some(&StoredPassword::from_stored(stored.hash.clone())))
        .await
        .map_err(Error::Password)?;
    if verdict == Verdict::Mismatch {
        let refused = refuse(store, permit, id, session).await?;
        return Attempts::of(store, permit, &user, Guess::Current(session)).told(Err(refused));
    }
    if new.is(&current) {
        return Err(Error::field("new", "This is the password that you have now. Choose another one."));
    }
    let hash = hasher.hash(&new).await.map_err(Error::Password)?;
    let changed: Result<Result<SessionToken>, Stop> = store
        .change(permit, async |tx| {
            let (user, here) = present(tx, id, session).await?;
            let guesses = Attempts::of(store, permit, &user, Guess::Current(session));
            // Others of this source may have used up the guesses while the password was hashed.
            if let Some(limited) = guesses.limited(tx).await? {
                return Ok(limited.map(Err));
            }
            // What was verified has to be what is replaced.
            if accounts::password(tx, id).await?.is_none_or(|now| now.hash != stored.hash) {
                return Err(MEANWHILE.into());
            }
            let confirmed = guesses.accepted(tx).await?;
            tx.also(confirmed);
            let new = StoredHash { user: id, hash: hash.as_str().to_owned(), changed_at: tx.now() };
            let written = accounts::set_password(tx, new).await?;
            let event = Event::new("password.changed", &written)?
                .raising(Severity::Info, format!("{} changed their password", user.role.title()));
            tx.also(event);
            end_because(tx, id, Some(session), Because::PasswordChanged).await?;
            withdraw_links(tx, id, "the password was changed").await?;
            // Whoever knew the password before may have signed in with it.
            devices::forget_all(tx, id, None).await?;
            letter::changed(store, tx, &user, Way::Changed).await?;
            Ok(renewed(store, tx, permit, here).await?.map(Ok))
        })
        .await;
    let answer = changed.map_err(Error::from).and_then(|changed| changed);
    Attempts::of(store, permit, &user, Guess::Current(session)).told(answer)
}

fn wrong() -> Error {
    Error::field("current", "This is not your present password.")
}

/// The locked user and session, if both are as alive as the gate found them.
pub(super) async fn present(tx: &mut Tx, user: UserId, session: SessionId) -> Result<(User, Session)> {
    let user = users::lock(tx, user).await?;
    let session = sessions::lock(tx, session).await?;
    if user.status != UserStatus::Active || session.ended_at.is_some() {
        return Err(MEANWHILE);
    }
    Ok((user, session))
}

/// Notes a wrong guess. The one that uses up the session's guesses ends it.
async fn refuse(
    store: &Store,
    permit: &Permit<ChangeMyProofs>,
    id: UserId,
    session: SessionId,
) -> Result<Error> {
    // Over a limit that the log tells of already, it is an answer as well.
    let refused: Result<Error, Stop> = store
        .change(permit, async |tx| {
            let (user, here) = present(tx, id, session).await?;
            let guesses = Attempts::of(store, permit, &user, Guess::Current(session));
            if let Some(limited) = guesses.limited(tx).await? {
                return Ok(limited);
            }
            let event = guesses.refused(tx).await?;
            if attempts::refused_in(tx, &here, "password").await? < tx.sign_in_limits().free_guesses {
                return Ok(tx.record(event, wrong()));
            }
            let written = sessions::end(tx, here).await?;
            let text = format!("{} session ended after too many wrong passwords", user.role.title());
            let ended = Event::new("session.ended", &written)?
                .because("too many wrong passwords")
                .raising(Severity::Warning, text);
            tx.also(ended);
            Ok(tx.record(event, ENDED))
        })
        .await;
    match refused {
        Ok(answer) | Err(Stop::Unsaid(answer)) => Ok(answer),
        Err(Stop::Failed(error)) => Err(error),
    }
}

/// The same session under a new id and token, with the end that it had (OWASP ASVS 5.0, 7.2.4). Whoever has the token before
/// has nothing any more.
pub(super) async fn renewed(
    store: &Store,
    tx: &mut Tx,
    permit: &Permit<ChangeMyProofs>,
    before: Session,
) -> Result<Recorded<SessionToken>> {
    let written = sessions::end(tx, before.clone()).await?;
    let ended = Event::new("session.ended", &written)?.because("another one took its place");
    tx.also(ended);
    let token = SessionToken::generate(&tx.tenant().bytes(), store.entropy());
    let after = Session { id: store.new_id(), last_seen_at: tx.now(), ..before };
    let source = permit.request().ip.map(|ip| store.keys().directory.ip_tag(&tx.tenant().bytes(), ip));
    let written = sessions::insert(tx, after.clone(), &token.hash(), source.as_ref(), None).await?;
    device::remember(store, tx, permit, &after, &token).await?;
    let event = Event::new("session.created", &written)?;
    Ok(tx.record(event, token))
}
