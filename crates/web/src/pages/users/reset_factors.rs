//! Removing somebody's second factors, after a question and with a code.

use axum::{extract::State, response::Response};
use bailiwick_domain::{entity::FactorKind, ids::UserId, permission::Permission, rule::ResetFactors};
use bailiwick_ops::factor_reset;
use bailiwick_store::{Store, accounts, sessions, users};

use super::reach::{below, target};
use crate::{
    access::{Access, Confirmation},
    error::{Error, Result},
    forms::Id,
    pages::{
        confirm::ConfirmPage,
        parts::counted,
        step_up::{self, Sent},
    },
    shell::{Message, SeeOther, Visit},
    state::AppState,
};

pub(super) async fn ask(
    Access(permit): Access<ResetFactors>,
    State(store): State<Store>,
    visit: Visit,
    Id(id): Id<UserId>,
) -> Result<ConfirmPage> {
    let mut view = store.read(&permit).await?;
    let own = "Somebody else has to remove your second factors.";
    let user = target(&store, &mut view, &permit, Permission::FACTOR_RESET, id, own).await?;
    let factors = accounts::factors(&mut view, id).await?;
    let ours = factors.iter().filter(|factor| factor.kind != FactorKind::Sso).count();
    if ours == 0 {
        return Err(Error::Conflict("This person has no second factor that could be removed."));
    }
    let live = sessions::live_of(&mut view, id).await?.len();
    Ok(ConfirmPage {
        shell: below(&permit, &visit, &user, "Reset the second factors?"),
        question: format!("Reset the second factors of {}?", user.name),
        sentence: "For somebody who lost theirs. They enrol another one afterwards.".to_owned(),
        effects: vec![
            format!("{} removed for good.", counted(ours, "second factor")),
            "Until they enrol again, their password alone lets them in.".to_owned(),
            format!(
                "They are signed out ({} at the moment), and a letter tells them.",
                counted(live, "session")
            ),
            "A one-time code is sent to you first.".to_owned(),
        ],
        danger: true,
        action: format!("/users/{id}/reset-factors"),
        hidden: Vec::new(),
        reason: None,
        button: "Reset second factors",
        cancel: format!("/users/{id}"),
    })
}

pub(super) async fn reset(
    Access(permit): Access<ResetFactors>,
    confirmation: Confirmation<ResetFactors>,
    State(state): State<AppState>,
    visit: Visit,
    Id(id): Id<UserId>,
) -> Result<Response> {
    let outcome = factor_reset::reset(&state.store, &permit, id, confirmation.answer()).await?;
    let done = |_| SeeOther::to(&format!("/users/{id}")).tell(Message::FactorsReset);
    let sent = async {
        let user = users::find(&mut state.store.read(&permit).await?, id).await?;
        Ok(Sent {
            shell: below(&permit, &visit, &user, "Confirm with a code"),
            action: format!("/users/{id}/reset-factors"),
            typed: Vec::new(),
            button: "Reset second factors",
            cancel: format!("/users/{id}"),
        })
    };
    step_up::answer(outcome, &state.outgoing, done, sent).await
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::{ids::UserId, role::Role};
    use bailiwick_ops::factors;
    use bailiwick_testkit::{Tenant, both_databases};

    use crate::{access::cookies::FLASH, pages::browser::Browser};

    async fn enrolled(acme: &Tenant) -> UserId {
        let user = acme.add(Role::PlanManager).await;
        factors::totp_begin_for(&acme.db.store, &acme.job(), user.id).await.unwrap();
        user.id
    }

    both_databases! {
        async fn owner_resets_a_lost_factor_with_the_code_of_the_letter(db: Db) {
            let acme = db.tenant("acme").await;
            let path = format!("/users/{}", enrolled(&acme).await);
            let (actor, form) = (acme.owner(), format!("{path}/reset-factors"));
            let mut owner = Browser::of(&actor);
            assert!(owner.get(&path).await.shows(&form));
            assert!(owner.get(&form).await.page().contains("1 second factor removed for good."));
            let asked = owner.post(&form, &[]).await;
            assert!(asked.status == 200 && asked.shows("Confirm with a code") && asked.shows("o•••@acme.example"));
            assert!(asked.shows("Second factor: state from “pending” to “removed”"));
            let id = asked.between("name=\"step_up\" value=\"", "\"").unwrap();
            let code = actor.mailed_code(id.parse().unwrap()).await;
            assert!(!asked.shows(&code), "the code is in the letter alone");
            let wrong = owner.post(&form, &[("step_up", &id), ("step_up_code", "x")]).await;
            assert!(wrong.status == 422 && wrong.shows("This code does not work") && wrong.shows(&id));
            let done = owner.post(&form, &[("step_up", &id), ("step_up_code", &code)]).await;
            assert_eq!((done.led(), owner.cookie(FLASH)), ((303, path.as_str()), Some("factors-reset")));
            assert!(!owner.get(&path).await.shows(&form), "there is nothing left to reset");
            assert_eq!(owner.post(&form, &[]).await.status, 409);
        }

        async fn what_names_no_code_at_all_is_a_bad_request(db: Db) {
            let acme = db.tenant("acme").await;
            let form = format!("/users/{}/reset-factors", enrolled(&acme).await);
            let mut owner = Browser::of(&acme.owner());
            for fields in [&[("step_up", "x"), ("step_up_code", "12345678")][..], &[("step_up_code", "12345678")][..]] {
                assert_eq!(owner.post(&form, fields).await.status, 400);
            }
        }

        async fn manager_is_not_offered_what_they_may_not_do(db: Db) {
            let acme = db.tenant("acme").await;
            let path = format!("/users/{}", enrolled(&acme).await);
            let mut manager = Browser::of(&acme.user(Role::OperationsManager).await);
            assert!(!manager.get(&path).await.shows("reset-factors"));
            for answer in [manager.get(&format!("{path}/reset-factors")).await, manager.post(&format!("{path}/reset-factors"), &[]).await] {
                assert_eq!(answer.status, 403);
            }
            let (actor, mut owner) = (acme.owner(), Browser::of(&acme.owner()));
            assert_eq!(owner.get(&format!("/users/{}/reset-factors", actor.id())).await.status, 409);
        }
    }
}
