//! Everybody, with how much of what they have they use.

use std::collections::HashMap;

use bailiwick_domain::{entity::User, ids::UserId, permission::PermissionSet, rule::Rule, time::Timestamp};
use bailiwick_store::{
    Cursor, Page, Permit, Scope, Store, access,
    audit::{self, Told},
    permission_use, users,
};

use super::{judge::unused, person::lines};
use crate::Result;

/// A person in the list.
#[derive(Clone, Debug)]
pub struct PersonUse {
    /// Who.
    pub user: User,
    /// How many permissions they have.
    pub held: usize,
    /// How many of them they did not use for ninety days.
    pub unused: usize,
}

/// A page of the people in the order in which they joined, and since when uses are recorded. `measured` is what some route of the
/// server asks for.
pub async fn people<R: Rule>(
    store: &Store,
    permit: &Permit<R>,
    after: Option<Cursor>,
    measured: PermissionSet,
) -> Result<(Page<PersonUse>, Option<Timestamp>)> {
    let mut view = store.read(permit).await?;
    let now = view.now();
    let listed = users::list(&mut view, after).await?;
    let setting = audit::setting(&mut view, now).await?;
    let mut ids: Vec<_> = listed.items.iter().map(|listed| listed.user.id).collect();
    ids.sort();
    let mut told: HashMap<UserId, Told> =
        audit::about_people(&mut view, &ids, now).await?.into_iter().collect();
    let mut found = HashMap::with_capacity(ids.len());
    for listed in &listed.items {
        let user = &listed.user;
        let held = access::held(&mut view, user).await?;
        let told = told.remove(&user.id).unwrap_or(Told::Unreadable);
        let lines = lines(store, &mut view, user, &held, (&setting, told), measured).await?;
        found.insert(user.id, (lines.len(), unused(&lines)));
    }
    let recording = permission_use::since(&mut view).await?;
    let page = listed.map(|listed| {
        let (held, unused) = found.get(&listed.user.id).copied().unwrap_or_default();
        PersonUse { user: listed.user, held, unused }
    });
    Ok((page, recording))
}
