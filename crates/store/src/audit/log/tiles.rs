//! Tiles and entry bundles, in the layout of C2SP tlog-tiles.

use bailiwick_proof::{
    tile::{Row, TilePath, tile_hashes},
    tree::Needs,
};

use crate::{
    Error, Result,
    audit::{newest_checkpoint, pack::EventOctets, reader},
    lock::{row, rows},
    tx::Scope,
};

/// The octets of a tile of hashes; nothing for one that the signed tree does not have.
pub async fn tile(scope: &mut impl Scope, path: TilePath) -> Result<Option<Vec<u8>>> {
    let tenant = scope.tenant();
    let size = signed(scope).await?;
    if !matches!(path.row, Row::Hashes(_)) || !path.exists_at(size) {
        return Ok(None);
    }
    let fetched = reader::fetch(&mut scope.driver(), tenant, &Needs::tile(path, size)).await?;
    let hashes = tile_hashes(&fetched, path, size).map_err(|e| Error::Proof(e.to_string()))?;
    Ok(hashes.map(|hashes| hashes.iter().flat_map(|hash| hash.0).collect()))
}

/// The octets of an entry bundle: each event after its length in two octets. Nothing for one that the signed tree does not
/// have.
///
/// # Errors
/// [`Error::Conflict`] where an event is longer than the standard's bundles can say, or its octets are gone.
pub async fn entries(scope: &mut impl Scope, path: TilePath) -> Result<Option<Vec<u8>>> {
    let tenant = scope.tenant();
    if path.row != Row::Entries || !path.exists_at(signed(scope).await?) {
        return Ok(None);
    }
    let (from, to) = path.leaves();
    let bound = |n: u64| i64::try_from(n).map_err(|_| Error::NotFound);
    let (from, to) = (bound(from)?, bound(to)?);
    let events: Vec<(EventOctets,)> = rows!(
        scope,
        "SELECT e.bytes FROM audit_leaf l JOIN audit_event e ON e.tenant = l.tenant AND e.id = l.event
         WHERE l.tenant = $1 AND l.leaf_index >= $2 AND l.leaf_index < $3 ORDER BY l.leaf_index",
        tenant.uuid(),
        from,
        to
    )?;
    if i64::try_from(events.len()).ok() != Some(to - from) {
        let taken: Option<(i64,)> = row!(
            scope,
            "SELECT count(*) FROM audit_retired WHERE tenant = $1 AND leaf_index >= $2 AND leaf_index < $3",
            tenant.uuid(),
            from,
            to
        )?;
        return Err(Error::Conflict(match taken {
            Some((1..,)) => "Records of this bundle are in the archive alone. Bring their segment back.",
            _ => "Records of this bundle are missing. Run a verification.",
        }));
    }
    let mut bundle = Vec::new();
    for (event,) in events {
        let length = u16::try_from(event.len()).map_err(|_| {
            Error::Conflict("A record of this bundle is longer than 65,535 octets. Read it by its id.")
        })?;
        bundle.extend_from_slice(&length.to_be_bytes());
        bundle.extend_from_slice(&event);
    }
    Ok(Some(bundle))
}

/// The size under the newest published checkpoint, which the standard's clients read first.
async fn signed(scope: &mut impl Scope) -> Result<u64> {
    Ok(newest_checkpoint(scope).await?.map_or(0, |newest| newest.size.unsigned_abs()))
}
