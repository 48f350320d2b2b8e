//! Deleting somebody for good, after a question and with a code.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{ids::UserId, permission::Permission, rule::DeleteUser};
use bailiwick_ops::{audit::hold::refuse_held, deletion};
use bailiwick_store::{Store, api_keys, sessions, users};

use super::reach::{below, keep_an_owner, target};
use crate::{
    access::{Access, Confirmation},
    error::Result,
    forms::Id,
    pages::{
        confirm::ConfirmPage,
        parts::counted,
        refused::held,
        step_up::{self, Sent},
    },
    shell::{Message, SeeOther, Visit},
    state::AppState,
};

pub(super) async fn ask(
    Access(permit): Access<DeleteUser>,
    State(store): State<Store>,
    visit: Visit,
    Id(id): Id<UserId>,
) -> Result<Response> {
    let mut view = store.read(&permit).await?;
    let own = "Somebody else has to delete your account.";
    let user = target(&store, &mut view, &permit, Permission::USER_DELETE, id, own).await?;
    keep_an_owner(&mut view, &user).await?;
    if let Err(error) = refuse_held(&mut view, &permit, id.uuid(), Some(&user.email)).await {
        return held(error, &permit, &visit);
    }
    let live = sessions::live_of(&mut view, id).await?.len();
    let keys = api_keys::unrevoked_of(&mut view, id).await?.len();
    let page = ConfirmPage {
        shell: below(&permit, &visit, &user, "Delete the user?"),
        question: format!("Delete {}?", user.name),
        sentence: "This cannot be undone by anybody. To keep somebody out for a while, disable them.".to_owned(),
        effects: vec![
            "Name, address and everything else that says who they are is erased, in the audit log as well. Its records and proofs stay."
                .to_owned(),
            format!("They are signed out ({} at the moment).", counted(live, "session")),
            format!(
                "API keys that they made are revoked for good ({} at the moment), and invitations of theirs are taken back.",
                counted(keys, "key")
            ),
            "A last letter tells them. The same address can be invited again.".to_owned(),
            "A one-time code is sent to you first.".to_owned(),
        ],
        danger: true,
        action: format!("/users/{id}/delete"),
        hidden: Vec::new(),
        reason: None,
        button: "Delete user",
        cancel: format!("/users/{id}"),
    };
    Ok(page.into_response())
}

pub(super) async fn delete(
    Access(permit): Access<DeleteUser>,
    confirmation: Confirmation<DeleteUser>,
    State(state): State<AppState>,
    visit: Visit,
    Id(id): Id<UserId>,
) -> Result<Response> {
    let outcome = match deletion::delete(&state.store, &permit, id, confirmation.answer()).await {
        Ok(outcome) => outcome,
        Err(error) => return held(error, &permit, &visit),
    };
    let done = |_| SeeOther::to("/users").tell(Message::UserDeleted);
    let sent = async {
        let user = users::find(&mut state.store.read(&permit).await?, id).await?;
        Ok(Sent {
            shell: below(&permit, &visit, &user, "Confirm with a code"),
            action: format!("/users/{id}/delete"),
            typed: Vec::new(),
            button: "Delete user",
            cancel: format!("/users/{id}"),
        })
    };
    step_up::answer(outcome, &state.outgoing, done, sent).await
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::role::Role;
    use bailiwick_testkit::both_databases;

    use crate::{
        access::cookies::FLASH,
        pages::browser::{Browser, href},
    };

    both_databases! {
        async fn owner_deletes_somebody_with_the_code_of_the_letter(db: Db) {
            let acme = db.tenant("acme").await;
            let leaver = acme.user(Role::Auditor).await;
            let path = format!("/users/{}", leaver.id());
            let (actor, form) = (acme.owner(), format!("{path}/delete"));
            let mut owner = Browser::of(&actor);
            assert!(owner.get(&path).await.shows(&form));
            let question = owner.get(&form).await;
            assert!(question.shows("1 session at the moment") && question.shows("cannot be undone"));
            let asked = owner.post(&form, &[]).await;
            assert!(asked.status == 200 && asked.shows("Delete the account of") && asked.shows(&leaver.user.email), "{}", asked.body);
            let id = asked.between("name=\"step_up\" value=\"", "\"").unwrap();
            let code = actor.mailed_code(id.parse().unwrap()).await;
            let done = owner.post(&form, &[("step_up", &id), ("step_up_code", &code)]).await;
            assert_eq!((done.led(), owner.cookie(FLASH)), ((303, "/users"), Some("user-deleted")));
            assert_eq!(owner.get(&path).await.status, 404);
            assert!(!owner.get("/users").await.shows(&leaver.user.email));
            assert_eq!(Browser::of(&leaver).get("/account").await.status, 303, "their session is over");
            // The record is there; who it was about is not.
            db.sign().await;
            let history = owner.get(&format!("/audit/entities/user/{}", leaver.id())).await;
            assert!(history.status == 200 && history.shows("Erased person") && !history.shows(&leaver.user.email));
            let record = owner.get(href(&history.body, "/audit/events/", "")).await;
            assert!(record.shows("Personal value, kept outside the record.") && !record.shows(&leaver.user.email));
            assert!(owner.get("/security/events").await.shows("User with the role Auditor deleted"));
        }

        async fn what_may_not_be_deleted_is_not_asked_about(db: Db) {
            let acme = db.tenant("acme").await;
            let mut owner = Browser::of(&acme.owner());
            let own = format!("/users/{}/delete", acme.owner().id());
            assert!(!owner.get(&format!("/users/{}", acme.owner().id())).await.shows("/delete"));
            for answer in [owner.get(&own).await, owner.post(&own, &[]).await] {
                assert!(answer.status == 409 && answer.shows("Somebody else has to delete your account."));
            }
            let mut manager = Browser::of(&acme.user(Role::OperationsManager).await);
            let other = format!("/users/{}/delete", acme.add(Role::Auditor).await.id);
            for answer in [manager.get(&other).await, manager.post(&other, &[]).await] {
                assert_eq!(answer.status, 403);
            }
            let mut stranger = Browser::of(&db.tenant("other").await.owner());
            assert_eq!(stranger.post(&other, &[]).await.status, 404);
        }
    }
}
