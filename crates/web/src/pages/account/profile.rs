//! One's own name and time zone.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{
    rule::{ChangeMe, Me, Rule},
    zone::Zone,
};
use bailiwick_ops::profile::{self, Profile};
use bailiwick_store::{Permit, Store};
use serde::Deserialize;

use crate::{
    access::Access,
    error::{Error, Result},
    forms::{Choice, Field, Form, Problem, Select, in_order},
    pages::refused::Refused,
    shell::{Message, SeeOther, Shell, Visit},
};

#[derive(Template, WebTemplate)]
#[template(path = "account/profile.html")]
pub(super) struct ProfilePage {
    shell: Shell,
    problems: Vec<Problem>,
    name: Field,
    time_zone: Select,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Changing {
    name: String,
    time_zone: String,
}

impl ProfilePage {
    /// # Errors
    /// [`Error::Forbidden`] for a key, which has no profile.
    fn new<R: Rule>(permit: &Permit<R>, visit: &Visit) -> Result<Self> {
        let caller = permit.caller().ok_or(Error::Forbidden("Only a signed-in person has a profile."))?;
        let zone = caller.user.time_zone.clone().unwrap_or_default();
        let mut names = Zone::offered();
        // One that is understood and not offered, such as `EST`, stays what it is.
        if !names.iter().any(|name| name == zone.name()) {
            names.push(zone.name().to_owned());
        }
        let choices = names.into_iter().map(|name| Choice::new(name.clone(), name.replace('_', " ")));
        Ok(Self {
            shell: Shell::new(permit, visit, "Change your profile").under("Profile and sign-in", "/account"),
            problems: Vec::new(),
            name: Field::new("name", "Name").value(caller.user.name.clone()),
            time_zone: Select::new("time_zone", "Time zone", choices, zone.name())
                .hint("Records and letters keep their times in UTC; only how pages show them changes."),
        })
    }

    fn again(self, form: &Form<Changing>, problems: Vec<Problem>) -> Self {
        Self {
            problems: in_order(problems.clone(), &[self.name.named(), self.time_zone.named()]),
            name: self.name.again(&form.typed, &problems),
            time_zone: self.time_zone.again(&form.typed, &problems),
            ..self
        }
    }
}

pub(super) async fn show(Access(permit): Access<Me>, visit: Visit) -> Result<ProfilePage> {
    ProfilePage::new(&permit, &visit)
}

pub(super) async fn change(
    Access(permit): Access<ChangeMe>,
    State(store): State<Store>,
    visit: Visit,
    form: Form<Changing>,
) -> Result<Response> {
    let refused = match &form.values {
        Err(problems) => Refused::unread(problems.clone(), &[]),
        Ok(values) => {
            let new = Profile { name: values.name.clone(), time_zone: values.time_zone.clone() };
            match profile::change_mine(&store, &permit, new).await {
                Ok(_) => {
                    return Ok(SeeOther::to("/account").tell(Message::ProfileChanged).into_response());
                }
                Err(bailiwick_ops::Error::Conflict(_)) => {
                    return Ok(SeeOther::to("/account").tell(Message::NothingChanged).into_response());
                }
                Err(error) => Refused::by(error, &[])?,
            }
        }
    };
    let page = ProfilePage::new(&permit, &visit)?.again(&form, refused.problems);
    Ok((refused.status, page).into_response())
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::role::Role;
    use bailiwick_testkit::both_databases;

    use crate::{access::cookies::FLASH, pages::browser::Browser};

    both_databases! {
        async fn person_reads_times_in_the_zone_that_they_chose_and_nobody_else_does(db: Db) {
            let acme = db.tenant("acme").await;
            let mut owner = Browser::of(&acme.owner());
            assert!(owner.get("/account").await.shows("<dt>Time zone</dt><dd>UTC</dd>"));
            let form = owner.get("/account/profile").await;
            assert!(form.shows("value=\"Australia/Sydney\"") && form.shows("<option value=\"UTC\" selected>"));
            let done = owner.post("/account/profile", &[("name", "Olive Öwner"), ("time_zone", "Australia/Sydney")]).await;
            assert_eq!((done.led(), owner.cookie(FLASH)), ((303, "/account"), Some("profile-changed")));
            let page = owner.get("/account").await;
            assert!(page.shows("Olive Öwner") && page.shows("<dd>Australia/Sydney</dd>"));
            assert!(page.shows(" AEDT</time>") || page.shows(" AEST</time>"), "{}", page.body);
            assert!(page.shows("(UTC+1") && page.shows("Z\" title=\""), "the instant itself stays in UTC");
            let mut auditor = Browser::of(&acme.user(Role::Auditor).await);
            assert!(auditor.get("/account").await.shows(" UTC</time>"));
            assert!(auditor.get(&format!("/users/{}", acme.owner().id())).await.shows("Olive Öwner"));
            let again = owner.post("/account/profile", &[("name", "Olive Öwner"), ("time_zone", "Australia/Sydney")]).await;
            assert_eq!((again.led(), owner.cookie(FLASH)), ((303, "/account"), Some("nothing-changed")));
        }

        async fn person_finds_what_is_wrong_beside_the_field(db: Db) {
            let acme = db.tenant("acme").await;
            let mut owner = Browser::of(&acme.owner());
            for (name, zone, field, says) in [
                (" ", "UTC", "#name", "1 to 100 visible characters"),
                ("Olive", "Mars/Olympus", "#time_zone", "Choose one of the time zones"),
                ("Olive", "../../etc/passwd", "#time_zone", "Choose one of the time zones"),
            ] {
                let refused = owner.post("/account/profile", &[("name", name), ("time_zone", zone)]).await;
                assert!(refused.status == 422 && refused.shows(&format!("href=\"{field}\"")) && refused.shows(says), "{zone}: {}", refused.body);
            }
            assert_eq!(owner.post("/account/profile", &[("name", "Olive")]).await.status, 422);
        }
    }
}
