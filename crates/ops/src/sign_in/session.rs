//! Sessions of people who have just proved who they are, and their end.

use bailiwick_domain::{
    entity::{FactorKind, FactorState, Network, Place, Session, SignInMethod, User},
    ids::{SessionId, TenantId},
    mfa::Held,
    rule::{SignIn, Writes},
    time::Span,
};
use bailiwick_store::{
    Actor, Event, Permit, Recorded, Scope, Store, Tx, accounts, roles,
    sessions::{self, Waiting},
    tenants,
};
use bailiwick_vault::token::SessionToken;

use super::{Step, device, device::Whence, unanswered};
use crate::Result;

/// A second factor has to follow the password within this time.
const SECOND_FACTOR_WITHIN: Span = Span::minutes(10);
/// Sessions of one person that wait for the second factor and were begun at one source, or on one known device: at most.
const OF_ORIGIN: usize = 5;
/// The same from all sources, and again from all known devices.
const WAITING: usize = 50;

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
    let by_password = method == SignInMethod::Password;
    let method = if asks_code { SignInMethod::PasswordOnly } else { method };
    let policy = tenants::policy(tx).await?;
    let now = tx.now();
    let lasts = if asks_code { SECOND_FACTOR_WITHIN } else { Span::hours(policy.session_absolute_hours) };
    let absolute_until = now + lasts;
    let token = SessionToken::generate(&tx.tenant().bytes(), store.entropy());
    let request = permit.request();
    let from = device::whence(store, permit, tx, user.id).await?;
    let known = sessions::came_from(tx, user.id, from.source.as_ref()).await?;
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
    make_room(tx, user, asks_code.then_some(from)).await?;
    let (source, device) = (from.source.as_ref(), from.device.as_ref());
    let written = sessions::insert(tx, session.clone(), &token.hash(), source, device).await?;
    if !asks_code {
        device::remember(store, tx, permit, &session, &token).await?;
    } else if by_password {
        unanswered::note(store, tx, user).await?;
    }
    let event = Event::new("session.created", &written)?;
    let step = if asks_code { Step::SecondFactor(token) } else { Step::Done(token) };
    Ok(tx.record(event, step))
}

/// Ends sessions of a locked user who has as many of this kind as anybody may have: the oldest, or one of those that wait for the
/// second factor before another one does so, which comes from there.
///
/// Whoever has only the password ends none that was begun on a device of the person, and elsewhere their own first.
async fn make_room(tx: &mut Tx, user: &User, waits: Option<Whence>) -> Result<()> {
    let ends = match waits {
        None => sessions::beyond(tx, user.id).await?,
        Some(from) => {
            let waiting = sessions::waiting_of(tx, user.id, from.device.is_some()).await?;
            give_way(waiting, from.device.or(from.source).as_ref())
        }
    };
    for id in ends {
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

/// Which of these, newest first, give way to another one from this origin: the oldest of the same origin, and where there is no room
/// all the same, the oldest of the origin that has most.
fn give_way(mut waiting: Vec<Waiting>, from: Option<&[u8; 32]>) -> Vec<SessionId> {
    let from = from.map(<[u8; 32]>::as_slice);
    let (mut same, mut ends) = (0, Vec::new());
    waiting.retain(|one| {
        same += usize::from(one.from.as_deref() == from);
        let stays = one.from.as_deref() != from || same < OF_ORIGIN;
        if !stays {
            ends.push(one.id);
        }
        stays
    });
    while waiting.len() >= WAITING {
        let as_many = |of: &Waiting| waiting.iter().filter(|one| one.from == of.from).count();
        // Of several that have as many, the last one is the oldest.
        let fullest = waiting.iter().enumerate().max_by_key(|(_, one)| as_many(one)).map(|(place, _)| place);
        let Some(place) = fullest else { break };
        ends.push(waiting.remove(place).id);
    }
    ends
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Sessions of these origins, newest first, each with its place as its id.
    fn waiting(origins: &[u8]) -> Vec<Waiting> {
        let one = |(place, origin): (usize, &u8)| Waiting {
            id: SessionId::from_bytes([u8::try_from(place).unwrap_or(u8::MAX); 16]),
            from: Some(vec![*origin; 32]),
        };
        origins.iter().enumerate().map(one).collect()
    }

    fn ends(origins: &[u8], from: u8) -> Vec<u8> {
        give_way(waiting(origins), Some(&[from; 32])).iter().map(|id| id.bytes()[0]).collect()
    }

    #[test]
    fn each_origin_ends_its_own_oldest_first() {
        assert!(ends(&[1, 1, 1, 1], 1).is_empty());
        assert_eq!(ends(&[1, 2, 1, 1, 1, 1], 1), [5_u8]);
        assert!(ends(&[1, 1, 1, 1, 1, 2], 2).is_empty());
        assert_eq!(ends(&[1, 1, 1, 1, 1, 1, 1], 1), [4_u8, 5, 6]);
    }

    #[test]
    fn where_there_is_no_room_the_origin_with_most_gives_way() {
        let origins: Vec<u8> = (0..10).chain([77; 4]).chain(10..46).collect();
        assert_eq!(ends(&origins, 99), [13_u8], "not the oldest of all, which came alone");
        let alone: Vec<u8> = (0..50).collect();
        assert_eq!(ends(&alone, 99), [49_u8]);
        assert!(ends(&alone[1..], 99).is_empty());
    }
}
