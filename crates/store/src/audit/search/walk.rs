//! Walking along the log from its newest or its oldest end: block by block, by the sets of leaves that have what is sought.
//!
//! The clause that the fewest leaves fit leads, and the others are read only where it leaves something. How much is read at a time
//! follows from how much the last time gave, and how much in all has a bound, so that no search takes long: what is not reached
//! is a place to go on from.

use std::collections::BTreeMap;

use super::{
    Clause, Sought,
    block::{BLOCK, Bits, block_of},
    bounds::{Bounds, bounds},
    keep,
    terms::{Term, unpacked},
    total,
};
use crate::{Result, conn::Driver, lock::rows, tx::Scope};

/// Rows at most that a walk for one page reads.
pub(super) const OF_PAGE: usize = 8_192;
/// Rows at most that a walk which counts reads.
pub(super) const OF_COUNT: usize = 16_384;
/// Rows of the leading clause that a step reads at most.
const OF_STEP: usize = 1_024;
/// Blocks that a step goes along where nothing leads.
const BLOCKS: usize = 64;
/// Blocks for each row of a step that it goes along where several things lead: their leaves lie in no common order.
const OF_THINGS: usize = 16;

/// Which way a walk goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// From the newest leaf to the oldest.
    Older,
    /// From the oldest to the newest.
    Newer,
}

/// The sets of leaves that fit, by block.
type Sets = BTreeMap<i64, Bits>;

/// A walk under way.
pub(super) struct Walk<'a> {
    /// Clauses that have to fit, the rarest first, each with the rows that a block of it costs.
    leading: Vec<(&'a Clause, f64)>,
    /// Clauses that must not.
    without: Vec<&'a Clause>,
    way: Way,
    bounds: Bounds,
    /// The block that is not full yet.
    open: i64,
    /// What waits in it; read when the walk comes there.
    tail: Option<Vec<(i64, Vec<u8>)>>,
    /// Blocks not walked along yet.
    low: i64,
    high: i64,
    /// Rows of the leading clause that the next step reads, or blocks where nothing leads.
    step: usize,
    /// Rows that may still be read.
    budget: usize,
}

impl<'a> Walk<'a> {
    /// Sets out along the leaves from `first` up to `last`, as far as they lie within the time that is sought.
    pub(super) async fn set_out(
        scope: &mut impl Scope,
        sought: &'a Sought,
        (first, last): (i64, i64),
        way: Way,
        budget: usize,
    ) -> Result<Self> {
        let size = total(scope).await?;
        let mut bounds = bounds(scope, sought, size).await?;
        bounds.first = bounds.first.max(first);
        bounds.last = bounds.last.min(last);
        let (mut leading, without): (Vec<_>, Vec<_>) = sought.clauses.iter().partition(|clause| !clause.not);
        leading.sort_by_key(|clause| clause.commonness());
        let empty = bounds.first >= bounds.last;
        Ok(Self {
            step: leading.first().map_or(1, |clause| first_step(clause, sought.clauses.len())),
            leading: leading.into_iter().map(|clause| (clause, 1.0)).collect(),
            without,
            way,
            open: block_of(size),
            tail: None,
            low: block_of(bounds.first),
            high: if empty { block_of(bounds.first) } else { block_of(bounds.last - 1) + 1 },
            bounds,
            budget,
        })
    }

    /// Whether everything was walked along.
    pub(super) const fn is_over(&self) -> bool {
        self.low >= self.high
    }

    /// Whether the walk ends before its end.
    pub(super) const fn is_tired(&self) -> bool {
        self.budget == 0 && !self.is_over()
    }

    /// The leaf up to which (or, towards the newest, from which) nothing was looked at yet.
    pub(super) const fn reached(&self) -> i64 {
        match self.way {
            Way::Older => self.high * BLOCK,
            Way::Newer => self.low * BLOCK,
        }
    }

    /// The next sets of leaves that fit, in the order of the walk; nothing when it is over or tired.
    pub(super) async fn next(&mut self, scope: &mut impl Scope) -> Result<Option<Vec<(i64, Bits)>>> {
        if self.is_over() || self.budget == 0 {
            return Ok(None);
        }
        let (mut sets, (low, high)) = if self.is_at_open() {
            (self.in_tail(scope).await?, (self.open, self.high))
        } else {
            self.in_blocks(scope).await?
        };
        for (block, bits) in &mut sets {
            *bits = bits.and(self.bounds.of_block(scope, *block).await?);
        }
        sets.retain(|_, bits| !bits.is_empty());
        match self.way {
            Way::Older => self.high = low,
            Way::Newer => self.low = high,
        }
        let sets = sets.into_iter();
        Ok(Some(match self.way {
            Way::Older => sets.rev().collect(),
            Way::Newer => sets.collect(),
        }))
    }

    /// Whether the next step is the block that is not full yet. It is a step by itself.
    const fn is_at_open(&self) -> bool {
        match self.way {
            Way::Older => self.high > self.open,
            Way::Newer => self.low >= self.open,
        }
    }

    /// The sets of the next step, and the blocks that it went along: as far as the rows of the leading clause go that it reads. So a
    /// clause that few leaves fit takes one step, however long the log is.
    async fn in_blocks(&mut self, scope: &mut impl Scope) -> Result<(Sets, (i64, i64))> {
        let (mut low, mut high) = (self.low, self.high.min(self.open));
        let mut sets: Option<Sets> = None;
        let mut spent = 0;
        for (clause, cost) in &mut self.leading {
            let found = match &sets {
                None => {
                    let (found, window) = lead_in(scope, clause, (low, high), self.way, self.step).await?;
                    (low, high) = window;
                    found
                }
                Some(sets) => clause_in(scope, clause, (low, high), Some(sets)).await?,
            };
            spent += found.rows;
            *cost = per(found.rows, found.blocks);
            let joined = match sets {
                None => found.sets,
                Some(before) => intersection(before, &found.sets),
            };
            let over = joined.is_empty();
            sets = Some(joined);
            if over {
                break;
            }
        }
        if sets.is_none() {
            (low, high) = nearest((low, high), self.way, self.step);
        }
        let mut sets = if let Some(sets) = sets {
            sets
        } else {
            // Where nothing leads, every leaf fits that is there.
            let mut all: Sets = (low..high).map(|block| (block, Bits::all())).collect();
            let gone = postings(scope, &Term::gone(), low, high).await?;
            spent += gone.len();
            for (block, hits) in gone {
                let taken = Bits::from_bytes(&hits)?;
                all.entry(block).and_modify(|set| *set = set.without(taken));
            }
            all
        };
        for clause in &self.without {
            if sets.is_empty() {
                break;
            }
            let found = clause_in(scope, clause, (low, high), Some(&sets)).await?;
            spent += found.rows;
            for (block, bits) in &found.sets {
                if let Some(set) = sets.get_mut(block) {
                    *set = set.without(*bits);
                }
            }
        }
        self.pace(spent.max(1));
        Ok((sets, (low, high)))
    }

    /// How far the next step goes, after one that read so many rows.
    fn pace(&mut self, spent: usize) {
        self.budget = self.budget.saturating_sub(spent);
        self.leading.sort_by(|(_, a), (_, b)| a.total_cmp(b));
        let most = if self.leading.is_empty() { BLOCKS } else { OF_STEP };
        let next = if spent > 4 * OF_STEP { self.step / 4 } else { self.step * 4 };
        self.step = next.clamp(1, most);
    }

    /// The leaves that fit among those behind the last full block.
    async fn in_tail(&mut self, scope: &mut impl Scope) -> Result<Sets> {
        let tenant = scope.tenant();
        if self.tail.is_none() {
            self.tail = Some(keep::tail(&mut scope.driver(), tenant, self.open * BLOCK).await?);
        }
        let (block, begin) = (self.open, self.open * BLOCK);
        let mut bits = Bits::all();
        for (clause, not) in
            self.leading.iter().map(|(c, _)| (*c, false)).chain(self.without.iter().map(|c| (*c, true)))
        {
            let mut found = things_in(scope, &clause.things, (block, block + 1)).await?.sets;
            let set = found.entry(block).or_default();
            for (leaf, terms) in self.tail.iter().flatten() {
                if clause.terms.iter().any(|term| unpacked(terms).any(|one| one == term.as_bytes())) {
                    set.set(leaf - begin);
                }
            }
            bits = if not { bits.without(*set) } else { bits.and(*set) };
        }
        Ok(Sets::from([(block, bits)]))
    }
}

/// How many rows of the leading clause the first step reads, by how common it is: a thing and a request have few events, and a source,
/// a session, a person or an actor is in few blocks. Of what is common, few blocks fill a page, unless something else has to fit as well.
fn first_step(clause: &Clause, clauses: usize) -> usize {
    match (clause.commonness(), clauses) {
        (0, _) if clause.things.len() > 1 => 16,
        (0 | 1, _) => OF_STEP,
        (2..=5, 1) => 64,
        (2..=5, _) => 256,
        (_, 1) => 16,
        (..) => 64,
    }
}

/// As many blocks of these as come first on the way.
fn nearest((low, high): (i64, i64), way: Way, blocks: usize) -> (i64, i64) {
    let blocks = i64::try_from(blocks).unwrap_or(i64::MAX);
    match way {
        Way::Older => (low.max(high.saturating_sub(blocks)), high),
        Way::Newer => (low, high.min(low.saturating_add(blocks))),
    }
}

/// What was read of one clause.
struct Read {
    sets: Sets,
    rows: usize,
    /// The blocks that were looked at.
    blocks: i64,
}

impl Read {
    /// Of single leaves, those in the blocks from `low` up to `high`.
    fn of(leaves: &[i64], (low, high): (i64, i64)) -> Self {
        let mut sets = Sets::new();
        for leaf in leaves.iter().filter(|leaf| (low..high).contains(&block_of(**leaf))) {
            sets.entry(block_of(*leaf)).or_default().set(leaf % BLOCK);
        }
        Self { sets, rows: leaves.len(), blocks: high - low }
    }
}

fn per(rows: usize, blocks: i64) -> f64 {
    let number = |n: i64| f64::from(i32::try_from(n).unwrap_or(i32::MAX));
    number(i64::try_from(rows).unwrap_or(i64::MAX)) / number(blocks.max(1))
}

fn intersection(mut sets: Sets, other: &Sets) -> Sets {
    for (block, bits) in &mut sets {
        *bits = bits.and(other.get(block).copied().unwrap_or_default());
    }
    sets.retain(|_, bits| !bits.is_empty());
    sets
}

/// The leaves of a clause, up to `most` rows of each of its terms on the way through the blocks from `low` up to `high`, and the blocks of
/// which all rows are among them.
async fn lead_in(
    scope: &mut impl Scope,
    clause: &Clause,
    (mut low, mut high): (i64, i64),
    way: Way,
    most: usize,
) -> Result<(Read, (i64, i64))> {
    let mut found: Vec<Vec<(i64, Vec<u8>)>> = Vec::with_capacity(clause.terms.len());
    for term in &clause.terms {
        let rows = first_postings(scope, term, (low, high), way, most).await?;
        if let Some((last, _)) = rows.last().filter(|_| rows.len() >= most) {
            match way {
                Way::Older => low = *last,
                Way::Newer => high = *last + 1,
            }
        }
        found.push(rows);
    }
    let mut read = match clause.things.as_slice() {
        [(kind, id)] => {
            // Two blocks at least, so that one of them was read to its end.
            let most = most.max(OF_STEP);
            let rows = first_leaves(scope, (kind, *id), (low, high), way, most).await?;
            if let Some(last) = rows.last().filter(|_| rows.len() >= most) {
                match way {
                    Way::Older => low = block_of(*last) + 1,
                    Way::Newer => high = block_of(*last),
                }
            }
            Read::of(&rows, (low, high))
        }
        things => {
            if !things.is_empty() {
                (low, high) = nearest((low, high), way, most.saturating_mul(OF_THINGS));
            }
            things_in(scope, things, (low, high)).await?
        }
    };
    read.blocks = high - low;
    for rows in found {
        read.rows += rows.len();
        for (block, hits) in rows.into_iter().filter(|(block, _)| (low..high).contains(block)) {
            let set = read.sets.entry(block).or_default();
            *set = set.or(Bits::from_bytes(&hits)?);
        }
    }
    Ok((read, (low, high)))
}

/// The leaves of a clause in the blocks from `low` up to `high`, or in some of them where only those are left.
async fn clause_in(
    scope: &mut impl Scope,
    clause: &Clause,
    (low, high): (i64, i64),
    only: Option<&Sets>,
) -> Result<Read> {
    // Looking for single blocks costs more than going along, as long as not most of them are passed over.
    let some: Option<Vec<i64>> = only
        .filter(|sets| i64::try_from(sets.len()).unwrap_or(i64::MAX) < (high - low) / 4)
        .map(|sets| sets.keys().copied().collect());
    let mut read = things_in(scope, &clause.things, (low, high)).await?;
    read.blocks = some.as_ref().map_or(high - low, |some| i64::try_from(some.len()).unwrap_or(i64::MAX));
    for term in &clause.terms {
        let rows = match &some {
            None => postings(scope, term, low, high).await?,
            Some(blocks) => postings_of(scope, term, blocks).await?,
        };
        read.rows += rows.len();
        for (block, hits) in rows {
            let set = read.sets.entry(block).or_default();
            *set = set.or(Bits::from_bytes(&hits)?);
        }
    }
    Ok(read)
}

/// The first rows of a term on the way.
async fn first_postings(
    scope: &mut impl Scope,
    term: &Term,
    (low, high): (i64, i64),
    way: Way,
    most: usize,
) -> Result<Vec<(i64, Vec<u8>)>> {
    let tenant = scope.tenant();
    let text = match way {
        Way::Older => {
            "SELECT block, hits FROM audit_posting WHERE tenant = $1 AND term = $2 AND block >= $3 AND block < $4 ORDER BY block DESC LIMIT $5"
        }
        Way::Newer => {
            "SELECT block, hits FROM audit_posting WHERE tenant = $1 AND term = $2 AND block >= $3 AND block < $4 ORDER BY block LIMIT $5"
        }
    };
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    Ok(rows!(scope, text, tenant.uuid(), term.as_bytes(), low, high, most)?)
}

async fn postings(scope: &mut impl Scope, term: &Term, low: i64, high: i64) -> Result<Vec<(i64, Vec<u8>)>> {
    let tenant = scope.tenant();
    Ok(rows!(
        scope,
        "SELECT block, hits FROM audit_posting WHERE tenant = $1 AND term = $2 AND block >= $3 AND block < $4",
        tenant.uuid(),
        term.as_bytes(),
        low,
        high
    )?)
}

async fn postings_of(scope: &mut impl Scope, term: &Term, blocks: &[i64]) -> Result<Vec<(i64, Vec<u8>)>> {
    let tenant = scope.tenant();
    Ok(match scope.driver() {
        Driver::Sqlite(c) => {
            sqlx::query_as(
                "SELECT p.block, p.hits FROM json_each($3) AS b CROSS JOIN audit_posting p
                 WHERE p.tenant = $1 AND p.term = $2 AND p.block = b.value",
            )
            .bind(tenant.uuid())
            .bind(term.as_bytes())
            .bind(serde_json::Value::from(blocks).to_string())
            .fetch_all(c)
            .await?
        }
        Driver::Postgres(c) => {
            sqlx::query_as(
                "SELECT p.block, p.hits FROM unnest($3::bigint[]) AS b (block)
                 JOIN audit_posting p ON p.tenant = $1 AND p.term = $2 AND p.block = b.block",
            )
            .bind(tenant.uuid())
            .bind(term.as_bytes())
            .bind(blocks)
            .fetch_all(c)
            .await?
        }
    })
}

/// The leaves of these things in the blocks from `low` up to `high`.
async fn things_in(
    scope: &mut impl Scope,
    things: &[(String, uuid::Uuid)],
    (low, high): (i64, i64),
) -> Result<Read> {
    let (first, last) = (low * BLOCK, high * BLOCK);
    let tenant = scope.tenant();
    let found: Vec<(i64,)> = match things {
        [] => return Ok(Read::of(&[], (low, high))),
        [(kind, id)] => rows!(
            scope,
            "SELECT leaf_index FROM audit_leaf WHERE tenant = $1 AND entity_type = $2 AND entity_id = $3 AND leaf_index >= $4 AND leaf_index < $5",
            tenant.uuid(),
            kind.as_str(),
            *id,
            first,
            last
        )?,
        several => match scope.driver() {
            Driver::Sqlite(c) => {
                let pairs: Vec<_> =
                    several.iter().map(|(kind, id)| serde_json::json!([kind, id.simple().to_string()])).collect();
                sqlx::query_as(
                    "SELECT l.leaf_index FROM json_each($2) AS t CROSS JOIN audit_leaf l
                     WHERE l.tenant = $1 AND l.entity_type = t.value ->> 0 AND l.entity_id = unhex(t.value ->> 1) AND l.leaf_index >= $3 AND l.leaf_index < $4",
                )
                .bind(tenant.uuid())
                .bind(serde_json::Value::Array(pairs).to_string())
                .bind(first)
                .bind(last)
                .fetch_all(c)
                .await?
            }
            Driver::Postgres(c) => {
                sqlx::query_as(
                    "SELECT l.leaf_index FROM unnest($2::text[], $3::uuid[]) AS t (kind, id)
                     JOIN audit_leaf l ON l.tenant = $1 AND l.entity_type = t.kind AND l.entity_id = t.id AND l.leaf_index >= $4 AND l.leaf_index < $5",
                )
                .bind(tenant.uuid())
                .bind(several.iter().map(|(kind, _)| kind.clone()).collect::<Vec<_>>())
                .bind(several.iter().map(|(_, id)| *id).collect::<Vec<_>>())
                .bind(first)
                .bind(last)
                .fetch_all(c)
                .await?
            }
        },
    };
    let found: Vec<i64> = found.into_iter().map(|(leaf,)| leaf).collect();
    Ok(Read::of(&found, (low, high)))
}

/// The first leaves of a thing on the way.
async fn first_leaves(
    scope: &mut impl Scope,
    (kind, id): (&str, uuid::Uuid),
    (low, high): (i64, i64),
    way: Way,
    most: usize,
) -> Result<Vec<i64>> {
    let tenant = scope.tenant();
    let text = match way {
        Way::Older => {
            "SELECT leaf_index FROM audit_leaf WHERE tenant = $1 AND entity_type = $2 AND entity_id = $3 AND leaf_index >= $4 AND leaf_index < $5 ORDER BY leaf_index DESC LIMIT $6"
        }
        Way::Newer => {
            "SELECT leaf_index FROM audit_leaf WHERE tenant = $1 AND entity_type = $2 AND entity_id = $3 AND leaf_index >= $4 AND leaf_index < $5 ORDER BY leaf_index LIMIT $6"
        }
    };
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let found: Vec<(i64,)> = rows!(scope, text, tenant.uuid(), kind, id, low * BLOCK, high * BLOCK, most)?;
    Ok(found.into_iter().map(|(leaf,)| leaf).collect())
}
