//! Programs of other makers that tests talk to: SeaweedFS as a bucket, Azurite as a container of Azure, DuckDB as a reader of archives,
//! rsyslog, nginx as a reverse proxy, a receiver of webhooks that checks them with the library of Standard Webhooks, and what
//! holds root keys: OpenBao, SoftHSM, and two that play AWS KMS.
//!
//! `cargo xtask test` installs them; without one, its tests fail and say so. Whoever starts one gets it on free ports of the
//! loopback address and in a folder of its own; it ends with its value.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests over real programs: they are looked for in the environment, waited for by the clock, and a stage that cannot be set must fail"
)]

mod azurite;
mod duckdb;
mod kms;
mod nginx;
mod openbao;
mod plain;
mod receiver;
mod rsyslog;
mod running;
mod s3;
mod seaweedfs;
mod softhsm;

use std::time::{SystemTime, UNIX_EPOCH};

use bailiwick_domain::time::Timestamp;

pub use azurite::Azurite;
pub use duckdb::duckdb;
pub use kms::{Kms, Player};
pub use nginx::Nginx;
pub use openbao::OpenBao;
pub use receiver::Receiver;
pub use rsyslog::Rsyslog;
pub use s3::{Answer, Key};
pub use seaweedfs::{OWNER, SeaweedFs, WRITER};
pub use softhsm::SoftHsm;

/// The present moment: programs of other makers know no other clock.
#[must_use]
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock behind 1970");
    Timestamp::from_micros(i64::try_from(since.as_micros()).expect("a clock before the year 294000"))
}
