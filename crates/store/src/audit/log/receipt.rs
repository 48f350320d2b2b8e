//! The receipt of one event.

use bailiwick_domain::ids::EventId;
use bailiwick_proof::{
    checkpoint::{Checkpoint, SignedNote},
    leaf_hash,
    receipt::Receipt,
};

use super::{inclusion, leaf_of_event};
use crate::{
    Error, Result,
    audit::{newest_checkpoint, pack::EventOctets, witness::cosigned},
    lock::row,
    tx::Scope,
};

/// The receipt of an event: under the oldest checkpoint that enough witnesses have cosigned, or else under the oldest that
/// covers it. Nothing for an event that no checkpoint covers yet.
///
/// # Errors
/// [`Error::NotFound`] for an event that is not there; [`Error::Conflict`] for one that is not what was hashed, or does not
/// lead to the signed root any more.
pub async fn receipt(scope: &mut impl Scope, event: EventId) -> Result<Option<Receipt>> {
    let tenant = scope.tenant();
    let bytes: Option<(EventOctets,)> = row!(
        scope,
        "SELECT bytes FROM audit_event WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        event.uuid()
    )?;
    let (EventOctets(bytes),) = bytes.ok_or(Error::NotFound)?;
    let Some(leaf) = leaf_of_event(scope, event).await? else { return Ok(None) };
    let Some((size, note)) = covering(scope, leaf.index).await? else { return Ok(None) };
    let altered = || Error::Conflict("This record does not lead to what was signed. Run a verification.");
    let proven = match inclusion(scope, leaf, size).await {
        Err(Error::NotFound | Error::Proof(_)) => return Err(altered()),
        proven => proven?,
    };
    let note = cosigned(scope, size, note).await?;
    let note = SignedNote::parse(note.as_bytes()).map_err(|_| altered())?;
    let signed = Checkpoint::parse(note.text()).map_err(|_| altered())?;
    // A receipt that proves nothing is none: whoever asks learns it here and not from whom they show it to.
    if leaf_hash(&bytes) != leaf.hash || signed.root != proven.root {
        return Err(altered());
    }
    Ok(Some(Receipt { extra: Some(bytes), index: leaf.index.unsigned_abs(), path: proven.path, note }))
}

/// The oldest checkpoint that covers a leaf, of those that enough witnesses have cosigned if there is one of them soon.
async fn covering(scope: &mut impl Scope, leaf: i64) -> Result<Option<(i64, String)>> {
    let tenant = scope.tenant();
    let wished = scope.shared().witness_policy().wished();
    if wished > 0 {
        // Witnesses lag by seconds, so one of the next checkpoints has them; further on it is not looked.
        let witnessed: Option<(i64, String)> = row!(
            scope,
            "SELECT c.size, c.note FROM (SELECT size, note FROM audit_checkpoint WHERE tenant = $1 AND size > $2 ORDER BY size LIMIT 1024) AS c
             WHERE (SELECT count(*) FROM audit_cosignature s WHERE s.tenant = $1 AND s.size = c.size) >= $3 ORDER BY c.size LIMIT 1",
            tenant.uuid(),
            leaf,
            i64::try_from(wished).unwrap_or(i64::MAX)
        )?;
        if witnessed.is_some() {
            return Ok(witnessed);
        }
    }
    Ok(row!(
        scope,
        "SELECT size, note FROM audit_checkpoint WHERE tenant = $1 AND size > $2 ORDER BY size LIMIT 1",
        tenant.uuid(),
        leaf
    )?)
}

/// The newest checkpoint that covers a leaf, of those that enough witnesses have cosigned if there is one of them not long ago: what
/// is said under it is said up to then.
pub(in crate::audit) async fn newest_covering(
    scope: &mut impl Scope,
    leaf: i64,
) -> Result<Option<(i64, String)>> {
    let tenant = scope.tenant();
    let wished = scope.shared().witness_policy().wished();
    if wished > 0 {
        let witnessed: Option<(i64, String)> = row!(
            scope,
            "SELECT c.size, c.note FROM (SELECT size, note FROM audit_checkpoint WHERE tenant = $1 AND size > $2 ORDER BY size DESC LIMIT 1024) AS c
             WHERE (SELECT count(*) FROM audit_cosignature s WHERE s.tenant = $1 AND s.size = c.size) >= $3 ORDER BY c.size DESC LIMIT 1",
            tenant.uuid(),
            leaf,
            i64::try_from(wished).unwrap_or(i64::MAX)
        )?;
        if witnessed.is_some() {
            return Ok(witnessed);
        }
    }
    let newest = newest_checkpoint(scope).await?.filter(|newest| newest.size > leaf);
    Ok(newest.map(|newest| (newest.size, newest.note)))
}
