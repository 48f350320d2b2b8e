//! Setting an integration up, perhaps storing a secret with it.

use std::collections::BTreeMap;

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{entity::IntegrationProvider, rule::UpdateIntegrations};
use bailiwick_ops::integrations::{self, NewIntegration, definition};

use super::{
    LIST,
    entry::{configuration, names, store, unknown},
    new::page,
};
use crate::{
    access::Access,
    error::Result,
    forms::Form,
    pages::refused::Refused,
    shell::{Message, SeeOther, Visit},
    state::AppState,
};

pub(super) async fn create(
    Access(permit): Access<UpdateIntegrations>,
    visit: Visit,
    State(state): State<AppState>,
    form: Form<BTreeMap<String, String>>,
) -> Result<Response> {
    let provider = form.typed.value("provider").parse().unwrap_or(IntegrationProvider::PaymentGateway);
    let definition = definition(provider)?;
    let problems = match &form.values {
        Err(problems) => problems.clone(),
        Ok(values) => unknown(definition, values.keys()),
    };
    let refused = if problems.is_empty() {
        let stores = store(&form.typed);
        let message =
            if stores.is_some() { Message::IntegrationWithSecret } else { Message::IntegrationCreated };
        let new = NewIntegration {
            name: form.typed.value("name").to_owned(),
            provider: form.typed.value("provider").to_owned(),
            config: configuration(definition, &form.typed),
            store: stores,
        };
        match integrations::create(&state.store, &permit, &state.outside, new).await {
            Ok(made) => {
                return Ok(SeeOther::to(&format!("{LIST}/{}", made.id)).tell(message).into_response());
            }
            Err(error) => Refused::by(error, &names(definition))?,
        }
    } else {
        Refused::unread(problems, &[])
    };
    let page = page(&permit, &visit, definition).again(&form.typed, refused.problems);
    Ok((refused.status, page).into_response())
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::role::Role;
    use bailiwick_testkit::both_databases;

    use crate::pages::browser::Browser;

    const RAW: &str = "marked-7171-opensesame";
    const FORM: &[(&str, &str)] = &[
        ("name", "Clinic mail"),
        ("provider", "smtp"),
        ("c_host", "mail.example.com"),
        ("c_port", "587"),
        ("c_tls", "starttls"),
        ("c_user", "mailer"),
    ];

    fn with<'f>(more: &[(&'f str, &'f str)]) -> Vec<(&'f str, &'f str)> {
        FORM.iter().copied().chain(more.iter().copied()).collect()
    }

    both_databases! {
        async fn owner_is_refused_a_raw_secret_and_stores_it_by_the_button_beside_it(db: Db) {
            let acme = db.tenant("acme").await;
            let mut owner = Browser::of(&acme.owner());
            assert!(owner.get("/integrations").await.shows("No integrations yet"));
            let form = owner.get("/integrations/new?provider=smtp").await;
            assert!(form.shows("Mail server (SMTP)") && form.shows("Store it as a secret"), "{}", form.body);
            let refused = owner.post("/integrations", &with(&[("c_password", RAW)])).await;
            assert!(refused.status == 422 && refused.shows("id=\"c_password-error\""), "{}", refused.body);
            assert!(refused.shows("/password: This field is one for secrets") && refused.shows("secret://smtp/password"), "{}", refused.body);
            assert!(!refused.body.contains(RAW) && refused.shows("value=\"mail.example.com\""), "the secret does not come back");
            let made = owner.post("/integrations", &with(&[("c_password", RAW), ("store", "c_password")])).await;
            let path = made.led().1.to_owned();
            assert!(made.status == 303 && path.starts_with("/integrations/"), "{}", made.body);
            let page = owner.get(&path).await;
            assert!(page.shows("secret://smtp/clinic-mail/password") && !page.body.contains(RAW), "{}", page.body);
            assert!(owner.get("/secrets").await.shows("smtp/clinic-mail/password"));
            let list = owner.get("/integrations").await;
            assert!(list.shows("Clinic mail") && list.shows("Not tested") && list.shows("Disabled"), "{}", list.body);
        }

        async fn owner_changes_enables_tests_and_removes_an_integration(db: Db) {
            let acme = db.tenant("acme").await;
            let mut owner = Browser::of(&acme.owner());
            let form = [("name", "Loop"), ("provider", "http"), ("c_base_url", "https://127.0.0.1:9"), ("c_method", "get"), ("c_authentication", "none")];
            let path = owner.post("/integrations", &form).await.led().1.to_owned();
            let edit = owner.get(&format!("{path}/edit")).await;
            assert!(edit.status == 200 && edit.shows("name=\"revision\" value=\"1\""), "{}", edit.body);
            let mut change = form[2..].to_vec();
            change.extend([("name", "Loopback"), ("revision", "1")]);
            assert_eq!(owner.post(&path, &change).await.led(), (303, path.as_str()));
            let stale = owner.post(&path, &change).await;
            assert!(stale.status == 409 && stale.shows("Somebody has changed this integration since"), "{}", stale.body);
            db.clock.advance(bailiwick_domain::time::Span::seconds(1));
            assert_eq!(owner.post(&format!("{path}/enable"), &[]).await.led(), (303, path.as_str()));
            assert_eq!(owner.post(&format!("{path}/enable"), &[]).await.status, 409);
            db.clock.advance(bailiwick_domain::time::Span::seconds(1));
            assert_eq!(owner.post(&format!("{path}/test"), &[]).await.led(), (303, path.as_str()));
            let page = owner.get(&path).await;
            assert!(page.shows("Failed 1 time in a row") && page.shows("is not one that this server connects to"), "{}", page.body);
            db.clock.advance(bailiwick_domain::time::Span::seconds(1));
            assert_eq!(owner.post(&format!("{path}/disable"), &[]).await.led(), (303, path.as_str()));
            assert!(owner.get(&format!("{path}/remove")).await.shows("Remove “Loopback”?"));
            assert_eq!(owner.post(&format!("{path}/remove"), &[]).await.led(), (303, "/integrations"));
            assert_eq!(owner.get(&path).await.status, 404);
        }

        async fn each_provider_has_its_form_and_nothing_unknown_is_taken(db: Db) {
            let mut owner = Browser::of(&db.tenant("acme").await.owner());
            for provider in ["payment_gateway", "smtp", "sms", "storage", "accounting", "http"] {
                let page = owner.get(&format!("/integrations/new?provider={provider}")).await;
                assert!(page.status == 200 && page.shows(&format!("name=\"provider\" value=\"{provider}\"")), "{}", page.body);
            }
            assert_eq!(owner.get("/integrations/new?provider=fax").await.status, 400);
            assert_eq!(owner.post("/integrations", &with(&[("c_admin", "x")])).await.status, 422);
            let empty = owner.post("/integrations", &[("name", ""), ("provider", "storage")]).await;
            for field in ["name", "c_endpoint", "c_region", "c_bucket", "c_secret_access_key"] {
                assert!(empty.body.contains(&format!("id=\"{field}-error\"")), "{field}: {}", empty.body);
            }
        }

        async fn auditor_sees_an_integration_and_changes_nothing(db: Db) {
            let acme = db.tenant("acme").await;
            let alone = Browser::of(&acme.owner()).post("/integrations", FORM).await;
            assert!(alone.status == 422 && alone.shows("id=\"c_password-error\""), "a user without a password: {}", alone.body);
            let form: Vec<_> = FORM.iter().copied().filter(|(name, _)| *name != "c_user").collect();
            let path = Browser::of(&acme.owner()).post("/integrations", &form).await.led().1.to_owned();
            let mut auditor = Browser::of(&acme.user(Role::Auditor).await);
            let list = auditor.get("/integrations").await;
            assert!(list.shows("Clinic mail") && !list.shows("/integrations/new"), "{}", list.body);
            let page = auditor.get(&path).await;
            assert!(page.status == 200 && !page.shows("/edit") && !page.shows("/test") && !page.shows("/remove"), "{}", page.body);
            assert_eq!(auditor.get("/integrations/new").await.status, 403);
            assert_eq!(auditor.post(&format!("{path}/test"), &[]).await.status, 403);
            assert_eq!(Browser::of(&acme.user(Role::PlanManager).await).get("/integrations").await.status, 403);
            let mut stranger = Browser::of(&db.tenant("other").await.owner());
            assert_eq!(stranger.get(&path).await.status, 404);
            assert_eq!(stranger.post(&format!("{path}/test"), &[]).await.status, 404);
        }
    }
}
