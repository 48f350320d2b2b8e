//! From octets to events that are ready to be stored, or to what is wrong with each.

use bailiwick_domain::{
    ids::TenantId,
    json::{self, Body, Fault, Item},
    product::{self, Context, LIMITS, ProductEvent},
    redaction::Judged,
    rule::RecordEvents,
};
use bailiwick_store::{
    Permit, Store,
    audit::ingest::{Prepared, prepare},
    intake::Intake,
};

use super::{answer::Refused, schemas};

/// The events of a body.
pub(super) struct Judgement {
    pub(super) many: bool,
    pub(super) items: Vec<Result<Prepared, Vec<Fault>>>,
}

/// Reads a body and judges each of its events.
pub(super) fn judge(
    store: &Store,
    permit: &Permit<RecordEvents>,
    body: &[u8],
    settings: &Intake,
) -> Result<Judgement, Refused> {
    let (many, items) = match json::read(body, &LIMITS)? {
        Body::One(item) => (false, vec![item]),
        Body::Many(items) if items.is_empty() => return Err(Refused::Number),
        Body::Many(items) => (true, items),
    };
    let tenant = permit.tenant().ok_or(bailiwick_store::Error::NotFound)?;
    let context = Context { tenant, now: store.now() };
    let items = items
        .into_iter()
        .map(|item| {
            let Item { value, .. } = &item;
            match of_item(&item, settings, &context) {
                Err(faults) => Ok(Err(faults)),
                Ok((event, judged)) => prepare(store, permit, event, judged, value).map(Ok),
            }
        })
        .collect::<Result<_, bailiwick_store::Error>>()?;
    Ok(Judgement { many, items })
}

/// One event, read and judged.
///
/// # Errors
/// Everything that is wrong with it, as far as it could be looked at.
pub(in crate::audit) fn of_item(
    item: &Item,
    settings: &Intake,
    context: &Context,
) -> Result<(ProductEvent, Judged), Vec<Fault>> {
    if !item.faults.is_empty() {
        return Err(item.faults.clone());
    }
    let event = product::read(&item.value, context)?;
    if let Some(schema) = settings.schemas.iter().find(|schema| schema.action == event.action) {
        let misfits = schemas::misfits(&schema.schema, &item.value);
        if !misfits.is_empty() {
            return Err(misfits);
        }
    }
    let judged = settings.redaction.judge(&event)?;
    Ok((event, judged))
}

/// What an event of this tenant is read against now.
pub(in crate::audit) fn context(store: &Store, tenant: TenantId) -> Context {
    Context { tenant, now: store.now() }
}
