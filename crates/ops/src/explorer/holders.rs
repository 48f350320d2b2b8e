//! Everybody who can use a permission.

use bailiwick_domain::{
    ids::UserId,
    past::{Reason, Setting},
    permission::{Permission, Source},
    role::RoleName,
    rule::Rule,
    time::Timestamp,
};
use bailiwick_store::{
    Permit, Scope, Store, View, audit,
    holders::{self, Via},
    users,
};

use super::{
    Names, State,
    look::{self, Found, Seen},
    moment, possible, reads_the_log,
};
use crate::{Error, Result};

/// People on one page.
pub const AT_ONCE: usize = 50;
/// People who are looked at for one page at most; a page of few answers then says where to go on.
pub const LOOKED_AT: usize = 2_000;
/// People who are looked at together: from the tables each by questions of their own, from the log all by one.
const BATCH_NOW: usize = 64;
const BATCH_THEN: usize = 200;

/// What is asked.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// The permission's name.
    pub permission: String,
    /// At which moment; now where none is given.
    pub at: Option<Timestamp>,
    /// Only those who have it through this.
    pub via: Option<Via>,
    /// Only those in this state.
    pub state: Option<State>,
    /// Only those behind this person.
    pub after: Option<UserId>,
}

/// Somebody whom something gives the permission.
#[derive(Clone, Debug)]
pub struct Holder {
    /// Who.
    pub user: UserId,
    /// What they are called now; nothing for those who are gone.
    pub name: Option<String>,
    /// Their own role.
    pub role: RoleName,
    /// Whether they can use it.
    pub state: State,
    /// Everything that gives it to them.
    pub reasons: Vec<Reason>,
    /// What takes it from them.
    pub denial: Option<Reason>,
}

/// A page of them, in the order in which they joined.
#[derive(Clone, Debug)]
pub struct Holders {
    /// The people.
    pub items: Vec<Holder>,
    /// Behind whom the next page begins; it may be one without anybody on it.
    pub next: Option<UserId>,
    /// How many were looked at for it.
    pub looked_at: usize,
    /// Of how many among them the log does not tell whether they could.
    pub unclear: usize,
    /// Whether everything about roles and teams was read.
    pub complete: bool,
    /// When the log begins to tell, for a past moment.
    pub begins: Option<Timestamp>,
    /// What roles and teams are called.
    pub names: Names,
}

/// Everybody whom something gives a permission, a page of them.
///
/// # Errors
/// `permission` and `at` where they cannot be taken, and the past for whoever may not read the audit log.
pub async fn who_can<R: Rule>(store: &Store, permit: &Permit<R>, asked: &Asked) -> Result<Holders> {
    let mut view = store.read(permit).await?;
    let at = moment(permit, view.now(), asked.at)?;
    let permission = match store.catalogue().find(&asked.permission) {
        Some(permission) if possible(store, &mut view).await?.contains(&permission) => permission,
        _ => return Err(Error::field("permission", "Choose one of the permissions.")),
    };
    let setting = match at {
        Some(at) => Some(audit::setting(&mut view, at).await?),
        None if reads_the_log(permit) => {
            let now = view.now();
            Some(audit::setting(&mut view, now).await?)
        }
        None => None,
    };
    let mut search = Search {
        store,
        asked,
        permission,
        at,
        setting,
        found: Vec::new(),
        unclear: Vec::new(),
        looked_at: 0,
    };
    let next = search.run(&mut view).await?;
    let Search { setting, mut found, unclear, looked_at, .. } = search;
    if at.is_none() && setting.is_some() {
        look::trace(&mut view, &mut found.iter_mut().collect::<Vec<_>>()).await?;
    }
    let ids: Vec<_> = found.iter().map(|seen| seen.user.uuid()).collect();
    let called = users::names(&mut view, &ids).await?;
    let items = found.iter().filter_map(|seen| {
        Some(Holder {
            user: seen.user,
            name: called.get(&seen.user.uuid()).cloned(),
            role: seen.role,
            state: seen.state(permission)?,
            reasons: seen.reasons(setting.as_ref(), permission, &asked.permission),
            denial: seen.denial(permission),
        })
    });
    Ok(Holders {
        items: items.collect(),
        unclear: unclear.iter().filter(|id| next.is_none_or(|next| **id <= next)).count(),
        next,
        looked_at,
        complete: at.is_none() || setting.as_ref().is_none_or(Setting::is_complete),
        begins: if at.is_some() { audit::beginning(&mut view).await? } else { None },
        names: match (at, setting) {
            (Some(_), Some(setting)) => Names::then(setting),
            _ => Names::now(&mut view).await?,
        },
    })
}

/// A search that is under way.
struct Search<'a> {
    store: &'a Store,
    asked: &'a Asked,
    permission: Permission,
    at: Option<Timestamp>,
    setting: Option<Setting>,
    found: Vec<Seen>,
    unclear: Vec<UserId>,
    looked_at: usize,
}

impl Search<'_> {
    /// Looks at one after the other until a page is full, and says behind whom the next one begins.
    async fn run(&mut self, view: &mut View) -> Result<Option<UserId>> {
        let sources = match self.at {
            None => Some(holders::sources(view, self.permission, self.asked.via).await?),
            Some(_) => None,
        };
        let size = if self.at.is_some() { BATCH_THEN } else { BATCH_NOW };
        let mut after = self.asked.after;
        loop {
            let batch = match (&sources, self.at) {
                (None, Some(at)) => audit::joined(view, after, at, size).await?,
                (Some(sources), _) => holders::candidates(view, sources, after, size).await?,
                (None, None) => Vec::new(),
            };
            for (id, found) in self.look(view, &batch).await? {
                self.looked_at += 1;
                match found {
                    Found::Seen(seen) if self.fits(&seen) => {
                        if self.found.len() == AT_ONCE {
                            return Ok(self.found.last().map(|last| last.user));
                        }
                        self.found.push(*seen);
                    }
                    // Something that nobody knows might have given it.
                    Found::Seen(seen) if !seen.unknown.is_empty() => self.unclear.push(id),
                    Found::Unclear => self.unclear.push(id),
                    Found::Seen(_) | Found::NotThere => {}
                }
                after = Some(id);
            }
            if batch.len() < size {
                return Ok(None);
            }
            if self.looked_at >= LOOKED_AT {
                return Ok(after);
            }
        }
    }

    async fn look(&self, view: &mut View, batch: &[UserId]) -> Result<Vec<(UserId, Found)>> {
        if let (Some(at), Some(setting)) = (self.at, &self.setting) {
            return look::then(view, self.store.catalogue(), setting, batch, at).await;
        }
        let mut found = Vec::with_capacity(batch.len());
        for id in batch {
            found.push((*id, Found::Seen(Box::new(look::now(view, *id).await?))));
        }
        Ok(found)
    }

    fn fits(&self, seen: &Seen) -> bool {
        let through = |source: Source| match source {
            Source::Role(_) => Via::Role,
            Source::Team { .. } => Via::Team,
            Source::Grant(_) => Via::Grant,
        };
        let Some(state) = seen.state(self.permission) else { return false };
        let via = |wanted| seen.held.sources_of(self.permission).any(|source| through(source) == wanted);
        self.asked.state.is_none_or(|wanted| wanted == state) && self.asked.via.is_none_or(via)
    }
}
