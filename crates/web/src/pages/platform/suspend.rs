//! Suspending a customer, after a question and with a reason.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{
    entity::{Tenant, TenantKind, TenantStatus},
    ids::TenantId,
    rule::SuspendTenant,
};
use bailiwick_ops::tenants;
use bailiwick_store::{Permit, Store};
use serde::Deserialize;

use super::{customer, reason_field};
use crate::{
    access::{Access, Confirmation},
    error::{Error, Result},
    forms::{Form, Id},
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
    pub(super) reason: String,
}

pub(super) async fn ask(
    Access(permit): Access<SuspendTenant>,
    visit: Visit,
    State(store): State<Store>,
    Id(id): Id<TenantId>,
) -> Result<ConfirmPage> {
    let tenant = customer(&store, &permit, id).await?;
    if tenant.kind == TenantKind::Platform {
        return Err(Error::Conflict("The platform's own tenant cannot be suspended."));
    }
    if tenant.status == TenantStatus::Suspended {
        return Err(Error::Conflict("The tenant has this status already."));
    }
    Ok(question(&permit, &visit, &tenant))
}

pub(super) async fn suspend(
    Access(permit): Access<SuspendTenant>,
    confirmation: Confirmation<SuspendTenant>,
    visit: Visit,
    State(state): State<AppState>,
    Id(id): Id<TenantId>,
    form: Form<Why>,
) -> Result<Response> {
    let store = &state.store;
    let refused = match form.values {
        Err(problems) => Refused::unread(problems, &[]),
        Ok(why) => match tenants::suspend(store, &permit, id, &why.reason, confirmation.answer()).await {
            Ok(outcome) => {
                let done = |_| SeeOther::to("/platform/tenants").tell(Message::TenantSuspended);
                let sent = async { Ok(sent(&permit, &visit, id, why)) };
                return step_up::answer(outcome, &state.outgoing, done, sent).await;
            }
            Err(error @ bailiwick_ops::Error::Invalid(_)) => Refused::by(error, &[])?,
            Err(error) => return Err(error.into()),
        },
    };
    let tenant = customer(store, &permit, id).await?;
    let page = question(&permit, &visit, &tenant);
    let page = ConfirmPage { reason: Some(reason_field().again(&form.typed, &refused.problems)), ..page };
    Ok((refused.status, page).into_response())
}

fn sent(permit: &Permit<SuspendTenant>, visit: &Visit, id: TenantId, why: Why) -> Sent {
    Sent {
        shell: Shell::new(permit, visit, "Confirm with a code").under("Tenants", "/platform/tenants"),
        action: format!("/platform/tenants/{id}/suspend"),
        typed: vec![("reason".to_owned(), why.reason)],
        button: "Suspend organisation",
        cancel: "/platform/tenants".to_owned(),
    }
}

fn question(permit: &Permit<SuspendTenant>, visit: &Visit, tenant: &Tenant) -> ConfirmPage {
    ConfirmPage {
        shell: Shell::new(permit, visit, "Suspend the organisation?").under("Tenants", "/platform/tenants"),
        question: format!("Suspend {}?", tenant.name),
        sentence: "It can be lifted again; nothing is deleted.".to_owned(),
        effects: vec![
            "Every session and every API key of the organisation is refused from this moment.".to_owned(),
            "Nobody of the organisation can sign in.".to_owned(),
            "The suspension and its reason stand in the organisation's own audit log.".to_owned(),
            "A one-time code is sent to you first.".to_owned(),
        ],
        danger: true,
        action: format!("/platform/tenants/{}/suspend", tenant.id),
        hidden: Vec::new(),
        reason: Some(reason_field()),
        button: "Suspend organisation",
        cancel: "/platform/tenants".to_owned(),
    }
}
