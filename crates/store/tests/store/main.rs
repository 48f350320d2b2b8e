//! The store on both databases.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod append_only;
mod batch;
mod change;
mod concurrency;
mod personal_data;
mod queries;
mod schema;
mod support;
mod tampering;
mod tenancy;
