//! Finding pages and people: the palette of the keyboard, and the same as a page for browsers without script.

mod palette;
mod show;

use bailiwick_domain::{permission::Permission, rule::Me};
use bailiwick_store::{Permit, Store, users};
use serde::Serialize;

use crate::{
    error::Result,
    pages::reach::opens,
    routes::Routes,
    shell::{Shell, Visit},
};

pub(crate) fn routes() -> Routes {
    Routes::new().get("/find", show::show).get("/palette", palette::palette)
}

/// Something to go to.
#[derive(Debug, Serialize)]
struct FindRow {
    icon: &'static str,
    label: String,
    /// What kind of thing it is.
    hint: String,
    href: String,
}

/// What begins something new, with the page that it opens.
const ACTIONS: [(&str, &str, &str); 3] = [
    ("Invite somebody", "/invitations/new", "mail"),
    ("Create an API key", "/api-keys/new", "key"),
    ("Create a tenant", "/platform/tenants/new", "building"),
];

/// The pages and actions that the holder of `permit` may open.
fn places(permit: &Permit<Me>, visit: &Visit) -> Vec<FindRow> {
    let pages = Shell::new(permit, visit, "").nav.into_iter().flat_map(|group| group.items);
    let mut rows: Vec<_> = pages
        .map(|item| FindRow { icon: item.icon, label: item.label, hint: "Page".into(), href: item.href })
        .collect();
    rows.push(FindRow {
        icon: "user",
        label: "My account".into(),
        hint: "Page".into(),
        href: "/account".into(),
    });
    let actions = ACTIONS.iter().filter(|(_, href, _)| opens(visit, permit, href));
    rows.extend(actions.map(|(label, href, icon)| FindRow {
        icon,
        label: (*label).into(),
        hint: "Action".into(),
        href: (*href).into(),
    }));
    rows
}

/// The people whose name or address holds `text`, for those who may read users.
async fn people(store: &Store, permit: &Permit<Me>, text: &str) -> Result<Vec<FindRow>> {
    if !permit.may(Permission::USER_READ) {
        return Ok(Vec::new());
    }
    let mut view = store.read(permit).await?;
    let found = users::matching(&mut view, text).await?;
    let row = |user: bailiwick_domain::entity::User| FindRow {
        icon: "user",
        hint: format!("{}, {}", user.role.title(), user.email),
        label: user.name,
        href: format!("/users/{}", user.id),
    };
    Ok(found.into_iter().map(row).collect())
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::role::Role;
    use bailiwick_testkit::both_databases;

    use crate::pages::browser::Browser;

    both_databases! {
        async fn palette_offers_only_what_its_holder_may_open(db: Db) {
            let acme = db.tenant("acme").await;
            let mut owner = Browser::of(&acme.owner());
            let page = owner.get("/palette").await;
            assert_eq!(page.status, 200);
            assert!(page.shows(r#""href":"/invitations/new""#) && page.shows(r#""href":"/audit""#), "{}", page.body);
            assert!(!page.shows("/platform/tenants"), "{}", page.body);
            let coordinator = acme.user(Role::SupportCoordinator).await;
            let mut browser = Browser::of(&coordinator);
            let page = browser.get("/palette").await;
            assert!(!page.shows("/api-keys/new") && !page.shows(r#""href":"/audit""#), "{}", page.body);
        }

        async fn owner_finds_a_person_without_script(db: Db) {
            let acme = db.tenant("acme").await;
            let mut browser = Browser::of(&acme.owner());
            let page = browser.get("/find?q=owner").await;
            assert_eq!(page.status, 200);
            assert!(page.shows("/users/"), "{}", page.body);
            let other = db.tenant("other").await;
            let page = browser.get("/find?q=other.example").await;
            assert!(!page.shows(&other.owner().user.id.to_string()), "{}", page.body);
        }
    }
}
