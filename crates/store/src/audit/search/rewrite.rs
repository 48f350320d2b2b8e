//! Sets of leaves without those that the retention took, and with those that came back for a time.
//!
//! Only full blocks are touched: the retention takes nothing behind them.

use std::collections::BTreeMap;

use bailiwick_domain::ids::TenantId;
use serde_json::{Value, json};

use super::{
    block::{BLOCK, Bits, block_of},
    keep,
    terms::{Sort, Term},
};
use crate::{Result, audit::integrate::Leaf, conn::Driver, lock::rows};

/// The sets of some blocks, by term and block.
type Sets = BTreeMap<(Term, i64), Bits>;

/// Takes leaves, each with its index, out of everything by which they are found, and out of the counts.
pub(crate) async fn forget(driver: &mut Driver<'_>, tenant: TenantId, leaves: &[(i64, Leaf)]) -> Result<()> {
    let (Some((first, _)), Some((last, _))) = (leaves.first(), leaves.last()) else { return Ok(()) };
    let mut gone: BTreeMap<i64, Bits> = BTreeMap::new();
    for (leaf, _) in leaves {
        gone.entry(block_of(*leaf)).or_default().set(leaf % BLOCK);
    }
    let mut sought = sets(leaves);
    sought.extend(gone.keys().map(|block| ((Term::gone(), *block), Bits::default())));
    let mut stored = stored(driver, tenant, &sought).await?;
    // The tag of a source and whose a thing is are nothing that a record says, so all of them are looked through.
    for sort in [Sort::Source, Sort::Owner] {
        stored.extend(of_sort(driver, tenant, sort, (block_of(*first), block_of(*last))).await?);
    }
    let mut anew = Vec::new();
    let mut old = Vec::new();
    // Where nothing else is sought, it is this by which they are passed over.
    for (block, bits) in &gone {
        let place = (Term::gone(), *block);
        let before = stored.remove(&place);
        old.extend(before.map(|_| place.clone()));
        anew.push((place, before.unwrap_or_default().or(*bits)));
    }
    for ((term, block), bits) in stored {
        let rest = bits.without(gone.get(&block).copied().unwrap_or_default());
        if rest == bits {
            continue;
        }
        if !rest.is_empty() {
            anew.push(((term.clone(), block), rest));
        }
        old.push((term, block));
    }
    replace(driver, tenant, &old, &anew).await?;
    keep::count(driver, tenant, &keep::of_hours(leaves.iter().map(|(_, leaf)| leaf), -1)).await
}

/// Puts leaves back among those that are found and counted. By their source they are not found any more.
pub(crate) async fn recall(driver: &mut Driver<'_>, tenant: TenantId, leaves: &[(i64, Leaf)]) -> Result<()> {
    let mut anew = sets(leaves);
    let mut back: BTreeMap<i64, Bits> = BTreeMap::new();
    for (leaf, _) in leaves {
        back.entry(block_of(*leaf)).or_default().set(leaf % BLOCK);
    }
    let marks: Sets = back.keys().map(|block| ((Term::gone(), *block), Bits::default())).collect();
    let mut old = Vec::new();
    for (place, bits) in stored(driver, tenant, &anew).await? {
        old.push(place.clone());
        let set = anew.entry(place).or_default();
        *set = set.or(bits);
    }
    for (place, bits) in stored(driver, tenant, &marks).await? {
        old.push(place.clone());
        let rest = bits.without(back.get(&place.1).copied().unwrap_or_default());
        if !rest.is_empty() {
            anew.insert(place, rest);
        }
    }
    let anew: Vec<_> = anew.into_iter().collect();
    replace(driver, tenant, &old, &anew).await?;
    keep::count(driver, tenant, &keep::of_hours(leaves.iter().map(|(_, leaf)| leaf), 1)).await
}

fn sets(leaves: &[(i64, Leaf)]) -> Sets {
    let mut sets = Sets::new();
    for (leaf, one) in leaves {
        for term in &one.terms {
            sets.entry((term.clone(), block_of(*leaf))).or_default().set(leaf % BLOCK);
        }
    }
    sets
}

async fn replace(
    driver: &mut Driver<'_>,
    tenant: TenantId,
    old: &[(Term, i64)],
    anew: &[((Term, i64), Bits)],
) -> Result<()> {
    match driver {
        Driver::Sqlite(c) => {
            sqlx::query(
                "DELETE FROM audit_posting WHERE tenant = $1
                 AND (term, block) IN (SELECT unhex(n.value ->> 0), n.value ->> 1 FROM json_each($2) AS n)",
            )
            .bind(tenant.uuid())
            .bind(pairs(old.iter()))
            .execute(&mut **c)
            .await?;
        }
        Driver::Postgres(c) => {
            sqlx::query("SELECT bailiwick_unlist($1, $2)")
                .bind(old.iter().map(|(term, _)| term.as_bytes().to_vec()).collect::<Vec<_>>())
                .bind(old.iter().map(|(_, block)| *block).collect::<Vec<_>>())
                .execute(&mut **c)
                .await?;
        }
    }
    keep::insert_postings(driver, tenant, anew).await
}

/// What is stored of these sets.
async fn stored(driver: &mut Driver<'_>, tenant: TenantId, sought: &Sets) -> Result<Sets> {
    let rows: Vec<(Vec<u8>, i64, Vec<u8>)> = match driver {
        Driver::Sqlite(c) => {
            sqlx::query_as(
                "SELECT p.term, p.block, p.hits FROM json_each($2) AS n CROSS JOIN audit_posting p
                 WHERE p.tenant = $1 AND p.term = unhex(n.value ->> 0) AND p.block = n.value ->> 1",
            )
            .bind(tenant.uuid())
            .bind(pairs(sought.keys()))
            .fetch_all(&mut **c)
            .await?
        }
        Driver::Postgres(c) => {
            sqlx::query_as(
                "SELECT p.term, p.block, p.hits FROM unnest($2::bytea[], $3::bigint[]) AS n (term, block)
                 JOIN audit_posting p ON p.tenant = $1 AND p.term = n.term AND p.block = n.block",
            )
            .bind(tenant.uuid())
            .bind(sought.keys().map(|(term, _)| term.as_bytes().to_vec()).collect::<Vec<_>>())
            .bind(sought.keys().map(|(_, block)| *block).collect::<Vec<_>>())
            .fetch_all(&mut **c)
            .await?
        }
    };
    rows.into_iter().map(read).collect()
}

/// The sets of every term of a sort in these blocks.
async fn of_sort(
    driver: &mut Driver<'_>,
    tenant: TenantId,
    sort: Sort,
    (first, last): (i64, i64),
) -> Result<Sets> {
    let (low, high) = Term::beginning(sort, "");
    let rows: Vec<(Vec<u8>, i64, Vec<u8>)> = rows!(
        driver,
        "SELECT term, block, hits FROM audit_posting
         WHERE tenant = $1 AND term >= $2 AND term < $3 AND block >= $4 AND block <= $5",
        tenant.uuid(),
        low.as_bytes(),
        high.as_bytes(),
        first,
        last
    )?;
    rows.into_iter().map(read).collect()
}

fn read((term, block, hits): (Vec<u8>, i64, Vec<u8>)) -> Result<((Term, i64), Bits)> {
    Ok(((Term::from_bytes(term), block), Bits::from_bytes(&hits)?))
}

/// Terms and blocks as one text, for SQLite.
fn pairs<'p>(pairs: impl Iterator<Item = &'p (Term, i64)>) -> String {
    Value::Array(pairs.map(|(term, block)| json!([hex::encode(term.as_bytes()), block])).collect())
        .to_string()
}
