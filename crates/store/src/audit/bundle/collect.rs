//! Which leaves a bundle is of, their octets, and the hashes beside them.

use bailiwick_domain::{disclosure::Disclosure, ids::EventId};
use bailiwick_proof::{
    Hash,
    bundle::{MAX_RECORDS, Record},
    tree::{Needs, part_hashes, parts_beside},
};
use uuid::Uuid;

use super::{MOST_OCTETS, open::Opener, write::altered};
use crate::{
    Error, Result,
    audit::{
        newest_checkpoint,
        pack::EventOctets,
        reader, retention,
        search::{Gathered, Sought, gather},
    },
    conn::Driver,
    lock::rows,
    tx::Scope,
};

/// Records read at once.
const AT_ONCE: usize = 256;

// The sentences below say so.
const _: () = assert!(MAX_RECORDS == 10_000 && MOST_OCTETS == 16 << 20);

const NOTHING: Error = Error::Conflict(
    "No record of the signed log matches. What was recorded a moment ago takes a second until it is signed.",
);
const TOO_MANY: Error = Error::Conflict("More than 10,000 records match. Narrow the search.");
const TOO_FAR: Error =
    Error::Conflict("Too much of the log would have to be looked through. Narrow the time.");
const TOO_LONG: Error =
    Error::Conflict("These records are longer than the 16 MiB of a bundle. Narrow the search.");

/// What a bundle is to be of.
#[derive(Clone, Debug)]
pub enum Asked {
    /// What a search finds.
    Search {
        /// The line of it, in its one text.
        line: String,
        /// The same as it was understood.
        sought: Sought,
    },
    /// Everything that happened to one thing.
    Entity {
        /// Its kind.
        kind: String,
        /// What it is keyed by.
        id: Uuid,
    },
}

/// The leaves of what was asked for, from the oldest to the newest, as far as the log is signed; never none.
///
/// # Errors
/// [`Error::Conflict`] for none of a search, for more than a bundle holds, and for a history of which the retention took a part;
/// [`Error::NotFound`] for a thing that has no record.
pub(super) async fn leaves(scope: &mut impl Scope, asked: &Asked) -> Result<Vec<i64>> {
    let signed = newest_checkpoint(scope).await?.ok_or(NOTHING)?;
    let leaves = match asked {
        Asked::Search { sought, .. } => match gather(scope, sought, signed.size, MAX_RECORDS).await? {
            Gathered::All(leaves) if leaves.is_empty() => return Err(NOTHING),
            Gathered::All(leaves) => leaves,
            Gathered::TooMany => return Err(TOO_MANY),
            Gathered::TooFar => return Err(TOO_FAR),
        },
        // In the order of the log, which two clocks may have made another one than that of the revisions.
        Asked::Entity { kind, id } => history(scope, kind, *id, signed.size).await?,
    };
    match leaves.len() {
        0 => Err(Error::NotFound),
        1..=MAX_RECORDS => Ok(leaves),
        _ => Err(TOO_MANY),
    }
}

async fn history(scope: &mut impl Scope, kind: &str, id: Uuid, size: i64) -> Result<Vec<i64>> {
    let tenant = scope.tenant();
    // A history is proven whole, from its first revision on, or not at all.
    if retention::archived(scope, kind, id).await? {
        return Err(retention::IN_PART);
    }
    let found: Vec<(i64,)> = rows!(
        scope,
        "SELECT leaf_index FROM audit_leaf WHERE tenant = $1 AND entity_type = $2 AND entity_id = $3 AND leaf_index < $4
         ORDER BY leaf_index LIMIT $5",
        tenant.uuid(),
        kind,
        id,
        size,
        i64::try_from(MAX_RECORDS + 1).unwrap_or(i64::MAX)
    )?;
    Ok(found.into_iter().map(|(leaf,)| leaf).collect())
}

/// The records at these leaves, with the values that are to be shown.
///
/// # Errors
/// [`Error::Conflict`] for records that are gone or damaged, and for more octets than a bundle holds.
pub(super) async fn records(
    scope: &mut impl Scope,
    leaves: &[i64],
    disclosure: &Disclosure,
) -> Result<Vec<Record>> {
    let (mut records, mut length) = (Vec::with_capacity(leaves.len()), 0);
    let mut opener = Opener::default();
    for some in leaves.chunks(AT_ONCE) {
        let found = octets(scope, some).await?;
        if !found.iter().map(|(leaf, ..)| leaf).eq(some) {
            return Err(altered());
        }
        length += found.iter().map(|(_, _, octets)| octets.len()).sum::<usize>();
        if length > MOST_OCTETS {
            return Err(TOO_LONG);
        }
        let events: Vec<(EventId, &[u8])> =
            found.iter().map(|(_, event, octets)| (EventId::from(*event), &**octets)).collect();
        let opened = opener.open(scope, &events, disclosure).await?;
        for ((_, _, octets), disclosed) in found.into_iter().zip(opened) {
            // What is no text was not written here.
            let octets = String::from_utf8(octets.0).map_err(|_| altered())?;
            records.push(Record { octets, disclosed });
        }
    }
    Ok(records)
}

async fn octets(scope: &mut impl Scope, leaves: &[i64]) -> Result<Vec<(i64, Uuid, EventOctets)>> {
    let tenant = scope.tenant();
    Ok(match scope.driver() {
        Driver::Sqlite(c) => {
            sqlx::query_as(
                "SELECT l.leaf_index, l.event, e.bytes FROM json_each($2) AS n CROSS JOIN audit_leaf l
                 JOIN audit_event e ON e.tenant = l.tenant AND e.id = l.event
                 WHERE l.tenant = $1 AND l.leaf_index = n.value ORDER BY l.leaf_index",
            )
            .bind(tenant.uuid())
            .bind(serde_json::Value::from(leaves).to_string())
            .fetch_all(c)
            .await?
        }
        Driver::Postgres(c) => {
            sqlx::query_as(
                "SELECT l.leaf_index, l.event, e.bytes FROM unnest($2::bigint[]) AS n (leaf)
                 JOIN audit_leaf l ON l.tenant = $1 AND l.leaf_index = n.leaf
                 JOIN audit_event e ON e.tenant = l.tenant AND e.id = l.event ORDER BY l.leaf_index",
            )
            .bind(tenant.uuid())
            .bind(leaves)
            .fetch_all(c)
            .await?
        }
    })
}

/// The hashes beside the leaves in the tree of `size` leaves. Tiles are read in portions, so that few are held at once.
pub(super) async fn nodes(scope: &mut impl Scope, leaves: &[i64], size: u64) -> Result<Vec<Hash>> {
    let tenant = scope.tenant();
    let indexes: Vec<u64> = leaves.iter().map(|leaf| leaf.unsigned_abs()).collect();
    let parts = parts_beside(&indexes, size).map_err(|_| altered())?;
    let mut nodes = Vec::with_capacity(parts.len());
    for some in parts.chunks(AT_ONCE) {
        let fetched = reader::fetch(&mut scope.driver(), tenant, &Needs::parts(some, size)).await?;
        nodes.extend(part_hashes(&fetched, size, some).map_err(|_| altered())?);
    }
    Ok(nodes)
}
