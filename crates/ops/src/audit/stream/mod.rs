//! Streams of the audit log to other systems: making and stopping them, and the worker that sends.
//!
//! Making a stream sends nothing: where it leads is confirmed with a one-time code first, and so is every other place and every other
//! signing secret. The worker is apart from every change that the log records: it reads the log when it stands there, so that
//! the other side may be slow or gone, and nobody waits.

mod attempt;
mod create;
mod place;
mod remove;
mod replay;
mod secret;
mod start;
mod state;
mod try_out;
mod update;
mod worker;

use bailiwick_domain::{
    entity::{Severity, Stream},
    time::Span,
};
use bailiwick_store::{Event, Written};

pub use create::{Beginning, Created, NewStream, create};
pub use place::NewPlace;
pub use remove::remove;
pub use replay::replay;
pub use secret::{OVERLAP, rotate};
pub use start::{move_to, start};
pub use state::{pause, resume};
pub use try_out::try_out;
pub use update::{Update, update};
pub use worker::Worker;

pub use bailiwick_stream::Reach;

use crate::Result;

/// Tried in vain for so long, somebody is told.
pub const TOLD_AFTER: Span = Span::hours(6);
/// Tried in vain for so long, a stream is given up.
pub const GIVEN_UP_AFTER: Span = Span::days(5);
/// Attempts at a record that the other side refuses.
pub const ATTEMPTS: i64 = 5;
/// Records left behind one after the other, after which a stream is given up.
pub const DEAD_IN_A_ROW: i64 = 20;

/// The record of a change of a stream, with its security event. The sentence holds no address: the origin stands in the record.
fn told(
    action: &'static str,
    written: &Written<Stream>,
    severity: Severity,
    said: &'static str,
) -> Result<Event> {
    let kind = written.entity().map_or("", |stream| stream.kind.title());
    Ok(Event::new(action, written)?.raising(severity, format!("A stream of the audit log ({kind}) {said}")))
}
