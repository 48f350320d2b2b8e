//! Events of the guarded product, as it sends them.
//!
//! ```json
//! {"key":"6f1c…","action":"app.plan.approved","entity":{"type":"app.plan","id":"PL-42"},"actor":{"id":"u-17"},
//!  "occurred_at":"2026-11-02T03:04:05Z","before":{"state":"draft"},"after":{"state":"approved"}}
//! ```
//!
//! What a thing was and is comes as `before` and `after`, or as `patch` (RFC 6902) with the `old` values that it replaces; either
//! way it becomes a difference that can be applied in both directions. Names of the product's things and actions begin with
//! `app.`, so none can pass for one of ours.

mod images;
mod patch;
mod read;
mod words;

use std::net::IpAddr;

use uuid::Uuid;

use crate::{
    change::Change,
    entity::named,
    ids::TenantId,
    json,
    time::{Span, Timestamp},
};

pub use read::read;
pub use words::{is_action, is_id, is_kind};

/// How much a body of events may hold: 1,000 events, each of 64 KiB, 32 levels and texts of 16 KiB at most. How long a body may
/// be in all is up to whoever takes it; the API takes 4 MiB, so that a thousand events have 4 KiB each on average.
pub const LIMITS: json::Limits =
    json::Limits { items: 1_000, item: 64 * 1024, levels: 32, text: 16 * 1024, name: 128, values: 4_096 };

/// Changed paths at most in one event.
pub const MOST_CHANGES: usize = 500;

/// How far ahead of this server's clock the product's may go.
pub const AHEAD: Span = Span::minutes(5);

/// How long ago something may have happened that is recorded now.
pub const BEHIND: Span = Span::days(366);

named! {
    /// How what the product did ended.
    Outcome {
        /// It was done.
        Ok = "ok",
        /// It was refused.
        Denied = "denied",
        /// It failed.
        Failed = "failed",
    }
}

/// A thing or person of the product: what it is, and what the product calls it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its kind, which begins with `app.`.
    pub kind: String,
    /// The product's id of it: 1 to 128 printable ASCII characters without spaces.
    pub id: String,
}

/// An event that the product sent.
#[derive(Clone, Debug, PartialEq)]
pub struct ProductEvent {
    /// By which the same event is known again when it is sent again; unique in the tenant.
    pub key: String,
    /// What was done, `app.noun.verb`.
    pub action: String,
    /// What it was done to.
    pub entity: Named,
    /// Who did it, as the product calls them; nobody where it did it by itself.
    pub actor: Option<String>,
    /// When it happened; where the product does not say, when it was received.
    pub occurred_at: Timestamp,
    /// How it ended.
    pub outcome: Outcome,
    /// Why, in the actor's words.
    pub reason: Option<String>,
    /// The product's own request, by which its events are found together.
    pub request: Option<Uuid>,
    /// Where the actor sat.
    pub ip: Option<IpAddr>,
    /// What the actor used: `browser`, `api`, `cli`, `job` or `unknown`.
    pub agent: Option<&'static str>,
    /// The person whose personal values it holds.
    pub subject: Option<Named>,
    /// What was different afterwards.
    pub changes: Vec<Change>,
}

/// What an event is read against.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    /// Whose log it is for.
    pub tenant: TenantId,
    /// The present moment.
    pub now: Timestamp,
}
