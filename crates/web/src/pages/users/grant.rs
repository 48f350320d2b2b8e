//! Granting and denying single permissions, and leaving them to the role again, after a question that asks why.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{
    entity::User,
    ids::UserId,
    permission::Permission,
    rule::GrantPermission,
    time::{Span, Timestamp},
};
use bailiwick_ops::users::{self, NewGrant, permissions_of};
use bailiwick_store::{Permit, Scope, Store, grants};

use super::{
    overrides::{Change, Wanted},
    page::UserPage,
    reach::{below, why_not},
};
use crate::{
    access::Access,
    error::Result,
    forms::{Field, Form, Id, Problem, Typed},
    pages::{confirm::ConfirmPage, parts::counted, refused::Refused},
    shell::{Message, SeeOther, Visit},
    when::{When, zone_of},
};

pub(super) async fn grant(
    Access(permit): Access<GrantPermission>,
    State(store): State<Store>,
    visit: Visit,
    Id(id): Id<UserId>,
    form: Form<Vec<(String, String)>>,
) -> Result<Response> {
    let to = format!("/users/{id}");
    let wanted = match form.values.and_then(|fields| Wanted::parse(&fields, store.catalogue())) {
        Ok(wanted) => wanted,
        Err(problems) => return again(&store, &permit, &visit, id, Refused::unread(problems, &[])).await,
    };
    let mut view = store.read(&permit).await?;
    let user = bailiwick_store::users::find(&mut view, id).await?;
    let theirs = permissions_of(&store, &mut view, &user).await?;
    // What is over makes way by itself.
    let now = view.now();
    let mut grants = grants::of_user(&mut view, id).await?;
    grants.retain(|grant| !grant.is_over(now));
    let changes = wanted.changes(&grants);
    let until = wanted.days.map(|days| now + Span::days(days));
    drop(view);
    if let Some(text) = why_not(&permit, Permission::USER_GRANT, &user, theirs) {
        let refused = Refused { status: StatusCode::FORBIDDEN, problems: vec![Problem::new("", text)] };
        return again(&store, &permit, &visit, id, refused).await;
    }
    if changes.is_empty() {
        return Ok(SeeOther::to(&to).tell(Message::NothingChanged).into_response());
    }
    if !wanted.confirmed {
        return Ok(
            question(&store, &permit, &visit, &user, &changes, until, &form.typed, &[]).into_response()
        );
    }
    let reason = form.typed.value("reason");
    for (done, change) in changes.iter().enumerate() {
        let Err(error) = apply(&store, &permit, id, change, reason, until).await else { continue };
        let mut refused = Refused::by(error, &[])?;
        if done == 0 && refused.status == StatusCode::UNPROCESSABLE_ENTITY {
            let page =
                question(&store, &permit, &visit, &user, &changes, until, &form.typed, &refused.problems);
            return Ok((refused.status, page).into_response());
        }
        if done > 0 {
            let saved = counted(done, "change");
            refused.problems.insert(
                0,
                Problem::new(
                    "",
                    format!("{saved} of {} saved; then {} was refused.", changes.len(), change.permission),
                ),
            );
        }
        return again(&store, &permit, &visit, id, refused).await;
    }
    Ok(SeeOther::to(&to).tell(Message::PermissionsChanged).into_response())
}

async fn apply(
    store: &Store,
    permit: &Permit<GrantPermission>,
    id: UserId,
    change: &Change,
    reason: &str,
    expires_at: Option<Timestamp>,
) -> bailiwick_ops::Result<()> {
    if let Some(before) = change.before {
        users::remove_grant(store, permit, id, before).await?;
    }
    if let Some(effect) = change.after {
        let new = NewGrant {
            permission: change.permission.clone(),
            effect: effect.name().to_owned(),
            reason: reason.to_owned(),
            expires_at,
        };
        users::grant(store, permit, id, new).await?;
    }
    Ok(())
}

/// The page of the user again, with what was refused.
async fn again(
    store: &Store,
    permit: &Permit<GrantPermission>,
    visit: &Visit,
    id: UserId,
    refused: Refused,
) -> Result<Response> {
    let page = UserPage::read(store, permit, visit, id, refused.problems).await?;
    Ok((refused.status, page).into_response())
}

#[allow(clippy::too_many_arguments, reason = "everything that the question says")]
fn question(
    store: &Store,
    permit: &Permit<GrantPermission>,
    visit: &Visit,
    user: &User,
    changes: &[Change],
    until: Option<Timestamp>,
    typed: &Typed,
    problems: &[Problem],
) -> ConfirmPage {
    let to = format!("/users/{}", user.id);
    let mut hidden: Vec<_> = changes.iter().map(Change::field).collect();
    hidden.push(("confirmed".to_owned(), "yes".to_owned()));
    let lasts = typed.value("lasts");
    if !lasts.is_empty() {
        hidden.push(("lasts".to_owned(), lasts.to_owned()));
    }
    let mut effects: Vec<_> = changes.iter().map(|change| change.sentence(store.catalogue())).collect();
    if let Some(until) = until.filter(|_| changes.iter().any(|change| change.after.is_some())) {
        effects.push(format!(
            "What is granted or denied ends by itself on {}.",
            When::moment(until).text(&zone_of(permit))
        ));
    }
    let asks_why = changes.iter().any(|change| change.after.is_some());
    let reason = Field::new("reason", "Reason")
        .hint("In 3 to 500 characters. Kept in the audit record.")
        .again(typed, problems);
    ConfirmPage {
        shell: below(permit, visit, user, "Change permissions?"),
        question: format!("Change what {} may do?", user.name),
        sentence: "The change takes effect with their next request and is recorded under your name."
            .to_owned(),
        effects,
        danger: false,
        action: format!("{to}/permissions"),
        hidden,
        reason: asks_why.then_some(reason),
        button: "Save permissions",
        cancel: to,
    }
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::role::Role;
    use bailiwick_testkit::both_databases;

    use crate::pages::browser::Browser;

    both_databases! {
        async fn owner_grants_a_permission_after_saying_why(db: Db) {
            let acme = db.tenant("acme").await;
            let planner = acme.user(Role::PlanManager).await;
            let path = format!("/users/{}", planner.id());
            let to = format!("{path}/permissions");
            let mut browser = Browser::of(&acme.owner());
            let asked = [("p.posture:read", "grant"), ("p.team:read", "role"), ("p.register:read", "deny")];
            let question = browser.post(&to, &asked).await;
            assert!(question.status == 200 && question.shows("posture:read is granted.") && question.shows("register:read is denied."));
            assert!(!question.shows("p.team:read"), "only what changes is asked for");
            assert_eq!(Browser::of(&planner).get("/security").await.status, 403, "nothing was done yet");
            let hasty = browser.post(&to, &[("p.posture:read", "grant"), ("confirmed", "yes"), ("reason", "x")]).await;
            assert!(hasty.status == 422 && hasty.shows("Give a reason"));
            let done = browser.post(&to, &[("p.posture:read", "grant"), ("confirmed", "yes"), ("reason", "Covers for Olive.")]).await;
            assert_eq!(done.led(), (303, path.as_str()));
            assert_eq!(Browser::of(&planner).get("/security").await.status, 200);
            let again = browser.post(&to, &[("p.posture:read", "grant")]).await;
            assert_eq!(again.led(), (303, path.as_str()));
            assert!(browser.get(&path).await.shows("Nothing was changed."));
            let back = browser.post(&to, &[("p.posture:read", "role"), ("confirmed", "yes")]).await;
            assert_eq!(back.led(), (303, path.as_str()));
            assert_eq!(Browser::of(&planner).get("/security").await.status, 403);
        }

        async fn owner_cannot_grant_what_is_the_platforms(db: Db) {
            let acme = db.tenant("acme").await;
            let path = format!("/users/{}/permissions", acme.add(Role::Auditor).await.id);
            let mut browser = Browser::of(&acme.owner());
            let answer = browser.post(&path, &[("p.tenant:read", "grant"), ("confirmed", "yes"), ("reason", "I want it.")]).await;
            assert!(answer.status == 403 && answer.shows("more permissions than you have"));
        }

        async fn owner_cannot_change_their_own_permissions(db: Db) {
            let owner = db.tenant("acme").await.owner();
            let answer = Browser::of(&owner).post(&format!("/users/{}/permissions", owner.id()), &[("p.audit:hold", "deny")]).await;
            assert!(answer.status == 403 && answer.shows("Somebody else has to change this for you."));
        }
    }
}
