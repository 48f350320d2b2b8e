//! Another key in the place of one: the form, and what follows with a code.

use askama::Template;
use askama_web::WebTemplate;
use axum::{extract::State, response::Response};
use bailiwick_domain::{ids::ApiKeyId, rule::RotateApiKey};
use bailiwick_ops::api_keys::{self, OVERLAP, Rotated};
use bailiwick_store::{Scope, Store};
use serde::Deserialize;

use super::create::shown_once;
use crate::{
    access::{Access, Confirmation},
    error::{Error, Result},
    forms::{Choice, Form, Id, Select},
    pages::{
        parts::counted,
        step_up::{self, Sent},
    },
    shell::{Shell, Visit},
    state::AppState,
};

/// Days of overlap that are offered.
const DAYS: [i64; 4] = [1, 7, 14, 30];

#[derive(Template, WebTemplate)]
#[template(path = "api_keys/rotate.html")]
pub(super) struct ApiKeyRotatePage {
    shell: Shell,
    name: String,
    prefix: String,
    overlap: Select,
    action: String,
    cancel: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RotateForm {
    overlap_days: i64,
}

pub(super) async fn ask(
    Access(permit): Access<RotateApiKey>,
    State(store): State<Store>,
    visit: Visit,
    Id(id): Id<ApiKeyId>,
) -> Result<ApiKeyRotatePage> {
    let mut view = store.read(&permit).await?;
    let key = bailiwick_store::api_keys::find(&mut view, id).await?;
    if !key.status(view.now()).works() {
        return Err(Error::Conflict("This key does not work any more. Make a new one instead."));
    }
    if key.rotating && bailiwick_store::api_keys::successor(&mut view, id).await?.is_some() {
        return Err(Error::Conflict("Another key is taking the place of this one already."));
    }
    let days = DAYS.iter().map(|days| Choice::new(days.to_string(), counted(*days, "day")));
    Ok(ApiKeyRotatePage {
        shell: Shell::new(&permit, &visit, "Replace the key?")
            .under("API keys", "/api-keys")
            .under(key.name.clone(), format!("/api-keys/{id}")),
        name: key.name,
        prefix: key.prefix,
        overlap: Select::new("overlap_days", "Both keys work for at most", days, &OVERLAP.to_string()).hint(
            "Whole days (UTC). The old key is retired before, once everybody who used it lately has moved.",
        ),
        action: format!("/api-keys/{id}/rotate"),
        cancel: format!("/api-keys/{id}"),
    })
}

pub(super) async fn rotate(
    Access(permit): Access<RotateApiKey>,
    confirmation: Confirmation<RotateApiKey>,
    State(state): State<AppState>,
    visit: Visit,
    Id(id): Id<ApiKeyId>,
    form: Form<RotateForm>,
) -> Result<Response> {
    let days = form.values.map_err(Error::Invalid)?.overlap_days;
    let outcome = api_keys::rotate(&state.store, &permit, id, days, confirmation.answer()).await?;
    let done = |made: Rotated| {
        let shell = Shell::new(&permit, &visit, "Copy the new key now").under("API keys", "/api-keys");
        shown_once(shell, &permit, made.new, made.secret.expose())
    };
    let sent = async {
        let key = bailiwick_store::api_keys::find(&mut state.store.read(&permit).await?, id).await?;
        Ok(Sent {
            shell: Shell::new(&permit, &visit, "Confirm with a code")
                .under("API keys", "/api-keys")
                .under(key.name, format!("/api-keys/{id}")),
            action: format!("/api-keys/{id}/rotate"),
            typed: vec![("overlap_days".to_owned(), days.to_string())],
            button: "Replace the key",
            cancel: format!("/api-keys/{id}"),
        })
    };
    step_up::answer(outcome, &state.outgoing, done, sent).await
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderValue, StatusCode, header};
    use bailiwick_testkit::both_databases;

    use crate::pages::browser::{Browser, href};

    both_databases! {
        async fn owner_replaces_a_key_with_the_code_of_the_letter_and_sees_who_has_moved(db: Db) {
            let acme = db.tenant("acme").await;
            let (actor, mut owner) = (acme.owner(), Browser::of(&acme.owner()));
            owner.post("/api-keys", &[("name", "Reports"), ("tag", "rpt"), ("lifetime", "90"), ("scope", "user:read")]).await;
            let list = owner.get("/api-keys").await.page();
            let path = href(&list, "/api-keys/", "/revoke").trim_end_matches("/revoke").to_owned();
            let form = format!("{path}/rotate");
            assert!(owner.get(&path).await.shows(&form));
            assert!(owner.get(&form).await.page().contains("Replace “Reports”?"));
            let asked = owner.post(&form, &[("overlap_days", "7")]).await;
            assert!(asked.status == 200 && asked.shows("Confirm with a code") && !asked.shows("id=\"new-key\""), "{}", asked.body);
            let id = asked.between("name=\"step_up\" value=\"", "\"").unwrap();
            let code = actor.mailed_code(id.parse().unwrap()).await;
            let done = owner.post(&form, &[("overlap_days", "7"), ("step_up", &id), ("step_up_code", &code)]).await;
            assert_eq!((done.status, &done.headers[header::CACHE_CONTROL]), (StatusCode::OK, &HeaderValue::from_static("no-store")), "{}", done.body);
            assert!(done.shows("id=\"new-key\">bw_live_"));
            let page = owner.get(&path).await.page();
            assert!(page.contains("Being replaced") && page.contains("Nobody used this key in the thirty days before"), "{page}");
            assert!(owner.get("/api-keys?status=rotating").await.shows("bw_live_rpt…"));
            assert_eq!(owner.get(&form).await.status, StatusCode::CONFLICT);
        }

        async fn what_is_no_overlap_is_refused(db: Db) {
            let acme = db.tenant("acme").await;
            let mut owner = Browser::of(&acme.owner());
            owner.post("/api-keys", &[("name", "Reports"), ("lifetime", "90"), ("scope", "user:read")]).await;
            let list = owner.get("/api-keys").await.page();
            let form = href(&list, "/api-keys/", "/revoke").replace("/revoke", "/rotate");
            for days in ["0", "31", "soon", ""] {
                assert_eq!(owner.post(&form, &[("overlap_days", days)]).await.status, StatusCode::UNPROCESSABLE_ENTITY, "{days}");
            }
        }
    }
}
