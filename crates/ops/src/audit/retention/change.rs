//! Changing how long records of a class are kept. Sensitive, since it decides what goes.

use bailiwick_domain::{
    actions::is_ours,
    entity::{AuditRetention, Severity},
    retention::{FLOOR_DAYS, MOST_CLASSES, MOST_DAYS, Misfit, fitting},
    rule::ChangeRetention,
};
use bailiwick_store::{
    Event, Permit, Recorded, Scope, Store, Tx,
    audit::{self, retention},
    tenants,
};

use crate::{
    Error, Result,
    step_up::{Answer, Change, Outcome, Told},
    valid::{self, Fields},
};

/// What is said of a class that means nothing.
pub const UNKNOWN: &str = "No record has such an action, and none of ours begins so. Check the spelling.";

/// Whether a class means anything here: an action of ours or a record is of it, or days are set for it.
///
/// # Errors
/// Those of the database.
pub async fn is_known(scope: &mut impl Scope, class: &str) -> Result<bool> {
    Ok(is_ours(class)
        || audit::occurs(scope, class).await?
        || retention::days(scope).await?.contains_key(class))
}

/// Keeps records of a class for so many days from now on, or for good. A code is asked for first.
///
/// Nothing goes by this alone: a job takes what is over, once the archive holds it and no hold keeps it.
///
/// # Errors
/// `Invalid` with the fields `class`, `days` and `reason`; `Conflict` where nothing would change, and beyond [`MOST_CLASSES`].
pub async fn set(
    store: &Store,
    permit: &Permit<ChangeRetention>,
    class: &str,
    days: Option<i64>,
    reason: &str,
    answer: Option<Answer>,
) -> Result<Outcome<AuditRetention>> {
    let class = class.trim();
    let mut fields = Fields::default();
    match fitting(class, days) {
        Ok(()) => {
            if days.is_some() && !is_known(&mut store.read(permit).await?, class).await? {
                fields.refuse("class", UNKNOWN);
            }
        }
        Err(Misfit::Class) => {
            fields
                .refuse("class", "Enter an action or what it begins with, such as session or session.ended.");
        }
        Err(Misfit::Accounts) => {
            fields.refuse("class", "These records account for what happened to others, and are always kept.");
        }
        Err(Misfit::Days) => {
            fields.refuse(
                "days",
                format!("Enter {FLOOR_DAYS} to {MOST_DAYS} days, or nothing to keep them for good."),
            );
        }
    }
    let reason = fields.take("reason", valid::reason(reason));
    fields.done()?;
    let reason = &reason.unwrap_or_default();
    let change = Change { store, home: permit, inside: permit };
    let told = |_: &AuditRetention| Told {
        name: format!("records of “{class}”"),
        effects: vec![
            match days {
                Some(days) => format!("They leave the database {days} days after they were recorded."),
                None => "They stay in the database for good.".to_owned(),
            },
            "Only what the archive holds and no legal hold keeps ever goes.".to_owned(),
        ],
    };
    change.confirmed(answer, told, async |tx| put(tx, class, days, reason).await).await
}

async fn put(tx: &mut Tx, class: &str, days: Option<i64>, reason: &str) -> Result<Recorded<AuditRetention>> {
    // Whoever takes records holds this lock, and goes by the days that they read after they have it.
    tenants::lock_policy(tx).await?;
    let before = retention::days(tx).await?;
    if before.get(class).copied() == days {
        return Err(Error::Conflict("These records are kept as long already."));
    }
    if days.is_some() && !before.contains_key(class) && before.len() >= MOST_CLASSES {
        return Err(Error::Conflict(
            "There are 100 classes, which is the most. Remove one that is not needed.",
        ));
    }
    let written = retention::set(tx, class, days).await?;
    let Some(after) = written.entity().cloned() else { return Err(Error::NotFound) };
    let event = Event::new("audit_retention.changed", &written)?
        .because(reason)
        .raising(Severity::Warning, "How long audit records are kept was changed");
    Ok(tx.record(event, after))
}
