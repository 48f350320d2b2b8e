//! Serving a suspended customer again, after a question and with a reason.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{
    entity::{Tenant, TenantKind, TenantStatus},
    ids::TenantId,
    rule::ReactivateTenant,
};
use bailiwick_ops::tenants;
use bailiwick_store::{Permit, Store};

use super::{customer, reason_field, suspend::Why};
use crate::{
    access::Access,
    error::{Error, Result},
    forms::{Form, Id},
    pages::{confirm::ConfirmPage, refused::Refused},
    shell::{Message, SeeOther, Shell, Visit},
};

pub(super) async fn ask(
    Access(permit): Access<ReactivateTenant>,
    visit: Visit,
    State(store): State<Store>,
    Id(id): Id<TenantId>,
) -> Result<ConfirmPage> {
    let tenant = customer(&store, &permit, id).await?;
    if tenant.kind == TenantKind::Platform {
        return Err(Error::Conflict("The platform's own tenant cannot be suspended."));
    }
    if tenant.status == TenantStatus::Active {
        return Err(Error::Conflict("The tenant has this status already."));
    }
    Ok(question(&permit, &visit, &tenant))
}

pub(super) async fn reactivate(
    Access(permit): Access<ReactivateTenant>,
    visit: Visit,
    State(store): State<Store>,
    Id(id): Id<TenantId>,
    form: Form<Why>,
) -> Result<Response> {
    let refused = match form.values {
        Err(problems) => Refused::unread(problems, &[]),
        Ok(why) => match tenants::reactivate(&store, &permit, id, &why.reason).await {
            Ok(_) => {
                return Ok(SeeOther::to("/platform/tenants")
                    .tell(Message::TenantReactivated)
                    .into_response());
            }
            Err(error @ bailiwick_ops::Error::Invalid(_)) => Refused::by(error, &[])?,
            Err(error) => return Err(error.into()),
        },
    };
    let tenant = customer(&store, &permit, id).await?;
    let page = question(&permit, &visit, &tenant);
    let page = ConfirmPage { reason: Some(reason_field().again(&form.typed, &refused.problems)), ..page };
    Ok((refused.status, page).into_response())
}

fn question(permit: &Permit<ReactivateTenant>, visit: &Visit, tenant: &Tenant) -> ConfirmPage {
    ConfirmPage {
        shell: Shell::new(permit, visit, "Reactivate the organisation?")
            .under("Tenants", "/platform/tenants"),
        question: format!("Reactivate {}?", tenant.name),
        sentence: "Its people and programs can use the service again.".to_owned(),
        effects: vec![
            "Sessions and API keys that have not ended meanwhile work again.".to_owned(),
            "The reactivation and its reason stand in the organisation's own audit log.".to_owned(),
        ],
        danger: false,
        action: format!("/platform/tenants/{}/reactivate", tenant.id),
        hidden: Vec::new(),
        reason: Some(reason_field()),
        button: "Reactivate organisation",
        cancel: "/platform/tenants".to_owned(),
    }
}
