//! The program as it is installed and run: every test starts the real binary.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod command_line;
mod crash;
mod demo;
mod installation;
mod offline;
mod postgres;
mod refusals;
mod serving;
mod support;
