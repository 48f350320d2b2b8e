//! Who uses a key that is being replaced, and who of them has moved to the new one.

use std::collections::HashMap;

use bailiwick_domain::{
    entity::{ApiKey, Browser},
    rule::Rule,
    time::{Span, Timestamp},
};
use bailiwick_store::{Permit, Scope, Store, api_keys, key_uses};

use crate::Result;

/// Whoever used a key within so long before its replacement, or since, has to be seen with the new one.
pub const RECENT: Span = Span::days(30);

/// Somebody has moved once they were seen with the new key and not with the old one for so long. Servers write down what they saw
/// every minute, so what one of them has not told yet is no longer ago than that.
pub const QUIET: Span = Span::hours(1);

/// A recent caller of a key that is being replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moving {
    /// From where; empty where that is not known.
    pub address: String,
    /// By what kind of program.
    pub agent: Browser,
    /// When it was last seen with the old key.
    pub with_old: Timestamp,
    /// When it was last seen with the new key.
    pub with_new: Option<Timestamp>,
    /// Whether it has moved.
    pub moved: bool,
}

/// How far the callers of a key have moved to the one that takes its place.
#[derive(Clone, Debug)]
pub struct Movement {
    /// The key that takes its place.
    pub to: ApiKey,
    /// Each recent caller of the old key, those seen last with it in front.
    pub callers: Vec<Moving>,
    /// Whether there were more callers than are kept, so that nobody can say that all have moved.
    pub incomplete: bool,
    /// Whether every recent caller is known and has moved, and the new key is in use.
    pub complete: bool,
}

/// How far the callers of `old` have moved; nothing where no key takes its place.
pub async fn movement<R: Rule>(store: &Store, permit: &Permit<R>, old: &ApiKey) -> Result<Option<Movement>> {
    let mut view = store.read(permit).await?;
    look(&mut view, old).await
}

pub(super) async fn look(scope: &mut impl Scope, old: &ApiKey) -> Result<Option<Movement>> {
    let Some(to) = api_keys::successor(scope, old.id).await? else { return Ok(None) };
    let (now, since) = (scope.now(), to.created_at - RECENT);
    let new: HashMap<_, _> = key_uses::callers(scope, to.id)
        .await?
        .into_iter()
        .map(|caller| ((caller.address, caller.agent), caller.last_seen_at))
        .collect();
    let recent = key_uses::callers(scope, old.id).await?.into_iter();
    let callers: Vec<_> = recent
        .filter(|caller| caller.last_seen_at >= since)
        .map(|caller| {
            let with_old = caller.last_seen_at;
            let with_new = new.get(&(caller.address.clone(), caller.agent)).copied();
            let moved = with_new.is_some_and(|at| at > with_old) && now >= with_old + QUIET;
            Moving { address: caller.address, agent: caller.agent, with_old, with_new, moved }
        })
        .collect();
    let dropped = key_uses::last(scope, old.id).await?.and_then(|used| used.callers_dropped_at());
    let incomplete = dropped.is_some_and(|at| at >= since);
    let complete = !incomplete
        && !new.is_empty()
        && now >= to.created_at + QUIET
        && callers.iter().all(|caller| caller.moved);
    Ok(Some(Movement { to, callers, incomplete, complete }))
}
