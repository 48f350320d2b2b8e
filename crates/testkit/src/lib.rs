//! Actors, both databases, clocks and fault injection for tests.
//!
//! A test says who acts and what is then a fact:
//!
//! ```no_run
//! use bailiwick_domain::{role::Role, rule::{Invite, ReadUsers}};
//! use bailiwick_testkit::both_databases;
//!
//! both_databases! {
//!     async fn auditor_may_look_but_not_invite(db: Db) {
//!         let acme = db.tenant("acme").await;
//!         let auditor = acme.user(Role::Auditor).await;
//!         assert!(auditor.try_permit::<ReadUsers>().await.is_ok());
//!         assert!(auditor.try_permit::<Invite>().await.is_err());
//!     }
//! }
//! # fn main() {}
//! ```
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test whose stage cannot be set must fail, and loudly"
)]

mod actor;
mod authenticator;
mod cancel;
mod clock;
mod confirm;
mod database;
mod gateway;
mod keys;
mod macros;
pub mod postgres;
mod proxy;
mod tenant;

pub use actor::{Actor, DEVICE, PASSWORD};
pub use authenticator::{Authenticator, ORIGIN};
pub use cancel::cancel_after;
pub use clock::{ManualClock, START};
pub use database::{Db, Place};
pub use gateway::{Delivery, Gateway, Reply};
pub use keys::TestSigner;
pub use proxy::{Fault, Proxy};
pub use tenant::Tenant;
