//! The store on both databases.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod access_records;
mod append_only;
mod approved;
mod as_of;
mod batch;
mod bundling;
mod change;
mod concurrency;
mod drills;
mod epochs;
mod erasure;
mod faults;
mod gate;
mod heads;
mod ingest;
mod letters;
mod paging;
mod personal_data;
mod plans;
mod proving;
mod queries;
mod regions;
mod schema;
mod search;
mod sequencing;
mod signing;
mod streams;
mod subjects;
mod support;
mod tampering;
mod tenancy;
mod upkeep;
mod watch;
mod witnessing;
