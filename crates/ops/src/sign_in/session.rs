//! Sessions of people who have just proved who they are, and their end.

use bailiwick_domain::{
    entity::{FactorKind, FactorState, Network, Place, Session, SignInMethod, User},
    ids::TenantId,
    mfa::Held,
    rule::{SignIn, Writes},
    time::Span,
};
use bailiwick_store::{Actor, Event, Permit, Recorded, Scope, Store, Tx, accounts, roles, sessions, tenants};
use bailiwick_vault::token::SessionToken;

use super::{Step, device};
use crate::Result;

/// A second factor has to follow the password within this time.
const SECOND_FACTOR_WITHIN: Span = Span::minutes(10);

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

/// Ends the session of a browser that was signed in to another organisation than the one it has just entered.
///
/// A failure is logged and denies nothing: the new session is open by now, and its token stands only in the answer that
/// would be lost. The browser forgets the old one, which then ends by its idle time.
pub(crate) async fn leave_elsewhere(store: &Store, permit: &Permit<SignIn>, entered: TenantId) {
    if permit.tenant() == Some(entered) {
        return;
    }
    if let Err(error) = sign_out(store, permit).await {
        tracing::warn!(
            request = %permit.request().id,
            error = &error as &dyn std::error::Error,
            "the session that a browser left for another organisation was not ended; it ends by its idle time"
        );
    }
}

/// Opens a session for a user who has just proved who they are by `method`.
///
/// Where the password or a link in its place is not enough, it is a session that only takes the code.
pub(crate) async fn open_session<R: Writes>(
    store: &Store,
    tx: &mut Tx,
    permit: &Permit<R>,
    user: &User,
    method: SignInMethod,
) -> Result<Recorded<Step>> {
    let whole =
        matches!(method, SignInMethod::PasswordTotp | SignInMethod::PasswordRecovery | SignInMethod::Passkey);
    let asks_code = !whole && has_second_factor(tx, user).await?;
    let method = if asks_code { SignInMethod::PasswordOnly } else { method };
    let policy = tenants::policy(tx).await?;
    let now = tx.now();
    let lasts = if asks_code { SECOND_FACTOR_WITHIN } else { Span::hours(policy.session_absolute_hours) };
    let absolute_until = now + lasts;
    let token = SessionToken::generate(&tx.tenant().bytes(), store.entropy());
    let request = permit.request();
    let source = request.ip.map(|ip| store.keys().directory.ip_tag(&tx.tenant().bytes(), ip));
    let known = sessions::came_from(tx, user.id, source.as_ref()).await?;
    let session = Session {
        id: store.new_id(),
        user: user.id,
        method,
        created_at: now,
        last_seen_at: now,
        idle_until: (now + Span::minutes(policy.session_idle_minutes)).min(absolute_until),
        absolute_until,
        ended_at: None,
        browser: request.device.browser,
        system: request.device.system,
        place: Place::of(request.ip),
        network: if known { Network::Known } else { Network::New },
        renewed_at: None,
    };
    // A browser that was signed in before, or waited for a code, does not keep its old session beside the new one.
    if let Actor::User { session: old, .. } = permit.actor() {
        let old = sessions::lock(tx, *old).await?;
        if old.ended_at.is_none() {
            let written = sessions::end(tx, old).await?;
            let ended = Event::new("session.ended", &written)?.because("signed in again");
            tx.also(ended);
        }
    }
    make_room(tx, user, asks_code).await?;
    let written = sessions::insert(tx, session.clone(), &token.hash(), source.as_ref()).await?;
    if !asks_code {
        device::remember(store, tx, permit, &session, &token).await?;
    }
    let event = Event::new("session.created", &written)?;
    let step = if asks_code { Step::SecondFactor(token) } else { Step::Done(token) };
    Ok(tx.record(event, step))
}

/// Ends the oldest session of a locked user who has as many of this kind as anybody may have.
async fn make_room(tx: &mut Tx, user: &User, waiting: bool) -> Result<()> {
    for id in sessions::beyond(tx, user.id, waiting).await? {
        let oldest = sessions::lock(tx, id).await?;
        // Signed out in the meantime.
        if oldest.ended_at.is_some() {
            continue;
        }
        let written = sessions::end(tx, oldest).await?;
        let ended =
            Event::new("session.ended", &written)?.because("another one took the place of the oldest");
        tx.also(ended);
    }
    Ok(())
}

/// Whether something has to follow the password: an authenticator's code, or a passkey.
pub(super) async fn has_second_factor(scope: &mut impl Scope, user: &User) -> Result<bool> {
    has(scope, user, &[FactorKind::Totp, FactorKind::Passkey]).await
}

pub(super) async fn has_authenticator(scope: &mut impl Scope, user: &User) -> Result<bool> {
    has(scope, user, &[FactorKind::Totp]).await
}

pub(super) async fn has_passkey(scope: &mut impl Scope, user: &User) -> Result<bool> {
    has(scope, user, &[FactorKind::Passkey]).await
}

/// Whether the policy asks of this user for the passkey that they have, whatever else they could show.
pub(super) async fn held_to_passkey(scope: &mut impl Scope, user: &User) -> Result<bool> {
    let held = Held::of(&accounts::factors(scope, user.id).await?);
    let roles = roles::of_user(scope, user).await?;
    let asked = tenants::policy(scope).await?.asked(&roles);
    Ok(asked.holds_to_passkey(held, user.created_at, scope.now()))
}

async fn has(scope: &mut impl Scope, user: &User, kinds: &[FactorKind]) -> Result<bool> {
    let factors = accounts::factors(scope, user.id).await?;
    Ok(factors.iter().any(|factor| kinds.contains(&factor.kind) && factor.state == FactorState::Verified))
}
