//! The program as it is installed and run: every test starts the real binary.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod client;
mod command_line;
mod crash;
#[cfg(feature = "columnar")]
mod crash_archive;
mod crash_events;
mod crash_export;
mod demo;
mod example_app;
mod guarded;
mod installation;
mod letters;
mod offline;
mod planted;
mod postgres;
mod refusals;
mod root_key;
mod root_move;
mod serving;
mod support;
