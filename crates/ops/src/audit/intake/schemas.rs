//! Registering how the events of an action have to look.

use bailiwick_domain::{entity::EventSchema, ids::EventSchemaId, product::is_action, rule::SetIntake};
use bailiwick_schema::Schema;
use bailiwick_store::{Event, Permit, Store, intake};

use crate::{Error, Result, valid::Fields};

/// Schemas at most in one tenant.
pub const MOST_SCHEMAS: usize = 100;
const _: () = assert!(MOST_SCHEMAS == 100, "a sentence below says so");

/// A schema to be.
#[derive(Debug, Clone, Default)]
pub struct NewSchema {
    /// The action whose events have to fit.
    pub action: String,
    /// A JSON Schema (2020-12) of an event as it is sent, as text.
    pub schema: String,
}

/// Registers a schema: events of its action that do not fit are refused from then on.
///
/// # Errors
/// `Invalid` by field, `Conflict` for an action that has one and for more than [`MOST_SCHEMAS`].
pub async fn register_schema(
    store: &Store,
    permit: &Permit<SetIntake>,
    new: NewSchema,
) -> Result<EventSchema> {
    let mut fields = Fields::default();
    let action = new.action.trim().to_owned();
    if !is_action(&action) {
        fields.refuse("action", "Enter an action such as app.plan.approved.");
    }
    look(&new.schema, &mut fields);
    fields.done()?;
    store
        .change(permit, async |tx| {
            // Two that are registered at the same moment meet here.
            intake::lock(tx).await?;
            let others = intake::schemas(tx).await?;
            if others.len() >= MOST_SCHEMAS {
                return Err(Error::Conflict("There are a hundred schemas already. Remove one first."));
            }
            if others.iter().any(|other| other.action == action) {
                return Err(Error::Conflict("There is a schema for this action. Change that one."));
            }
            let schema =
                EventSchema { id: store.new_id(), action, schema: new.schema, created_at: store.now() };
            let written = intake::insert_schema(tx, schema.clone()).await?;
            Ok(tx.record(Event::new("event_schema.registered", &written)?, schema))
        })
        .await
}

/// Replaces what a schema says.
///
/// # Errors
/// `Invalid` for what is no schema, `NotFound`, `Conflict` where nothing would change.
pub async fn change_schema(
    store: &Store,
    permit: &Permit<SetIntake>,
    id: EventSchemaId,
    text: String,
) -> Result<EventSchema> {
    let mut fields = Fields::default();
    look(&text, &mut fields);
    fields.done()?;
    store
        .change(permit, async |tx| {
            intake::lock(tx).await?;
            let before = intake::schema(tx, id).await?;
            if before.schema == text {
                return Err(Error::Conflict("It is so already."));
            }
            let after = EventSchema { schema: text, ..before.clone() };
            let written = intake::replace_schema(tx, before, after.clone()).await?;
            Ok(tx.record(Event::new("event_schema.changed", &written)?, after))
        })
        .await
}

/// Removes a schema: events of its action may look as they like from then on.
///
/// # Errors
/// `NotFound`.
pub async fn remove_schema(store: &Store, permit: &Permit<SetIntake>, id: EventSchemaId) -> Result<()> {
    store
        .change(permit, async |tx| {
            intake::lock(tx).await?;
            let schema = intake::schema(tx, id).await?;
            let written = intake::remove_schema(tx, schema).await?;
            Ok(tx.record(Event::new("event_schema.removed", &written)?, ()))
        })
        .await
}

fn look(text: &str, fields: &mut Fields) {
    if let Err(refused) = Schema::parse(text) {
        let place =
            if refused.pointer.is_empty() { String::new() } else { format!("At {}: ", refused.pointer) };
        fields.refuse("schema", format!("{place}{}", refused.what));
    }
}
