//! Accounts that take nothing from unknown devices for now, because too many guesses of all sources were wrong: that it begins, and
//! that it is over.
//!
//! It follows from the attempts, and is over at its very moment: whoever tries is counted against the attempts that are there. What
//! a job adds is the record.

use std::sync::Arc;

use bailiwick_domain::{
    entity::{Attempt, AttemptOutcome, Severity},
    ids::{AttemptId, UserId},
    role::RoleName,
    rule::ByJob,
};
use bailiwick_store::{
    Event, Job, Jobs, Permit, Scope, Store, Tx, Written, account_locks,
    attempts::{self, Origin},
    users,
};

use super::{
    attempts::{PASSWORD, Stop},
    waits::{factor_named, opens_at},
};
use crate::{Error, Result, notices};

/// Says in the log, on the list of events and to the locked user that nothing is taken from unknown devices at their account.
pub(super) async fn begin(
    store: &Store,
    tx: &mut Tx,
    (user, role): (UserId, RoleName),
    factor: &'static str,
) -> Result<()> {
    // One whose time has passed, and nobody has looked since.
    if account_locks::forget(tx, user, factor).await? {
        let over = over(store, tx, user, factor).await?;
        tx.also(over);
    }
    note(tx, user, factor).await?;
    let window = tx.sign_in_limits().account_window;
    notices::warn(store, tx, user, window).await?;
    let guess = if factor == PASSWORD { "password" } else { "code" };
    let text = format!(
        "No {guess} is taken from unknown devices for a {} account: too many were wrong",
        role.title()
    );
    let written = insert(store, tx, user, factor, AttemptOutcome::Closed).await?;
    let begun = Event::new("login.locked", &written)?.raising(Severity::High, text);
    tx.also(begun);
    Ok(())
}

/// Notes until when that lasts, so that its end is recorded.
pub(super) async fn note(tx: &mut Tx, user: UserId, factor: &'static str) -> Result<()> {
    if let Some(ends_at) = opens_at(tx, user, factor).await? {
        account_locks::note(tx, user, factor, ends_at).await?;
    }
    Ok(())
}

/// That a locked user's account takes guesses from unknown devices again.
async fn over(store: &Store, tx: &mut Tx, user: UserId, factor: &'static str) -> Result<Event> {
    let written = insert(store, tx, user, factor, AttemptOutcome::Reopened).await?;
    Ok(Event::new("login.unlocked_by_time", &written)?.because("the time of the lock had passed"))
}

/// What is no attempt, and stands among them.
pub(super) async fn insert(
    store: &Store,
    tx: &mut Tx,
    user: UserId,
    factor: &'static str,
    outcome: AttemptOutcome,
) -> Result<Written<Attempt>> {
    let (id, at) = (store.new_id::<AttemptId>(), tx.now());
    let attempt = Attempt { id, user, factor: factor.to_owned(), outcome, at, known_device: false };
    Ok(attempts::insert(tx, attempt, Origin::default()).await?)
}

/// Records the ends of locks, each once.
#[derive(Clone)]
pub struct LockEnds {
    store: Store,
    jobs: Arc<Jobs>,
}

impl LockEnds {
    /// Over `store`.
    pub const fn new(store: Store, jobs: Arc<Jobs>) -> Self {
        Self { store, jobs }
    }

    /// Records what is over, up to a bound, and returns how many locks that were.
    ///
    /// # Errors
    /// The first failure; the others were recorded all the same.
    pub async fn round(&self) -> Result<usize> {
        let (mut recorded, mut failed) = (0, None);
        for tenant in account_locks::tenants_due(&self.store).await? {
            let permit = self.jobs.permit(Job::Locks, tenant);
            let due = account_locks::due(&mut self.store.read(&permit).await?).await?;
            for (user, factor) in due {
                match self.end(&permit, user, &factor).await {
                    Ok(true) => recorded += 1,
                    // It lasts longer, another server was quicker, or the person is gone.
                    Ok(false) | Err(Error::Conflict(_) | Error::NotFound) => {}
                    Err(error) => failed = failed.or(Some(error)),
                }
            }
        }
        failed.map_or(Ok(recorded), Err)
    }

    /// Whether the lock was over, which is on record now.
    async fn end(&self, permit: &Permit<ByJob>, user: UserId, factor: &str) -> Result<bool> {
        let Some(factor) = factor_named(factor) else { return Ok(false) };
        let ended: Result<bool, Stop> = self
            .store
            .change(permit, async |tx| {
                users::lock(tx, user).await?;
                if opens_at(tx, user, factor).await?.is_some() {
                    return Err(Stop::Unsaid(Error::Conflict("The account takes no guesses yet.")));
                }
                if !account_locks::forget(tx, user, factor).await? {
                    return Err(Stop::Unsaid(Error::Conflict("The end is recorded already.")));
                }
                let event = over(&self.store, tx, user, factor).await?;
                Ok(tx.record(event, true))
            })
            .await;
        Ok(ended?)
    }
}
