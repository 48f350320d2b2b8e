//! Every role with how much of it its holders use.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use bailiwick_domain::{permission::Permission, rule::ReadRoles};
use bailiwick_ops::unused::{self, RoleUse};
use bailiwick_store::Store;

use super::line;
use crate::{
    access::Access,
    error::Result,
    pages::parts::{Tab, counted, people},
    shell::{Shell, Visit},
};

#[derive(Template, WebTemplate)]
#[template(path = "unused/roles.html")]
pub(super) struct RolesPage {
    shell: Shell,
    tabs: Vec<Tab>,
    recorded: String,
    rows: Vec<Row>,
}

struct Row {
    label: String,
    href: String,
    holders: String,
    held: usize,
    unused: usize,
}

pub(super) async fn roles(
    Access(permit): Access<ReadRoles>,
    visit: Visit,
    State(store): State<Store>,
) -> Result<RolesPage> {
    let (found, recording) = unused::roles(&store, &permit, line::measured(&visit)).await?;
    Ok(RolesPage {
        shell: Shell::new(&permit, &visit, "Unused permissions").under("People and access", "/users"),
        tabs: line::tabs(false, permit.may(Permission::AUDIT_READ)),
        recorded: line::recorded(recording, visit.now()),
        rows: found.iter().map(row).collect(),
    })
}

fn row(found: &RoleUse) -> Row {
    let holders = &found.holders;
    let mut who = people(holders.users);
    if holders.teams > 0 {
        who = format!("{who}, {}", counted(holders.teams, "team"));
    }
    Row {
        label: found.label.clone(),
        href: format!("/access/unused/roles/{}", found.role),
        holders: who,
        held: found.held,
        unused: found.unused,
    }
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::{role::Role, time::Span};
    use bailiwick_store::permission_use::flush;
    use bailiwick_testkit::both_databases;

    use crate::pages::browser::Browser;

    both_databases! {
        async fn owner_is_told_when_it_is_too_early_to_say(db: Db) {
            let acme = db.tenant("acme").await;
            acme.user(Role::Auditor).await;
            let mut owner = Browser::of(&acme.owner());
            assert!(owner.get("/access/unused").await.shows("No use is recorded yet."));
            flush(&db.store).await.unwrap();
            let page = owner.get("/access/unused").await.page();
            assert!(page.contains("less than ninety days") && page.contains("Auditor"), "{page}");
            db.clock.advance(Span::days(90));
            let mut owner = Browser::of(&acme.user(Role::TenantOwner).await);
            let page = owner.get("/access/unused").await.page();
            assert!(page.contains("Uses are recorded since") && !page.contains("less than ninety days"), "{page}");
        }
    }
}
