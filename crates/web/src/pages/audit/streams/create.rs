//! Making a stream. What a webhook is signed with is in the answer to this one request and nowhere else.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{entity::StreamKind, rule::UpdateStreams};
use bailiwick_ops::audit::stream::{self, Beginning, NewStream, Reach};

use super::{LIST, new::page, secret::secret_page, typed::filter};
use crate::{
    access::Access,
    error::Result,
    forms::{Form, Problem},
    pages::refused::Refused,
    placing::placed,
    shell::{SeeOther, Visit},
    state::AppState,
};

placed! {
    /// A stream as the form sends it.
    pub(super) struct NewForm {
        name: String,
        #[serde(default)]
        action: String,
        #[serde(default)]
        entity_type: String,
        #[serde(default)]
        outcome: String,
        from: String,
    }
}

pub(super) async fn create(
    Access(permit): Access<UpdateStreams>,
    visit: Visit,
    State(state): State<AppState>,
    form: Form<NewForm>,
) -> Result<Response> {
    let kind = form.typed.value("kind").parse().unwrap_or(StreamKind::Webhook);
    let refused = match form.values.and_then(|form| new_stream(form, state.reach.clone())) {
        Err(problems) => Refused::unread(problems, &[]),
        Ok(new) => match stream::create(&state.store, &permit, new).await {
            Ok(created) => {
                return Ok(match created.secret {
                    Some(secret) => secret_page(&permit, &visit, &created.stream, &secret, true),
                    None => SeeOther::to(&format!("{LIST}/{}", created.stream.id)).into_response(),
                });
            }
            Err(error) => Refused::by(error, &[])?,
        },
    };
    let page = page(&permit, &visit, kind).again(&form.typed, refused.problems);
    Ok((refused.status, page).into_response())
}

fn new_stream(mut form: NewForm, reach: Reach) -> Result<NewStream, Vec<Problem>> {
    let from = match form.from.as_str() {
        "now" => Beginning::Now,
        "start" => Beginning::Index(0),
        _ => return Err(vec![Problem::new("from", "Choose where the stream begins.")]),
    };
    let place = form.place(reach);
    Ok(NewStream {
        name: form.name,
        place,
        filter: filter(form.action, form.entity_type, form.outcome),
        from,
    })
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::role::Role;
    use bailiwick_testkit::both_databases;

    use crate::pages::browser::Browser;

    const FORM: &[(&str, &str)] = &[
        ("name", "Security desk"),
        ("kind", "webhook"),
        ("url", "https://siem.example.com/hook/T0KEN"),
        ("action", "user."),
        ("from", "now"),
    ];

    both_databases! {
        async fn owner_makes_a_stream_sees_its_secret_once_and_starts_it_with_a_code(db: Db) {
            let acme = db.tenant("acme").await;
            let actor = acme.owner();
            let mut owner = Browser::of(&actor);
            let clear = [("name", "Security desk"), ("kind", "webhook"), ("url", "http://127.0.0.1:8099/hook"), ("from", "now")];
            let refused = owner.post("/audit/streams", &clear).await;
            assert!(refused.status == 422 && refused.shows("id=\"url-error\"") && refused.shows("stream.allowed_networks"), "{}", refused.body);
            assert!(owner.get("/audit/streams").await.page().contains("No streams yet"));
            let made = owner.post("/audit/streams", FORM).await;
            assert_eq!((made.status.as_u16(), made.headers["cache-control"].to_str().unwrap()), (200, "no-store"));
            let secret = made.between("id=\"stream-secret\">", "<").unwrap();
            assert!(secret.starts_with("whsec_") && secret.len() > 40, "{secret}");
            let list = owner.get("/audit/streams").await.page();
            assert!(list.contains("Place not confirmed") && list.contains("https://siem.example.com") && !list.contains("T0KEN"));
            let path = made.between("href=\"/audit/streams/", "\"").unwrap();
            let path = format!("/audit/streams/{path}");
            let page = owner.get(&path).await.page();
            assert!(!page.contains(&secret) && !page.contains("T0KEN"), "neither is shown again");
            assert_eq!(owner.post(&format!("{path}/test"), &[]).await.status, 409, "nothing is connected to before");
            let start = format!("{path}/start");
            let asked = owner.post(&start, &[]).await;
            assert!(asked.status == 200 && asked.shows("https://siem.example.com") && asked.shows("Confirm with a code"), "{}", asked.body);
            let id = asked.between("name=\"step_up\" value=\"", "\"").unwrap();
            let code = actor.mailed_code(id.parse().unwrap()).await;
            let done = owner.post(&start, &[("step_up", &id), ("step_up_code", &code)]).await;
            assert_eq!(done.led(), (303, path.as_str()));
            assert!(owner.get(&path).await.shows("Running"));
            assert_eq!(owner.post(&format!("{path}/test"), &[]).await.led(), (303, path.as_str()));
            assert_eq!(owner.post(&format!("{path}/pause"), &[]).await.led(), (303, path.as_str()));
            assert!(owner.get(&path).await.shows("Paused"));
            assert_eq!(owner.post(&format!("{path}/resume"), &[]).await.led(), (303, path.as_str()));
            assert_eq!(owner.post(&format!("{path}/replay"), &[("index", "0")]).await.led(), (303, path.as_str()));
            let wrong = owner.post(&format!("{path}/replay"), &[("index", "999999")]).await;
            assert!(wrong.status == 422 && wrong.shows("id=\"index-error\""), "{}", wrong.body);
            assert!(owner.get(&format!("{path}/remove")).await.shows("Security desk"));
            assert_eq!(owner.post(&format!("{path}/remove"), &[]).await.led(), (303, "/audit/streams"));
            assert_eq!(owner.get(&path).await.status, 404);
        }

        async fn owner_gets_back_what_they_typed_but_no_key(db: Db) {
            let mut owner = Browser::of(&db.tenant("acme").await.owner());
            let wrong = owner.post("/audit/streams", &[("name", ""), ("kind", "s3"), ("endpoint", "s3"), ("bucket", "B"), ("access_key", "AKID"), ("secret_key", "hunter2"), ("region", "r"), ("from", "now")]).await;
            assert_eq!(wrong.status, 422);
            for field in ["name", "endpoint", "bucket"] {
                assert!(wrong.body.contains(&format!("id=\"{field}-error\"")), "{field}: {}", wrong.body);
            }
            assert!(wrong.body.contains("value=\"AKID\"") && !wrong.body.contains("hunter2"));
        }

        async fn auditor_sees_where_the_log_goes_and_changes_nothing(db: Db) {
            let acme = db.tenant("acme").await;
            Browser::of(&acme.owner()).post("/audit/streams", FORM).await;
            let mut auditor = Browser::of(&acme.user(Role::Auditor).await);
            let list = auditor.get("/audit/streams").await;
            assert!(list.shows("Security desk") && !list.shows("/audit/streams/new"));
            let path = list.between("href=\"/audit/streams/", "\"").unwrap();
            let page = auditor.get(&format!("/audit/streams/{path}")).await;
            assert!(page.status == 200 && !page.shows("/pause") && !page.shows("/start"));
            assert_eq!(auditor.get("/audit/streams/new").await.status, 403);
            assert_eq!(auditor.post(&format!("/audit/streams/{path}/start"), &[]).await.status, 403);
            let mut stranger = Browser::of(&db.tenant("other").await.owner());
            assert_eq!(stranger.get(&format!("/audit/streams/{path}")).await.status, 404);
            assert_eq!(Browser::of(&acme.user(Role::PlanManager).await).get("/audit/streams").await.status, 403);
        }
    }
}
