//! Giving several people the same role.

use axum::{extract::State, response::Response};
use bailiwick_domain::{ids::UserId, rule::AssignRole};
use bailiwick_ops::{
    bulk::{self, Chosen},
    roles::givable,
};
use bailiwick_store::Store;
use serde::Deserialize;

use super::{Picked, Question, done};
use crate::{
    access::Access,
    error::{Error, Result},
    forms::{Choice, Form, Query, Select},
    shell::Visit,
};

/// Them and what they become.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::pages::users) struct Assigning {
    #[serde(default)]
    user: Vec<UserId>,
    role: String,
}

pub(in crate::pages::users) async fn ask(
    Access(permit): Access<AssignRole>,
    State(store): State<Store>,
    visit: Visit,
    Query(picked): Query<Picked>,
) -> Result<Response> {
    let platform = permit.caller().is_some_and(|caller| caller.user.role.platform());
    let mut view = store.read(&permit).await?;
    let roles = givable(&store, &mut view, *permit.permissions(), platform).await?;
    drop(view);
    // The narrowest built-in one comes first: whoever forgets to choose gives no more than they meant.
    let (built_in, own): (Vec<_>, Vec<_>) = roles.into_iter().partition(|one| one.role.custom().is_none());
    let roles = built_in.into_iter().rev().chain(own);
    let choices = roles.map(|one| Choice::new(one.role.name(), one.title));
    let question = Question {
        verb: "Change the role of",
        sentence: "It takes effect with their next request. Whoever holds more than you do stays as they are.",
        danger: false,
        action: "/users/bulk/role",
        role: Some(Select::new("role", "Their new role", choices, "").unchosen()),
        button: "Change role",
    };
    question.about(&store, &permit, &visit, picked).await
}

pub(in crate::pages::users) async fn assign(
    Access(permit): Access<AssignRole>,
    State(store): State<Store>,
    visit: Visit,
    form: Form<Assigning>,
) -> Result<Response> {
    let values = form.values.map_err(Error::Invalid)?;
    let answered = bulk::assign_role(&store, &permit, Chosen::of(values.user)?, &values.role).await?;
    done(&store, &permit, &visit, "Roles changed", answered).await
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::role::Role;
    use bailiwick_testkit::both_databases;

    use crate::{access::cookies::FLASH, pages::browser::Browser};

    both_databases! {
        async fn owner_changes_several_people_and_reads_what_became_of_each(db: Db) {
            let acme = db.tenant("acme").await;
            let (one, other) = (acme.add(Role::Auditor).await, acme.add(Role::PlanManager).await);
            let owner = acme.owner();
            let mut browser = Browser::of(&owner);
            assert!(browser.get("/users").await.shows(&format!("form=\"bulk\" name=\"user\" value=\"{}\"", one.id)));
            let query = format!("user={}&user={}&user={}", one.id, other.id, owner.id());
            let question = browser.get(&format!("/users/bulk/role?{query}")).await;
            assert!(question.status == 200 && question.shows("Change the role of 3 people?") && question.shows(&other.email));
            let (id, other_id, own) = (one.id.to_string(), other.id.to_string(), owner.id().to_string());
            let people = [("user", id.as_str()), ("user", other_id.as_str()), ("user", own.as_str()), ("role", "auditor")];
            assert!(question.shows("<option value=\"\" selected>Choose one</option>") && question.shows("name=\"role\" required"), "nothing is chosen beforehand");
            let done = browser.post("/users/bulk/role", &people).await;
            assert_eq!(done.status, 200);
            assert!(done.shows("1 user changed, 2 refused.") && done.shows("The user has this role already."));
            assert!(done.shows("Somebody else has to change your own role."));
            let done = browser.post("/users/bulk/disable", &people[..3]).await;
            assert!(done.shows("2 users changed, 1 refused.") && done.shows("Somebody else has to disable your own account."));
            assert!(browser.get("/users?status=disabled").await.shows("2 users<"));
            let done = browser.post("/users/bulk/enable", &people[..2]).await;
            assert!(done.shows("2 users changed."));
            let done = browser.post("/users/bulk/end-sessions", &people[..1]).await;
            assert!(done.shows("0 users changed, 1 refused.") && done.shows("This person is signed in nowhere."));
        }

        async fn owner_gives_several_people_a_role_of_their_own_and_finds_them_by_it(db: Db) {
            let acme = db.tenant("acme").await;
            let (one, other) = (acme.add(Role::Auditor).await, acme.add(Role::PlanManager).await);
            let mut browser = Browser::of(&acme.owner());
            browser.post("/roles", &[("label", "Night auditor"), ("permission", "audit:read")]).await;
            let (id, other_id) = (one.id.to_string(), other.id.to_string());
            let question = browser.get(&format!("/users/bulk/role?user={id}&user={other_id}")).await;
            assert!(question.shows("value=\"custom-night-auditor\""), "{}", question.body);
            let people = [("user", id.as_str()), ("user", other_id.as_str()), ("role", "custom-night-auditor")];
            assert!(browser.post("/users/bulk/role", &people).await.shows("2 users changed."));
            let found = browser.get("/users?role=custom-night-auditor").await;
            assert!(found.shows("2 users<") && found.shows(&one.email) && found.shows("Night auditor"));
            let missing = [("user", id.as_str()), ("role", "custom-day-auditor")];
            assert!(browser.post("/users/bulk/role", &missing).await.shows("Choose one of the roles."));
        }

        async fn nobody_is_changed_by_a_choice_of_nobody_or_of_too_many(db: Db) {
            let acme = db.tenant("acme").await;
            let mut browser = Browser::of(&acme.owner());
            let empty = browser.get("/users/bulk/disable").await;
            assert_eq!((empty.led(), browser.cookie(FLASH)), ((303, "/users"), Some("nobody-chosen")));
            assert_eq!(browser.post("/users/bulk/disable", &[]).await.status, 422);
            let ids: Vec<String> = (0..101).map(|_| db.store.new_id::<bailiwick_domain::ids::UserId>().to_string()).collect();
            let many: Vec<_> = ids.iter().map(|id| ("user", id.as_str())).collect();
            assert_eq!(browser.post("/users/bulk/disable", &many).await.status, 422);
            let query: Vec<_> = ids.iter().map(|id| format!("user={id}")).collect();
            let asked = browser.get(&format!("/users/bulk/disable?{}", query.join("&"))).await.status;
            assert!([400, 414].contains(&asked.as_u16()), "an address has a length as well: {asked}");
            assert_eq!(browser.get("/users/bulk/disable?user=x").await.status, 400);
        }

        async fn people_of_another_tenant_stay_as_they_are(db: Db) {
            let acme = db.tenant("acme").await;
            let victim = acme.add(Role::Auditor).await;
            let mut stranger = Browser::of(&db.tenant("other").await.owner());
            let id = victim.id.to_string();
            assert_eq!(stranger.get(&format!("/users/bulk/disable?user={id}")).await.status, 404);
            let done = stranger.post("/users/bulk/disable", &[("user", id.as_str())]).await;
            assert!(done.shows("There is nobody here with this id.") && !done.shows(&victim.name));
            assert!(Browser::of(&acme.owner()).get("/users?status=disabled").await.shows("No one matches"));
        }

        async fn auditor_can_choose_nobody(db: Db) {
            let acme = db.tenant("acme").await;
            let mut auditor = Browser::of(&acme.user(Role::Auditor).await);
            assert!(!auditor.get("/users").await.shows("checkbox"));
            for action in ["disable", "enable", "end-sessions", "role"] {
                assert_eq!(auditor.get(&format!("/users/bulk/{action}?user={}", acme.owner().id())).await.status, 403);
            }
        }
    }
}
