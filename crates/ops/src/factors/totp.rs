//! Authenticator apps: a secret that is shown once, and counts once a code has proven it.

use bailiwick_domain::{
    entity::{Factor, FactorKind, FactorState, Severity, User},
    ids::{FactorId, UserId},
    rule::{Rule, Writes},
    time::Timestamp,
};
use bailiwick_store::{Actor, Event, Permit, Store, Tx, accounts, users};
use bailiwick_vault::totp::{PERIOD, TotpSecret};

use super::{letter, present};
use crate::{
    Error, Result,
    sessions::{Because, end_because},
    valid,
};

/// Authenticator apps of one person at most. A guessed code is tried at each of them.
pub const AT_MOST: usize = 5;

const WRONG: &str = "The code is not right. Check the clock of the device and try the next code.";
const PROVEN: Error = Error::Conflict("This authenticator was proven before.");

pub(super) async fn begin<R: Writes>(
    store: &Store,
    permit: &Permit<R>,
    user: UserId,
    name: Option<&str>,
) -> Result<(Factor, TotpSecret)> {
    let name = name.map(str::trim).filter(|name| !name.is_empty());
    let name = name.map(valid::name).transpose().map_err(|text| Error::field("name", text))?;
    store
        .change(permit, async |tx| {
            let user = users::lock(tx, user).await?;
            let mut names = Vec::new();
            for factor in accounts::factors(tx, user.id).await? {
                match (factor.kind, factor.state) {
                    (FactorKind::Totp, FactorState::Verified) => names.push(factor.name),
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
            if names.len() >= AT_MOST {
                return Err(Error::Conflict("You have five authenticator apps. Remove one first."));
            }
            let name = match name {
                Some(name) if names.contains(&name) => {
                    return Err(Error::field("name", "Another authenticator of yours has this name."));
                }
                Some(name) => name,
                None => free_name(&names),
            };
            let secret = TotpSecret::generate(store.entropy());
            let factor = Factor {
                id: store.new_id(),
                user: user.id,
                kind: FactorKind::Totp,
                name,
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

/// The first name of the kind that the person does not use.
fn free_name(taken: &[String]) -> String {
    const NAME: &str = "Authenticator app";
    let numbered = (2..=AT_MOST + 1).map(|number| format!("{NAME} {number}"));
    let mut names = std::iter::once(NAME.to_owned()).chain(numbered);
    names.find(|name| !taken.contains(name)).unwrap_or_else(|| NAME.to_owned())
}

/// The secret of the app of theirs that waits for its first code, or of this one.
pub(super) async fn waiting<R: Rule>(
    store: &Store,
    permit: &Permit<R>,
    user: UserId,
    id: Option<FactorId>,
) -> Result<Option<TotpSecret>> {
    let mut view = store.read(permit).await?;
    let factors = accounts::factors(&mut view, user).await?;
    let waits = |factor: &&Factor| factor.kind == FactorKind::Totp && factor.state == FactorState::Pending;
    match factors.iter().filter(waits).find(|factor| id.is_none_or(|id| factor.id == id)) {
        Some(factor) => Ok(Some(accounts::factor_secret(&mut view, factor.id).await?)),
        None => Ok(None),
    }
}

pub(super) async fn verify<R: Writes>(
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
            let (event, after) = prove(store, tx, permit, &owner, before, code).await?;
            end_because(tx, user, present(permit), Because::FactorAdded).await?;
            Ok(tx.record(event, after))
        })
        .await
}

/// Proves a locked factor of a locked user within a change, with the event to record, and tells the person.
pub(super) async fn prove<R: Rule>(
    store: &Store,
    tx: &mut Tx,
    permit: &Permit<R>,
    owner: &User,
    before: Factor,
    code: &str,
) -> Result<(Event, Factor)> {
    if before.state != FactorState::Pending || before.kind != FactorKind::Totp {
        return Err(PROVEN);
    }
    let secret = accounts::factor_secret(tx, before.id).await?;
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let now = store.now();
    let step = secret
        .verify(&code, now.unix_seconds(), None)
        .map_err(|_| Error::field("code", refusal(&secret, &code, now)))?;
    let after = Factor {
        state: FactorState::Verified,
        last_step: i64::try_from(step).unwrap_or(i64::MAX),
        verified_at: Some(now),
        ..before.clone()
    };
    let written = accounts::replace_factor(tx, before, after.clone()).await?;
    // The server sets its own people up before anybody reads their mail.
    if !matches!(permit.actor(), Actor::System(_)) {
        letter::written(store, tx, owner, &after, true).await?;
    }
    let event = Event::new("mfa.enabled", &written)?
        .raising(Severity::Info, format!("{} verified TOTP factor", owner.role.title()));
    Ok((event, after))
}

/// What the owner of a new secret is told of a code that was refused.
fn refusal(secret: &TotpSecret, code: &str, now: Timestamp) -> String {
    let Some(periods) = secret.clock_off(code, now.unix_seconds()) else { return WRONG.to_owned() };
    let seconds = periods.unsigned_abs().saturating_mul(PERIOD);
    let minutes = seconds.saturating_add(30) / 60;
    let (plural, way) = (if minutes == 1 { "" } else { "s" }, if periods > 0 { "fast" } else { "slow" });
    format!(
        "The clock of the device seems to be about {minutes} minute{plural} {way}. Let the device set its clock by itself, then type the next code."
    )
}

#[cfg(test)]
mod tests {
    use bailiwick_vault::entropy::SystemEntropy;

    use super::*;

    #[test]
    fn each_authenticator_without_a_name_gets_one_of_its_own() {
        let taken = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(free_name(&taken(&[])), "Authenticator app");
        assert_eq!(free_name(&taken(&["Phone"])), "Authenticator app");
        assert_eq!(free_name(&taken(&["Authenticator app", "Authenticator app 2"])), "Authenticator app 3");
    }

    #[test]
    fn owner_of_a_new_secret_reads_by_how_much_their_clock_is_off() {
        let secret = TotpSecret::generate(&SystemEntropy);
        let now = Timestamp::from_micros(1_700_000_000_000_000);
        let at = |periods: i64| secret.code_at(now.unix_seconds().saturating_add_signed(periods * 30));
        for (periods, says) in [
            (2, "about 1 minute fast"),
            (-2, "about 1 minute slow"),
            (-5, "about 3 minutes slow"),
            (10, "about 5 minutes fast"),
        ] {
            assert!(refusal(&secret, &at(periods), now).contains(says), "{periods}");
        }
        assert_eq!(refusal(&secret, &at(11), now), WRONG);
    }
}
