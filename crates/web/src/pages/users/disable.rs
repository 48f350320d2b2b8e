//! Disabling a user, after a question.

use axum::extract::State;
use bailiwick_domain::{entity::UserStatus, ids::UserId, permission::Permission, rule::DisableUser};
use bailiwick_ops::users;
use bailiwick_store::{Store, sessions};

use super::reach::{below, keep_an_owner, target};
use crate::{
    access::Access,
    error::{Error, Result},
    forms::Id,
    pages::{confirm::ConfirmPage, parts::counted},
    shell::{Message, SeeOther, Visit},
};

pub(super) async fn ask(
    Access(permit): Access<DisableUser>,
    State(store): State<Store>,
    visit: Visit,
    Id(id): Id<UserId>,
) -> Result<ConfirmPage> {
    let mut view = store.read(&permit).await?;
    let own = "Somebody else has to disable your own account.";
    let user = target(&store, &mut view, &permit, Permission::USER_DISABLE, id, own).await?;
    if user.status == UserStatus::Disabled {
        return Err(Error::Conflict("The user is disabled already."));
    }
    keep_an_owner(&mut view, &user).await?;
    let live = sessions::live_of(&mut view, id).await?.len();
    let signed_out = match live {
        0 => "They cannot sign in any more; they have no session at the moment.".to_owned(),
        n => format!(
            "They cannot sign in any more, and {} of theirs ends at this moment.",
            counted(n, "session")
        ),
    };
    Ok(ConfirmPage {
        shell: below(&permit, &visit, &user, "Disable the user?"),
        question: format!("Disable {}?", user.name),
        sentence: "They can be enabled again at any time.".to_owned(),
        effects: vec![
            signed_out,
            "API keys that they made stop working until then.".to_owned(),
            "Invitations of theirs that wait for an answer are taken back for good.".to_owned(),
            "The change is recorded under your name.".to_owned(),
        ],
        danger: true,
        action: format!("/users/{id}/disable"),
        hidden: Vec::new(),
        reason: None,
        button: "Disable user",
        cancel: format!("/users/{id}"),
    })
}

pub(super) async fn disable(
    Access(permit): Access<DisableUser>,
    State(store): State<Store>,
    Id(id): Id<UserId>,
) -> Result<SeeOther> {
    users::disable(&store, &permit, id).await?;
    Ok(SeeOther::to(&format!("/users/{id}")).tell(Message::UserDisabled))
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::role::Role;
    use bailiwick_testkit::both_databases;

    use crate::pages::browser::Browser;

    both_databases! {
        async fn manager_disables_and_enables_a_user_after_a_question(db: Db) {
            let acme = db.tenant("acme").await;
            let planner = acme.user(Role::PlanManager).await;
            let path = format!("/users/{}", planner.id());
            let mut manager = Browser::of(&acme.user(Role::OperationsManager).await);
            let question = manager.get(&format!("{path}/disable")).await;
            assert!(question.status == 200 && question.shows("1 session of theirs ends"));
            assert_eq!(Browser::of(&planner).get("/account").await.status, 200, "asking changes nothing");
            assert_eq!(manager.post(&format!("{path}/disable"), &[]).await.led(), (303, path.as_str()));
            assert_eq!(Browser::of(&planner).get("/account").await.led(), (303, "/sign-in?next=%2Faccount"));
            assert_eq!(manager.get(&format!("{path}/disable")).await.status, 409);
            assert!(manager.get(&path).await.shows(&format!("{path}/enable")));
            assert_eq!(manager.get(&format!("{path}/enable")).await.status, 200);
            assert_eq!(manager.post(&format!("{path}/enable"), &[]).await.led(), (303, path.as_str()));
            assert_eq!(manager.get(&format!("{path}/enable")).await.status, 409);
        }

        async fn manager_cannot_disable_an_owner(db: Db) {
            let acme = db.tenant("acme").await;
            let path = format!("/users/{}", acme.owner().id());
            let mut manager = Browser::of(&acme.user(Role::OperationsManager).await);
            assert!(!manager.get(&path).await.shows(&format!("{path}/disable")));
            assert_eq!(manager.post(&format!("{path}/disable"), &[]).await.status, 403);
        }

        async fn nobody_is_asked_about_what_they_may_not_do(db: Db) {
            let acme = db.tenant("acme").await;
            let actor = acme.user(Role::OperationsManager).await;
            let mut manager = Browser::of(&actor);
            for (user, status) in [(acme.owner().id(), 403), (actor.id(), 409)] {
                for verb in ["disable", "enable"] {
                    let path = format!("/users/{user}/{verb}");
                    let (asked, done) = (manager.get(&path).await, manager.post(&path, &[]).await);
                    assert_eq!((asked.status.as_u16(), done.status.as_u16()), (status, status), "{path}");
                    let said = |page: &str| page.split("<h1>").nth(1).and_then(|rest| rest.split("</header>").next()).map(str::to_owned);
                    assert_eq!(said(&asked.body), said(&done.body), "{path}");
                }
            }
        }
    }
}
