//! Finding pages, people and records: the palette of the keyboard, and a page that also looks into the log.

mod palette;
mod show;

use bailiwick_domain::{ids::UserId, permission::Permission, rule::Me};
use bailiwick_store::{Error as StoreError, Permit, View, users};
use serde::Serialize;

use crate::{
    error::Result,
    pages::{audit, reach::opens},
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

/// The people whose name or address holds `text`, or whose id it is, for those who may read users.
async fn people(view: &mut View, permit: &Permit<Me>, text: &str) -> Result<Vec<FindRow>> {
    if !permit.may(Permission::USER_READ) {
        return Ok(Vec::new());
    }
    let found = match text.parse::<UserId>() {
        Ok(id) => match users::find(view, id).await {
            Ok(user) => vec![user],
            Err(StoreError::NotFound) => Vec::new(),
            Err(error) => return Err(error.into()),
        },
        Err(_) => users::matching(view, text).await?,
    };
    let row = |user: bailiwick_domain::entity::User| FindRow {
        icon: "user",
        hint: format!("{}, {}", user.role.title(), user.email),
        label: user.name,
        href: format!("/users/{}", user.id),
    };
    Ok(found.into_iter().map(row).collect())
}

/// Records by the beginning of their id or hash, and what they are about by its id, for those who may read the log.
async fn records(view: &mut View, permit: &Permit<Me>, text: &str) -> Result<Vec<FindRow>> {
    let hits = audit::find(view, permit, text).await?;
    let row = |hit: audit::Hit| FindRow { icon: hit.icon, label: hit.label, hint: hit.hint, href: hit.href };
    Ok(hits.into_iter().map(row).collect())
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::role::Role;
    use bailiwick_testkit::both_databases;

    use crate::pages::browser::{Browser, href};

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

        async fn auditor_finds_a_record_by_its_id_or_hash_and_a_thing_by_its_id(db: Db) {
            let acme = db.tenant("acme").await;
            let actor = acme.user(Role::Auditor).await;
            db.sign().await;
            let mut auditor = Browser::of(&actor);
            let list = auditor.get("/audit?action=policy.created").await;
            let event = href(&list.body, "/audit/events/", "").to_owned();
            let record = auditor.get(&event).await;
            let hash = record.between("id=\"event-hash\">", "<").unwrap();
            let policy = record.between("/audit/entities/policy/", "\"").unwrap();
            let id = event.trim_start_matches("/audit/events/").to_owned();
            for text in [id.as_str(), &id[..23], &hash, &hash[..8], &hash[..40].to_uppercase()] {
                let page = auditor.get(&format!("/find?q={text}")).await;
                assert!(page.shows(&format!("{event}\"")) && page.shows("Policy created"), "{text}: {}", page.body);
            }
            let page = auditor.get(&format!("/find?q={policy}")).await;
            assert!(page.shows(&format!("/audit/entities/policy/{policy}\"")) && page.shows("Security policy"), "{}", page.body);
            let owner = acme.owner().id();
            let page = auditor.get(&format!("/find?q={owner}")).await;
            assert!(page.shows(&format!("/users/{owner}\"")) && page.shows(&format!("/audit/entities/user/{owner}\"")), "{}", page.body);
            assert!(auditor.get(&format!("/find?q={}", &hash[..7])).await.shows("Nothing matches"));
        }

        async fn records_are_found_only_by_those_who_may_read_them(db: Db) {
            let acme = db.tenant("acme").await;
            db.sign().await;
            let list = Browser::of(&acme.owner()).get("/audit?action=policy.created").await;
            let event = href(&list.body, "/audit/events/", "").to_owned();
            let query = format!("/find?q={}", event.trim_start_matches("/audit/events/"));
            let coordinator = acme.user(Role::SupportCoordinator).await;
            for mut browser in [Browser::of(&coordinator), Browser::of(&db.tenant("other").await.owner())] {
                let page = browser.get(&query).await;
                assert!(page.status == 200 && !page.shows(&event) && page.shows("Nothing matches"), "{}", page.body);
            }
        }
    }
}
