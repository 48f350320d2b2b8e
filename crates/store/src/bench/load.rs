//! Many events in one transaction, through the same steps as any other: drafts, chain, hashes, sequencing.

use bailiwick_domain::{
    entity::{Severity, User, UserStatus},
    rule::Writes,
};

use crate::{
    Error, Event, Result, Store, Written,
    audit::{self, Made},
    gate::Permit,
};

/// Appends one event for each of `users`, flipping the status that is given with it, as if their rows had changed.
///
/// The rows themselves stay as they are: only the log grows. Every `raise`-th event raises a security event.
///
/// # Errors
/// As [`Store::change`].
pub async fn append<R: Writes>(
    store: &Store,
    permit: &Permit<R>,
    users: &mut [User],
    raise: usize,
) -> Result<()> {
    let mut tx = store.begin(permit.tenant().ok_or(Error::NotFound)?).await?;
    for (position, user) in users.iter_mut().enumerate() {
        let (status, action) = match user.status {
            UserStatus::Active => (UserStatus::Disabled, "user.disabled"),
            UserStatus::Disabled => (UserStatus::Active, "user.enabled"),
        };
        let after = User { status, ..user.clone() };
        let before = std::mem::replace(user, after.clone());
        let event = Event::new(action, &Written::replaced(before, after))?;
        let raises = raise > 0 && position % raise == 0;
        tx.events.push(if raises { event.raising(Severity::Info, "Written to fill the log") } else { event });
    }
    match audit::drafts(&mut tx, permit).await {
        Ok(drafts) => store.commit(tx, drafts).await,
        Err(error) => {
            store.undo(tx).await;
            Err(error)
        }
    }
}

/// Appends these events in one transaction.
///
/// # Errors
/// As [`Store::change`].
pub async fn write<R: Writes>(store: &Store, permit: &Permit<R>, events: &[Made]) -> Result<()> {
    let mut tx = store.begin(permit.tenant().ok_or(Error::NotFound)?).await?;
    let mut drafts = Vec::with_capacity(events.len());
    for event in events {
        match audit::made(&mut tx, event).await {
            Ok(draft) => drafts.push(draft),
            Err(error) => {
                store.undo(tx).await;
                return Err(error);
            }
        }
    }
    store.commit(tx, drafts).await
}
