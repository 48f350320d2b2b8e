//! Taking from a role of the tenant's own what its holders do not use, after a question that asks why.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{permission::Permission, role::RoleName, rule::UpdateRole};
use bailiwick_ops::unused;
use bailiwick_store::Store;

use super::{
    line::{self, Narrowing},
    of_role,
};
use crate::{
    access::Access,
    error::{Error, Result},
    forms::{Form, Id, Problem},
    pages::{confirm::ConfirmPage, refused::Refused},
    shell::{Message, SeeOther, Shell, Visit},
};

pub(super) async fn narrow(
    Access(permit): Access<UpdateRole>,
    State(store): State<Store>,
    visit: Visit,
    Id(role): Id<RoleName>,
    form: Form<Narrowing>,
) -> Result<Response> {
    // Every answer shows what the role's holders use.
    if !permit.may(Permission::ROLE_READ) {
        return Err(Error::Forbidden("What a role's holders use is shown to whoever may read roles."));
    }
    let measured = line::measured(&visit);
    let found = unused::of_role(&store, &permit, role, measured).await?;
    let name = role.custom().ok_or(Error::NotFound)?;
    let to = format!("/access/unused/roles/{role}");
    let page = |refused: Refused| {
        let page = of_role::page(&store, &permit, &visit, &found, "", refused.problems);
        (refused.status, page).into_response()
    };
    let wanted = match Narrowing::read(form.values) {
        Ok(wanted) => wanted,
        Err(refused) => return Ok(page(refused)),
    };
    let question = |problems: &[Problem]| {
        let shell = Shell::new(&permit, &visit, "Take permissions away?");
        ConfirmPage {
            sentence: "It takes effect for everybody who has the role with their next request, and is recorded under your name."
                .to_owned(),
            effects: line::effects(store.catalogue(), &wanted.permission, "is taken from the role"),
            ..line::question(shell, (&found.label, &to, "narrow"), &wanted, &form.typed, problems)
        }
    };
    if wanted.confirmed.is_none() {
        return Ok(question(&[]).into_response());
    }
    match unused::narrow_role(&store, &permit, name, &wanted.permission, &wanted.reason, measured).await {
        Ok(_) => Ok(SeeOther::to(&to).tell(Message::Narrowed).into_response()),
        Err(error) => Ok(line::refused(Refused::by(error, &[])?, question, page)),
    }
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::{role::Role, rule::CreateRole, time::Span};
    use bailiwick_ops::roles::{self, NewRole};
    use bailiwick_store::permission_use::flush;
    use bailiwick_testkit::both_databases;

    use crate::pages::browser::Browser;

    both_databases! {
        async fn owner_takes_from_a_role_what_nobody_used(db: Db) {
            let acme = db.tenant("acme").await;
            let new = NewRole {
                label: "Reader".into(),
                permissions: vec!["user:read".into(), "session:read".into()],
                ..NewRole::default()
            };
            let role = roles::create(&db.store, &acme.owner().permit::<CreateRole>().await, new).await.unwrap();
            let reader = acme.add(Role::SupportCoordinator).await;
            let to_role = format!("/users/{}/role", reader.id);
            assert_eq!(Browser::of(&acme.owner()).post(&to_role, &[("role", role.name.name())]).await.status, 303);
            flush(&db.store).await.unwrap();
            db.clock.advance(Span::days(91));
            let owner = acme.user(Role::TenantOwner).await;
            let mut browser = Browser::of(&owner);
            let path = format!("/access/unused/roles/{}", role.name);
            let page = browser.get(&path).await.page();
            assert!(page.contains("Never since") && page.contains("value=\"user:read\" checked"), "{page}");
            let none = browser.post(&format!("{path}/narrow"), &[]).await;
            assert!(none.status == 422 && none.shows("Choose at least one"), "{}", none.body);
            let asked = browser.post(&format!("{path}/narrow"), &[("permission", "session:read")]).await;
            assert!(asked.status == 200 && asked.shows("session:read is taken from the role."), "{}", asked.body);
            let hasty = browser.post(&format!("{path}/narrow"), &[("permission", "session:read"), ("confirmed", "yes")]).await;
            assert!(hasty.status == 422 && hasty.shows("Give a reason"), "{}", hasty.body);
            let form = [("permission", "session:read"), ("confirmed", "yes"), ("reason", "Nobody needs it.")];
            assert_eq!(browser.post(&format!("{path}/narrow"), &form).await.led(), (303, path.as_str()));
            let page = browser.get(&path).await.page();
            assert!(!page.contains("session:read") && page.contains("user:read"), "{page}");
            let gone = browser.post(&format!("{path}/narrow"), &form).await;
            assert!(gone.status == 409 && gone.shows("not unused any more"), "{}", gone.body);
        }

        async fn role_of_another_tenant_is_not_there(db: Db) {
            let acme = db.tenant("acme").await;
            let new = NewRole { label: "Reader".into(), permissions: vec!["user:read".into()], ..NewRole::default() };
            let role = roles::create(&db.store, &acme.owner().permit::<CreateRole>().await, new).await.unwrap();
            let mut stranger = Browser::of(&db.tenant("zenith").await.owner());
            let path = format!("/access/unused/roles/{}", role.name);
            assert_eq!(stranger.get(&path).await.status, 404);
            for act in ["narrow", "copy"] {
                let form = [("permission", "user:read"), ("confirmed", "yes"), ("reason", "It is not needed.")];
                assert_eq!(stranger.post(&format!("{path}/{act}"), &form).await.status, 404, "{act}");
            }
        }
    }
}
