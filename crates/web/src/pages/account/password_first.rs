//! A first password, for whoever joined with a passkey alone. The session goes on under a new id.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::rule::{ChangeMyProofs, MyProofs};
use bailiwick_ops::passwords;
use bailiwick_store::{Store, accounts};
use serde::Deserialize;

use super::password_show::PasswordPage;
use crate::{
    access::{Access, cookies},
    error::{Error, Result},
    forms::{Form, Problem},
    pages::{refused::Refused, sign_in::known_device},
    shell::{Message, SeeOther, Visit},
    state::AppState,
};

#[derive(Deserialize)]
pub(super) struct Setting {
    new: String,
    again: String,
}

pub(super) async fn ask(
    Access(permit): Access<MyProofs>,
    State(store): State<Store>,
    visit: Visit,
) -> Result<Response> {
    let caller = permit.caller().ok_or(Error::Forbidden("Only a signed-in person has a password."))?;
    if accounts::password(&mut store.read(&permit).await?, caller.user.id).await?.is_some() {
        return Ok(SeeOther::to("/account/password").into_response());
    }
    Ok(PasswordPage::first(&permit, &visit, Vec::new())?.into_response())
}

pub(super) async fn set(
    Access(permit): Access<ChangeMyProofs>,
    State(state): State<AppState>,
    visit: Visit,
    form: Form<Setting>,
) -> Result<Response> {
    let refused = match form.values {
        Err(problems) => Refused::unread(problems, &[]),
        Ok(values) if values.new != values.again => {
            Refused::unread(vec![Problem::new("again", "This is not the same password.")], &[])
        }
        Ok(values) => match passwords::set_first(&state.store, &state.hasher, &permit, values.new).await {
            Ok(session) => {
                let done = SeeOther::to("/account").tell(Message::FirstPasswordSet);
                let known = known_device(&state.store, &permit, &session);
                return Ok(done.cookie(cookies::session(&session)).cookie(known).into_response());
            }
            Err(error) => Refused::by(error, &[])?,
        },
    };
    Ok((refused.status, PasswordPage::first(&permit, &visit, refused.problems)?).into_response())
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::{
        rule::{Invite, Me, SignIn},
        time::Span,
    };
    use bailiwick_ops::invitations::{self, JoiningByPasskey, NewInvitation};
    use bailiwick_testkit::{Actor, Authenticator, PASSWORD, Tenant, both_databases};
    use bailiwick_vault::token::InvitationToken;

    use crate::{
        access::cookies::SESSION,
        pages::{browser::Browser, reset::letter},
    };

    const ADDRESS: &str = "new@acme.example";

    /// Somebody who joined with a passkey and has no password.
    async fn joined(acme: &Tenant) -> Actor {
        let (db, owner) = (&acme.db, acme.owner());
        let new = NewInvitation { email: ADDRESS.into(), role: "auditor".into(), expires_at: None };
        invitations::create(&db.store, &owner.permit::<Invite>().await, new).await.unwrap();
        let link = letter(db, 1).await.content.link.to_string();
        let token = InvitationToken::parse(link.rsplit('/').next().unwrap()).unwrap();
        let nobody = db.nobody::<SignIn>("203.0.113.7").await;
        let asked =
            invitations::passkey_begin(&db.store, &db.party(), &nobody, &token, "visitor").await.unwrap();
        let credential = Authenticator::new().create(&asked.options);
        let joining = JoiningByPasskey { name: "Nina New".into(), ceremony: asked.ceremony, credential };
        let session =
            invitations::accept_with_passkey(&db.store, &db.party(), &nobody, &token, "visitor", joining)
                .await
                .unwrap();
        let person = Actor { token: session.expose().to_string(), ..owner };
        let user = person.permit::<Me>().await.caller().unwrap().user.clone();
        Actor { user, ..person }
    }

    both_databases! {
        async fn person_with_a_passkey_alone_sets_a_password_and_signs_in_with_it(db: Db) {
            let acme = db.tenant("acme").await;
            let person = joined(&acme).await;
            let mut browser = Browser::of(&person);
            let account = browser.get("/account").await;
            assert!(account.shows("None is set.") && account.shows(r#"href="/account/password/first""#));
            let page = browser.get("/account/password/first").await;
            assert!(page.shows("Set a password") && !page.shows("Present password"));
            let refused = browser.post("/account/password/first", &[("new", "password1234"), ("again", "password1234")]).await;
            assert!(refused.status == 422 && refused.shows("known from leaks") && !refused.shows("Present password"));
            let chosen = [("username", "x"), ("new", PASSWORD), ("again", PASSWORD)];
            assert_eq!(browser.post("/account/password/first", &chosen).await.led(), (303, "/account"));
            assert_ne!(browser.cookie(SESSION), Some(person.token.as_str()));
            assert_eq!(Browser::of(&person).get("/account").await.led(), (303, "/sign-in?next=%2Faccount"), "the token before is refused");
            assert!(browser.get("/account").await.shows(r#"href="/account/password""#));
            assert_eq!(browser.get("/account/password/first").await.led(), (303, "/account/password"));
            assert_eq!(browser.post("/account/password/first", &chosen).await.status, 409);
            let mut other = Browser::new(&db);
            assert_eq!(other.post("/sign-in", &[("address", ADDRESS), ("password", PASSWORD)]).await.led(), (303, "/sign-in/code"));
            assert!(other.get("/sign-in/code").await.shows("Sign in with a passkey"), "the factor that is there has to follow");
        }

        async fn whoever_came_by_an_old_session_sets_no_password(db: Db) {
            let person = joined(&db.tenant("acme").await).await;
            let mut browser = Browser::of(&person);
            db.clock.advance(Span::minutes(11));
            assert_eq!(browser.get("/account/password/first").await.led(), (303, "/sign-in/again?next=%2Faccount%2Fpassword%2Ffirst"));
            let sent = browser.post("/account/password/first", &[("new", PASSWORD), ("again", PASSWORD)]).await;
            assert!(sent.status == 303 && sent.led().1.starts_with("/sign-in/again"), "{:?}", sent.led());
        }
    }
}
