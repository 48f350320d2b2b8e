//! What search goes along, as bare SQL on SQLite: there the writer gives events their places, so it is a part of each batch.

use sqlx::SqliteConnection;
use uuid::Uuid;

use super::{Flip, Rows, Sizes};
use crate::{Result, audit::BLOCK};

/// Microseconds in an hour.
const HOUR: i64 = 3_600_000_000;

const TAIL: &str = "INSERT INTO audit_tail (tenant, leaf_index, terms) VALUES ($1, $2, $3)";
const WAITING: &str = "SELECT terms FROM audit_tail WHERE tenant = $1 ORDER BY leaf_index";
const FORGET: &str = "DELETE FROM audit_tail WHERE tenant = $1 AND leaf_index < $2";
const POSTING: &str = "INSERT INTO audit_posting (tenant, term, block, hits) VALUES ($1, $2, $3, $4)";
const ROLLUP: &str = "INSERT INTO audit_rollup (tenant, span, start, entity_type, action, outcome, events)
     VALUES ($1, 1, $2, 'user', 'user.disabled', 'ok', $4), ($1, 24, $3, 'user', 'user.disabled', 'ok', $4)
     ON CONFLICT (tenant, span, start, entity_type, action, outcome) DO UPDATE SET events = audit_rollup.events + excluded.events";

/// What the records of a batch are found by: the terms of those behind the last full block, which events of a block that fills have
/// which, and how many there were. What a block is made of has to be read before.
pub(super) async fn found_by(
    c: &mut SqliteConnection,
    rows: Rows,
    flips: &[Flip],
    first: i64,
    sizes: Sizes,
) -> Result<()> {
    let Some(flip) = flips.first() else { return Ok(()) };
    let events = i64::try_from(flips.len()).unwrap_or(i64::MAX);
    let full = (first + events).div_euclid(BLOCK) * BLOCK;
    if full > first {
        let waiting: Vec<Vec<u8>> = sqlx::query_scalar(WAITING).bind(flip.tenant).fetch_all(&mut *c).await?;
        drop(waiting);
        let blocks = first.div_euclid(BLOCK)..full.div_euclid(BLOCK);
        let postings: Vec<_> = blocks
            .flat_map(|block| (0..sizes.postings).map(move |term| (format!("z{term:016}"), block)))
            .collect();
        insert_postings(c, rows, flip.tenant, &postings, sizes).await?;
        sqlx::query(FORGET).bind(flip.tenant).bind(full).execute(&mut *c).await?;
    }
    let waiting: Vec<_> = (first.max(full)..first + events).collect();
    let terms = vec![b'w'; sizes.terms];
    if rows == Rows::Plain {
        for leaf in waiting {
            sqlx::query(TAIL).bind(flip.tenant).bind(leaf).bind(&terms[..]).execute(&mut *c).await?;
        }
    } else if !waiting.is_empty() {
        sqlx::query(
            "INSERT INTO audit_tail (tenant, leaf_index, terms) SELECT $1, value, $3 FROM json_each($2)",
        )
        .bind(flip.tenant)
        .bind(serde_json::Value::from(waiting).to_string())
        .bind(&terms[..])
        .execute(&mut *c)
        .await?;
    }
    let hour = flip.at.div_euclid(HOUR);
    let day = hour - hour.rem_euclid(24);
    sqlx::query(ROLLUP).bind(flip.tenant).bind(hour).bind(day).bind(events).execute(&mut *c).await?;
    Ok(())
}

async fn insert_postings(
    c: &mut SqliteConnection,
    rows: Rows,
    tenant: Uuid,
    postings: &[(String, i64)],
    sizes: Sizes,
) -> Result<()> {
    let hits = vec![1_u8; sizes.hits];
    if rows == Rows::Plain {
        for (term, block) in postings {
            sqlx::query(POSTING)
                .bind(tenant)
                .bind(term.as_bytes())
                .bind(*block)
                .bind(&hits[..])
                .execute(&mut *c)
                .await?;
        }
        return Ok(());
    }
    let together: Vec<_> = postings.iter().map(|(term, block)| serde_json::json!([term, block])).collect();
    sqlx::query(
        "INSERT INTO audit_posting (tenant, term, block, hits)
         SELECT $1, CAST(value ->> 0 AS BLOB), value ->> 1, $3 FROM json_each($2)",
    )
    .bind(tenant)
    .bind(serde_json::Value::Array(together).to_string())
    .bind(&hits[..])
    .execute(c)
    .await?;
    Ok(())
}
