//! Whom or what records are about, for the pages beside the log.

use std::collections::HashMap;

use bailiwick_domain::{permission::Permission, rule::Rule};
use bailiwick_store::{
    Permit, Scope,
    audit::{self, Entity},
};
use uuid::Uuid;

use super::actors::{Names, erased};
use crate::error::Result;

/// Whom or what a record is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct About {
    pub(crate) name: String,
    /// The page of the person.
    pub(crate) href: Option<String>,
}

/// Whom or what these records are about, by record; what the reader may not see by name is missing.
pub(crate) async fn about<R: Rule>(
    scope: &mut impl Scope,
    permit: &Permit<R>,
    events: &[Uuid],
) -> Result<HashMap<Uuid, About>> {
    let entities = audit::entities(scope, events).await?;
    let mut ids = Vec::with_capacity(entities.len() * 2);
    for entity in entities.values() {
        ids.push((entity.kind.as_str(), entity.id));
        ids.extend(entity.user.map(|user| ("user", user)));
    }
    let names = Names::of(scope, permit, &ids).await?;
    let named = |(event, entity): (&Uuid, &Entity)| Some((*event, one(&names, permit, entity)?));
    Ok(entities.iter().filter_map(named).collect())
}

fn one<R: Rule>(names: &Names, permit: &Permit<R>, entity: &Entity) -> Option<About> {
    let kind = entity.kind.as_str();
    if let Some(person) = names.person(kind, entity.id).or(entity.user) {
        return permit.may(Permission::USER_READ).then(|| match names.of_person(person) {
            Some(name) => About { name: name.to_owned(), href: Some(format!("/users/{person}")) },
            None => About { name: erased(person), href: None },
        });
    }
    let may = match kind {
        "invitation" => permit.may(Permission::INVITATION_READ),
        "api_key" => permit.may(Permission::API_KEY_READ),
        "role" => permit.may(Permission::ROLE_READ),
        "team" => permit.may(Permission::TEAM_READ),
        "tenant" | "policy" => true,
        _ => false,
    };
    let name = match kind {
        // Its kind stands in the type of the event already.
        "invitation" => names.called(kind, entity.id)?,
        _ => names.title(kind, entity.id),
    };
    may.then_some(About { name, href: None })
}
