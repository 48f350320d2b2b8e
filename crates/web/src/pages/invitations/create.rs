//! Inviting somebody.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{rule::Invite, time::Span};
use bailiwick_ops::{
    Error,
    invitations::{self, NewInvitation, TOO_MANY_LETTERS},
};
use bailiwick_store::Store;
use serde::Deserialize;

use super::new::page;
use crate::{
    access::Access,
    error::Result,
    forms::{Form, Problem},
    pages::refused::Refused,
    shell::{Message, SeeOther, Visit},
};

/// The names that the operation has for the fields of the form.
const NAMES: &[(&str, &str)] = &[("email", "address"), ("expires_at", "lifetime")];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewForm {
    address: String,
    /// Nothing while none is chosen, which is told together with what is wrong with the address.
    #[serde(default)]
    role: String,
    /// Days.
    lifetime: u16,
}

pub(super) async fn create(
    Access(permit): Access<Invite>,
    visit: Visit,
    State(store): State<Store>,
    form: Form<NewForm>,
) -> Result<Response> {
    let refused = match form.values {
        Err(problems) => Refused::unread(problems, NAMES),
        Ok(values) => {
            let expires_at = Some(store.now() + Span::days(i64::from(values.lifetime)));
            match invitations::create(
                &store,
                &permit,
                NewInvitation { email: values.address, role: values.role, expires_at },
            )
            .await
            {
                Ok(_) => return Ok(SeeOther::to("/invitations").tell(Message::Invited).into_response()),
                Err(Error::Limited { .. }) => Refused {
                    status: StatusCode::TOO_MANY_REQUESTS,
                    problems: vec![Problem::new("", TOO_MANY_LETTERS)],
                },
                Err(error) => Refused::by(error, NAMES)?,
            }
        }
    };
    let page = page(&permit, &visit, &store).await?.again(&form.typed, refused.problems);
    Ok((refused.status, page).into_response())
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;
    use bailiwick_domain::role::Role;
    use bailiwick_testkit::both_databases;

    use crate::{
        access::cookies::FLASH,
        pages::browser::{Browser, href},
    };

    both_databases! {
        async fn owner_invites_somebody_and_takes_it_back(db: Db) {
            let mut owner = Browser::of(&db.tenant("acme").await.owner());
            assert!(owner.get("/invitations/new").await.page().contains("Auditor"));
            let answer = owner.post("/invitations", &[("address", " New@Example.COM "), ("role", "auditor"), ("lifetime", "7")]).await;
            assert_eq!(answer.led(), (303, "/invitations"));
            assert_eq!(owner.cookie(FLASH), Some("invited"));
            let list = owner.get("/invitations").await.page();
            assert!(list.contains("new@example.com") && list.contains("Pending"));
            let revoke = href(&list, "/invitations/", "/revoke");
            let question = owner.get(revoke).await.page();
            assert!(question.contains("Revoke the invitation of new@example.com?") && question.contains(&format!("action=\"{revoke}\"")));
            assert_eq!(owner.post(revoke, &[]).await.led(), (303, "/invitations"));
            assert!(!owner.get("/invitations").await.page().contains("new@example.com"));
            assert!(owner.get("/invitations?status=revoked").await.page().contains("new@example.com"));
            assert_eq!(owner.post(revoke, &[]).await.status, StatusCode::CONFLICT);
        }

        async fn owner_gets_back_what_they_mistyped(db: Db) {
            let mut owner = Browser::of(&db.tenant("acme").await.owner());
            let answer = owner.post("/invitations", &[("address", "no\"address"), ("role", "auditor"), ("lifetime", "365")]).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(answer.body.contains("value=\"no&#34;address\"") && answer.body.contains("id=\"address-error\""), "{}", answer.body);
            let answer = owner.post("/invitations", &[("address", "new@example.com"), ("lifetime", "7")]).await;
            assert!(answer.status == StatusCode::UNPROCESSABLE_ENTITY && answer.body.contains("id=\"role-error\""));
            let answer = owner.post("/invitations", &[("address", "new@example.com"), ("role", "auditor"), ("lifetime", "365")]).await;
            assert!(answer.status == StatusCode::UNPROCESSABLE_ENTITY && answer.body.contains("id=\"lifetime-error\""));
        }

        async fn owner_is_told_of_everything_at_once_in_the_order_of_the_form(db: Db) {
            let mut owner = Browser::of(&db.tenant("acme").await.owner());
            let answer = owner.post("/invitations", &[("address", "no address"), ("lifetime", "7")]).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
            let (address, role) = (answer.body.find(">E-mail address: "), answer.body.find(">Role: "));
            assert!(address.is_some() && address < role, "{}", answer.body);
        }

        async fn operations_manager_cannot_invite_above_themselves(db: Db) {
            let mut manager = Browser::of(&db.tenant("acme").await.user(Role::OperationsManager).await);
            let form = manager.get("/invitations/new").await.page();
            assert!(form.contains("value=\"support_coordinator\"") && !form.contains("value=\"tenant_owner\""));
            let answer = manager.post("/invitations", &[("address", "new@example.com"), ("role", "tenant_owner"), ("lifetime", "7")]).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN);
            assert!(answer.body.contains("more permissions than you have") && answer.body.contains("value=\"new@example.com\""));
        }

        async fn nobody_revokes_another_tenants_invitation(db: Db) {
            let mut acme = Browser::of(&db.tenant("acme").await.owner());
            let mut other = Browser::of(&db.tenant("other").await.owner());
            acme.post("/invitations", &[("address", "new@example.com"), ("role", "auditor"), ("lifetime", "7")]).await;
            let list = acme.get("/invitations").await.page();
            let revoke = href(&list, "/invitations/", "/revoke");
            assert_eq!(other.get(revoke).await.status, StatusCode::NOT_FOUND);
            assert_eq!(other.post(revoke, &[]).await.status, StatusCode::NOT_FOUND);
        }

        async fn auditor_sees_invitations_and_no_way_to_change_them(db: Db) {
            let acme = db.tenant("acme").await;
            Browser::of(&acme.owner()).post("/invitations", &[("address", "new@example.com"), ("role", "auditor"), ("lifetime", "7")]).await;
            let mut auditor = Browser::of(&acme.user(Role::Auditor).await);
            let list = auditor.get("/invitations").await.page();
            assert!(list.contains("new@example.com") && !list.contains("/revoke") && !list.contains("/invitations/new"));
            assert_eq!(auditor.get("/invitations/new").await.status, StatusCode::FORBIDDEN);
        }
    }
}
