//! A narrower copy of a built-in role, to which its people move, after a question that asks why.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{permission::Permission, role::RoleName, rule::CreateRole};
use bailiwick_ops::unused::{self, NewCopy};
use bailiwick_store::Store;

use super::{
    line::{self, Narrowing},
    of_role,
};
use crate::{
    access::Access,
    error::{Error, Result},
    forms::{Form, Id, Problem},
    pages::{
        confirm::ConfirmPage,
        parts::{counted, people},
        refused::Refused,
    },
    shell::{Message, SeeOther, Shell, Visit},
};

pub(super) async fn copy(
    Access(permit): Access<CreateRole>,
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
    let built_in = role.built_in().ok_or(Error::NotFound)?;
    let to = format!("/access/unused/roles/{role}");
    let label = form.typed.value("label").to_owned();
    let page = |refused: Refused| {
        let page = of_role::page(&store, &permit, &visit, &found, &label, refused.problems);
        (refused.status, page).into_response()
    };
    let wanted = match Narrowing::read(form.values) {
        Ok(wanted) => wanted,
        Err(refused) => return Ok(page(refused)),
    };
    let question = |problems: &[Problem]| {
        let mut effects = line::effects(store.catalogue(), &wanted.permission, "is left out");
        let people = people(found.holders.users);
        effects.push(format!("{label} goes to {people} instead of {}.", found.label));
        if found.holders.teams > 0 {
            effects.push(format!("{label} goes to {} as well.", counted(found.holders.teams, "team")));
        }
        let shell = Shell::new(&permit, &visit, "Make a narrower role?");
        ConfirmPage {
            question: format!("Make {label}, narrower than {}?", found.label),
            sentence: "People have it with their next request. Each move is recorded under your name. Your own role stays."
                .to_owned(),
            effects,
            button: "Make it",
            ..line::question(shell, (&found.label, &to, "copy"), &wanted, &form.typed, problems)
        }
    };
    if wanted.confirmed.is_none() {
        return Ok(question(&[]).into_response());
    }
    let new = NewCopy {
        label: wanted.label.clone(),
        permissions: wanted.permission.clone(),
        reason: wanted.reason.clone(),
    };
    match unused::copy_without(&store, &permit, built_in, new, measured).await {
        Ok(copied) => {
            let to = format!("/access/unused/roles/{}", copied.role.name);
            Ok(SeeOther::to(&to).tell(Message::RoleCopied).into_response())
        }
        Err(error) => Ok(line::refused(Refused::by(error, &[("slug", "label")])?, question, page)),
    }
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::{role::Role, time::Span};
    use bailiwick_store::permission_use::flush;
    use bailiwick_testkit::both_databases;

    use crate::pages::browser::Browser;

    both_databases! {
        async fn owner_moves_everybody_to_a_narrower_role(db: Db) {
            let acme = db.tenant("acme").await;
            let auditor = acme.add(Role::Auditor).await;
            // Somebody has to use something, so that recording begins.
            assert_eq!(Browser::of(&acme.owner()).get("/users").await.status, 200);
            flush(&db.store).await.unwrap();
            db.clock.advance(Span::days(91));
            let owner = acme.user(Role::TenantOwner).await;
            let mut browser = Browser::of(&owner);
            let to = "/access/unused/roles/auditor/copy";
            let form = [("permission", "session:read"), ("label", "Quiet auditor")];
            let asked = browser.post(to, &form).await;
            assert!(asked.status == 200 && asked.shows("session:read is left out.") && asked.shows("Quiet auditor goes to 1 person instead of Auditor."), "{}", asked.body);
            let taken = [("permission", "session:read"), ("label", "Auditor"), ("confirmed", "yes"), ("reason", "Not used.")];
            let refused = browser.post(to, &taken).await;
            assert!(refused.status == 422 && refused.body.contains("label-error"), "{}", refused.body);
            let done = [("permission", "session:read"), ("label", "Quiet auditor"), ("confirmed", "yes"), ("reason", "Not used.")];
            assert_eq!(browser.post(to, &done).await.led(), (303, "/access/unused/roles/custom-quiet-auditor"));
            let page = browser.get(&format!("/users/{}/access", auditor.id)).await.page();
            assert!(page.contains("Role Quiet auditor") && !page.contains("session:read"), "{page}");
            let owners = browser.get("/access/unused/roles/tenant_owner").await.page();
            assert!(owners.contains("An owner keeps every permission") && !owners.contains("tenant_owner/copy"), "{owners}");
        }
    }
}
