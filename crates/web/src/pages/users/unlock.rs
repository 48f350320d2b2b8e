//! Letting somebody try again who has to wait after wrong guesses, after a question.

use axum::extract::State;
use bailiwick_domain::{ids::UserId, permission::Permission, rule::UnlockUser};
use bailiwick_ops::sign_in;
use bailiwick_store::Store;

use super::reach::{below, target};
use crate::{
    access::Access,
    error::{Error, Result},
    forms::Id,
    pages::confirm::ConfirmPage,
    shell::{Message, SeeOther, Visit},
};

pub(super) async fn ask(
    Access(permit): Access<UnlockUser>,
    State(store): State<Store>,
    visit: Visit,
    Id(id): Id<UserId>,
) -> Result<ConfirmPage> {
    let mut view = store.read(&permit).await?;
    let own = "Somebody else has to unlock your own account.";
    let user = target(&store, &mut view, &permit, Permission::USER_UNLOCK, id, own).await?;
    if sign_in::waits(&mut view, id).await?.is_empty() {
        return Err(Error::Conflict("Nobody has to wait at this account."));
    }
    Ok(ConfirmPage {
        shell: below(&permit, &visit, &user, "Let them try again?"),
        question: format!("Let {} try again?", user.name),
        sentence: "Make sure that it was they who guessed wrong, and not somebody else.".to_owned(),
        effects: vec![
            "Wrong guesses at this account count from zero again, wherever they come from.".to_owned(),
            "What was guessed stays in the records, and the change is recorded under your name.".to_owned(),
        ],
        danger: false,
        action: format!("/users/{id}/unlock"),
        hidden: Vec::new(),
        reason: None,
        button: "Let them try again",
        cancel: format!("/users/{id}"),
    })
}

pub(super) async fn unlock(
    Access(permit): Access<UnlockUser>,
    State(store): State<Store>,
    Id(id): Id<UserId>,
) -> Result<SeeOther> {
    sign_in::unlock(&store, &permit, id).await?;
    Ok(SeeOther::to(&format!("/users/{id}")).tell(Message::UserUnlocked))
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::{role::Role, time::Span};
    use bailiwick_testkit::{Db, PASSWORD, both_databases};

    use crate::{access::cookies::SESSION, pages::browser::Browser};

    /// Whether somebody gets in with this password.
    async fn tries(db: &Db, address: &str, password: &str) -> bool {
        let mut browser = Browser::new(db);
        browser
            .post("/sign-in", &[("address", address), ("password", password)])
            .await
            .sets(SESSION)
            .is_some()
    }

    both_databases! {
        async fn manager_sees_who_has_to_wait_and_lets_them_try_again(db: Db) {
            let acme = db.tenant("acme").await;
            let planner = acme.user(Role::PlanManager).await;
            let path = format!("/users/{}", planner.id());
            let mut manager = Browser::of(&acme.user(Role::OperationsManager).await);
            assert!(!manager.get(&path).await.shows("Let them try again"));
            assert_eq!(manager.get(&format!("{path}/unlock")).await.status, 409, "nobody waits");
            for _ in 0..6 {
                assert!(!tries(&db, &planner.user.email, "not the password").await);
            }
            assert!(!tries(&db, &planner.user.email, PASSWORD).await, "the limit holds");
            db.clock.advance(Span::seconds(1));
            let page = manager.get(&path).await.page();
            assert!(page.contains("1 address waits after wrong passwords, until 2 January 2026, 3:19 am UTC"), "{page}");
            assert!(page.contains(&format!("href=\"{path}/unlock\"")), "{page}");
            assert_eq!(manager.get(&format!("{path}/unlock")).await.status, 200);
            assert_eq!(manager.post(&format!("{path}/unlock"), &[]).await.led(), (303, path.as_str()));
            assert!(!manager.get(&path).await.shows("addresses wait") && !manager.get(&path).await.shows("Let them try again"));
            assert_eq!(manager.post(&format!("{path}/unlock"), &[]).await.status, 409);
            assert!(tries(&db, &planner.user.email, PASSWORD).await);
            db.sign().await;
            db.verify().await.unwrap();
        }

        async fn limits_count_anew_after_an_unlock(db: Db) {
            let acme = db.tenant("acme").await;
            let planner = acme.user(Role::PlanManager).await;
            let mut owner = Browser::of(&acme.owner());
            for _ in 0..2 {
                for _ in 0..5 {
                    assert!(!tries(&db, &planner.user.email, "not the password").await);
                }
                db.clock.advance(Span::seconds(1));
                assert!(!tries(&db, &planner.user.email, PASSWORD).await);
                assert_eq!(owner.post(&format!("/users/{}/unlock", planner.id()), &[]).await.status, 303);
                db.clock.advance(Span::seconds(1));
            }
            assert!(tries(&db, &planner.user.email, PASSWORD).await);
        }

        async fn nobody_unlocks_themselves_or_whoever_holds_more(db: Db) {
            let acme = db.tenant("acme").await;
            let actor = acme.user(Role::OperationsManager).await;
            for address in [&acme.owner().user.email, &actor.user.email] {
                for _ in 0..5 {
                    assert!(!tries(&db, address, "not the password").await);
                }
            }
            let mut manager = Browser::of(&actor);
            for (id, status) in [(acme.owner().id(), 403), (actor.id(), 409)] {
                let path = format!("/users/{id}/unlock");
                assert_eq!(manager.get(&path).await.status, status);
                assert_eq!(manager.post(&path, &[]).await.status, status);
                assert!(!manager.get(&format!("/users/{id}")).await.shows("Let them try again"));
            }
            let mut coordinator = Browser::of(&acme.user(Role::SupportCoordinator).await);
            assert_eq!(coordinator.post(&format!("/users/{}/unlock", actor.id()), &[]).await.status, 403);
            let mut stranger = Browser::of(&db.tenant("other").await.owner());
            assert_eq!(stranger.post(&format!("/users/{}/unlock", actor.id()), &[]).await.status, 404);
        }
    }
}
