//! What a thing was at a past moment, from its records alone.
//!
//! A read begins at the newest usable image before the moment, or at the first record, and takes one record after the other: each
//! has to be the octets that were hashed, to name the one before it, and to start from what is there. The first that does not ends
//! the telling, and is named. An image spares reading what comes before it and says nothing by itself: it counts only under its seal and
//! together with the record whose hash it names ([`keep`]).

mod follow;
mod keep;
mod read;

use bailiwick_domain::{
    ids::EventId,
    past::{Fault, Image},
    time::Timestamp,
};
use uuid::Uuid;

pub use keep::keep_images;
pub(super) use keep::mark;

use self::follow::{Beginning, follow};
use super::search::Listed;
use crate::{Error, Result, lock::rows, page::LIMIT, tx::Scope};

/// Every so many revisions of a thing its image is kept.
pub const EVERY: i64 = 128;
/// Records that are read at most where no image helps.
pub const MOST: i64 = 20_000;

/// Which state of a thing is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// As it stood at an instant.
    At(Timestamp),
    /// As a revision left it.
    Revision(i64),
}

/// The last record that is told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stood {
    /// The revision that it made.
    pub revision: i64,
    /// The record.
    pub event: EventId,
    /// When it was recorded.
    pub at: Timestamp,
}

/// A thing as it stood.
#[derive(Clone, Debug)]
pub struct AsOf {
    /// What it was, as far as it is told.
    pub image: Image,
    /// The last record that is told of; nothing where the first is still to come.
    pub last: Option<Stood>,
    /// What is wrong with the records up to there.
    pub faults: Vec<Fault>,
    /// Whether this is how the thing stood. Where it is not, it is how it stood before the last of `faults`.
    pub known: bool,
    /// Whether an image that was kept beside the records was not the one that follows from them, and was passed over.
    pub passed_over: bool,
}

/// A thing as it stood.
///
/// # Errors
/// [`Error::NotFound`] for a thing of which nothing is recorded.
pub async fn as_of(scope: &mut impl Scope, kind: &str, id: Uuid, moment: Moment) -> Result<AsOf> {
    let Some(image) = read::newest_image(scope, kind, id, moment).await? else {
        return told(scope, kind, id, moment, None, false).await;
    };
    let Some(beginning) = follow::beginning(&*scope, kind, id, &image) else {
        tracing::error!(kind, %id, revision = image.revision, "an image that is kept beside the audit log was altered");
        return told(scope, kind, id, moment, None, true).await;
    };
    let stood = told(scope, kind, id, moment, Some((image.leaf_index, beginning)), false).await?;
    if stood.known {
        return Ok(stood);
    }
    // What does not fit may be the image's fault: the records alone decide.
    let whole = told(scope, kind, id, moment, None, true).await?;
    Ok(if whole.known { whole } else { stood })
}

async fn told(
    scope: &mut impl Scope,
    kind: &str,
    id: Uuid,
    moment: Moment,
    from: Option<(i64, Beginning)>,
    passed_over: bool,
) -> Result<AsOf> {
    let (leaf, beginning) = from.unwrap_or_default();
    let read = read::records(scope, kind, id, moment, leaf, beginning.revision).await?;
    if read.records.is_empty() && read.head.is_none() && beginning.revision == 0 {
        return Err(Error::NotFound);
    }
    Ok(AsOf { passed_over, ..follow(kind, id, beginning, read, moment) })
}

/// The newest records of a thing after one instant and up to another, newest first, a page of them.
pub async fn between(
    scope: &mut impl Scope,
    kind: &str,
    id: Uuid,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<Listed>> {
    let tenant = scope.tenant();
    Ok(rows!(
        scope,
        "SELECT leaf_index, event, recorded_at, actor_kind, actor_id, action, outcome, entity_type, entity_id, revision
         FROM audit_leaf WHERE tenant = $1 AND entity_type = $2 AND entity_id = $3 AND recorded_at > $4 AND recorded_at <= $5
         ORDER BY leaf_index DESC LIMIT $6",
        tenant.uuid(),
        kind,
        id,
        from.micros(),
        to.micros(),
        LIMIT
    )?)
}
