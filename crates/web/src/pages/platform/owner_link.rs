//! Another link for an owner who has not set a password yet, after a question.

use axum::extract::State;
use bailiwick_domain::{ids::TenantId, role::Role, rule::CreateTenant};
use bailiwick_ops::tenants;
use bailiwick_store::{Store, users};

use crate::{
    access::Access,
    error::{Error, Result},
    forms::Id,
    pages::confirm::ConfirmPage,
    shell::{Message, SeeOther, Shell, Visit},
};

pub(super) async fn ask(
    Access(permit): Access<CreateTenant>,
    visit: Visit,
    State(store): State<Store>,
    Id(id): Id<TenantId>,
) -> Result<ConfirmPage> {
    let mut view = store.read(&permit.step_into(id)).await?;
    let tenant = bailiwick_store::tenants::find(&mut view).await?;
    let owner = users::first_without_password(&mut view, Role::TenantOwner).await?;
    let owner = owner.ok_or(Error::Conflict("The owner has set a password. Nobody waits for a link."))?;
    Ok(ConfirmPage {
        shell: Shell::new(&permit, &visit, "Send another link?").under("Tenants", "/platform/tenants"),
        question: format!("Send another link for {}?", tenant.name),
        sentence: format!("By letter to {}, who has not set a password yet.", owner.email),
        effects: vec![
            "Every link that was sent before stops working.".to_owned(),
            "The new one works once, for a day, and is shown to nobody else.".to_owned(),
            "The organisation\u{2019}s own audit log says who sent it.".to_owned(),
        ],
        danger: false,
        action: format!("/platform/tenants/{id}/owner-link"),
        hidden: Vec::new(),
        reason: None,
        button: "Send another link",
        cancel: "/platform/tenants".to_owned(),
    })
}

pub(super) async fn renew(
    Access(permit): Access<CreateTenant>,
    State(store): State<Store>,
    Id(id): Id<TenantId>,
) -> Result<SeeOther> {
    tenants::renew_owner_link(&store, &permit, id).await?;
    Ok(SeeOther::to("/platform/tenants").tell(Message::OwnerLinkSent))
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;
    use bailiwick_domain::role::Role;
    use bailiwick_testkit::{Db, PASSWORD, both_databases};

    use crate::pages::{
        browser::{Browser, href},
        reset::letter,
    };

    const FORM: &[(&str, &str)] = &[
        ("name", "Acme"),
        ("slug", "acme"),
        ("region", "local"),
        ("owner", "ann@acme.example"),
        ("owner_name", "Ann Acme"),
    ];

    /// The path in the letter that arrives now.
    async fn link(db: &Db) -> String {
        let link = letter(db, 1).await.content.link.to_string();
        link.strip_prefix("https://bailiwick.test").unwrap().to_owned()
    }

    both_databases! {
        async fn operator_sends_another_link_until_the_owner_has_a_password(db: Db) {
            let mut operator = Browser::of(&db.platform().await.user(Role::PlatformOperator).await);
            operator.post("/platform/tenants", FORM).await;
            let first = link(&db).await;
            let list = operator.get("/platform/tenants").await.page();
            let renew = href(&list, "/platform/tenants/", "/owner-link");
            assert!(operator.get(renew).await.page().contains("ann@acme.example"));
            let answer = operator.post(renew, &[]).await;
            assert_eq!(answer.led(), (303, "/platform/tenants"));
            assert!(!answer.body.contains("/enrol/"), "nobody but the owner sees it");
            let second = link(&db).await;
            let mut owner = Browser::new(&db);
            let chosen = [("new", PASSWORD), ("again", PASSWORD)];
            assert_eq!(owner.post(&first, &chosen).await.status, StatusCode::CONFLICT, "the link before is dead");
            assert_eq!(owner.post(&second, &chosen).await.led(), (303, "/"));
            assert_eq!(operator.post(renew, &[]).await.status, StatusCode::CONFLICT);
            assert_eq!(operator.get(renew).await.status, StatusCode::CONFLICT);
            assert!(!operator.get("/platform/tenants").await.page().contains("/owner-link"), "nobody waits for one");
        }

        async fn support_sees_no_way_to_a_link_and_gets_none(db: Db) {
            let platform = db.platform().await;
            let mut operator = Browser::of(&platform.user(Role::PlatformOperator).await);
            operator.post("/platform/tenants", FORM).await;
            let list = operator.get("/platform/tenants").await.page();
            let renew = href(&list, "/platform/tenants/", "/owner-link");
            let mut support = Browser::of(&platform.user(Role::PlatformSupport).await);
            assert!(!support.get("/platform/tenants").await.page().contains("/owner-link"));
            assert_eq!(support.post(renew, &[]).await.status, StatusCode::FORBIDDEN);
        }
    }
}
