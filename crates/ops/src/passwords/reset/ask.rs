//! Asking for a link that replaces a forgotten password.

use bailiwick_domain::{
    entity::{Attempt, AttemptOutcome, PasswordReset, Severity, TenantStatus, User, UserStatus},
    ids::{AttemptId, TenantId},
    rule::SignIn,
};
use bailiwick_store::{
    Event, Permit, Recorded, Scope, Store, Tx, accounts, attempts, password_resets, tenants, users,
};
use bailiwick_vault::token::PasswordResetToken;

use super::LASTS;
use crate::{
    Error, Result,
    mail::{WINDOW, within_resets},
    passwords::{letter, withdraw_resets},
    sign_in::{TENANTS, attempts::Stop},
    valid,
};

/// Links that are sent for one account within [`LASTS`], from wherever they are asked for.
///
/// The window is as long as a link works, and that is what keeps the limit from being turned against the person: when it
/// turns somebody away, the newest of the letters before is still good, and it lies in the person's own mailbox.
pub const PER_ACCOUNT: i64 = 5;
/// Links that are sent for one account within a day, so that nobody fills a mailbox for long. Somebody who asks for so many keeps
/// the person from another one for the rest of that day; the event says so.
pub const PER_DAY: i64 = 12;
/// Links that are sent at the request of one source within [`LASTS`], for whatever accounts of one organisation.
pub const PER_SOURCE: i64 = 20;

/// What attempts over a limit are stored as.
const FACTOR: &str = "password_reset";

/// A sign-in address in its stored spelling. That somebody has it is not said.
#[derive(Clone)]
pub struct SignInAddress(String);

impl SignInAddress {
    /// Reads what was typed.
    ///
    /// # Errors
    /// `Invalid` names `address` where it is none.
    pub fn parse(text: &str) -> Result<Self> {
        valid::email(text).map(Self).map_err(|text| Error::field("address", text))
    }
}

/// Personal data, which no log needs.
impl std::fmt::Debug for SignInAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SignInAddress(…)")
    }
}

/// Sends a link for each account of an address: one letter for each organisation, which names it.
///
/// It says the same whether there is an account or not, but does not take the same time: a letter is written or it is not.
/// So whoever asks has to be answered before this is called, and must not be able to wait for it.
///
/// No letter goes out for a disabled account, in a suspended organisation, beyond the limits, or where no password was ever
/// set: then there is none to be replaced, and whoever made the account has a way of their own to let its owner in. Only
/// somebody who was sent a link because their passkeys were removed may ask for another one, see [`first`].
///
/// # Errors
/// The server's own faults. Each organisation is tried all the same; the first fault is the answer.
pub async fn ask(store: &Store, permit: &Permit<SignIn>, address: &SignInAddress) -> Result<()> {
    let mut outcome = Ok(());
    for tenant in tenants::of_address(store, &address.0).await?.into_iter().take(TENANTS) {
        let asked = within(store, &permit.enter(tenant), &address.0).await;
        outcome = outcome.and(asked);
    }
    outcome
}

async fn within(store: &Store, permit: &Permit<SignIn>, email: &str) -> Result<()> {
    let mut view = store.read(permit).await?;
    let found = users::by_email(&mut view, email).await?;
    drop(view);
    let Some(user) = found else { return Ok(()) };
    let asked: Result<(), Stop> = store
        .change(permit, async |tx| {
            // The policy first, as for every letter that is counted: it makes the counts exact.
            let limit = within_resets(store, tx).await;
            let user = users::lock(tx, user.id).await?;
            if !may_be_sent(tx, &user).await? {
                return Err(Stop::Unsaid(Error::NotFound));
            }
            let source = source(store, permit, tx.tenant());
            let now = tx.now();
            let asked = password_resets::asked_since(tx, user.id, source.as_ref(), now - LASTS).await?;
            let today = password_resets::asked_since(tx, user.id, source.as_ref(), now - WINDOW).await?;
            match limit {
                Ok(())
                    if asked.for_account < PER_ACCOUNT
                        && asked.from_source < PER_SOURCE
                        && today.for_account < PER_DAY =>
                {
                    send(store, tx, &user, source.as_ref()).await
                }
                Ok(()) | Err(Error::Limited { .. }) => turn_away(store, tx, &user, source.as_ref()).await,
                Err(error) => Err(error.into()),
            }
        })
        .await;
    match asked {
        Ok(()) | Err(Stop::Unsaid(_)) => Ok(()),
        Err(Stop::Failed(error)) => Err(error),
    }
}

/// Whether there is a password to be replaced, for somebody who could sign in with it.
async fn may_be_sent(tx: &mut Tx, user: &User) -> Result<bool> {
    Ok(user.status == UserStatus::Active
        && tenants::find(tx).await?.status == TenantStatus::Active
        && (accounts::password(tx, user.id).await?.is_some()
            || password_resets::was_any(tx, user.id).await?))
}

/// Sends a link to a locked user who has neither a password nor a passkey any more, at nobody's request but in the change
/// that took the passkeys. A link from before goes on working; each of them works once, and the first ends the others.
pub(crate) async fn first(store: &Store, tx: &mut Tx, user: &User) -> Result<()> {
    let event = link(store, tx, user, None).await?;
    // Its token is drawn anew each time, so that no code can approve it.
    tx.also(event.following());
    Ok(())
}

async fn send(
    store: &Store,
    tx: &mut Tx,
    user: &User,
    source: Option<&[u8; 32]>,
) -> Result<Recorded<()>, Stop> {
    withdraw_resets(tx, user.id, "another link was asked for").await?;
    let event = link(store, tx, user, source).await?;
    Ok(tx.record(event, ()))
}

/// Makes a link and writes the letter with it; gives what is to be recorded.
async fn link(store: &Store, tx: &mut Tx, user: &User, source: Option<&[u8; 32]>) -> Result<Event> {
    let now = tx.now();
    let token = PasswordResetToken::generate(&tx.tenant().bytes(), store.entropy());
    let reset = PasswordReset {
        id: store.new_id(),
        user: user.id,
        created_at: now,
        expires_at: now + LASTS,
        used_at: None,
    };
    let written = password_resets::insert(tx, reset.clone(), &token.hash(), source).await?;
    let first = accounts::password(tx, user.id).await?.is_none();
    letter::link(store, tx, user, &reset, &token, first).await?;
    Ok(Event::new("password_reset.requested", &written)?)
}

/// Says once in a window that somebody asks too often; the others of it leave nothing, or they would fill the log.
async fn turn_away(
    store: &Store,
    tx: &mut Tx,
    user: &User,
    source: Option<&[u8; 32]>,
) -> Result<Recorded<()>, Stop> {
    if attempts::any_since(tx, user.id, FACTOR, AttemptOutcome::Limited, tx.now() - LASTS).await? {
        return Err(Stop::Unsaid(Error::Limited { retry_after_seconds: LASTS.as_seconds() }));
    }
    let attempt = Attempt {
        id: store.new_id::<AttemptId>(),
        user: user.id,
        factor: FACTOR.to_owned(),
        outcome: AttemptOutcome::Limited,
        at: tx.now(),
        known_device: false,
    };
    let origin = attempts::Origin { source, ..attempts::Origin::default() };
    let written = attempts::insert(tx, attempt, origin).await?;
    let text = format!("Too many links for a forgotten password of a {} account", user.role.title());
    let event = Event::new("password_reset.limited", &written)?.refused().raising(Severity::Warning, text);
    Ok(tx.record(event, ()))
}

fn source(store: &Store, permit: &Permit<SignIn>, tenant: TenantId) -> Option<[u8; 32]> {
    permit.request().ip.map(|ip| store.keys().directory.ip_tag(&tenant.bytes(), ip))
}
