//! Creating an organisation. The link for its first owner goes to their mailbox alone.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::rule::CreateTenant;
use bailiwick_ops::tenants::{self, NewOwner, NewTenant};
use bailiwick_store::Store;
use serde::Deserialize;

use super::tenant_new::page;
use crate::{
    access::Access,
    error::Result,
    forms::Form,
    pages::refused::Refused,
    shell::{Message, SeeOther, Visit},
};

/// The names that the operation has for the fields of the form.
const NAMES: &[(&str, &str)] = &[("owner_email", "owner"), ("email", "owner")];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewForm {
    name: String,
    slug: String,
    region: String,
    owner: String,
    owner_name: String,
}

pub(super) async fn tenant_create(
    Access(permit): Access<CreateTenant>,
    visit: Visit,
    State(store): State<Store>,
    form: Form<NewForm>,
) -> Result<Response> {
    let refused = match form.values {
        Err(problems) => Refused::unread(problems, NAMES),
        Ok(values) => {
            let owner = NewOwner { email: values.owner, name: values.owner_name };
            let new = NewTenant {
                slug: values.slug,
                name: values.name,
                region: values.region,
                key_brand: None,
                owner,
            };
            match tenants::create(&store, &permit, new).await {
                Ok(_) => {
                    let done = SeeOther::to("/platform/tenants").tell(Message::TenantCreated);
                    return Ok(done.into_response());
                }
                Err(error) => Refused::by(error, NAMES)?,
            }
        }
    };
    let page = page(&permit, &visit).again(&form.typed, refused.problems);
    Ok((refused.status, page).into_response())
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;
    use bailiwick_domain::role::Role;
    use bailiwick_testkit::both_databases;

    use crate::{
        access::cookies::FLASH,
        pages::{
            browser::{Browser, href},
            reset::letter,
        },
    };

    const FORM: &[(&str, &str)] = &[
        ("name", "Acme"),
        ("slug", "acme"),
        ("region", "local"),
        ("owner", "ann@acme.example"),
        ("owner_name", "Ann Acme"),
    ];

    both_databases! {
        async fn operator_makes_an_organisation_and_its_owner_alone_gets_the_link(db: Db) {
            let mut operator = Browser::of(&db.platform().await.user(Role::PlatformOperator).await);
            let answer = operator.post("/platform/tenants", FORM).await;
            assert_eq!((answer.led(), operator.cookie(FLASH)), ((303, "/platform/tenants"), Some("tenant-created")));
            assert!(!answer.body.contains("/enrol/"));
            let list = operator.get("/platform/tenants?q=ACM").await.page();
            assert!(list.contains("acme") && !list.contains("/enrol/"));
            let letter = letter(&db, 1).await;
            assert_eq!(letter.to.as_str(), "ann@acme.example");
            assert!(letter.content.text.contains("Ann Acme") && letter.content.link.contains("/enrol/"));
            assert!(operator.get("/platform/tenants?q=%25").await.page().contains("No tenant matches"), "a percent sign stands for itself");
            let again = operator.post("/platform/tenants", FORM).await;
            assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(again.shows("<a href=\"#slug\">Short name: "), "{}", again.body);
            assert!(again.body.contains("id=\"slug-error\"") && again.body.contains("value=\"ann@acme.example\""));
        }

        async fn operator_suspends_with_a_reason_and_lifts_it(db: Db) {
            let actor = db.platform().await.user(Role::PlatformOperator).await;
            let mut operator = Browser::of(&actor);
            let mut acme = Browser::of(&db.tenant("acme").await.owner());
            let list = operator.get("/platform/tenants").await.page();
            let suspend = href(&list, "/platform/tenants/", "/suspend");
            assert!(operator.get(suspend).await.page().contains("Suspend acme Pty Ltd?"));
            let answer = operator.post(suspend, &[("reason", "x")]).await;
            assert!(answer.status == StatusCode::UNPROCESSABLE_ENTITY && answer.body.contains("id=\"reason-error\""));
            assert_eq!(acme.get("/policy").await.status, StatusCode::OK, "nothing has happened yet");
            let asked = operator.post(suspend, &[("reason", "unpaid since May")]).await;
            assert!(asked.shows("Confirm with a code") && asked.shows("status from “active” to “suspended”"));
            assert_eq!(acme.get("/policy").await.status, StatusCode::OK, "nothing has happened yet");
            let id = asked.between("name=\"step_up\" value=\"", "\"").unwrap();
            let code = actor.mailed_code(id.parse().unwrap()).await;
            let answer = operator.post(suspend, &[("reason", "unpaid since May"), ("step_up", &id), ("step_up_code", &code)]).await;
            assert_eq!((answer.led(), operator.cookie(FLASH)), ((303, "/platform/tenants"), Some("tenant-suspended")));
            assert_eq!(acme.get("/policy").await.status, StatusCode::FORBIDDEN);
            let list = operator.get("/platform/tenants?status=suspended").await.page();
            let reactivate = href(&list, "/platform/tenants/", "/reactivate");
            operator.post(reactivate, &[("reason", "paid")]).await;
            assert_eq!(operator.cookie(FLASH), Some("tenant-reactivated"));
            assert_eq!(acme.get("/policy").await.status, StatusCode::OK);
        }

        async fn customer_never_sees_the_platform(db: Db) {
            let acme = db.tenant("acme").await;
            let mut owner = Browser::of(&acme.owner());
            for path in ["/platform/tenants", "/platform/tenants/new", &format!("/platform/tenants/{}/suspend", acme.id())] {
                assert_eq!(owner.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
            }
            assert_eq!(owner.post("/platform/tenants", FORM).await.status, StatusCode::FORBIDDEN);
        }

        async fn support_sees_tenants_and_no_way_to_change_them(db: Db) {
            let mut support = Browser::of(&db.platform().await.user(Role::PlatformSupport).await);
            db.tenant("acme").await;
            let list = support.get("/platform/tenants").await.page();
            assert!(list.contains("acme") && !list.contains("/suspend") && !list.contains("/platform/tenants/new"));
        }
    }
}
