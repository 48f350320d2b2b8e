//! Everything that one person can do.

use bailiwick_domain::{
    ids::UserId,
    past::{Reason, Setting},
    permission::Permission,
    role::RoleName,
    rule::Rule,
    time::Timestamp,
};
use bailiwick_store::{Permit, Scope, Store, audit, users};

use super::{
    Names, State,
    look::{self, Found},
    moment, possible, reads_the_log,
};
use crate::{Error, Result};

/// A permission of theirs.
#[derive(Clone, Debug)]
pub struct Line {
    /// Which.
    pub permission: Permission,
    /// Whether they can use it.
    pub state: State,
    /// Everything that gives it to them.
    pub reasons: Vec<Reason>,
    /// What takes it from them.
    pub denial: Option<Reason>,
}

/// One person at one moment.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Who.
    pub user: UserId,
    /// What they are called now; nothing for those who are gone.
    pub name: Option<String>,
    /// Their own role and whether they could sign in; nothing where they were not there, or where it is not known.
    pub role: Option<(RoleName, bool)>,
    /// What something gives them, in the order of the catalogue.
    pub lines: Vec<Line>,
    /// Whether the records about them could be relied on.
    pub clear: bool,
    /// Roles of theirs of which the log does not tell what they held.
    pub unknown: Vec<RoleName>,
    /// Whether everything about roles and teams was read.
    pub complete: bool,
    /// When the log begins to tell, for a past moment.
    pub begins: Option<Timestamp>,
    /// What roles and teams are called.
    pub names: Names,
}

/// Everything that something gives one person.
///
/// # Errors
/// [`Error::NotFound`] for somebody who never was here; `at` where it cannot be taken, and the past for whoever may not read
/// the audit log.
pub async fn what_can<R: Rule>(
    store: &Store,
    permit: &Permit<R>,
    user: UserId,
    at: Option<Timestamp>,
) -> Result<Standing> {
    let mut view = store.read(permit).await?;
    let at = moment(permit, view.now(), at)?;
    let name = users::names(&mut view, &[user.uuid()]).await?.remove(&user.uuid());
    let until = at.unwrap_or(view.now());
    let setting = match reads_the_log(permit) {
        true => Some(audit::setting(&mut view, until).await?),
        false => None,
    };
    let found = match (at, &setting) {
        (Some(at), Some(setting)) => {
            let mut all = look::then(&mut view, store.catalogue(), setting, &[user], at).await?;
            all.pop().map_or(Found::NotThere, |(_, found)| found)
        }
        _ => {
            let mut seen = look::now(&mut view, user).await?;
            if setting.is_some() {
                look::trace(&mut view, &mut [&mut seen]).await?;
            }
            Found::Seen(Box::new(seen))
        }
    };
    // Whoever is in no table and in no record was never here, or is another tenant's.
    if name.is_none() && matches!(found, Found::NotThere) {
        return Err(Error::NotFound);
    }
    let clear = !matches!(found, Found::Unclear);
    let seen = match found {
        Found::Seen(seen) => Some(seen),
        Found::NotThere | Found::Unclear => None,
    };
    let mut lines = Vec::new();
    for permission in possible(store, &mut view).await? {
        let Some(seen) = &seen else { break };
        let Some(state) = seen.state(permission) else { continue };
        lines.push(Line {
            permission,
            state,
            reasons: seen.reasons(setting.as_ref(), permission, store.catalogue().name(permission)),
            denial: seen.denial(permission),
        });
    }
    Ok(Standing {
        user,
        name,
        role: seen.as_ref().map(|seen| (seen.role, seen.active)),
        lines,
        clear,
        unknown: seen.map(|seen| seen.unknown).unwrap_or_default(),
        complete: at.is_none() || setting.as_ref().is_none_or(Setting::is_complete),
        begins: if at.is_some() { audit::beginning(&mut view).await? } else { None },
        names: match (at, setting) {
            (Some(_), Some(setting)) => Names::then(setting),
            _ => Names::now(&mut view).await?,
        },
    })
}
