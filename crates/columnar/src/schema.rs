//! The columns.

use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};

/// Octets of a hash.
pub(crate) const HASH: i32 = 32;

/// The columns in their order. Those that are derived from the octets are empty where the octets cannot be read; `tree_size` and
/// `path` are empty where no proof comes along.
pub(crate) fn schema() -> SchemaRef {
    let time = || DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    Arc::new(Schema::new(vec![
        Field::new("leaf_index", DataType::Int64, false),
        Field::new("hash", DataType::FixedSizeBinary(HASH), false),
        Field::new("event", DataType::Binary, false),
        text("id"),
        Field::new("recorded_at", time(), true),
        Field::new("occurred_at", time(), true),
        text("action"),
        text("outcome"),
        text("actor_kind"),
        text("actor_id"),
        text("actor_auth"),
        text("entity_type"),
        text("entity_id"),
        Field::new("revision", DataType::Int64, true),
        text("reason"),
        text("request"),
        text("agent"),
        text("changes"),
        Field::new("tree_size", DataType::Int64, true),
        Field::new("path", DataType::Binary, true),
    ]))
}
