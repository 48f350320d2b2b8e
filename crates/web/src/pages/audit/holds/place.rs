//! Placing a hold, with a code.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{rule::PlaceHold, time::Timestamp};
use bailiwick_ops::audit::hold::{self, NewHold};
use serde::Deserialize;

use super::new::page;
use crate::{
    access::{Access, Confirmation},
    error::Result,
    forms::{Form, Problem},
    pages::{
        audit::moment::{Moment, WRONG},
        refused::Refused,
        step_up::{self, Sent},
    },
    shell::{Message, SeeOther, Shell, Visit},
    state::AppState,
};

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HoldForm {
    id: String,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    person: String,
    #[serde(default)]
    entity_type: String,
    #[serde(default)]
    entity_id: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    until: String,
    #[serde(default)]
    action: String,
    reason: String,
}

impl HoldForm {
    fn read(&self) -> std::result::Result<NewHold, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut moment = |field: &'static str, text: &str| -> Option<Timestamp> {
            if text.trim().is_empty() {
                return None;
            }
            let read = Moment::parse(text).map(Moment::start);
            if read.is_none() {
                problems.push(Problem::new(field, WRONG));
            }
            read
        };
        let (from, until) = (moment("from", &self.from), moment("until", &self.until));
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(NewHold {
            id: self.id.clone(),
            scope: self.scope.clone(),
            person: self.person.clone(),
            entity_type: self.entity_type.clone(),
            entity_id: self.entity_id.clone(),
            from,
            until,
            action: self.action.clone(),
            reason: self.reason.clone(),
        })
    }

    /// What is sent again with the code.
    fn pairs(&self) -> Vec<(String, String)> {
        let pairs = [
            ("id", &self.id),
            ("scope", &self.scope),
            ("person", &self.person),
            ("entity_type", &self.entity_type),
            ("entity_id", &self.entity_id),
            ("from", &self.from),
            ("until", &self.until),
            ("action", &self.action),
            ("reason", &self.reason),
        ];
        pairs.map(|(name, value)| (name.to_owned(), value.clone())).into()
    }
}

pub(super) async fn place(
    Access(permit): Access<PlaceHold>,
    confirmation: Confirmation<PlaceHold>,
    visit: Visit,
    State(state): State<AppState>,
    form: Form<HoldForm>,
) -> Result<Response> {
    let refused = match form.values.and_then(|values| Ok((values.read()?, values))) {
        Err(problems) => Refused::unread(problems, &[]),
        Ok((new, values)) => match hold::place(&state.store, &permit, &new, confirmation.answer()).await {
            Ok(outcome) => {
                let done = |_| SeeOther::to("/audit/holds").tell(Message::HoldPlaced);
                let sent = async {
                    Ok(Sent {
                        shell: Shell::new(&permit, &visit, "Confirm with a code")
                            .under("Legal holds", "/audit/holds"),
                        action: "/audit/holds".to_owned(),
                        typed: values.pairs(),
                        button: "Place hold",
                        cancel: "/audit/holds".to_owned(),
                    })
                };
                return step_up::answer(outcome, &state.outgoing, done, sent).await;
            }
            Err(error) => Refused::by(error, &[])?,
        },
    };
    let id = form.typed.value("id").to_owned();
    Ok((refused.status, page(&permit, &visit, id).again(&form.typed, refused.problems)).into_response())
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::{role::Role, rule::PlaceHold};
    use bailiwick_ops::audit::hold::{self, NewHold};
    use bailiwick_testkit::both_databases;

    use crate::pages::browser::Browser;

    const HOLD: &str = "0193a7c2-7b1e-7000-8000-000000000001";

    both_databases! {
        async fn owner_places_a_hold_that_keeps_somebody_and_lifts_it(db: Db) {
            let acme = db.tenant("acme").await;
            let leaver = acme.user(Role::Auditor).await;
            let actor = acme.owner();
            let mut owner = Browser::of(&actor);
            let form = owner.get("/audit/holds/new").await;
            let id = form.between("name=\"id\" value=\"", "\"").unwrap();
            let short = owner.post("/audit/holds", &[("id", &id), ("scope", "person"), ("person", "nobody@acme.example"), ("reason", "Matter 12")]).await;
            assert!(short.status == 422 && short.shows("id=\"person-error\"") && short.shows("Matter 12"), "{}", short.body);
            let person = leaver.id().to_string();
            // By their address, and they are named.
            let fields = [("id", id.as_str()), ("scope", "person"), ("person", leaver.user.email.as_str()), ("reason", "Matter 12")];
            let named = format!("the person {} (…{}", leaver.user.name, leaver.id().uuid().simple().to_string().split_off(24));
            let asked = owner.post("/audit/holds", &fields).await;
            assert!(asked.status == 200 && asked.shows(&format!("Place a legal hold on {named}")), "{}", asked.body);
            assert!(asked.shows("Legal hold: not lifted"), "{}", asked.body);
            let step_up = asked.between("name=\"step_up\" value=\"", "\"").unwrap();
            let code = actor.mailed_code(step_up.parse().unwrap()).await;
            let mut answer = fields.to_vec();
            answer.extend([("step_up", step_up.as_str()), ("step_up_code", code.as_str())]);
            assert_eq!(owner.post("/audit/holds", &answer).await.led(), (303, "/audit/holds"));
            let listed = owner.get("/audit/holds").await;
            assert!(listed.shows("Matter 12") && listed.shows(&named), "{}", listed.body);
            let alone = owner.get(&format!("/audit/holds?hold={id}")).await;
            assert!(alone.status == 200 && alone.shows("Matter 12"), "{}", alone.body);

            // It wins over deleting them, and says so.
            let kept = owner.post(&format!("/users/{person}/delete"), &[]).await;
            assert!(kept.status == 409 && kept.shows("The legal hold …") && kept.shows(&named), "{}", kept.body);
            assert!(!kept.shows("Matter 12"), "the matter is for whoever may read the log");
            // Nobody is asked about what cannot be done, and the way to the hold is there.
            let before = owner.get(&format!("/users/{person}/delete")).await;
            assert!(before.status == 409 && before.shows(&named) && before.shows("href=\"/audit/holds\""), "{}", before.body);
            let opened = owner.post("/audit/subjects", &[("by", "person"), ("value", &person)]).await;
            let request = opened.led().1.to_owned();
            let page = owner.get(&request).await;
            assert!(page.shows(&named) && page.shows(&format!("/audit/holds?hold={id}")) && !page.shows("/erase\""), "{}", page.body);
            assert_eq!(owner.get(&format!("{request}/erase")).await.status, 409);

            let lift = format!("/audit/holds/{id}/lift");
            assert!(owner.get(&lift).await.shows(&format!("Lift the legal hold on {named}")));
            let asked = owner.post(&lift, &[("reason", "Settled.")]).await;
            let step_up = asked.between("name=\"step_up\" value=\"", "\"").unwrap();
            let code = actor.mailed_code(step_up.parse().unwrap()).await;
            let done = owner.post(&lift, &[("reason", "Settled."), ("step_up", &step_up), ("step_up_code", &code)]).await;
            assert_eq!(done.led(), (303, "/audit/holds"));
            assert_eq!(owner.get(&lift).await.status, 409);
            assert!(owner.post(&format!("/users/{person}/delete"), &[]).await.shows("Delete the account of"));
        }

        async fn auditor_reads_what_is_held_and_places_and_lifts_nothing(db: Db) {
            let acme = db.tenant("acme").await;
            let (actor, mut auditor) = (acme.owner(), Browser::of(&acme.user(Role::Auditor).await));
            assert!(!auditor.get("/audit/holds").await.page().contains("New hold"));
            let new = NewHold { id: HOLD.into(), scope: "tenant".into(), reason: "Matter 12".into(), ..NewHold::default() };
            let permit = actor.permit::<PlaceHold>().await;
            actor.confirmed(async |answer| hold::place(&db.store, &permit, &new, answer).await).await.unwrap();
            let page = auditor.get("/audit/holds").await.page();
            assert!(page.contains("the whole organisation") && page.contains("Matter 12"), "{page}");
            assert!(!page.contains("New hold") && !page.contains("/lift"), "{page}");
            let lift = format!("/audit/holds/{HOLD}/lift");
            for path in ["/audit/holds/new", lift.as_str()] {
                assert_eq!(auditor.get(path).await.status, 403, "{path}");
            }
            assert_eq!(auditor.post(&lift, &[("reason", "Settled.")]).await.status, 403);
            let mut manager = Browser::of(&acme.user(Role::OperationsManager).await);
            assert_eq!(manager.get("/audit/holds").await.status, 403);
        }
    }
}
