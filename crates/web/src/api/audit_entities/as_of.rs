//! One thing as it stood at an instant.

use std::collections::BTreeMap;

use bailiwick_domain::{
    ids::EventId,
    past::{Fault, ValueOrigin},
    rule::ReadAudit,
    time::Timestamp,
};
use bailiwick_store::{
    Permit, Scope, Store, View,
    audit::{self, AsOf, Moment},
};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    forms::Json,
};

/// A thing as it stood.
#[derive(Serialize)]
pub(super) struct StoodBody {
    at: Timestamp,
    /// Whether this is how it stood. Where it is not, it is how it stood before the last of `faults`.
    known: bool,
    /// Whether it was there.
    there: bool,
    /// Whether only what was changed of it is known, because no record made it.
    partial: bool,
    /// The last record that is told of; nothing where the first was still to come.
    last: Option<LastBody>,
    /// What is wrong with the records up to there.
    faults: Vec<Fault>,
    /// Whether an image that was kept beside the records was passed over, because it is not what follows from them.
    passed_over: bool,
}

#[derive(Serialize)]
struct LastBody {
    event: EventId,
    revision: i64,
    recorded_at: Timestamp,
}

#[derive(Serialize)]
pub(super) struct Body {
    #[serde(flatten)]
    stood: StoodBody,
    r#type: String,
    id: Uuid,
    /// As it is stored: personal values are commitments, secrets are only said to be there.
    image: Value,
    /// The record by which each field, or something in it, was last set.
    origins: BTreeMap<String, ValueOrigin>,
    /// The values behind the commitments, by commitment; without those of erased people.
    personal: BTreeMap<String, Value>,
}

impl StoodBody {
    pub(super) fn of(stood: &AsOf, at: Timestamp) -> Self {
        Self {
            at,
            known: stood.known,
            there: stood.image.is_there(),
            partial: stood.image.is_partial(),
            last: stood.last.map(|last| LastBody {
                event: last.event,
                revision: last.revision,
                recorded_at: last.at,
            }),
            faults: stood.faults.clone(),
            passed_over: stood.passed_over,
        }
    }
}

/// The thing at an instant that has to have passed.
pub(super) async fn stood(view: &mut View, kind: &str, id: Uuid, at: Timestamp) -> Result<AsOf> {
    if at > view.now() {
        return Err(Error::BadRequest(
            "What is still to come has not been recorded: give an instant that has passed.",
        ));
    }
    Ok(audit::as_of(view, kind, id, Moment::At(at)).await?)
}

/// An instant, as programs write one.
pub(super) fn instant(text: &str, wrong: &'static str) -> Result<Timestamp> {
    Timestamp::parse(text).map_err(|_| Error::BadRequest(wrong))
}

pub(super) async fn answer(
    store: &Store,
    permit: &Permit<ReadAudit>,
    kind: &str,
    id: Uuid,
    at: &str,
) -> Result<Json<Body>> {
    let at = instant(at, "`at` is neither a date nor an instant in UTC.")?;
    let mut view = store.read(permit).await?;
    let stood = stood(&mut view, kind, id, at).await?;
    let personal = audit::revealed(&mut view, &stood.image.committed()).await?;
    let fields = stood.image.fields().into_iter().flatten();
    let origins = fields.filter_map(|(field, _)| Some((field.clone(), *stood.image.newest_origin(field)?)));
    Ok(Json(Body {
        stood: StoodBody::of(&stood, at),
        r#type: kind.to_owned(),
        id,
        origins: origins.collect(),
        image: stood.image.value().clone(),
        personal: personal.into_iter().collect(),
    }))
}
