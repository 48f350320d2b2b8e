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
    pages::{confirm::ConfirmPage, parts::counted, refused::Refused},
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
    let refused = match form.values {
        Err(problems) => Refused::unread(problems, &[]),
        Ok(wanted) if wanted.permission.is_empty() => {
            Refused::unread(vec![Problem::new("", "Choose at least one of the permissions.")], &[])
        }
        Ok(wanted) => {
            let question = |problems: &[Problem]| {
                let mut effects = line::effects(store.catalogue(), &wanted.permission, "is left out");
                let people = counted(found.holders.users, "person").replace("persons", "people");
                effects.push(format!("{label} goes to {people} instead of {}.", found.label));
                if found.holders.teams > 0 {
                    effects
                        .push(format!("{label} goes to {} as well.", counted(found.holders.teams, "team")));
                }
                ConfirmPage {
                    shell: Shell::new(&permit, &visit, "Make a narrower role?")
                        .under("Unused permissions", "/access/unused")
                        .under(found.label.clone(), to.clone()),
                    question: format!("Make {label}, narrower than {}?", found.label),
                    sentence: "People have it with their next request. Each move is recorded under your name. Your own role stays."
                        .to_owned(),
                    effects,
                    danger: false,
                    action: format!("{to}/copy"),
                    hidden: wanted.hidden(),
                    reason: Some(line::reason().again(&form.typed, problems)),
                    button: "Make it",
                    cancel: to.clone(),
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
                    return Ok(SeeOther::to(&to).tell(Message::RoleCopied).into_response());
                }
                Err(error) => {
                    let refused = Refused::by(error, &[("slug", "label")])?;
                    if refused.problems.iter().all(|problem| problem.field == "reason") {
                        return Ok((refused.status, question(&refused.problems)).into_response());
                    }
                    refused
                }
            }
        }
    };
    let page = of_role::page(&store, &permit, &visit, &found, &label, refused.problems);
    Ok((refused.status, page).into_response())
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
