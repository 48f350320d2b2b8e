//! Rotating the key, after a question and with a code.

use axum::{extract::State, response::Response};
use bailiwick_domain::rule::RotateKey;
use bailiwick_ops::keys;

use crate::{
    access::{Access, Confirmation},
    error::Result,
    pages::{
        confirm::ConfirmPage,
        step_up::{self, Sent},
    },
    shell::{Message, SeeOther, Shell, Visit},
    state::AppState,
};

pub(super) async fn ask(Access(permit): Access<RotateKey>, visit: Visit) -> ConfirmPage {
    ConfirmPage {
        shell: Shell::new(&permit, &visit, "Rotate the key?").under("Encryption keys", "/keys"),
        question: "Rotate the encryption key?".to_owned(),
        sentence: "Everything that is stored from then on is sealed under a new version.".to_owned(),
        effects: vec![
            "Older versions go on opening what is sealed under them.".to_owned(),
            "What is sealed already is wrapped anew in the background; nothing is interrupted.".to_owned(),
            "A one-time code is sent to you first.".to_owned(),
        ],
        danger: false,
        action: "/keys/rotate".to_owned(),
        hidden: Vec::new(),
        reason: None,
        button: "Rotate",
        cancel: "/keys".to_owned(),
    }
}

pub(super) async fn rotate(
    Access(permit): Access<RotateKey>,
    confirmation: Confirmation<RotateKey>,
    visit: Visit,
    State(state): State<AppState>,
) -> Result<Response> {
    let outcome = keys::rotate(&state.store, &permit, confirmation.answer()).await?;
    let done = |_| SeeOther::to("/keys").tell(Message::KeyRotated);
    let sent = async {
        Ok(Sent {
            shell: Shell::new(&permit, &visit, "Confirm with a code").under("Encryption keys", "/keys"),
            action: "/keys/rotate".to_owned(),
            typed: Vec::new(),
            button: "Rotate",
            cancel: "/keys".to_owned(),
        })
    };
    step_up::answer(outcome, &state.outgoing, done, sent).await
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::role::Role;
    use bailiwick_testkit::both_databases;

    use crate::pages::browser::Browser;

    both_databases! {
        async fn owner_rotates_the_key_with_a_code_and_sees_both_versions(db: Db) {
            let acme = db.tenant("acme").await;
            let actor = acme.owner();
            let mut owner = Browser::of(&actor);
            let before = owner.get("/keys").await;
            assert!(before.shows("Version 1") && !before.shows("Version 2"), "{}", before.body);
            assert!(before.shows("every 90 days"), "{}", before.body);
            assert!(owner.get("/keys/rotate").await.shows("Rotate the encryption key?"));
            let asked = owner.post("/keys/rotate", &[]).await;
            assert!(asked.status == 200 && asked.shows("Rotate the encryption key of"), "{}", asked.body);
            let step_up = asked.between("name=\"step_up\" value=\"", "\"").unwrap();
            let code = actor.mailed_code(step_up.parse().unwrap()).await;
            let answer = [("step_up", step_up.as_str()), ("step_up_code", code.as_str())];
            assert_eq!(owner.post("/keys/rotate", &answer).await.led(), (303, "/keys"));
            let page = owner.get("/keys").await;
            assert!(page.shows("Version 2") && page.shows("Version 1"), "{}", page.body);
        }

        async fn auditor_sees_keys_and_rotates_none(db: Db) {
            let acme = db.tenant("acme").await;
            let mut auditor = Browser::of(&acme.user(Role::Auditor).await);
            let page = auditor.get("/keys").await;
            assert!(page.status == 200 && !page.body.contains("/keys/rotate"), "{}", page.body);
            assert_eq!(auditor.get("/keys/rotate").await.status, 403);
            assert_eq!(auditor.post("/keys/rotate", &[]).await.status, 403);
            assert_eq!(auditor.post("/keys/schedule", &[("days", "30")]).await.status, 403);
        }
    }
}
