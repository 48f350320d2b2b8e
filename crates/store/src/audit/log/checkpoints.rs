//! Published checkpoints with their cosignatures.

use bailiwick_domain::time::Timestamp;

use crate::{
    Result,
    audit::{Signed, newest_checkpoint, witness::cosigned},
    lock::rows,
    page::LIMIT,
    tx::Scope,
};

/// The newest published checkpoint, with the cosignatures that are kept of it.
pub async fn checkpoint(scope: &mut impl Scope) -> Result<Option<Signed>> {
    let Some(newest) = newest_checkpoint(scope).await? else { return Ok(None) };
    let note = cosigned(scope, newest.size, newest.note).await?;
    Ok(Some(Signed { note, ..newest }))
}

/// Published checkpoints with their cosignatures, newest first, below the size `before` if one is given. As many as a page of
/// a list; a page that is not full is the last.
pub async fn checkpoints(scope: &mut impl Scope, before: Option<i64>) -> Result<(Vec<Signed>, Option<i64>)> {
    let tenant = scope.tenant();
    let rows: Vec<(i64, String, i64)> = rows!(
        scope,
        "SELECT size, note, signed_at FROM audit_checkpoint WHERE tenant = $1 AND size < $2 ORDER BY size DESC LIMIT $3",
        tenant.uuid(),
        before.unwrap_or(i64::MAX),
        LIMIT + 1
    )?;
    let limit = usize::try_from(LIMIT).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    let mut found = Vec::with_capacity(limit);
    for (size, note, at) in rows.into_iter().take(limit) {
        let note = cosigned(scope, size, note).await?;
        found.push(Signed { size, note, at: Timestamp::from_micros(at) });
    }
    let next = found.last().filter(|_| more).map(|last| last.size);
    Ok((found, next))
}
