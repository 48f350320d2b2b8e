//! Taking from one person what they do not use, after a question that asks why.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{ids::UserId, permission::Permission, rule::GrantPermission};
use bailiwick_ops::unused;
use bailiwick_store::Store;

use super::{
    line::{self, Narrowing},
    of_person,
};
use crate::{
    access::Access,
    error::{Error, Result},
    forms::{Form, Id, Problem},
    pages::{confirm::ConfirmPage, refused::Refused},
    shell::{Message, SeeOther, Shell, Visit},
};

pub(super) async fn narrow(
    Access(permit): Access<GrantPermission>,
    State(store): State<Store>,
    visit: Visit,
    Id(id): Id<UserId>,
    form: Form<Narrowing>,
) -> Result<Response> {
    // Every answer shows what the person uses.
    if !permit.may(Permission::AUDIT_READ) {
        return Err(Error::Forbidden("What somebody uses is shown to whoever may read the audit log."));
    }
    let measured = line::measured(&visit);
    let found = unused::of_person(&store, &permit, id, measured).await?;
    let to = format!("/access/unused/users/{id}");
    let page = |refused: Refused| {
        let page = of_person::page(&store, &permit, &visit, &found, refused.problems);
        (refused.status, page).into_response()
    };
    let wanted = match Narrowing::read(form.values) {
        Ok(wanted) => wanted,
        Err(refused) => return Ok(page(refused)),
    };
    let question = |problems: &[Problem]| {
        let by_roles = |name: &&String| {
            store.catalogue().find(name).is_some_and(|permission| found.by_roles.contains(permission))
        };
        let (denied, ended): (Vec<_>, Vec<_>) = wanted.permission.iter().partition(by_roles);
        let owned = |names: Vec<&String>| names.into_iter().cloned().collect::<Vec<_>>();
        let mut effects = line::effects(store.catalogue(), &owned(denied), "is denied");
        effects.extend(line::effects(store.catalogue(), &owned(ended), "is granted no longer"));
        let shell = Shell::new(&permit, &visit, "Take permissions away?");
        ConfirmPage {
            sentence: "It takes effect with their next request, and is recorded under your name.".to_owned(),
            effects,
            ..line::question(shell, (&found.user.name, &to, "narrow"), &wanted, &form.typed, problems)
        }
    };
    if wanted.confirmed.is_none() {
        return Ok(question(&[]).into_response());
    }
    match unused::narrow_person(&store, &permit, id, &wanted.permission, &wanted.reason, measured).await {
        Ok(_) => Ok(SeeOther::to(&to).tell(Message::Narrowed).into_response()),
        Err(error) => Ok(line::refused(Refused::by(error, &[])?, question, page)),
    }
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::{role::Role, time::Span};
    use bailiwick_store::permission_use::flush;
    use bailiwick_testkit::{PASSWORD, both_databases};

    use crate::pages::browser::Browser;

    both_databases! {
        async fn owner_takes_from_somebody_what_they_did_not_use(db: Db) {
            let acme = db.tenant("acme").await;
            let auditor = acme.user(Role::Auditor).await;
            // Nobody is sent to set up a second factor while the months pass.
            let policy = [("mfa_floor", "any"), ("mfa_grace_days", "14"), ("session_idle_minutes", "30"), ("session_absolute_hours", "12"), ("reauth_minutes", "10"), ("invitation_days", "14")];
            assert_eq!(Browser::of(&acme.owner()).post("/policy", &policy).await.led(), (303, "/policy"));
            assert_eq!(Browser::of(&auditor).get("/users").await.status, 200);
            flush(&db.store).await.unwrap();
            db.clock.advance(Span::days(89));
            // Signed in again, they use one of their permissions.
            let mut again = Browser::new(&db);
            let form = [("address", auditor.user.email.as_str()), ("password", PASSWORD)];
            assert_eq!(again.post("/sign-in", &form).await.status, 303);
            assert_eq!(again.get("/users").await.status, 200);
            flush(&db.store).await.unwrap();
            db.clock.advance(Span::days(2));
            let owner = acme.user(Role::TenantOwner).await;
            let mut browser = Browser::of(&owner);
            let path = format!("/access/unused/users/{}", auditor.id());
            let page = browser.get(&path).await.page();
            assert!(page.contains("value=\"session:read\" checked") && !page.contains("value=\"user:read\""), "{page}");
            let used = [("permission", "user:read"), ("confirmed", "yes"), ("reason", "Not needed.")];
            let refused = browser.post(&format!("{path}/narrow"), &used).await;
            assert!(refused.status == 409 && refused.shows("not unused any more"), "{}", refused.body);
            let form = [("permission", "session:read"), ("confirmed", "yes"), ("reason", "Not needed.")];
            let asked = browser.post(&format!("{path}/narrow"), &form[..1]).await;
            assert!(asked.status == 200 && asked.shows("session:read is denied."), "{}", asked.body);
            assert_eq!(browser.post(&format!("{path}/narrow"), &form).await.led(), (303, path.as_str()));
            assert!(!browser.get(&path).await.page().contains("session:read"));
            let list = browser.get("/access/unused/users").await.page();
            assert!(list.contains(&auditor.user.name), "{list}");
            let own = browser.get(&format!("/access/unused/users/{}", owner.id())).await.page();
            assert!(own.contains("Somebody else has to take something from you."));
        }

        async fn somebody_of_another_tenant_is_not_there(db: Db) {
            let acme = db.tenant("acme").await;
            let mut stranger = Browser::of(&db.tenant("zenith").await.owner());
            let path = format!("/access/unused/users/{}", acme.owner().id());
            assert_eq!(stranger.get(&path).await.status, 404);
            let form = [("permission", "user:read"), ("confirmed", "yes"), ("reason", "It is not needed.")];
            assert_eq!(stranger.post(&format!("{path}/narrow"), &form).await.status, 404);
        }
    }
}
