//! Setting how often the key is rotated.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::rule::SetKeySchedule;
use bailiwick_ops::keys::{LEAST_DAYS, MOST_DAYS, set_schedule};
use bailiwick_store::{Permit, Store, keys};
use serde::Deserialize;

use crate::{
    access::Access,
    error::Result,
    forms::{Field, Form, Problem},
    pages::refused::Refused,
    shell::{Message, SeeOther, Shell, Visit},
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Given {
    #[serde(default)]
    days: String,
}

#[derive(Template, WebTemplate)]
#[template(path = "keys/schedule.html")]
pub(super) struct SchedulePage {
    shell: Shell,
    problems: Vec<Problem>,
    days: Field,
}

pub(super) async fn form(
    Access(permit): Access<SetKeySchedule>,
    visit: Visit,
    State(store): State<Store>,
) -> Result<SchedulePage> {
    let days = keys::schedule(&mut store.read(&permit).await?).await?.days;
    let page = page(&permit, &visit);
    Ok(SchedulePage { days: page.days.value(days.map(|days| days.to_string()).unwrap_or_default()), ..page })
}

pub(super) async fn set(
    Access(permit): Access<SetKeySchedule>,
    visit: Visit,
    State(store): State<Store>,
    form: Form<Given>,
) -> Result<Response> {
    let refused = match form.values.and_then(|given| days(&given)) {
        Err(problems) => Refused::unread(problems, &[]),
        Ok(days) => match set_schedule(&store, &permit, days).await {
            Ok(_) => return Ok(SeeOther::to("/keys").tell(Message::KeyScheduleChanged).into_response()),
            Err(error) => Refused::by(error, &[])?,
        },
    };
    let page = page(&permit, &visit);
    let page = SchedulePage {
        days: page.days.again(&form.typed, &refused.problems),
        problems: refused.problems,
        ..page
    };
    Ok((refused.status, page).into_response())
}

fn days(given: &Given) -> std::result::Result<Option<i64>, Vec<Problem>> {
    match given.days.trim() {
        "" => Ok(None),
        text => {
            let wrong = |_| vec![Problem::new("days", "Enter a number of days, or nothing.")];
            text.parse().map(Some).map_err(wrong)
        }
    }
}

fn page(permit: &Permit<SetKeySchedule>, visit: &Visit) -> SchedulePage {
    SchedulePage {
        shell: Shell::new(permit, visit, "How often the key is rotated").under("Encryption keys", "/keys"),
        problems: Vec::new(),
        days: Field::new("days", "Days")
            .hint(format!("{LEAST_DAYS} to {MOST_DAYS}. Leave it empty to rotate by hand only.")),
    }
}

#[cfg(test)]
mod tests {
    use bailiwick_testkit::both_databases;

    use crate::pages::browser::Browser;

    both_databases! {
        async fn owner_sets_how_often_the_key_is_rotated(db: Db) {
            let acme = db.tenant("acme").await;
            let mut owner = Browser::of(&acme.owner());
            assert!(owner.get("/keys/schedule").await.shows("value=\"90\""));
            for bad in ["6", "731", "often"] {
                let refused = owner.post("/keys/schedule", &[("days", bad)]).await;
                assert!(refused.status == 422 && refused.shows("id=\"days-error\""), "{}", refused.body);
            }
            assert_eq!(owner.post("/keys/schedule", &[("days", "30")]).await.led(), (303, "/keys"));
            assert!(owner.get("/keys").await.shows("every 30 days"));
            assert_eq!(owner.post("/keys/schedule", &[("days", "30")]).await.status, 409);
            assert_eq!(owner.post("/keys/schedule", &[("days", "")]).await.led(), (303, "/keys"));
            assert!(owner.get("/keys").await.shows("by hand only"));
        }
    }
}
