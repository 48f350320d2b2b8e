//! Moving from one root key to another while everything is served.

use std::sync::Arc;

use bailiwick_domain::{
    entity::{RootMove, RootMoveState, Severity},
    ids::RootMoveId,
    rule::ByJob,
};
use bailiwick_store::{
    Error as StoreError, Event, Job, Jobs, Permit, Store,
    keys::{self, Move, Progress},
    tenants,
};
use uuid::Uuid;

use crate::{Error, Result, valid};

/// A move that the operator wants.
#[derive(Clone, Debug)]
pub struct NewMove {
    /// The public name of the root key that is to take over.
    pub to: String,
    /// Whether it leads from a root key that nobody reads out to one in a file.
    pub weaker: bool,
    /// Whether that is meant.
    pub allowed: bool,
    /// Why.
    pub reason: String,
}

/// Begins a move: the root key `to` wraps from now on, and every server that has it wraps anew what others still wrap. A move that was
/// not finished is replaced.
///
/// # Errors
/// `Invalid` with the field `reason`; `Conflict` where it leads to a weaker root key and nobody allowed that, where it goes on or is
/// finished already, and where this server does not have the root key.
pub async fn begin(store: &Store, jobs: &Jobs, new: NewMove) -> Result<RootMove> {
    let reason = valid::reason(&new.reason).map_err(|text| Error::field("reason", text))?;
    let before = keys::follow_move(store).await?;
    let to = new.to;
    if !keys::roots(store).contains(&to) {
        return Err(Error::Conflict("The root key is not configured here."));
    }
    let from = keys::leading_root(store).ok_or(Error::NotFound)?;
    if from == to {
        let goes_on = before.is_some_and(|found| found.root_move.state == RootMoveState::Moving);
        return Err(Error::Conflict(match goes_on {
            true => "The move to this root key goes on already.",
            false => "This root key wraps already.",
        }));
    }
    if new.weaker && !new.allowed {
        return Err(Error::Conflict(
            "The new root key would lie in a file, where the present one is held by what never gives it out.",
        ));
    }
    let waiting = elsewhere(&keys::roots_in_use(store).await?, &to);
    let platform = tenants::platform(store).await?.ok_or(Error::NotFound)?;
    let permit = jobs.permit(Job::Console, platform);
    let replaced = before.filter(|found| found.root_move.state == RootMoveState::Moving);
    let weaker = new.weaker;
    let begun = store
        .change(&permit, async |tx| {
            if let Some(found) = &replaced {
                let before = keys::lock_move(tx, found.root_move.id).await?.root_move;
                let after = RootMove { state: RootMoveState::Replaced, trouble: None, ..before.clone() };
                let told = format!("The move to root key {} was given up for another one", before.to);
                let written = keys::settle_move(tx, before, after).await?;
                tx.also(Event::new("root_move.replaced", &written)?.raising(Severity::Warning, told));
            }
            let root_move = RootMove {
                id: store.new_id(),
                from: from.clone(),
                to: to.clone(),
                state: RootMoveState::Moving,
                weaker,
                reason: reason.clone(),
                trouble: None,
                keys: None,
            };
            let told = format!("Keys move from root key {from} to {to}");
            let severity = if weaker { Severity::High } else { Severity::Warning };
            let written = keys::begin_move(tx, root_move.clone(), waiting).await?;
            let event =
                Event::new("root_move.begun", &written)?.because(reason.clone()).raising(severity, told);
            Ok::<_, Error>(tx.record(event, root_move))
        })
        .await?;
    keys::follow_move(store).await?;
    Ok(begun)
}

/// Keys that other root keys wrap.
fn elsewhere(in_use: &[(String, i64)], to: &str) -> i64 {
    in_use.iter().filter(|(root, _)| root != to).map(|(_, keys)| keys).sum()
}

/// Goes on with a move. Several servers may do so over one database: one of them at a time holds it.
#[derive(Clone)]
pub struct Mover {
    store: Store,
    jobs: Arc<Jobs>,
    server: Uuid,
}

/// What a walk over the keys came to.
#[derive(Default)]
struct Walk {
    moved: usize,
    /// What is wrong with the first key that does not move, and with how many others.
    refused: Option<(String, usize)>,
    away: Option<String>,
    /// It ended before the last key: it was to stop, or another server holds the move.
    cut: bool,
}

impl Walk {
    /// What keeps the move from its end.
    fn trouble(&self) -> Option<String> {
        let refused = |(first, more): &(String, usize)| match more {
            0 => first.clone(),
            more => format!("{first}; and {more} more"),
        };
        self.away.clone().or_else(|| self.refused.as_ref().map(refused))
    }
}

impl Mover {
    /// Over `store`, as one server of several.
    pub fn new(store: Store, jobs: Arc<Jobs>) -> Self {
        let server = store.new_id::<RootMoveId>().uuid();
        Self { store, jobs, server }
    }

    /// Over `store`, as the only server there is: what it held before it was killed it holds again at once.
    pub const fn alone(store: Store, jobs: Arc<Jobs>) -> Self {
        Self { store, jobs, server: Uuid::nil() }
    }

    /// The root key that wraps by now on this server, after a look at what was begun.
    ///
    /// # Errors
    /// The database.
    pub async fn leading(&self) -> Result<Option<String>> {
        keys::follow_move(&self.store).await?;
        Ok(keys::leading_root(&self.store))
    }

    /// Wraps anew what there is, until nothing is left or it is `enough`. Returns how many keys that were. The move is finished once
    /// nothing is left and all else that the old root key wrapped is `ready`.
    ///
    /// # Errors
    /// The store's `KeysAway` where a holder does not answer; `Conflict` where a key does not move, which the log and the record name.
    /// The next round tries again.
    pub async fn round(&self, ready: bool, enough: &(dyn Fn() -> bool + Send + Sync)) -> Result<usize> {
        let Some(found) = keys::follow_move(&self.store).await? else { return Ok(0) };
        // Servers that have the new root key go on with it.
        if !keys::roots(&self.store).contains(&found.root_move.to) {
            return Ok(0);
        }
        let permit = self.jobs.permit(Job::Keys, found.tenant);
        match found.root_move.state {
            RootMoveState::Replaced => Ok(0),
            // A server that had not heard of the move in time may have made another key since.
            RootMoveState::Finished => {
                let walk = self.walk(&permit, &found, false, enough).await?;
                judged(&walk)
            }
            RootMoveState::Moving => {
                if !keys::hold_move(&self.store, &permit, found.root_move.id, self.server).await? {
                    return Ok(0);
                }
                let walk = self.walk(&permit, &found, true, enough).await?;
                self.conclude(&permit, &found, &walk, ready).await?;
                judged(&walk)
            }
        }
    }

    async fn walk(
        &self,
        permit: &Permit<ByJob>,
        found: &Move,
        held: bool,
        enough: &(dyn Fn() -> bool + Send + Sync),
    ) -> Result<Walk> {
        let (store, to) = (&self.store, &found.root_move.to);
        let mut walk = Walk::default();
        let mut waiting = if held { elsewhere(&keys::roots_in_use(store).await?, to) } else { 0 };
        for root in keys::roots(store).iter().filter(|root| *root != to) {
            let mut after = None;
            loop {
                if enough() {
                    walk.cut = true;
                    return Ok(walk);
                }
                let began = store.now();
                let batch = keys::wrapped_by(store, root, after).await?;
                if batch.is_empty() {
                    break;
                }
                after = batch.end();
                let anew = keys::wrap_anew(store, batch, to).await?;
                let progress =
                    held.then_some(Progress { id: found.root_move.id, server: self.server, waiting, began });
                let moved = match keys::put_anew(store, permit, &anew, progress).await {
                    Ok(moved) => moved,
                    Err(StoreError::Busy) => {
                        walk.cut = true;
                        return Ok(walk);
                    }
                    Err(error) => return Err(error.into()),
                };
                walk.moved += moved;
                waiting -= i64::try_from(moved).unwrap_or(i64::MAX);
                for refused in anew.refused {
                    let (first, more) =
                        walk.refused.take().map_or((refused, 0), |(first, more)| (first, more + 1));
                    walk.refused = Some((first, more));
                }
                if anew.away.is_some() {
                    walk.away = anew.away;
                    return Ok(walk);
                }
            }
        }
        Ok(walk)
    }

    async fn conclude(&self, permit: &Permit<ByJob>, found: &Move, walk: &Walk, ready: bool) -> Result<()> {
        let mut trouble = walk.trouble();
        if trouble.is_none() && !walk.cut {
            let in_use = keys::roots_in_use(&self.store).await?;
            if elsewhere(&in_use, &found.root_move.to) == 0 && ready {
                return self.finish(permit, found).await;
            }
            let known = keys::roots(&self.store);
            let lost = in_use.iter().find(|(root, _)| !known.contains(root));
            trouble = lost.map(|(root, count)| {
                format!("{count} keys are wrapped by root key {root}, which is not configured")
            });
        }
        if trouble != found.root_move.trouble { self.tell(permit, found, trouble).await } else { Ok(()) }
    }

    async fn finish(&self, permit: &Permit<ByJob>, found: &Move) -> Result<()> {
        self.store
            .change(permit, async |tx| {
                let locked = keys::lock_move(tx, found.root_move.id).await?;
                let before = locked.root_move;
                if before.state != RootMoveState::Moving {
                    return Err(Error::Conflict("The move is over already."));
                }
                let after = RootMove {
                    state: RootMoveState::Finished,
                    trouble: None,
                    keys: Some(locked.moved),
                    ..before.clone()
                };
                let told = format!(
                    "Every key is wrapped by root key {}; {} may be taken out of the configuration",
                    after.to, after.from
                );
                let written = keys::settle_move(tx, before, after).await?;
                let event = Event::new("root_move.finished", &written)?.raising(Severity::Info, told);
                Ok(tx.record(event, ()))
            })
            .await
    }

    async fn tell(&self, permit: &Permit<ByJob>, found: &Move, trouble: Option<String>) -> Result<()> {
        self.store
            .change(permit, async |tx| {
                let before = keys::lock_move(tx, found.root_move.id).await?.root_move;
                if before.state != RootMoveState::Moving {
                    return Err(Error::Conflict("The move is over already."));
                }
                let after = RootMove { trouble: trouble.clone(), ..before.clone() };
                let written = keys::settle_move(tx, before, after).await?;
                let event = match &trouble {
                    Some(trouble) => Event::new("root_move.failed", &written)?
                        .raising(Severity::High, format!("Keys do not move to the new root key: {trouble}")),
                    None => Event::new("root_move.resumed", &written)?
                        .raising(Severity::Info, "Keys move to the new root key again"),
                };
                Ok(tx.record(event, ()))
            })
            .await
    }
}

fn judged(walk: &Walk) -> Result<usize> {
    if walk.away.is_some() {
        return Err(Error::Store(StoreError::KeysAway));
    }
    if walk.refused.is_some() {
        return Err(Error::Conflict("A key does not move to the new root key."));
    }
    Ok(walk.moved)
}
