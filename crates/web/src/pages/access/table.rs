//! The access table of the running server: it is what the routes were built from, so it cannot drift.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use bailiwick_domain::rule::{Need, ReadSystem};
use bailiwick_store::Store;

use crate::{
    access::Access,
    pages::parts::Badge,
    routes::AccessRow,
    shell::{Shell, Visit},
};

#[derive(Template, WebTemplate)]
#[template(path = "access/routes.html")]
pub(super) struct AccessPage {
    shell: Shell,
    rows: Vec<RouteRow>,
}

struct RouteRow {
    method: String,
    /// The style of the method.
    class: &'static str,
    path: &'static str,
    /// Shown where no permission is needed.
    need: Badge,
    permission: String,
    confirmed: bool,
    /// Whether a person needs a proof of the last minutes beside the permission.
    recent: bool,
    rule: &'static str,
    writes: bool,
}

pub(super) async fn table(
    Access(permit): Access<ReadSystem>,
    visit: Visit,
    State(store): State<Store>,
) -> AccessPage {
    let row = |row: &AccessRow| {
        let (need, permission) = match row.need {
            Need::Nobody => (Badge::new("bad", "The server itself"), String::new()),
            Need::Anyone => (Badge::new("mute", "Anyone"), String::new()),
            Need::SignedIn => (Badge::new("info", "Signed in"), String::new()),
            Need::Recent => (Badge::new("info", "Proved recently"), String::new()),
            Need::Enrolling => (Badge::new("info", "Proved recently, or enrolling"), String::new()),
            Need::Proving => (Badge::new("info", "Signed in or enrolling"), String::new()),
            Need::Has(permission) | Need::RecentHas(permission) | Need::Confirmed(permission) => {
                (Badge::new("ok", "Permission"), store.catalogue().name(permission).to_owned())
            }
        };
        RouteRow {
            method: row.method.to_string(),
            class: class(row.method.as_str()),
            path: row.path,
            need,
            permission,
            // The question before it is asked of whoever has the permission; only the deed takes a code.
            confirmed: row.writes && matches!(row.need, Need::Confirmed(_)),
            recent: matches!(row.need, Need::RecentHas(_)),
            rule: row.rule,
            writes: row.writes,
        }
    };
    AccessPage {
        rows: visit.access_table().iter().map(row).collect(),
        shell: Shell::new(&permit, &visit, "Access table").under("People and access", "/users"),
    }
}

/// The style of a method.
pub(super) fn class(method: &str) -> &'static str {
    match method {
        "GET" => "get",
        "PUT" => "put",
        "PATCH" => "patch",
        "DELETE" => "delete",
        _ => "post",
    }
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::role::Role;
    use bailiwick_testkit::both_databases;

    use crate::pages::browser::Browser;

    both_databases! {
        async fn auditor_reads_what_every_route_asks_for(db: Db) {
            let auditor = db.tenant("acme").await.user(Role::Auditor).await;
            let page = Browser::of(&auditor).get("/access").await.page();
            for text in ["/access", "ReadSystem", "system:read", "/platform/tenants/{tenant}/suspend", "SuspendTenant", "Confirmed out of band", "Proved recently", "Writes, with a record"] {
                assert!(page.contains(text), "{text}");
            }
            assert!(page.contains(&format!("{} routes", crate::routes().table().len())));
        }
    }
}
