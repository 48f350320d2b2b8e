//! What people do to streams.

use bailiwick_domain::{entity::Stream, ids::StreamId, time::Span};

use super::{Image, seal, secret_row};
use crate::{
    Error, Result, Written,
    lock::{execute, locked, row},
    tx::{Scope, Tx},
};

/// Streams at most of one tenant.
pub const MOST: i64 = 20;

/// The tag by which a place with its credentials is recorded, 64 lower-case hexadecimal digits.
pub fn place_tag(scope: &impl Scope, octets: &[u8]) -> String {
    let tenant = scope.tenant().bytes();
    hex::encode(scope.shared().keys.directory.place_tag(&tenant, octets))
}

/// How many streams there are.
pub async fn count(scope: &mut impl Scope) -> Result<i64> {
    let tenant = scope.tenant();
    let count: Option<(i64,)> =
        row!(scope, "SELECT count(*) FROM audit_stream WHERE tenant = $1", tenant.uuid())?;
    Ok(count.map_or(0, |(n,)| n))
}

/// Whether there is a stream with this name.
pub async fn named(scope: &mut impl Scope, name: &str) -> Result<bool> {
    let tenant = scope.tenant();
    let found: Option<(i64,)> = row!(
        scope,
        "SELECT count(*) FROM audit_stream WHERE tenant = $1 AND name = $2",
        tenant.uuid(),
        name
    )?;
    Ok(found.is_some_and(|(n,)| n > 0))
}

/// Stores a stream beside its address and credentials. It begins at `next_leaf`.
pub async fn insert(tx: &mut Tx, stream: Stream, octets: &[u8], next_leaf: i64) -> Result<Written<Stream>> {
    let (tenant, now) = (tx.tenant(), tx.now());
    let sealed = seal(tx, "audit_stream", &stream.id.bytes(), octets).await?;
    execute!(
        tx,
        "INSERT INTO audit_stream (tenant, id, name, kind, origin, place, sealed, only_action, only_entity, only_outcome, state, secret, tests,
                                   failing, created_at, next_leaf, claims, leased_until, attempts, next_attempt_at, delivered, dead_in_a_row)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 0, $14, $15, 0, 0, 0, $16, 0, 0)",
        tenant.uuid(),
        stream.id.uuid(),
        stream.name.as_str(),
        stream.kind.name(),
        stream.origin.as_str(),
        stream.place.as_str(),
        sealed.as_slice(),
        stream.filter.action.as_deref(),
        stream.filter.entity_type.as_deref(),
        stream.filter.outcome.as_deref(),
        stream.state.name(),
        stream.secret,
        stream.tests,
        stream.created_at.micros(),
        next_leaf,
        now.micros()
    )?;
    Ok(Written::created(stream))
}

/// Reads a stream for changing.
pub async fn lock(tx: &mut Tx, id: StreamId) -> Result<Stream> {
    let tenant = tx.tenant();
    let image: Image = locked!(
        tx,
        "SELECT id, name, kind, origin, place, only_action, only_entity, only_outcome, state, secret, replayed_from, tests, failing, created_at
         FROM audit_stream WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        id.uuid()
    )?;
    Ok(image.into())
}

/// Replaces a locked stream by its new image. Its address is another matter: see [`move_to`].
pub async fn replace(tx: &mut Tx, before: Stream, after: Stream) -> Result<Written<Stream>> {
    let tenant = tx.tenant();
    let touched = execute!(
        tx,
        "UPDATE audit_stream SET name = $3, origin = $4, place = $5, only_action = $6, only_entity = $7, only_outcome = $8, state = $9,
                                 secret = $10, replayed_from = $11, tests = $12, failing = $13
         WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        before.id.uuid(),
        after.name.as_str(),
        after.origin.as_str(),
        after.place.as_str(),
        after.filter.action.as_deref(),
        after.filter.entity_type.as_deref(),
        after.filter.outcome.as_deref(),
        after.state.name(),
        after.secret,
        after.replayed_from,
        after.tests,
        i64::from(after.failing)
    )?;
    if touched == 1 { Ok(Written::replaced(before, after)) } else { Err(Error::NotFound) }
}

/// Replaces the address and credentials of a locked stream. What is on its way counts for nothing.
pub async fn move_to(tx: &mut Tx, id: StreamId, octets: &[u8]) -> Result<()> {
    let tenant = tx.tenant();
    let sealed = seal(tx, "audit_stream", &id.bytes(), octets).await?;
    execute!(
        tx,
        "UPDATE audit_stream SET sealed = $3 WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        id.uuid(),
        sealed.as_slice()
    )?;
    unplan(tx, id).await?;
    wake(tx, id).await
}

/// Forgets the parcel of a locked stream, and whoever carries it: the next one is made up anew.
pub async fn unplan(tx: &mut Tx, id: StreamId) -> Result<()> {
    let tenant = tx.tenant();
    execute!(
        tx,
        "UPDATE audit_stream SET planned_upto = NULL, planned_size = NULL, claims = claims + 1, leased_until = 0 WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        id.uuid()
    )?;
    Ok(())
}

/// Lets a locked stream be tried at once, whatever went wrong before.
pub async fn wake(tx: &mut Tx, id: StreamId) -> Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now());
    execute!(
        tx,
        "UPDATE audit_stream SET attempts = 0, fault = NULL, failing_since = NULL, dead_in_a_row = 0, next_attempt_at = $3
         WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        id.uuid(),
        now.micros()
    )?;
    Ok(())
}

/// Lets a locked stream begin again at this place in the tree, or go on from there.
pub async fn rewind(tx: &mut Tx, id: StreamId, leaf: i64) -> Result<()> {
    let tenant = tx.tenant();
    execute!(
        tx,
        "UPDATE audit_stream SET next_leaf = $3 WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        id.uuid(),
        leaf
    )?;
    unplan(tx, id).await?;
    wake(tx, id).await
}

/// Asks for a test of a locked stream.
pub async fn ask_test(tx: &mut Tx, id: StreamId) -> Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now());
    execute!(
        tx,
        "UPDATE audit_stream SET test_asked_at = $3 WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        id.uuid(),
        now.micros()
    )?;
    Ok(())
}

/// Stores the newest signing secret of a locked stream. The one before it signs for `overlap` longer; older ones are gone.
pub async fn add_secret(tx: &mut Tx, id: StreamId, number: i64, octets: &[u8], overlap: Span) -> Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now());
    execute!(
        tx,
        "DELETE FROM audit_stream_secret WHERE tenant = $1 AND stream = $2 AND number < $3",
        tenant.uuid(),
        id.uuid(),
        number - 1
    )?;
    execute!(
        tx,
        "UPDATE audit_stream_secret SET ends_at = $3 WHERE tenant = $1 AND stream = $2",
        tenant.uuid(),
        id.uuid(),
        (now + overlap).micros()
    )?;
    let sealed = seal(tx, "audit_stream_secret", &secret_row(id, number), octets).await?;
    execute!(
        tx,
        "INSERT INTO audit_stream_secret (tenant, stream, number, sealed) VALUES ($1, $2, $3, $4)",
        tenant.uuid(),
        id.uuid(),
        number,
        sealed.as_slice()
    )?;
    Ok(())
}

/// Removes a locked stream with everything of it.
pub async fn remove(tx: &mut Tx, before: Stream) -> Result<Written<Stream>> {
    let tenant = tx.tenant();
    execute!(
        tx,
        "DELETE FROM audit_stream_dead WHERE tenant = $1 AND stream = $2",
        tenant.uuid(),
        before.id.uuid()
    )?;
    execute!(
        tx,
        "DELETE FROM audit_stream_secret WHERE tenant = $1 AND stream = $2",
        tenant.uuid(),
        before.id.uuid()
    )?;
    let touched = execute!(
        tx,
        "DELETE FROM audit_stream WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        before.id.uuid()
    )?;
    if touched == 1 { Ok(Written::removed(before)) } else { Err(Error::NotFound) }
}
