//! Second factors: enrolling an authenticator and proving it.

use bailiwick_domain::{
    entity::{Factor, FactorKind, FactorState, Severity},
    ids::{FactorId, SessionId, UserId},
    rule::{ByJob, ChangeMyProofs, Rule, Writes},
};
use bailiwick_store::{Actor, Event, Permit, Scope, Store, Tx, accounts, sessions, users};
use bailiwick_vault::totp::TotpSecret;

use crate::{Error, Result};

/// Begins enrolling an authenticator app: a pending factor and its secret, to be shown once.
pub async fn totp_begin(store: &Store, permit: &Permit<ChangeMyProofs>) -> Result<(Factor, TotpSecret)> {
    begin(store, permit, me(permit)?).await
}

/// Proves a pending authenticator by one of its codes; only then does it count.
///
/// Every other session of the person ends with it: those were opened without the second factor, perhaps by somebody else.
pub async fn totp_verify(
    store: &Store,
    permit: &Permit<ChangeMyProofs>,
    id: FactorId,
    code: &str,
) -> Result<Factor> {
    verify(store, permit, me(permit)?, id, code).await
}

/// Notes that a user's identity provider asserts multi-factor sign-in.
pub async fn sso_asserted(store: &Store, permit: &Permit<ByJob>, user: UserId) -> Result<Factor> {
    store
        .change(permit, async |tx| {
            let user = users::lock(tx, user).await?;
            let now = tx.now();
            let factor = Factor {
                id: store.new_id(),
                user: user.id,
                kind: FactorKind::Sso,
                state: FactorState::Verified,
                last_step: 0,
                created_at: now,
                verified_at: Some(now),
            };
            let written = accounts::insert_factor(tx, factor.clone(), None).await?;
            let event = Event::new("mfa.asserted", &written)?;
            Ok(tx.record(event, factor))
        })
        .await
}

/// As [`totp_begin`], for a user that the server itself sets up.
pub async fn totp_begin_for(
    store: &Store,
    permit: &Permit<ByJob>,
    user: UserId,
) -> Result<(Factor, TotpSecret)> {
    begin(store, permit, user).await
}

/// As [`totp_verify`], for a user that the server itself sets up.
pub async fn totp_verify_for(
    store: &Store,
    permit: &Permit<ByJob>,
    user: UserId,
    id: FactorId,
    code: &str,
) -> Result<Factor> {
    verify(store, permit, user, id, code).await
}

async fn begin<R: Writes>(store: &Store, permit: &Permit<R>, user: UserId) -> Result<(Factor, TotpSecret)> {
    store
        .change(permit, async |tx| {
            let user = users::lock(tx, user).await?;
            for factor in accounts::factors(tx, user.id).await? {
                match (factor.kind, factor.state) {
                    (FactorKind::Totp, FactorState::Verified) => {
                        return Err(Error::Conflict("An authenticator app is set up already."));
                    }
                    // Whoever begins again does not have the first secret any more.
                    (FactorKind::Totp, FactorState::Pending) => {
                        let after = Factor { state: FactorState::Removed, ..factor.clone() };
                        let written = accounts::replace_factor(tx, factor, after).await?;
                        let removed = Event::new("factor.abandoned", &written)?;
                        tx.also(removed);
                    }
                    _ => {}
                }
            }
            let secret = TotpSecret::generate(store.entropy());
            let factor = Factor {
                id: store.new_id(),
                user: user.id,
                kind: FactorKind::Totp,
                state: FactorState::Pending,
                last_step: 0,
                created_at: store.now(),
                verified_at: None,
            };
            let written = accounts::insert_factor(tx, factor.clone(), Some(&secret)).await?;
            let event = Event::new("factor.enrolled", &written)?;
            Ok(tx.record(event, (factor, secret)))
        })
        .await
}

async fn verify<R: Writes>(
    store: &Store,
    permit: &Permit<R>,
    user: UserId,
    id: FactorId,
    code: &str,
) -> Result<Factor> {
    store
        .change(permit, async |tx| {
            let owner = users::lock(tx, user).await?;
            let before = accounts::lock_factor(tx, user, id).await?;
            if before.state != FactorState::Pending {
                return Err(Error::Conflict("This authenticator was proven before."));
            }
            let secret = accounts::factor_secret(tx, id).await?;
            let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
            let now = store.now();
            let step = secret.verify(&code, now.unix_seconds(), None).map_err(|_| {
                Error::field(
                    "code",
                    "The code is not right. Check the clock of the device and try the next code.",
                )
            })?;
            let after = Factor {
                state: FactorState::Verified,
                last_step: i64::try_from(step).unwrap_or(i64::MAX),
                verified_at: Some(now),
                ..before.clone()
            };
            let written = accounts::replace_factor(tx, before, after.clone()).await?;
            end_others(tx, user, present(permit), "a second factor was added").await?;
            let event = Event::new("mfa.enabled", &written)?
                .raising(Severity::Info, format!("{} verified TOTP factor", owner.role.title()));
            Ok(tx.record(event, after))
        })
        .await
}

/// Ends the live sessions of a locked user except `kept`: nobody who has only the password stays signed in by it.
pub(crate) async fn end_others(
    tx: &mut Tx,
    user: UserId,
    kept: Option<SessionId>,
    why: &'static str,
) -> Result<()> {
    loop {
        let mut ended = false;
        for session in sessions::live_of(tx, user).await? {
            if Some(session.id) == kept {
                continue;
            }
            let session = sessions::lock(tx, session.id).await?;
            // Signed out in the meantime.
            if session.ended_at.is_some() {
                continue;
            }
            let written = sessions::end(tx, session).await?;
            let event = Event::new("session.ended", &written)?.because(why);
            tx.also(event);
            ended = true;
        }
        // They are listed a hundred at a time.
        if !ended {
            return Ok(());
        }
    }
}

/// The session that the request came with.
fn present<R: Rule>(permit: &Permit<R>) -> Option<SessionId> {
    match permit.actor() {
        Actor::User { session, .. } => Some(*session),
        _ => None,
    }
}

fn me<R: Rule>(permit: &Permit<R>) -> Result<UserId> {
    match permit.actor() {
        Actor::User { id, .. } => Ok(*id),
        _ => Err(Error::Forbidden("Only a signed-in person has second factors.")),
    }
}
