//! What search goes along grows with the tree, in the transaction that extends it.

use std::collections::BTreeMap;

use bailiwick_domain::ids::TenantId;

use super::{
    block::{BLOCK, Bits, block_of},
    terms::{Term, packed, unpacked},
};
use crate::{
    Result,
    audit::{
        integrate::Leaf,
        many::{Many, many},
    },
    conn::Driver,
};

static TAIL: Many =
    many!("INSERT INTO audit_tail (tenant, leaf_index, terms) VALUES (?, ?, ?)", ", (?, ?, ?)", "");
static POSTINGS: Many =
    many!("INSERT INTO audit_posting (tenant, term, block, hits) VALUES (?, ?, ?, ?)", ", (?, ?, ?, ?)", "");
static ROLLUP: Many = many!(
    "INSERT INTO audit_rollup (tenant, span, start, entity_type, action, outcome, events) VALUES (?, ?, ?, ?, ?, ?, ?)",
    ", (?, ?, ?, ?, ?, ?, ?)",
    " ON CONFLICT (tenant, span, start, entity_type, action, outcome) DO UPDATE SET events = audit_rollup.events + excluded.events"
);

/// Microseconds in an hour.
pub(super) const HOUR: i64 = 3_600_000_000;

/// Takes in `leaves`, of which the first has the index `first`: terms wait in the tail until their block of leaves is full, and
/// then become postings.
pub(crate) async fn keep(
    driver: &mut Driver<'_>,
    tenant: TenantId,
    first: i64,
    leaves: &[Leaf],
) -> Result<()> {
    let grown = first + i64::try_from(leaves.len()).unwrap_or(0);
    let (open, full) = (block_of(first), block_of(grown));
    if full > open {
        let mut postings: BTreeMap<(Term, i64), Bits> = BTreeMap::new();
        let mut add = |term: Term, leaf: i64| {
            postings.entry((term, block_of(leaf))).or_default().set(leaf % BLOCK);
        };
        for (leaf, terms) in tail(driver, tenant, open * BLOCK).await? {
            unpacked(&terms).for_each(|term| add(Term::from_bytes(term.to_vec()), leaf));
        }
        for (leaf, one) in (first..full * BLOCK).zip(leaves) {
            one.terms.iter().for_each(|term| add(term.clone(), leaf));
        }
        let postings: Vec<_> = postings.into_iter().collect();
        insert_postings(driver, tenant, &postings).await?;
        forget_tail(driver, tenant, full * BLOCK).await?;
    }
    let waiting: Vec<_> = (first..).zip(leaves).filter(|(leaf, _)| *leaf >= full * BLOCK).collect();
    insert_tail(driver, tenant, &waiting).await?;
    count(driver, tenant, &of_hours(leaves, 1)).await
}

/// The terms of the leaves behind the last full block, by leaf. `first` is the first of them: what was there before it is gone, but an
/// index of PostgreSQL has it until it is tidied up, and would be walked along by whoever began in front of it.
pub(in crate::audit) async fn tail(
    driver: &mut Driver<'_>,
    tenant: TenantId,
    first: i64,
) -> Result<Vec<(i64, Vec<u8>)>> {
    let text =
        "SELECT leaf_index, terms FROM audit_tail WHERE tenant = $1 AND leaf_index >= $2 ORDER BY leaf_index";
    Ok(match driver {
        Driver::Sqlite(c) => sqlx::query_as(text).bind(tenant.uuid()).bind(first).fetch_all(&mut **c).await?,
        Driver::Postgres(c) => {
            sqlx::query_as(text).bind(tenant.uuid()).bind(first).fetch_all(&mut **c).await?
        }
    })
}

pub(super) async fn insert_postings(
    driver: &mut Driver<'_>,
    tenant: TenantId,
    postings: &[((Term, i64), Bits)],
) -> Result<()> {
    match driver {
        Driver::Sqlite(c) => {
            POSTINGS
                .insert(c, postings, |query, ((term, block), hits)| {
                    query
                        .bind(tenant.uuid())
                        .bind(term.as_bytes().to_vec())
                        .bind(*block)
                        .bind(hits.to_bytes())
                })
                .await
        }
        Driver::Postgres(c) => {
            sqlx::query(
                "INSERT INTO audit_posting (tenant, term, block, hits)
                 SELECT $1, p.term, p.block, p.hits FROM unnest($2::bytea[], $3::bigint[], $4::bytea[]) AS p (term, block, hits)",
            )
            .bind(tenant.uuid())
            .bind(postings.iter().map(|((term, _), _)| term.as_bytes().to_vec()).collect::<Vec<_>>())
            .bind(postings.iter().map(|((_, block), _)| *block).collect::<Vec<_>>())
            .bind(postings.iter().map(|(_, hits)| hits.to_bytes()).collect::<Vec<_>>())
            .execute(&mut **c)
            .await?;
            Ok(())
        }
    }
}

async fn forget_tail(driver: &mut Driver<'_>, tenant: TenantId, before: i64) -> Result<()> {
    let text = "DELETE FROM audit_tail WHERE tenant = $1 AND leaf_index < $2";
    match driver {
        Driver::Sqlite(c) => {
            sqlx::query(text).bind(tenant.uuid()).bind(before).execute(&mut **c).await?;
        }
        Driver::Postgres(c) => {
            sqlx::query(text).bind(tenant.uuid()).bind(before).execute(&mut **c).await?;
        }
    }
    Ok(())
}

async fn insert_tail(driver: &mut Driver<'_>, tenant: TenantId, waiting: &[(i64, &Leaf)]) -> Result<()> {
    match driver {
        Driver::Sqlite(c) => {
            TAIL.insert(c, waiting, |query, (leaf, one)| {
                query.bind(tenant.uuid()).bind(*leaf).bind(packed(&one.terms))
            })
            .await
        }
        Driver::Postgres(c) => {
            sqlx::query(
                "INSERT INTO audit_tail (tenant, leaf_index, terms)
                 SELECT $1, t.leaf, t.terms FROM unnest($2::bigint[], $3::bytea[]) AS t (leaf, terms)",
            )
            .bind(tenant.uuid())
            .bind(waiting.iter().map(|(leaf, _)| *leaf).collect::<Vec<_>>())
            .bind(waiting.iter().map(|(_, one)| packed(&one.terms)).collect::<Vec<_>>())
            .execute(&mut **c)
            .await?;
            Ok(())
        }
    }
}

/// How many leaves of an hour or a day have a kind, an action and an outcome: span, start, these, and the number.
pub(super) type Counted<'l> = ((i64, i64, &'l str, &'l str, &'l str), i64);

/// The leaves by their hours and days, each as so many: one that comes, or minus one that goes.
pub(super) fn of_hours<'l>(leaves: impl IntoIterator<Item = &'l Leaf>, each: i64) -> Vec<Counted<'l>> {
    let mut events: BTreeMap<(i64, i64, &str, &str, &str), i64> = BTreeMap::new();
    for leaf in leaves {
        let hour = leaf.recorded_at.div_euclid(HOUR);
        for (span, start) in [(1, hour), (24, hour - hour.rem_euclid(24))] {
            *events.entry((span, start, &*leaf.entity_type, &*leaf.action, &*leaf.outcome)).or_default() +=
                each;
        }
    }
    events.into_iter().collect()
}

/// Counts them.
pub(super) async fn count(driver: &mut Driver<'_>, tenant: TenantId, rows: &[Counted<'_>]) -> Result<()> {
    match driver {
        Driver::Sqlite(c) => {
            ROLLUP
                .insert(c, rows, |query, ((span, start, kind, action, outcome), events)| {
                    query
                        .bind(tenant.uuid())
                        .bind(*span)
                        .bind(*start)
                        .bind((*kind).to_owned())
                        .bind((*action).to_owned())
                        .bind((*outcome).to_owned())
                        .bind(*events)
                })
                .await
        }
        Driver::Postgres(c) => {
            let column = |of: fn(&(i64, i64, &str, &str, &str)) -> String| {
                rows.iter().map(|(key, _)| of(key)).collect::<Vec<_>>()
            };
            sqlx::query(
                "INSERT INTO audit_rollup AS r (tenant, span, start, entity_type, action, outcome, events)
                 SELECT $1, n.span, n.start, n.kind, n.action, n.outcome, n.events
                 FROM unnest($2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::bigint[]) AS n (span, start, kind, action, outcome, events)
                 ON CONFLICT (tenant, span, start, entity_type, action, outcome) DO UPDATE SET events = r.events + excluded.events",
            )
            .bind(tenant.uuid())
            .bind(rows.iter().map(|(key, _)| key.0).collect::<Vec<_>>())
            .bind(rows.iter().map(|(key, _)| key.1).collect::<Vec<_>>())
            .bind(column(|key| key.2.to_owned()))
            .bind(column(|key| key.3.to_owned()))
            .bind(column(|key| key.4.to_owned()))
            .bind(rows.iter().map(|(_, events)| *events).collect::<Vec<_>>())
            .execute(&mut **c)
            .await?;
            Ok(())
        }
    }
}
