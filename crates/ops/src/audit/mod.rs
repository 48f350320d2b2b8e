//! What people and programs do with the audit log itself, and what happens to it.

pub mod alarms;
pub mod anomalies;
pub mod bundles;
pub mod drills;
pub mod epochs;
pub mod erasure;
pub mod hold;
pub mod ingest;
pub mod intake;
pub mod refusals;
pub mod restore;
pub mod retention;
pub mod stream;
