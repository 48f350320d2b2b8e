//! Names behind the log's opaque ids.

use std::collections::HashMap;

use bailiwick_domain::{
    ids::{ApiKeyId, CustomRoleId, InvitationId, TeamId, UserId},
    permission::Permission,
    rule::Rule,
};
use bailiwick_proof::event::is_product;
use bailiwick_store::{
    Error as StoreError, Permit, Scope, api_keys,
    audit::{self, Listed},
    invitations, roles, teams, tenants, users,
};
use uuid::Uuid;

use super::{history, words};
use crate::{
    error::Result,
    shell::{Link, initials},
};

/// What the policy is called; there is one.
pub(super) const POLICY: &str = "Security policy";

/// Who did it, as the templates show it.
#[derive(Debug)]
pub(in crate::pages) struct Actor {
    /// `user` is shown by initials, everything else by its symbol.
    pub(super) kind: &'static str,
    pub(in crate::pages) name: String,
    pub(super) initials: String,
    pub(super) icon: &'static str,
    pub(super) how: String,
    pub(super) href: Option<String>,
}

/// Names of people and keys by their ids.
#[derive(Debug, Default)]
pub(in crate::pages) struct Names {
    people: HashMap<Uuid, String>,
    keys: HashMap<Uuid, (String, String)>,
    /// Whose something is that has no name of its own.
    owners: HashMap<Uuid, Uuid>,
    /// Addresses of invitations, names of roles and teams, and that of the organisation.
    others: HashMap<Uuid, String>,
    /// The product's own ids of its actors and things.
    products: HashMap<Uuid, String>,
    may_open_users: bool,
}

/// What stands for a person who was deleted.
pub(in crate::pages) fn erased(id: Uuid) -> String {
    format!("Erased person {}", words::short(id))
}

impl Names {
    /// Looks up these ids. Each comes with the kind that the log gives it, of actors and of entities.
    pub(in crate::pages) async fn of<R: Rule>(
        scope: &mut impl Scope,
        permit: &Permit<R>,
        ids: &[(&str, Uuid)],
    ) -> Result<Self> {
        let (mut people, mut keys) = (Vec::new(), HashMap::new());
        let (mut owners, mut others) = (HashMap::new(), HashMap::new());
        for &(kind, id) in ids {
            match kind {
                "user" | "password" => people.push(id),
                "api_key" if !keys.contains_key(&id) => {
                    match api_keys::find(scope, ApiKeyId::from(id)).await {
                        Ok(key) => drop(keys.insert(id, (key.name, key.prefix))),
                        // A key that is gone has only its id left.
                        Err(StoreError::NotFound) => {}
                        Err(error) => return Err(error.into()),
                    }
                }
                "invitation" if !others.contains_key(&id) => {
                    match invitations::find(scope, InvitationId::from(id)).await {
                        Ok(invitation) => drop(others.insert(id, invitation.email)),
                        Err(StoreError::NotFound) => {}
                        Err(error) => return Err(error.into()),
                    }
                }
                "role" | "team" if !others.contains_key(&id) => {
                    let found = match kind {
                        "role" => roles::label_of(scope, CustomRoleId::from(id)).await,
                        _ => teams::find(scope, TeamId::from(id)).await.map(|team| team.name),
                    };
                    match found {
                        Ok(name) => drop(others.insert(id, name)),
                        Err(StoreError::NotFound) => {}
                        Err(error) => return Err(error.into()),
                    }
                }
                "tenant" if !others.contains_key(&id) => {
                    others.insert(id, tenants::find(scope).await?.name);
                }
                kind if !owners.contains_key(&id) => {
                    if let Some(owner) = audit::owner(scope, kind, id).await?.map(UserId::uuid) {
                        owners.insert(id, owner);
                        people.push(owner);
                    }
                }
                _ => {}
            }
        }
        Ok(Self {
            people: users::names(scope, &people).await?,
            keys,
            owners,
            others,
            products: HashMap::new(),
            may_open_users: permit.may(Permission::USER_READ),
        })
    }

    /// The same, with what the product calls its actors and things in these records.
    pub(super) async fn called_by_product(self, scope: &mut impl Scope, records: &[Listed]) -> Result<Self> {
        Ok(Self { products: audit::said(scope, records).await?, ..self })
    }

    /// An actor of this kind and id; `auth` says how they proved it, where that is known.
    pub(in crate::pages) fn actor(&self, kind: &str, id: Option<Uuid>, auth: Option<&str>) -> Actor {
        let how = |otherwise: &str| auth.map_or_else(|| otherwise.to_owned(), words::of_auth);
        let bare = |kind, name: &str, icon, how| Actor {
            kind,
            name: name.to_owned(),
            initials: String::new(),
            icon,
            how,
            href: None,
        };
        match (kind, id) {
            ("user", Some(id)) => {
                let known = self.people.get(&id).cloned();
                let href = known.as_ref().and_then(|_| self.may_open_users.then(|| format!("/users/{id}")));
                let name = known.unwrap_or_else(|| erased(id));
                Actor {
                    kind: "user",
                    initials: initials(&name),
                    icon: "user",
                    how: how("person"),
                    href,
                    name,
                }
            }
            ("api_key", Some(id)) => {
                let known = self.keys.get(&id);
                let name =
                    known.map_or_else(|| format!("Key {}", words::short(id)), |(name, _)| name.clone());
                let how =
                    known.map_or_else(|| "API key".to_owned(), |(_, prefix)| format!("API key {prefix}…"));
                Actor { href: Some(history("api_key", id)), ..bare("api_key", &name, "key", how) }
            }
            ("product", Some(id)) => bare(
                "product",
                &self
                    .products
                    .get(&id)
                    .cloned()
                    .unwrap_or_else(|| format!("Product user {}", words::short(id))),
                "external",
                how("named by the product"),
            ),
            ("product", None) => bare("product", "The product", "external", how("by itself")),
            ("operator", Some(id)) => bare("operator", "Platform operator", "globe", words::short(id)),
            ("system", _) => bare(
                "system",
                "The server",
                "server",
                auth.map_or_else(|| "by itself".to_owned(), |job| format!("job {job}")),
            ),
            _ => bare("anonymous", "Nobody known", "eye-off", how("not signed in")),
        }
    }

    /// A thing of the log and the way to its history.
    pub(super) fn entity(&self, kind: &str, id: Uuid) -> Link {
        Link::new(self.label(kind, id), history(kind, id))
    }

    /// The name of a thing, beside which its kind stands; the end of its id where it has none.
    fn label(&self, kind: &str, id: Uuid) -> String {
        self.name(kind, id).unwrap_or_else(|| if kind == "user" { erased(id) } else { words::short(id) })
    }

    /// What a thing is called where nothing else says what it is.
    pub(super) fn title(&self, kind: &str, id: Uuid) -> String {
        let noun = words::of_kind(kind);
        match (kind, self.name(kind, id)) {
            ("policy", Some(name)) | ("user" | "tenant", Some(name)) => name,
            ("user", None) => erased(id),
            ("api_key" | "role" | "team", Some(name)) => format!("{noun} {name}"),
            (kind, Some(name)) if is_product(kind) => format!("{noun} {name}"),
            (_, Some(name)) => format!("{noun} of {name}"),
            (_, None) => format!("{noun} {}", words::short(id)),
        }
    }

    /// The person that a thing is, or whose it is.
    pub(super) fn person(&self, kind: &str, id: Uuid) -> Option<Uuid> {
        match kind {
            "user" | "password" => Some(id),
            _ => self.owners.get(&id).copied(),
        }
    }

    /// What a person is called; nothing for one who is not stored any more.
    pub(super) fn of_person(&self, id: Uuid) -> Option<&str> {
        self.people.get(&id).map(String::as_str)
    }

    /// What a thing is called by itself.
    pub(super) fn called(&self, kind: &str, id: Uuid) -> Option<String> {
        self.name(kind, id)
    }

    fn name(&self, kind: &str, id: Uuid) -> Option<String> {
        match kind {
            "policy" => Some(POLICY.to_owned()),
            "user" | "password" => self.people.get(&id).cloned(),
            "api_key" => self.keys.get(&id).map(|(name, _)| name.clone()),
            "invitation" | "tenant" | "role" | "team" => self.others.get(&id).cloned(),
            kind if is_product(kind) => self.products.get(&id).cloned(),
            _ => self.people.get(self.owners.get(&id)?).cloned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bailiwick_domain::{role::Role, rule::RecordEvents};
    use bailiwick_ops::audit::ingest::{Ask, record};
    use bailiwick_testkit::both_databases;
    use serde_json::json;

    use crate::pages::browser::{Browser, href};

    both_databases! {
        async fn responder_reads_the_products_own_ids_wherever_its_events_are_listed(db: Db) {
            let acme = db.tenant("acme").await;
            let event = |key: &str, plan: &str| {
                json!({"key": key, "action": "app.plan.changed", "actor": {"id": "u-17"}, "entity": {"type": "app.plan", "id": plan}})
            };
            let body = json!([event("a", "PL-42"), event("b", "PL-43")]).to_string().into_bytes();
            let permit = acme.owner().permit::<RecordEvents>().await;
            record(&db.store, permit, Arc::from(body), Ask { whole: true, included: false }).await.unwrap();
            db.sign().await;
            let mut auditor = Browser::of(&acme.user(Role::Auditor).await);
            let list = auditor.get("/audit?q=entity:app.plan/PL-42").await.page();
            assert!(list.contains(">PL-42</a>") && list.contains("u-17") && !list.contains("Product user"), "{list}");
            let event = auditor.get(href(&list, "/audit/events/", "")).await.page();
            assert!(event.contains(">PL-43</a>"), "what happened beside it: {event}");
            let history = auditor.get(href(&list, "/audit/entities/app.plan/", "")).await.page();
            assert!(history.contains("<h1>Plan PL-42</h1>") && history.contains("u-17"), "{history}");
        }
    }
}
