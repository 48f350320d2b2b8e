//! The rows of recorded events as bare SQL: each table in statements of many rows, in one transaction, and nothing around them.

use sqlx::{PgConnection, SqliteConnection};
use uuid::Uuid;

use super::{Bare, Piece};
use crate::{
    Result,
    audit::many::{Many, many},
};

static EVENTS: Many =
    many!("INSERT INTO audit_event (tenant, id, hash, bytes) VALUES (?, ?, ?, ?)", ", (?, ?, ?, ?)", "");
static PERSONAL: Many = many!(
    "INSERT INTO audit_personal (tenant, event, subject, sealed) VALUES (?, ?, ?, ?)",
    ", (?, ?, ?, ?)",
    ""
);
static KEYS: Many =
    many!("INSERT INTO audit_intake (tenant, key, event, payload) VALUES (?, ?, ?, ?)", ", (?, ?, ?, ?)", "");
static HEADS: Many = many!(
    "INSERT INTO audit_head (tenant, entity_type, entity_id, revision, hash) VALUES (?, ?, ?, ?, ?)",
    ", (?, ?, ?, ?, ?)",
    " ON CONFLICT (tenant, entity_type, entity_id) DO UPDATE SET revision = excluded.revision, hash = excluded.hash"
);
static LEAVES: Many = many!(
    "INSERT INTO audit_leaf (tenant, leaf_index, event, hash, recorded_at, actor_kind, actor_id, action, outcome, entity_type, entity_id, revision)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    ", (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    ""
);
static POSTINGS: Many =
    many!("INSERT INTO audit_posting (tenant, term, block, hits) VALUES (?, ?, ?, ?)", ", (?, ?, ?, ?)", "");
static COUNTS: Many = many!(
    "INSERT INTO audit_rollup (tenant, span, start, entity_type, action, outcome, events) VALUES (?, ?, ?, ?, ?, ?, ?)",
    ", (?, ?, ?, ?, ?, ?, ?)",
    " ON CONFLICT (tenant, span, start, entity_type, action, outcome) DO UPDATE SET events = audit_rollup.events + excluded.events"
);
static TILES: Many =
    many!("INSERT INTO audit_tile (tenant, level, idx, hashes) VALUES (?, ?, ?, ?)", ", (?, ?, ?, ?)", "");

const TREE: &str = "UPDATE audit_tree SET size = size + $2 WHERE tenant = $1";

impl Bare {
    /// Writes the rows of a piece for a tenant of this database, in one transaction.
    pub async fn record(&mut self, tenant: Uuid, piece: &Piece) -> Result<()> {
        match self {
            Self::Sqlite(connection) => {
                sqlx::query("BEGIN IMMEDIATE").execute(&mut **connection).await?;
                sqlite(connection, tenant, piece).await?;
                sqlx::query("COMMIT").execute(&mut **connection).await?;
                Ok(())
            }
            Self::Postgres(pool) => {
                let mut transaction = pool.begin().await?;
                sqlx::query("SELECT set_config('bailiwick.tenant', $1, true)")
                    .bind(tenant.to_string())
                    .execute(&mut *transaction)
                    .await?;
                postgres(&mut transaction, tenant, piece).await?;
                Ok(transaction.commit().await?)
            }
        }
    }
}

fn events(piece: &Piece) -> i64 {
    i64::try_from(piece.events()).unwrap_or(i64::MAX)
}

async fn sqlite(c: &mut SqliteConnection, tenant: Uuid, piece: &Piece) -> Result<()> {
    EVENTS
        .insert(c, &piece.leaves, |query, leaf| {
            query.bind(tenant).bind(leaf.event).bind(leaf.hash.as_slice()).bind(leaf.bytes.as_slice())
        })
        .await?;
    PERSONAL
        .insert(c, &piece.personal, |query, one| {
            query.bind(tenant).bind(one.event).bind(one.subject).bind(one.sealed.as_slice())
        })
        .await?;
    KEYS.insert(c, &piece.keys, |query, key| {
        query.bind(tenant).bind(key.key.as_slice()).bind(key.event).bind(key.payload.as_slice())
    })
    .await?;
    HEADS
        .insert(c, &piece.heads, |query, (kind, id, revision, hash)| {
            query.bind(tenant).bind(kind.as_str()).bind(*id).bind(*revision).bind(hash.as_slice())
        })
        .await?;
    LEAVES
        .insert(c, &piece.leaves, |query, leaf| {
            query
                .bind(tenant)
                .bind(leaf.leaf_index)
                .bind(leaf.event)
                .bind(leaf.hash.as_slice())
                .bind(leaf.recorded_at)
                .bind(leaf.actor_kind.as_str())
                .bind(leaf.actor_id)
                .bind(leaf.action.as_str())
                .bind(leaf.outcome.as_str())
                .bind(leaf.entity_type.as_str())
                .bind(leaf.entity_id)
                .bind(leaf.revision)
        })
        .await?;
    POSTINGS
        .insert(c, &piece.postings, |query, posting| {
            query.bind(tenant).bind(posting.term.as_slice()).bind(posting.block).bind(posting.hits.as_slice())
        })
        .await?;
    COUNTS
        .insert(c, &piece.counts, |query, (span, start, kind, action, outcome, events)| {
            query
                .bind(tenant)
                .bind(*span)
                .bind(*start)
                .bind(kind.as_str())
                .bind(action.as_str())
                .bind(outcome.as_str())
                .bind(*events)
        })
        .await?;
    TILES
        .insert(c, &piece.tiles, |query, tile| {
            query.bind(tenant).bind(tile.level).bind(tile.idx).bind(tile.hashes.as_slice())
        })
        .await?;
    sqlx::query(TREE).bind(tenant).bind(events(piece)).execute(c).await?;
    Ok(())
}

async fn postgres(c: &mut PgConnection, tenant: Uuid, piece: &Piece) -> Result<()> {
    let Piece { leaves, personal, keys, postings, tiles, heads, counts } = piece;
    sqlx::query(
        "INSERT INTO audit_event (tenant, id, hash, bytes)
         SELECT $1, e.id, e.hash, e.bytes FROM unnest($2::uuid[], $3::bytea[], $4::bytea[]) AS e (id, hash, bytes)",
    )
    .bind(tenant)
    .bind(leaves.iter().map(|leaf| leaf.event).collect::<Vec<_>>())
    .bind(leaves.iter().map(|leaf| leaf.hash.as_slice()).collect::<Vec<_>>())
    .bind(leaves.iter().map(|leaf| leaf.bytes.as_slice()).collect::<Vec<_>>())
    .execute(&mut *c)
    .await?;
    sqlx::query(
        "INSERT INTO audit_personal (tenant, event, subject, sealed)
         SELECT $1, p.event, p.subject, p.sealed FROM unnest($2::uuid[], $3::uuid[], $4::bytea[]) AS p (event, subject, sealed)",
    )
    .bind(tenant)
    .bind(personal.iter().map(|one| one.event).collect::<Vec<_>>())
    .bind(personal.iter().map(|one| one.subject).collect::<Vec<_>>())
    .bind(personal.iter().map(|one| one.sealed.as_slice()).collect::<Vec<_>>())
    .execute(&mut *c)
    .await?;
    sqlx::query(
        "INSERT INTO audit_intake (tenant, key, event, payload)
         SELECT $1, k.key, k.event, k.payload FROM unnest($2::bytea[], $3::uuid[], $4::bytea[]) AS k (key, event, payload)",
    )
    .bind(tenant)
    .bind(keys.iter().map(|key| key.key.as_slice()).collect::<Vec<_>>())
    .bind(keys.iter().map(|key| key.event).collect::<Vec<_>>())
    .bind(keys.iter().map(|key| key.payload.as_slice()).collect::<Vec<_>>())
    .execute(&mut *c)
    .await?;
    sqlx::query(
        "INSERT INTO audit_head (tenant, entity_type, entity_id, revision, hash)
         SELECT $1, h.kind, h.id, h.revision, h.hash FROM unnest($2::text[], $3::uuid[], $4::bigint[], $5::bytea[]) AS h (kind, id, revision, hash)
         ON CONFLICT (tenant, entity_type, entity_id) DO UPDATE SET revision = excluded.revision, hash = excluded.hash",
    )
    .bind(tenant)
    .bind(heads.iter().map(|(kind, ..)| kind.as_str()).collect::<Vec<_>>())
    .bind(heads.iter().map(|(_, id, ..)| *id).collect::<Vec<_>>())
    .bind(heads.iter().map(|(_, _, revision, _)| *revision).collect::<Vec<_>>())
    .bind(heads.iter().map(|(.., hash)| hash.as_slice()).collect::<Vec<_>>())
    .execute(&mut *c)
    .await?;
    sqlx::query(
        "INSERT INTO audit_leaf (tenant, leaf_index, event, hash, recorded_at, actor_kind, actor_id, action, outcome, entity_type, entity_id, revision)
         SELECT $1, l.place, l.event, l.hash, l.recorded_at, l.actor_kind, l.actor_id, l.action, l.outcome, l.entity_type, l.entity_id, l.revision
         FROM unnest($2::bigint[], $3::uuid[], $4::bytea[], $5::bigint[], $6::text[], $7::uuid[], $8::text[], $9::text[], $10::text[], $11::uuid[], $12::bigint[])
              AS l (place, event, hash, recorded_at, actor_kind, actor_id, action, outcome, entity_type, entity_id, revision)",
    )
    .bind(tenant)
    .bind(leaves.iter().map(|leaf| leaf.leaf_index).collect::<Vec<_>>())
    .bind(leaves.iter().map(|leaf| leaf.event).collect::<Vec<_>>())
    .bind(leaves.iter().map(|leaf| leaf.hash.as_slice()).collect::<Vec<_>>())
    .bind(leaves.iter().map(|leaf| leaf.recorded_at).collect::<Vec<_>>())
    .bind(leaves.iter().map(|leaf| leaf.actor_kind.as_str()).collect::<Vec<_>>())
    .bind(leaves.iter().map(|leaf| leaf.actor_id).collect::<Vec<_>>())
    .bind(leaves.iter().map(|leaf| leaf.action.as_str()).collect::<Vec<_>>())
    .bind(leaves.iter().map(|leaf| leaf.outcome.as_str()).collect::<Vec<_>>())
    .bind(leaves.iter().map(|leaf| leaf.entity_type.as_str()).collect::<Vec<_>>())
    .bind(leaves.iter().map(|leaf| leaf.entity_id).collect::<Vec<_>>())
    .bind(leaves.iter().map(|leaf| leaf.revision).collect::<Vec<_>>())
    .execute(&mut *c)
    .await?;
    sqlx::query(
        "INSERT INTO audit_posting (tenant, term, block, hits)
         SELECT $1, p.term, p.block, p.hits FROM unnest($2::bytea[], $3::bigint[], $4::bytea[]) AS p (term, block, hits)",
    )
    .bind(tenant)
    .bind(postings.iter().map(|posting| posting.term.as_slice()).collect::<Vec<_>>())
    .bind(postings.iter().map(|posting| posting.block).collect::<Vec<_>>())
    .bind(postings.iter().map(|posting| posting.hits.as_slice()).collect::<Vec<_>>())
    .execute(&mut *c)
    .await?;
    sqlx::query(
        "INSERT INTO audit_rollup AS r (tenant, span, start, entity_type, action, outcome, events)
         SELECT $1, n.span, n.start, n.kind, n.action, n.outcome, n.events
         FROM unnest($2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::bigint[]) AS n (span, start, kind, action, outcome, events)
         ON CONFLICT (tenant, span, start, entity_type, action, outcome) DO UPDATE SET events = r.events + excluded.events",
    )
    .bind(tenant)
    .bind(counts.iter().map(|(span, ..)| *span).collect::<Vec<_>>())
    .bind(counts.iter().map(|(_, start, ..)| *start).collect::<Vec<_>>())
    .bind(counts.iter().map(|(_, _, kind, ..)| kind.as_str()).collect::<Vec<_>>())
    .bind(counts.iter().map(|(_, _, _, action, ..)| action.as_str()).collect::<Vec<_>>())
    .bind(counts.iter().map(|(.., outcome, _)| outcome.as_str()).collect::<Vec<_>>())
    .bind(counts.iter().map(|(.., events)| *events).collect::<Vec<_>>())
    .execute(&mut *c)
    .await?;
    sqlx::query(
        "INSERT INTO audit_tile (tenant, level, idx, hashes)
         SELECT $1, t.level, t.idx, t.hashes FROM unnest($2::bigint[], $3::bigint[], $4::bytea[]) AS t (level, idx, hashes)",
    )
    .bind(tenant)
    .bind(tiles.iter().map(|tile| tile.level).collect::<Vec<_>>())
    .bind(tiles.iter().map(|tile| tile.idx).collect::<Vec<_>>())
    .bind(tiles.iter().map(|tile| tile.hashes.as_slice()).collect::<Vec<_>>())
    .execute(&mut *c)
    .await?;
    sqlx::query(TREE).bind(tenant).bind(events(piece)).execute(c).await?;
    Ok(())
}
