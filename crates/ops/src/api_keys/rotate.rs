//! Another key in the place of one, while both work for a time. Sensitive: whoever does it gets a key of the same scopes.

use bailiwick_domain::{
    entity::{ApiKey, Severity},
    ids::ApiKeyId,
    permission::PermissionSet,
    rule::RotateApiKey,
    time::Span,
};
use bailiwick_store::{Actor, Event, Permit, Recorded, Scope, Store, Tx, api_keys};
use bailiwick_vault::api_key::ApiKey as Secret;

use super::{Made, called, end_of_default, make, maker, names};
use crate::{
    Error, Result,
    step_up::{Answer, Change, Outcome, Told},
    valid::within,
};

/// Whole days for which both keys work where nothing else is said.
pub const OVERLAP: i64 = 7;
/// Whole days for which both keys work at most.
pub const MOST_OVERLAP: i64 = 30;

/// A key and the one that takes its place.
#[derive(Debug)]
pub struct Rotated {
    /// The old one, which works until its end or until everybody has moved.
    pub old: ApiKey,
    /// The new one.
    pub new: ApiKey,
    /// The text of the new one, this once.
    pub secret: Secret,
}

/// Makes another key with the name, scopes, networks, environment and owner of one, and gives its text, this once. The old one works on
/// through `overlap_days` whole days (UTC) at most, and is retired before that once every recent caller has moved. A code is asked
/// for first.
///
/// # Errors
/// `Invalid` for an overlap of less than one or more than thirty days; `Conflict` for a key that works no more or is being replaced
/// already; `Forbidden` for one that carries more than the actor has.
pub async fn rotate(
    store: &Store,
    permit: &Permit<RotateApiKey>,
    id: ApiKeyId,
    overlap_days: i64,
    answer: Option<Answer>,
) -> Result<Outcome<Rotated>> {
    if !(1..=MOST_OVERLAP).contains(&overlap_days) {
        return Err(Error::field("overlap_days", format!("Choose 1 to {MOST_OVERLAP} days.")));
    }
    let change = Change { store, home: permit, inside: permit };
    change.confirmed(answer, told, async |tx| replace(store, tx, permit, id, overlap_days).await).await
}

/// What it means, in words.
fn told(rotated: &Rotated) -> Told {
    Told {
        name: format!("“{}”", rotated.old.name),
        effects: vec![
            "A new key with the same scopes, networks and owner is made and shown once.".to_owned(),
            format!(
                "{}… works on until everybody who used it lately was seen with the new key, at most until the end named here.",
                rotated.old.prefix
            ),
        ],
    }
}

async fn replace(
    store: &Store,
    tx: &mut Tx,
    permit: &Permit<RotateApiKey>,
    id: ApiKeyId,
    overlap_days: i64,
) -> Result<Recorded<Rotated>> {
    let before = api_keys::lock(tx, id).await?;
    let now = tx.now();
    if !before.status(now).works() {
        return Err(Error::Conflict("This key does not work any more. Make a new one instead."));
    }
    if before.rotating && api_keys::successor(tx, id).await?.is_some() {
        return Err(Error::Conflict("Another key is taking the place of this one already."));
    }
    // What a pack that is gone had named, nobody holds, and the new key does without.
    let catalogue = store.catalogue();
    let scopes: PermissionSet = before.scopes.iter().filter_map(|name| catalogue.find(name)).collect();
    if scopes.is_empty() {
        return Err(Error::Conflict("None of this key's scopes exists any more. Make a new one instead."));
    }
    if !matches!(permit.actor(), Actor::System(_)) {
        within(scopes, *permit.permissions())?;
    }
    let made = Made {
        name: before.name.clone(),
        environment: before.environment,
        scopes: names(store, scopes),
        networks: before.networks.clone(),
        created_by: maker(permit),
        owner: before.owner.or(maker(permit)),
        replaces: Some(id),
        expires_at: Some(end_of_default(tx).await?),
    };
    let (created, new, secret) = make(store, tx, made, None).await?;
    // Its id and text are drawn anew each time, so they are no part of what the code approves.
    tx.also(created.because("it takes the place of another key").following());
    // A midnight, so that the question and the answer mean the same moment.
    let end = now.start_of_day() + Span::days(overlap_days + 1);
    let end = before.expires_at.map_or(end, |earlier| earlier.min(end));
    let after = ApiKey { rotating: true, expires_at: Some(end), ..before.clone() };
    let written = api_keys::replace(tx, before, after.clone()).await?;
    let event = Event::new("api_key.rotated", &written)?
        .raising(Severity::Info, format!("{} is being replaced by another", called(&after.name)));
    Ok(tx.record(event, Rotated { old: after, new, secret }))
}
