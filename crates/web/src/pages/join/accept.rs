//! Joining, which signs the person in.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::rule::SignIn;
use bailiwick_ops::invitations::{self, Joining};
use serde::Deserialize;

use super::{Link, invited, show::JoinPage, signed_out};
use crate::{
    access::Access,
    error::Result,
    forms::{Form, Id},
    pages::{refused::Refused, set_password::typed_otherwise, sign_in::signed_in},
    shell::Visit,
    state::AppState,
};

/// The names that the operation has for the fields of the form.
const NAMES: &[(&str, &str)] = &[("password", "new")];

#[derive(Deserialize)]
pub(super) struct Filled {
    name: String,
    new: String,
    again: String,
}

pub(super) async fn accept(
    Access(permit): Access<SignIn>,
    State(state): State<AppState>,
    visit: Visit,
    Id(Link(token)): Id<Link>,
    form: Form<Filled>,
) -> Result<Response> {
    signed_out(&permit)?;
    let refused = match form.values {
        Err(problems) => Refused::unread(problems, NAMES),
        Ok(values) if values.new != values.again => typed_otherwise(),
        Ok(values) => {
            let joining = Joining { name: values.name, password: values.new };
            match invitations::accept(&state.store, &state.hasher, &permit, &token, joining).await {
                Ok(session) => return Ok(signed_in(&state.store, &permit, "/", &session).into_response()),
                Err(error @ bailiwick_ops::Error::Invalid(_)) => Refused::by(error, NAMES)?,
                Err(error) => return Err(super::refused(error)),
            }
        }
    };
    let who = invited(&state.store, &permit, &token).await?;
    Ok((refused.status, JoinPage::new(&visit, &token, who).again(&form.typed, refused.problems))
        .into_response())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bailiwick_domain::time::Span;
    use bailiwick_mail::{LinkBase, Mailbox};
    use bailiwick_ops::mail::Mailroom;
    use bailiwick_store::audit;
    use bailiwick_testkit::{Authenticator, Tenant, both_databases};

    use crate::pages::browser::{Browser, href};

    const NEW: &str = "a long enough password";

    /// The path of the link that arrives when the owner invites somebody.
    async fn link(acme: &Tenant) -> String {
        let mut owner = Browser::of(&acme.owner());
        owner
            .post("/invitations", &[("address", "new@example.com"), ("role", "auditor"), ("lifetime", "7")])
            .await;
        let mailbox = Mailbox::default();
        let base = LinkBase::parse("https://bailiwick.test").unwrap();
        let from = "no-reply@bailiwick.test".parse().unwrap();
        Mailroom::new(acme.db.store.clone(), acme.db.jobs(), Arc::new(mailbox.clone()), from, base)
            .round()
            .await
            .unwrap();
        let link = mailbox.messages()[0].message.content.link.to_string();
        link.strip_prefix("https://bailiwick.test").unwrap().to_owned()
    }

    /// How many requests the organisation's log says were refused.
    async fn refusals(acme: &Tenant) -> usize {
        acme.db.settle().await;
        let mut view = acme.db.store.read(&acme.job()).await.unwrap();
        let found = audit::search(&mut view, &audit::Sought::default(), audit::Place::Newest).await.unwrap();
        found.items.iter().filter(|row| row.action == "request.refused").count()
    }

    both_databases! {
        async fn invited_person_joins_and_everybody_sees_it(db: Db) {
            let acme = db.tenant("acme").await;
            let link = link(&acme).await;
            let mut guest = Browser::new(&db);
            let page = guest.get(&link).await;
            assert!(page.status == 200 && page.shows("acme Pty Ltd") && page.shows("Auditor") && page.shows("new@example.com"));
            let done = guest.post(&link, &[("name", "Nina New"), ("username", "x"), ("new", NEW), ("again", NEW)]).await;
            assert_eq!(done.led(), (303, "/"));
            assert!(guest.get("/account").await.shows("Nina New"));
            let mut owner = Browser::of(&acme.owner());
            assert!(owner.get("/users").await.shows("Nina New"));
            assert!(owner.get("/invitations?status=accepted").await.shows("new@example.com"));
            assert!(owner.get("/security/events").await.shows("Auditor joined by invitation"));
            let mut second = Browser::new(&db);
            let used = second.get(&link).await;
            assert!(used.status == 409 && used.shows("sign in: with your passkey, or with your address and password") && used.shows("href=\"/sign-in\""), "{}", used.body);
            assert!(!used.shows("Reload the page"), "that never helps here");
            assert_eq!(second.post(&link, &[("name", "Eve"), ("new", NEW), ("again", NEW)]).await.status, 409);
        }

        async fn person_corrects_what_was_wrong_without_typing_the_name_again(db: Db) {
            let link = link(&db.tenant("acme").await).await;
            let mut guest = Browser::new(&db);
            let short = guest.post(&link, &[("name", "Nina"), ("new", "short"), ("again", "short")]).await;
            assert!(short.status == 422 && short.shows("12 characters") && short.shows("value=\"Nina\""));
            let differs = guest.post(&link, &[("name", "Nina"), ("new", NEW), ("again", "another long password")]).await;
            assert!(differs.status == 422 && differs.shows("not the same password") && !differs.shows(NEW));
        }

        async fn person_whose_role_needs_a_passkey_at_once_is_offered_it_first(db: Db) {
            let acme = db.tenant("acme").await;
            let link = link(&acme).await;
            let before = Browser::new(&db).get(&link).await;
            assert!(before.shows("Join with a passkey instead of a password") && !before.shows("for a passkey:"));
            let actor = acme.owner();
            actor.add_passkey(&mut Authenticator::new(), "Laptop").await;
            let mut owner = Browser::of(&actor);
            let policy = [("mfa_floor", "any"), ("mfa_grace_days", "0"), ("session_idle_minutes", "30"), ("session_absolute_hours", "12"), ("reauth_minutes", "10"), ("invitation_days", "14"), ("floor_auditor", "passkey")];
            assert_eq!(owner.post("/policy", &policy).await.led(), (303, "/policy"));
            let page = Browser::new(&db).get(&link).await.page();
            assert!(page.contains("asks everybody in this role for a passkey"));
            let (passkey, password) = (page.find("data-passkey=\"create\"").unwrap(), page.find("name=\"new\"").unwrap());
            assert!(passkey < password, "what is needed comes first");
        }

        async fn dead_links_get_one_answer(db: Db) {
            let acme = db.tenant("acme").await;
            let link = link(&acme).await;
            let forged = Browser::new(&db).get(&format!("{}AAAA", &link[..link.len() - 4])).await;
            db.clock.advance(Span::days(7));
            let lapsed = Browser::new(&db).get(&link).await;
            assert_eq!((lapsed.status.as_u16(), forged.status.as_u16()), (409, 409));
            assert!(lapsed.shows("does not work any more") && forged.shows("does not work any more"));
            assert_eq!(Browser::new(&db).get("/join/x").await.status, 404);
        }

        async fn opening_a_link_that_was_once_real_is_recorded_and_of_one_made_up_is_not(db: Db) {
            let acme = db.tenant("acme").await;
            let old = link(&acme).await;
            let mut owner = Browser::of(&acme.owner());
            let list = owner.get("/invitations").await.page();
            assert_eq!(owner.post(href(&list, "/invitations/", "/resend"), &[]).await.led(), (303, "/invitations"));
            let forged = format!("{}AAAA", &old[..old.len() - 4]);
            let mut guest = Browser::new(&db);
            for path in [forged.clone(), format!("{forged}/decline")] {
                assert_eq!(guest.get(&path).await.status.as_u16(), 409, "{path}");
            }
            assert_eq!(refusals(&acme).await, 0, "whose it was is only claimed");
            for (path, recorded) in [(old.clone(), 1), (format!("{old}/decline"), 2)] {
                let answer = guest.get(&path).await;
                assert!(answer.status == 409 && answer.shows("does not work any more"), "{path}");
                assert_eq!(refusals(&acme).await, recorded, "{path}, which another letter has replaced");
            }
        }

        async fn person_declines_after_a_question(db: Db) {
            let acme = db.tenant("acme").await;
            let link = link(&acme).await;
            let mut guest = Browser::new(&db);
            let decline = format!("{link}/decline");
            assert!(guest.get(&decline).await.shows("Decline the invitation?"));
            assert!(guest.post(&decline, &[]).await.shows("You declined"));
            assert_eq!(guest.get(&link).await.status, 409);
            assert!(Browser::of(&acme.owner()).get("/invitations?status=declined").await.shows("new@example.com"));
        }

        async fn somebody_signed_in_does_not_join_as_another(db: Db) {
            let acme = db.tenant("acme").await;
            let link = link(&acme).await;
            let mut owner = Browser::of(&acme.owner());
            let refused = owner.get(&link).await;
            assert!(refused.status == 409 && refused.shows("action=\"/sign-out\"") && !refused.shows("Reload the page"));
            assert_eq!(owner.post(&link, &[("name", "Nina"), ("new", NEW), ("again", NEW)]).await.status, 409);
            assert_eq!(owner.post(&format!("{link}/decline"), &[]).await.status, 409);
        }
    }
}
