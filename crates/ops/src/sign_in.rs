//! Signing in and out. Every answer to a wrong guess is the same, whatever was wrong with it.

use bailiwick_domain::{
    entity::{
        Attempt, AttemptOutcome, FactorKind, FactorState, Password as StoredHash, Session, Severity,
        SignInMethod, TenantStatus, User, UserStatus,
    },
    ids::{AttemptId, TenantId},
    rule::SignIn,
    time::Span,
};
use bailiwick_store::{Actor, Event, Permit, Recorded, Scope, Store, Tx, accounts, sessions, tenants, users};
use bailiwick_vault::{
    password::{Password, PasswordHasher, StoredPassword, Verdict},
    token::SessionToken,
};

use crate::{Error, Result};

/// Wrong guesses from one source at one account and factor before it has to wait.
const GUESSES: i64 = 5;
/// How far back wrong guesses count.
const WINDOW: Span = Span::minutes(15);
/// A second factor has to follow the password within this time.
const SECOND_FACTOR_WITHIN: Span = Span::minutes(10);
/// Organisations of one address that are tried at most.
const TENANTS: usize = 8;

const WRONG_PASSWORD: &str =
    "The address or the password is not right. After five wrong tries, wait fifteen minutes.";
const WRONG_CODE: &str = "The code is not right. Wait for the next one and try again.";

/// How far a sign-in has come.
#[derive(Debug)]
pub enum Step {
    /// Signed in.
    Done(SessionToken),
    /// The password was right; a one-time code has to follow.
    SecondFactor(SessionToken),
}

/// Checks an address and a password.
///
/// The address may belong to several organisations; the first one in which the password is right is entered. Without any,
/// the same work is done, so that neither the answer nor its time tells whether there is an account.
pub async fn password(
    store: &Store,
    hasher: &PasswordHasher,
    permit: &Permit<SignIn>,
    email: &str,
    password: String,
) -> Result<Step> {
    let wrong = || Error::field("password", WRONG_PASSWORD);
    let password = Password::presented(password).map_err(|_| wrong())?;
    let email = email.trim().to_lowercase();
    let mut tried = false;
    let mut refusal = wrong();
    for tenant in tenants::of_address(store, &email).await?.into_iter().take(TENANTS) {
        let inside = permit.enter(tenant);
        let Some(account) = account(store, &inside, tenant, &email).await? else { continue };
        tried = true;
        match check_password(store, hasher, &inside, account, &password).await {
            Ok(step) => {
                leave_elsewhere(store, permit, tenant).await?;
                return Ok(step);
            }
            Err(error @ Error::Invalid(_)) => refusal = error,
            // An answer of its own would tell that there is an account; the same work is done as for any wrong password.
            Err(Error::Limited { .. }) => {
                let _: Verdict = hasher.verify(&password, None).await.map_err(Error::Password)?;
            }
            Err(error) => return Err(error),
        }
    }
    if !tried {
        // The verdict without an account is always a mismatch; only its time matters.
        let _: Verdict = hasher.verify(&password, None).await.map_err(Error::Password)?;
    }
    Err(refusal)
}

struct Account {
    user: User,
    hash: StoredPassword,
}

/// The account of an address in one tenant, if it may sign in with a password at all.
async fn account(
    store: &Store,
    permit: &Permit<SignIn>,
    tenant: TenantId,
    email: &str,
) -> Result<Option<Account>> {
    let mut view = store.read(permit).await?;
    debug_assert_eq!(view.tenant(), tenant);
    if tenants::find(&mut view).await?.status != TenantStatus::Active {
        return Ok(None);
    }
    let Some(user) = users::by_email(&mut view, email).await? else { return Ok(None) };
    if user.status != UserStatus::Active {
        return Ok(None);
    }
    let Some(stored) = accounts::password(&mut view, user.id).await? else { return Ok(None) };
    Ok(Some(Account { user, hash: StoredPassword::from_stored(stored.hash) }))
}

async fn check_password(
    store: &Store,
    hasher: &PasswordHasher,
    permit: &Permit<SignIn>,
    account: Account,
    password: &Password,
) -> Result<Step> {
    within_limit(store, permit, &account.user, "password").await?;
    let verdict = hasher.verify(password, Some(&account.hash)).await.map_err(Error::Password)?;
    let Verdict::Match { needs_rehash } = verdict else {
        note_attempt(store, permit, &account.user, "password", AttemptOutcome::Refused).await?;
        return Err(Error::field("password", WRONG_PASSWORD));
    };
    let accepted = accept_password(store, hasher, permit, account, password, needs_rehash).await?;
    accepted.ok_or_else(limited)
}

/// Opens the session; nothing comes back where others of this source guessed wrong too often in the meantime.
async fn accept_password(
    store: &Store,
    hasher: &PasswordHasher,
    permit: &Permit<SignIn>,
    account: Account,
    password: &Password,
    needs_rehash: bool,
) -> Result<Option<Step>> {
    let rehashed =
        if needs_rehash { Some(hasher.hash(password).await.map_err(Error::Password)?) } else { None };
    store
        .change(permit, async |tx| {
            let user = users::lock(tx, account.user.id).await?;
            if user.status != UserStatus::Active {
                return Err(Error::field("password", WRONG_PASSWORD));
            }
            if guesses(store, tx, permit, &user, "password").await? >= GUESSES {
                let recorded =
                    attempt_recorded(store, tx, permit, &user, "password", AttemptOutcome::Limited).await?;
                return Ok(recorded.map(|()| None));
            }
            if let Some(hash) = &rehashed {
                let written = accounts::set_password(
                    tx,
                    StoredHash { user: user.id, hash: hash.as_str().to_owned(), changed_at: tx.now() },
                )
                .await?;
                let event = Event::new("password.rehashed", &written)?;
                tx.also(event);
            }
            let asks_code = accounts::factors(tx, user.id)
                .await?
                .iter()
                .any(|f| f.kind == FactorKind::Totp && f.state == FactorState::Verified);
            attempt(store, tx, permit, &user, "password", AttemptOutcome::Accepted).await?;
            let method = if asks_code { SignInMethod::PasswordOnly } else { SignInMethod::Password };
            let (recorded, token) = open_session(store, tx, permit, &user, method).await?;
            let step = if asks_code { Step::SecondFactor(token) } else { Step::Done(token) };
            Ok::<_, Error>(recorded.map(|()| Some(step)))
        })
        .await
}

/// Checks a one-time code after the password. The session gets a new id; the one that waited for the code ends.
pub async fn code(store: &Store, permit: &Permit<SignIn>, code: &str) -> Result<SessionToken> {
    let Actor::User { id, session, method: SignInMethod::PasswordOnly } = *permit.actor() else {
        return Err(Error::Conflict("Sign in with your password first."));
    };
    let tried = store
        .change(permit, async |tx| {
            // One guess at a time: the lock makes the count below exact.
            let user = users::lock(tx, id).await?;
            if guesses(store, tx, permit, &user, "totp").await? >= GUESSES {
                let recorded =
                    attempt_recorded(store, tx, permit, &user, "totp", AttemptOutcome::Limited).await?;
                return Ok(recorded.map(|()| Err(limited())));
            }
            let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
            for factor in accounts::factors(tx, id).await? {
                if factor.kind != FactorKind::Totp || factor.state != FactorState::Verified {
                    continue;
                }
                let factor = accounts::lock_factor(tx, id, factor.id).await?;
                let secret = accounts::factor_secret(tx, factor.id).await?;
                let last = u64::try_from(factor.last_step).ok();
                let Ok(step) = secret.verify(&code, tx.now().unix_seconds(), last) else { continue };
                let mut after = factor.clone();
                after.last_step = i64::try_from(step).unwrap_or(i64::MAX);
                let written = accounts::replace_factor(tx, factor, after).await?;
                let used = Event::new("factor.used", &written)?;
                tx.also(used);
                attempt(store, tx, permit, &user, "totp", AttemptOutcome::Accepted).await?;
                let waiting = sessions::lock(tx, session).await?;
                let written = sessions::end(tx, waiting).await?;
                let ended = Event::new("session.ended", &written)?.because("a second factor followed");
                tx.also(ended);
                let (recorded, token) =
                    open_session(store, tx, permit, &user, SignInMethod::PasswordTotp).await?;
                return Ok(recorded.map(|()| Ok(token)));
            }
            let recorded =
                attempt_recorded(store, tx, permit, &user, "totp", AttemptOutcome::Refused).await?;
            Ok::<_, Error>(recorded.map(|()| Err(Error::field("code", WRONG_CODE))))
        })
        .await?;
    // The refusal is recorded, so it leaves the transaction as a value.
    tried
}

/// Ends the session that the permit was made from; without one there is nothing to do.
pub async fn sign_out(store: &Store, permit: &Permit<SignIn>) -> Result<()> {
    let Actor::User { session, .. } = *permit.actor() else { return Ok(()) };
    store
        .change(permit, async |tx| {
            let before = sessions::lock(tx, session).await?;
            let written = sessions::end(tx, before).await?;
            let event = Event::new("session.ended", &written)?.because("signed out");
            Ok(tx.record(event, ()))
        })
        .await
}

/// Ends the session of a browser that was signed in to another organisation than the one it enters now.
pub(crate) async fn leave_elsewhere(store: &Store, permit: &Permit<SignIn>, entered: TenantId) -> Result<()> {
    if permit.tenant() == Some(entered) { Ok(()) } else { sign_out(store, permit).await }
}

/// Opens a session for a user who has just proved who they are.
pub(crate) async fn open_session(
    store: &Store,
    tx: &mut Tx,
    permit: &Permit<SignIn>,
    user: &User,
    method: SignInMethod,
) -> Result<(Recorded<()>, SessionToken)> {
    let policy = tenants::policy(tx).await?;
    let now = tx.now();
    let whole = if method == SignInMethod::PasswordOnly {
        SECOND_FACTOR_WITHIN
    } else {
        Span::hours(policy.session_absolute_hours)
    };
    let absolute_until = now + whole;
    let token = SessionToken::generate(&tx.tenant().bytes(), store.entropy());
    let session = Session {
        id: store.new_id(),
        user: user.id,
        method,
        created_at: now,
        last_seen_at: now,
        idle_until: (now + Span::minutes(policy.session_idle_minutes)).min(absolute_until),
        absolute_until,
        ended_at: None,
    };
    // A browser that was signed in before does not keep its old session beside the new one.
    if let Actor::User { session: old, method, .. } = permit.actor()
        && *method != SignInMethod::PasswordOnly
    {
        let old = sessions::lock(tx, *old).await?;
        if old.ended_at.is_none() {
            let written = sessions::end(tx, old).await?;
            let ended = Event::new("session.ended", &written)?.because("signed in again");
            tx.also(ended);
        }
    }
    let written = sessions::insert(tx, session, &token.hash()).await?;
    let event = Event::new("session.created", &written)?;
    Ok((tx.record(event, ()), token))
}

/// Refuses when this source has guessed wrong too often at this account. Other sources are not affected: nobody can lock a
/// person out of their own account.
async fn within_limit(
    store: &Store,
    permit: &Permit<SignIn>,
    user: &User,
    factor: &'static str,
) -> Result<()> {
    let mut view = store.read(permit).await?;
    let refused = guesses(store, &mut view, permit, user, factor).await?;
    drop(view);
    if refused < GUESSES {
        return Ok(());
    }
    note_attempt(store, permit, user, factor, AttemptOutcome::Limited).await?;
    Err(limited())
}

/// Wrong guesses of this source at this account and factor that still count.
async fn guesses(
    store: &Store,
    scope: &mut impl Scope,
    permit: &Permit<SignIn>,
    user: &User,
    factor: &str,
) -> Result<i64> {
    let since = scope.now() - WINDOW;
    let source = source(store, permit, scope.tenant());
    Ok(accounts::refused_since(scope, user.id, factor, source.as_ref(), since).await?)
}

const fn limited() -> Error {
    Error::Limited { retry_after_seconds: WINDOW.as_seconds() }
}

async fn note_attempt(
    store: &Store,
    permit: &Permit<SignIn>,
    user: &User,
    factor: &'static str,
    outcome: AttemptOutcome,
) -> Result<()> {
    store.change(permit, async |tx| attempt_recorded(store, tx, permit, user, factor, outcome).await).await
}

async fn attempt(
    store: &Store,
    tx: &mut Tx,
    permit: &Permit<SignIn>,
    user: &User,
    factor: &'static str,
    outcome: AttemptOutcome,
) -> Result<()> {
    let event = attempt_event(store, tx, permit, user, factor, outcome).await?;
    tx.also(event);
    Ok(())
}

async fn attempt_recorded(
    store: &Store,
    tx: &mut Tx,
    permit: &Permit<SignIn>,
    user: &User,
    factor: &'static str,
    outcome: AttemptOutcome,
) -> Result<Recorded<()>> {
    let event = attempt_event(store, tx, permit, user, factor, outcome).await?;
    Ok(tx.record(event, ()))
}

async fn attempt_event(
    store: &Store,
    tx: &mut Tx,
    permit: &Permit<SignIn>,
    user: &User,
    factor: &'static str,
    outcome: AttemptOutcome,
) -> Result<Event> {
    let source = source(store, permit, tx.tenant());
    let attempt = Attempt {
        id: store.new_id::<AttemptId>(),
        user: user.id,
        factor: factor.to_owned(),
        outcome,
        at: tx.now(),
    };
    let written = accounts::insert_attempt(tx, attempt, source.as_ref()).await?;
    let action = match outcome {
        AttemptOutcome::Accepted => "sign_in.accepted",
        AttemptOutcome::Refused => "sign_in.refused",
        AttemptOutcome::Limited => "sign_in.limited",
    };
    let event = Event::new(action, &written)?;
    Ok(match outcome {
        AttemptOutcome::Limited => event
            .raising(Severity::Warning, format!("Too many wrong guesses at a {} account", user.role.title())),
        _ => event,
    })
}

fn source(store: &Store, permit: &Permit<SignIn>, tenant: TenantId) -> Option<[u8; 32]> {
    permit.request().ip.map(|ip| store.keys().directory.ip_tag(&tenant.bytes(), ip))
}
