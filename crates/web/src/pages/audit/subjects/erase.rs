//! Erasing what is kept of a person, after a question and with a code.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{entity::SubjectRequestState, ids::SubjectRequestId, rule::EraseSubject};
use bailiwick_ops::audit::{erasure, hold::refuse_held};
use bailiwick_store::{Store, audit::subject};

use crate::{
    access::{Access, Confirmation},
    error::{Error, Result},
    forms::Id,
    pages::{
        confirm::ConfirmPage,
        refused::held,
        step_up::{self, Sent},
    },
    shell::{Message, SeeOther, Shell, Visit},
    state::AppState,
};

pub(super) async fn ask(
    Access(permit): Access<EraseSubject>,
    visit: Visit,
    State(store): State<Store>,
    Id(id): Id<SubjectRequestId>,
) -> Result<Response> {
    let mut view = store.read(&permit).await?;
    let asked = subject::find(&mut view, id).await?;
    if asked.request.state == SubjectRequestState::Done {
        return Err(Error::Conflict("This request was answered already."));
    }
    let person = subject::of_request(&mut view, &asked.request, asked.address).await?;
    if let Err(error) = refuse_held(&mut view, &permit, person.person, person.address.as_deref()).await {
        return held(error, &permit, &visit);
    }
    let page = ConfirmPage {
        shell: Shell::new(&permit, &visit, "Erase?").under("Data-subject requests", "/audit/subjects"),
        question: "Erase everything that goes?".to_owned(),
        sentence: "This cannot be undone by anybody.".to_owned(),
        effects: vec![
            "What is listed as going is erased for good, with the keys, salts and ciphertext of what the log holds.".to_owned(),
            "Somebody with an account is deleted: signed out, their keys revoked, a last letter tells them.".to_owned(),
            "Records and proofs of the log stay, and a certificate says what is gone.".to_owned(),
            "A one-time code is sent to you first.".to_owned(),
        ],
        danger: true,
        action: format!("/audit/subjects/{id}/erase"),
        hidden: Vec::new(),
        reason: None,
        button: "Erase",
        cancel: format!("/audit/subjects/{id}"),
    };
    Ok(page.into_response())
}

pub(super) async fn erase(
    Access(permit): Access<EraseSubject>,
    confirmation: Confirmation<EraseSubject>,
    State(state): State<AppState>,
    visit: Visit,
    Id(id): Id<SubjectRequestId>,
) -> Result<Response> {
    let outcome = match erasure::erase(&state.store, &permit, id, confirmation.answer()).await {
        Ok(outcome) => outcome,
        Err(error) => return held(error, &permit, &visit),
    };
    let here = format!("/audit/subjects/{id}");
    let done = |_| SeeOther::to(&here).tell(Message::PersonErased);
    let sent = async {
        Ok(Sent {
            shell: Shell::new(&permit, &visit, "Confirm with a code")
                .under("Data-subject requests", "/audit/subjects"),
            action: format!("/audit/subjects/{id}/erase"),
            typed: Vec::new(),
            button: "Erase",
            cancel: format!("/audit/subjects/{id}"),
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
        async fn owner_answers_a_request_and_hands_out_the_certificate(db: Db) {
            let acme = db.tenant("acme").await;
            let leaver = acme.user(Role::Auditor).await;
            let actor = acme.owner();
            let mut owner = Browser::of(&actor);
            let unknown = owner.post("/audit/subjects", &[("by", "address"), ("value", "nobody@acme.example")]).await;
            assert!(unknown.status == 422 && unknown.shows("id=\"value-error\"") && unknown.shows("not looked through"), "{}", unknown.body);
            let asked = [("by", "address"), ("value", leaver.user.email.as_str())];
            let opened = owner.post("/audit/subjects", &asked).await;
            let (status, request) = opened.led();
            let request = request.to_owned();
            assert!(status == 303 && request.starts_with("/audit/subjects/"));
            let page = owner.get(&request).await;
            assert!(page.shows(&leaver.user.email) && page.shows("Sessions") && page.shows("Backups hold"), "{}", page.body);
            let file = owner.post(&format!("{request}/data"), &[]).await;
            assert!(file.status == 200 && file.shows(&leaver.user.name), "{}", file.body);
            assert_eq!(owner.get(&format!("{request}/certificate")).await.status, 404);

            let form = format!("{request}/erase");
            assert!(owner.get(&form).await.shows("cannot be undone"));
            let code_page = owner.post(&form, &[]).await;
            assert!(code_page.shows("Erase what is kept of"), "{}", code_page.body);
            let step_up = code_page.between("name=\"step_up\" value=\"", "\"").unwrap();
            let code = actor.mailed_code(step_up.parse().unwrap()).await;
            let done = owner.post(&form, &[("step_up", &step_up), ("step_up_code", &code)]).await;
            assert_eq!(done.led(), (303, request.as_str()));
            let erased = owner.get(&request).await;
            assert!(!erased.shows(&leaver.user.email) && erased.shows("What was kept of"), "{}", erased.body);
            // The page says what the certificate says, before its record has its place in the tree and after.
            assert!(erased.shows("Records with personal values") && !erased.shows("Not shown"), "{}", erased.body);
            db.sign().await;
            let signed = owner.get(&request).await;
            let (from, to) = ("id=\"goes-title\"", "About the request");
            assert_eq!(signed.between(from, to).unwrap(), erased.between(from, to).unwrap());
            let certificate = owner.get(&format!("{request}/certificate")).await;
            assert!(certificate.status == 200 && certificate.shows("Erasure certificate, version 1"), "{}", certificate.body);
            assert!(!certificate.shows(&leaver.user.email) && !certificate.shows(&leaver.user.name));
            // The same question gets the same answer.
            assert_eq!(owner.post("/audit/subjects", &asked).await.led(), (303, request.as_str()));
            assert_eq!(owner.get(&format!("{request}/certificate")).await.body, certificate.body);
        }

        async fn stranger_finds_no_request(db: Db) {
            let acme = db.tenant("acme").await;
            let mut owner = Browser::of(&acme.owner());
            let id = acme.owner().id().to_string();
            let opened = owner.post("/audit/subjects", &[("by", "person"), ("value", &id)]).await;
            let request = opened.led().1.to_owned();
            let mut stranger = Browser::of(&db.tenant("other").await.owner());
            assert_eq!(stranger.get(&request).await.status, 404);
            assert_eq!(stranger.post(&format!("{request}/erase"), &[]).await.status, 404);
            let mut auditor = Browser::of(&acme.user(Role::Auditor).await);
            assert_eq!(auditor.get(&request).await.status, 403);
            // Nobody erases themselves.
            let own = owner.post(&format!("{request}/erase"), &[]).await;
            assert!(own.status == 409 && own.shows("Somebody else has to delete your account."), "{}", own.body);
        }
    }
}
