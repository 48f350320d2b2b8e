//! Giving a code back.

use bailiwick_domain::{
    entity::{Severity, StepUp},
    ids::StepUpId,
    rule::Sensitive,
};
use bailiwick_vault::{keyed::same, step_up::Code};

use super::{lock, replace};
use crate::{
    Approved, Error, Event, Permit, Result, Store,
    gate::holder,
    lock::row,
    sessions,
    tx::{Scope, Tx},
    users,
};

/// What an answer came to.
#[derive(Debug)]
pub enum Verdict<R> {
    /// It was the code, and it is used up now.
    Right(Approved<R>),
    /// It was not, or there was none to give back: nobody is told which.
    Wrong,
}

/// Takes the code that somebody gives back, in a transaction of its own where they are at home. Of several at once, one gets the
/// approval.
///
/// A wrong code uses up one try and leaves its record. So does, as a refused request, an answer to what is not open: used
/// already, expired, without tries, of another person, session or rule, or nothing at all.
///
/// The code is used up before its change begins, which may lie in another tenant. A crash in between leaves the code used and
/// the thing unchanged.
pub async fn answer<R: Sensitive>(
    store: &Store,
    permit: &Permit<R>,
    id: StepUpId,
    code: Option<&Code>,
) -> Result<Verdict<R>> {
    let (Some(seeking), Some((user, session))) = (permit.seeking(), holder(permit)) else {
        return Ok(Verdict::Wrong);
    };
    let answered = store
        .change(&seeking, async |tx| {
            // The user first, as where a code is asked for.
            users::lock(tx, user).await?;
            let before = lock(tx, id).await.map_err(unknown)?;
            let theirs = before.user == user && before.session == session && before.action == R::ACTION;
            if !theirs || !before.is_open(tx.now()) {
                return Err(Error::Unapproved);
            }
            let (digest, hash) = kept(tx, id).await?;
            let tenant = tx.tenant();
            let given =
                code.map(|code| tx.shared.keys.directory.code_tag(&tenant.bytes(), &id.bytes(), code));
            if given.is_some_and(|given| same(&given, &hash)) {
                let after = StepUp { used_at: Some(tx.now()), ..before.clone() };
                let written = replace(tx, before, after).await?;
                // A proof like any other: a token that was copied before it goes no further.
                sessions::outdate(tx, user).await?;
                let event = Event::new("step_up.approved", &written)?;
                let approved = Approved::new(user, session, digest);
                return Ok(tx.record(event, Verdict::Right(approved)));
            }
            let after = StepUp { tries_left: before.tries_left - 1, ..before.clone() };
            let spent = after.tries_left == 0;
            let written = replace(tx, before, after).await?;
            let event = Event::new("step_up.refused", &written)?.refused();
            let event = if spent {
                event.raising(Severity::High, "Every code given for a sensitive change was wrong")
            } else {
                event
            };
            Ok(tx.record(event, Verdict::Wrong))
        })
        .await;
    match answered {
        Err(Error::Unapproved) => Ok(Verdict::Wrong),
        Ok(Verdict::Right(approved)) => {
            // The sessions were outdated by this request itself, which goes on.
            permit.made_one();
            Ok(Verdict::Right(approved))
        }
        other => other,
    }
}

/// The digest that a locked request is for, and the hash of its code.
async fn kept(tx: &mut Tx, id: StepUpId) -> Result<([u8; 32], Vec<u8>)> {
    let tenant = tx.tenant();
    let found: Option<(Vec<u8>, Vec<u8>)> = row!(
        tx,
        "SELECT digest, code_hash FROM step_up WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        id.uuid()
    )?;
    let (digest, hash) = found.ok_or(Error::Unapproved)?;
    let digest = digest.try_into().map_err(|_| Error::Corrupt("step_up.digest".into()))?;
    Ok((digest, hash))
}

/// What is not there is answered, and recorded, as what does not work.
fn unknown(error: Error) -> Error {
    match error {
        Error::NotFound => Error::Unapproved,
        error => error,
    }
}
