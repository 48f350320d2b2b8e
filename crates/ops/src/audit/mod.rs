//! What people and programs do with the audit log itself.

pub mod ingest;
pub mod intake;
