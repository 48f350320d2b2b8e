//! The columns.

use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};

/// Octets of a hash.
pub(crate) const HASH: i32 = 32;

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Each record is proven by itself, and named in each of its columns.
    Export,
    /// All records are proven together, by the manifest beside the file. What takes much room stands in the octets alone: the hash, which
    /// is theirs, and the ids of the record and of its request.
    Archive,
}

/// The columns in their order. Those that are derived from the octets are empty where the octets cannot be read.
pub(crate) fn schema(form: Form) -> SchemaRef {
    let time = || DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let exported = |field: Field| (form == Form::Export).then_some(field);
    let fields = [
        Some(Field::new("leaf_index", DataType::Int64, false)),
        exported(Field::new("hash", DataType::FixedSizeBinary(HASH), false)),
        Some(Field::new("event", DataType::Binary, false)),
        exported(text("id")),
        Some(Field::new("recorded_at", time(), true)),
        Some(Field::new("occurred_at", time(), true)),
        Some(text("action")),
        Some(text("outcome")),
        Some(text("actor_kind")),
        Some(text("actor_id")),
        Some(text("actor_auth")),
        Some(text("entity_type")),
        Some(text("entity_id")),
        Some(Field::new("revision", DataType::Int64, true)),
        Some(text("reason")),
        exported(text("request")),
        Some(text("agent")),
        Some(text("changes")),
        exported(Field::new("tree_size", DataType::Int64, true)),
        exported(Field::new("path", DataType::Binary, true)),
    ];
    Arc::new(Schema::new(fields.into_iter().flatten().collect::<Vec<_>>()))
}
