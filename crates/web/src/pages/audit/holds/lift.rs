//! Lifting a hold, after a question, with a reason and a code.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{entity::AuditHold, ids::AuditHoldId, rule::LiftHold};
use bailiwick_ops::audit::hold;
use bailiwick_store::{Permit, Store, audit};
use serde::Deserialize;

use crate::{
    access::{Access, Confirmation},
    error::{Error, Result},
    forms::{Field, Form, Id},
    pages::{
        confirm::ConfirmPage,
        refused::Refused,
        step_up::{self, Sent},
    },
    shell::{Message, SeeOther, Shell, Visit},
    state::AppState,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Why {
    reason: String,
}

pub(super) async fn ask(
    Access(permit): Access<LiftHold>,
    visit: Visit,
    State(store): State<Store>,
    Id(id): Id<AuditHoldId>,
) -> Result<ConfirmPage> {
    let mut view = store.read(&permit).await?;
    let hold = audit::hold::find(&mut view, id).await?.hold;
    if hold.lifted {
        return Err(Error::Conflict("The hold was lifted already."));
    }
    let name = hold::name(&mut view, &permit, &hold.scope).await?;
    Ok(question(&permit, &visit, &hold, name.as_deref()))
}

pub(super) async fn lift(
    Access(permit): Access<LiftHold>,
    confirmation: Confirmation<LiftHold>,
    visit: Visit,
    State(state): State<AppState>,
    Id(id): Id<AuditHoldId>,
    form: Form<Why>,
) -> Result<Response> {
    let refused = match form.values {
        Err(problems) => Refused::unread(problems, &[]),
        Ok(why) => match hold::lift(&state.store, &permit, id, &why.reason, confirmation.answer()).await {
            Ok(outcome) => {
                let done = |_| SeeOther::to("/audit/holds").tell(Message::HoldLifted);
                let sent = async {
                    Ok(Sent {
                        shell: Shell::new(&permit, &visit, "Confirm with a code")
                            .under("Legal holds", "/audit/holds"),
                        action: format!("/audit/holds/{id}/lift"),
                        typed: vec![("reason".to_owned(), why.reason)],
                        button: "Lift hold",
                        cancel: "/audit/holds".to_owned(),
                    })
                };
                return step_up::answer(outcome, &state.outgoing, done, sent).await;
            }
            Err(error @ bailiwick_ops::Error::Invalid(_)) => Refused::by(error, &[])?,
            Err(error) => return Err(error.into()),
        },
    };
    let mut view = state.store.read(&permit).await?;
    let hold = audit::hold::find(&mut view, id).await?.hold;
    let name = hold::name(&mut view, &permit, &hold.scope).await?;
    let page = question(&permit, &visit, &hold, name.as_deref());
    let page = ConfirmPage { reason: Some(reason_field().again(&form.typed, &refused.problems)), ..page };
    Ok((refused.status, page).into_response())
}

fn reason_field() -> Field {
    Field::new("reason", "Reason").hint("It stands in the log.")
}

fn question(permit: &Permit<LiftHold>, visit: &Visit, hold: &AuditHold, name: Option<&str>) -> ConfirmPage {
    ConfirmPage {
        shell: Shell::new(permit, visit, "Lift the legal hold?").under("Legal holds", "/audit/holds"),
        question: format!("Lift the legal hold on {}?", hold.scope.words_of(name)),
        sentence: "What no other hold covers can be erased again, on request and by the retention."
            .to_owned(),
        effects: vec![
            format!("The hold …{} stays in the list, as lifted.", hold.number()),
            "A one-time code is sent to you first.".to_owned(),
        ],
        danger: true,
        action: format!("/audit/holds/{}/lift", hold.id),
        hidden: Vec::new(),
        reason: Some(reason_field()),
        button: "Lift hold",
        cancel: "/audit/holds".to_owned(),
    }
}
