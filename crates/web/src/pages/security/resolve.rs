//! Saying that an event is dealt with, and why, after a question.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{entity::Triage, ids::SecurityEventId, rule::TriageSecurityEvents};
use bailiwick_ops::security_events;
use bailiwick_store::{Permit, Store};
use serde::Deserialize;

use crate::{
    access::Access,
    error::{Error, Result},
    forms::{Field, Form, Id, Problem, Typed},
    pages::{confirm::ConfirmPage, refused::Refused},
    shell::{Message, SeeOther, Shell, Visit},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Resolution {
    reason: String,
}

pub(super) async fn ask(
    Access(permit): Access<TriageSecurityEvents>,
    State(store): State<Store>,
    visit: Visit,
    Id(id): Id<SecurityEventId>,
) -> Result<ConfirmPage> {
    question(&store, &permit, &visit, id, &Typed::default(), &[]).await
}

pub(super) async fn resolve(
    Access(permit): Access<TriageSecurityEvents>,
    State(store): State<Store>,
    visit: Visit,
    Id(id): Id<SecurityEventId>,
    form: Form<Resolution>,
) -> Result<Response> {
    let refused = match form.values {
        Err(problems) => Refused::unread(problems, &[]),
        Ok(Resolution { reason }) => match security_events::resolve(&store, &permit, id, &reason).await {
            Ok(_) => {
                return Ok(SeeOther::to("/security/events").tell(Message::EventResolved).into_response());
            }
            Err(error) => Refused::by(error, &[])?,
        },
    };
    let page = question(&store, &permit, &visit, id, &form.typed, &refused.problems).await?;
    Ok((refused.status, page).into_response())
}

async fn question(
    store: &Store,
    permit: &Permit<TriageSecurityEvents>,
    visit: &Visit,
    id: SecurityEventId,
    typed: &Typed,
    problems: &[Problem],
) -> Result<ConfirmPage> {
    let mut view = store.read(permit).await?;
    let event = bailiwick_store::security_events::find(&mut view, id).await?;
    if event.triage == Triage::Resolved {
        return Err(Error::Conflict("The event is resolved already."));
    }
    Ok(ConfirmPage {
        shell: Shell::new(permit, visit, "Resolve the event?").under("Security events", "/security/events"),
        question: "Resolve this event?".to_owned(),
        sentence: format!("{}.", event.detail.trim_end_matches('.')),
        effects: vec![
            "It no longer counts as open, here and in the posture score.".to_owned(),
            "The resolution and its reason are recorded under your name.".to_owned(),
        ],
        danger: false,
        action: format!("/security/events/{id}/resolve"),
        hidden: Vec::new(),
        reason: Some(
            Field::new("reason", "Reason")
                .hint("What was found or done, in 3 to 500 characters. Kept in the audit record.")
                .again(typed, problems),
        ),
        button: "Resolve",
        cancel: "/security/events".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::{role::Role, rule::ReadSecurityEvents};
    use bailiwick_ops::users;
    use bailiwick_store::security_events;
    use bailiwick_testkit::{Tenant, both_databases};

    use crate::pages::browser::Browser;

    /// An open event: somebody was disabled.
    async fn event(tenant: &Tenant) -> String {
        let user = tenant.add(Role::Auditor).await;
        let owner = tenant.owner();
        users::disable(&tenant.db.store, &owner.permit().await, user.id).await.unwrap();
        let mut view = tenant.db.store.read(&owner.permit::<ReadSecurityEvents>().await).await.unwrap();
        security_events::list(&mut view, None, 1).await.unwrap().items[0].id.to_string()
    }

    both_databases! {
        async fn owner_acknowledges_and_resolves_an_event_with_a_reason(db: Db) {
            let acme = db.tenant("acme").await;
            let path = format!("/security/events/{}", event(&acme).await);
            let mut browser = Browser::of(&acme.owner());
            assert!(browser.get("/security/events").await.shows("Auditor disabled"));
            assert_eq!(browser.post(&format!("{path}/acknowledge"), &[]).await.led(), (303, "/security/events"));
            assert!(browser.get("/security/events").await.shows("The event is acknowledged."));
            assert!(browser.get("/security/events?status=acknowledged").await.shows("Auditor disabled"));
            let question = browser.get(&format!("{path}/resolve")).await;
            assert!(question.status == 200 && question.shows("Resolve this event?") && question.shows("Auditor disabled."));
            assert_eq!(browser.post(&format!("{path}/resolve"), &[]).await.status, 422, "without a reason");
            let short = browser.post(&format!("{path}/resolve"), &[("reason", "x")]).await;
            assert!(short.status == 422 && short.shows("Give a reason") && short.shows(">x</textarea>"));
            assert_eq!(browser.post(&format!("{path}/resolve"), &[("reason", "They left.")]).await.led(), (303, "/security/events"));
            assert!(browser.get("/security/events?status=resolved").await.shows("Auditor disabled"));
            assert_eq!(browser.post(&format!("{path}/resolve"), &[("reason", "They left.")]).await.status, 409);
            assert_eq!(browser.get(&format!("{path}/resolve")).await.status, 409);
        }

        async fn owner_sees_whom_an_event_is_about(db: Db) {
            let acme = db.tenant("acme").await;
            let (user, owner) = (acme.add(Role::PlanManager).await, acme.owner());
            users::assign_role(&db.store, &owner.permit().await, user.id, "auditor").await.unwrap();
            let mut browser = Browser::of(&owner);
            for path in ["/security", "/security/events"] {
                let page = browser.get(path).await;
                assert!(page.shows("Role Plan Manager became role Auditor"), "{path}: {}", page.body);
                assert!(page.shows(&format!("href=\"/users/{}\">{}</a>", user.id, user.name)), "{path}: {}", page.body);
            }
        }

        async fn auditor_sees_events_and_may_not_touch_them(db: Db) {
            let acme = db.tenant("acme").await;
            let path = format!("/security/events/{}/acknowledge", event(&acme).await);
            let mut auditor = Browser::of(&acme.user(Role::Auditor).await);
            let page = auditor.get("/security/events").await;
            assert!(page.shows("Auditor disabled") && !page.shows("/acknowledge") && !page.shows("/resolve"));
            assert_eq!(auditor.post(&path, &[]).await.status, 403);
            assert_eq!(auditor.get(&path.replace("acknowledge", "resolve")).await.status, 403);
        }

        async fn an_event_of_another_tenant_is_not_there(db: Db) {
            let acme = db.tenant("acme").await;
            let path = format!("/security/events/{}", event(&acme).await);
            let mut stranger = Browser::of(&db.tenant("other").await.owner());
            assert_eq!(stranger.post(&format!("{path}/acknowledge"), &[]).await.status, 404);
            assert_eq!(stranger.post(&format!("{path}/resolve"), &[]).await.status, 404);
            assert_eq!(stranger.get(&format!("{path}/resolve")).await.status, 404);
        }
    }
}
