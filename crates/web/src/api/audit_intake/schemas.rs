//! How the events of actions have to look.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::{
    entity::EventSchema,
    ids::EventSchemaId,
    rule::{ReadIntake, SetIntake},
    time::Timestamp,
};
use bailiwick_ops::audit::intake::{self, NewSchema};
use bailiwick_store::{Store, intake as stored};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    access::Access,
    api::{Created, List, NoBody},
    error::Result,
    forms::{Id, Json},
    matching::Versioned,
};

/// A schema as the API shows it.
#[derive(Serialize)]
pub(in crate::api) struct SchemaBody {
    id: EventSchemaId,
    action: String,
    schema: Option<Value>,
    created_at: Timestamp,
}

impl From<EventSchema> for SchemaBody {
    fn from(schema: EventSchema) -> Self {
        Self { id: schema.id, schema: schema.value(), action: schema.action, created_at: schema.created_at }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct New {
    action: String,
    schema: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Change {
    schema: Value,
}

pub(in crate::api) async fn list(
    Access(permit): Access<ReadIntake>,
    State(store): State<Store>,
) -> Result<Json<List<SchemaBody>>> {
    let schemas = stored::schemas(&mut store.read(&permit).await?).await?;
    Ok(List::whole(schemas.into_iter().map(SchemaBody::from)))
}

pub(in crate::api) async fn show(
    Access(permit): Access<ReadIntake>,
    State(store): State<Store>,
    Id(id): Id<EventSchemaId>,
) -> Result<Versioned<SchemaBody>> {
    let mut view = store.read(&permit).await?;
    let schema = stored::schema(&mut view, id).await?;
    Versioned::of(&mut view, &schema.clone(), || schema.into()).await
}

pub(in crate::api) async fn create(
    Access(permit): Access<SetIntake>,
    State(store): State<Store>,
    Json(new): Json<New>,
) -> Result<Created<SchemaBody>> {
    let new = NewSchema { action: new.action, schema: new.schema.to_string() };
    let schema = intake::register_schema(&store, &permit, new).await?;
    Ok(Created { location: format!("/v1/audit/schemas/{}", schema.id), body: schema.into() })
}

pub(in crate::api) async fn change(
    Access(permit): Access<SetIntake>,
    State(store): State<Store>,
    Id(id): Id<EventSchemaId>,
    Json(new): Json<Change>,
) -> Result<StatusCode> {
    intake::change_schema(&store, &permit, id, new.schema.to_string()).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(in crate::api) async fn remove(
    Access(permit): Access<SetIntake>,
    State(store): State<Store>,
    Id(id): Id<EventSchemaId>,
    _: NoBody,
) -> Result<StatusCode> {
    intake::remove_schema(&store, &permit, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
