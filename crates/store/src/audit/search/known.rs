//! The words of a tenant's log: which actions and which kinds of things occur.

use std::collections::BTreeSet;

use super::{
    block::{BLOCK, block_of},
    keep,
    terms::{Sort, Term, unpacked},
    total,
};
use crate::{Result, lock::rows, tx::Scope};

/// What occurs in a log, in alphabetical order.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Actions.
    pub actions: Vec<String>,
    /// Kinds of things.
    pub kinds: Vec<String>,
}

/// Actions, and kinds, at most that are told of full blocks; with as many of them there may be more.
pub const KNOWN_AT_MOST: usize = 256;

/// The actions and kinds that occur: one step along the index for each, and what the tail holds.
pub async fn known(scope: &mut impl Scope) -> Result<Known> {
    let tail = in_tail(scope).await?;
    let mut known = Known::default();
    for (sort, names) in [(Sort::Action, &mut known.actions), (Sort::Kind, &mut known.kinds)] {
        let mut found = texts(scope, sort, "").await?;
        found.extend(of_sort(&tail, sort));
        *names = found.into_iter().collect();
    }
    Ok(known)
}

/// The actions that occur and begin so.
pub(super) async fn occurring_actions(scope: &mut impl Scope, beginning: &str) -> Result<BTreeSet<String>> {
    let mut found = texts(scope, Sort::Action, beginning).await?;
    found
        .extend(of_sort(&in_tail(scope).await?, Sort::Action).filter(|action| action.starts_with(beginning)));
    Ok(found)
}

/// Whether a record has this action, or one of this class.
pub async fn occurs(scope: &mut impl Scope, class: &str) -> Result<bool> {
    Ok(occurring_actions(scope, class).await?.contains(class)
        || !occurring_actions(scope, &format!("{class}.")).await?.is_empty())
}

/// The actions and kinds among the terms behind the last full block.
async fn in_tail(scope: &mut impl Scope) -> Result<BTreeSet<Term>> {
    let tenant = scope.tenant();
    let first = block_of(total(scope).await?) * BLOCK;
    let tail = keep::tail(&mut scope.driver(), tenant, first).await?;
    let terms =
        tail.iter().flat_map(|(_, terms)| unpacked(terms)).map(|term| Term::from_bytes(term.to_vec()));
    Ok(terms.filter(|term| matches!(term.sort(), Some(Sort::Action | Sort::Kind))).collect())
}

fn of_sort(terms: &BTreeSet<Term>, sort: Sort) -> impl Iterator<Item = String> {
    terms.iter().filter(move |term| term.sort() == Some(sort)).filter_map(Term::text).map(str::to_owned)
}

/// The values of one sort that begin so, in full blocks.
async fn texts(scope: &mut impl Scope, sort: Sort, beginning: &str) -> Result<BTreeSet<String>> {
    let (first, end) = Term::beginning(sort, beginning);
    let tenant = scope.tenant();
    let at_most = i64::try_from(KNOWN_AT_MOST).unwrap_or(i64::MAX);
    let found: Vec<(Vec<u8>,)> = rows!(
        scope,
        "WITH RECURSIVE seen (value) AS (
             SELECT (SELECT p.term FROM audit_posting p WHERE p.tenant = $1 AND p.term >= $2 AND p.term < $3 ORDER BY p.term LIMIT 1)
             UNION ALL
             SELECT (SELECT p.term FROM audit_posting p WHERE p.tenant = $1 AND p.term > seen.value AND p.term < $3 ORDER BY p.term LIMIT 1)
             FROM seen WHERE seen.value IS NOT NULL
         ) SELECT value FROM seen WHERE value IS NOT NULL LIMIT $4",
        tenant.uuid(),
        first.as_bytes(),
        end.as_bytes(),
        at_most
    )?;
    let text = |(term,): (Vec<u8>,)| Term::from_bytes(term).text().map(str::to_owned);
    Ok(found.into_iter().filter_map(text).collect())
}
