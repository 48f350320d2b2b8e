//! The audit log: from a change to a leaf of the tenant's Merkle tree.
//!
//! In the caller's transaction each event becomes a [`Draft`] (redacted, personal values committed and sealed apart), then
//! canonical bytes chained to the previous event of the same entity. Afterwards the sequencer gives every event its place
//! in the tree, and the signer signs the tree's head outside the database.

mod about;
mod access;
pub mod alarms;
mod append;
pub mod archive;
mod as_of;
pub mod bundle;
mod checkpoint;
mod complete;
mod draft;
mod drill;
pub mod epoch;
mod expected;
pub mod export;
mod find;
mod heads;
pub mod hold;
pub mod ingest;
mod integrate;
mod lag;
pub mod log;
#[cfg(feature = "bench")]
mod made;
pub(crate) mod many;
mod notary;
mod octets;
mod outside;
mod owner;
pub(crate) mod pack;
mod page;
mod personal;
mod prove;
mod reader;
mod related;
pub mod restore;
pub mod retention;
mod said;
mod search;
mod sequence;
mod sign_error;
pub mod stream;
pub mod subject;
mod verification;
mod verify;
mod watch;
pub mod witness;

pub use about::{ABOUT_CAP, Entity, entities, named};
pub use access::{
    COUNTED, OF_PERSON, OF_SETTING, Told, about_people, about_person, beginning, done_since, joined, setting,
};
pub(crate) use append::{append_postgres, flush_sqlite};
pub use as_of::{AsOf, EVERY, MOST, Moment, Stood, as_of, between, keep_images};
pub(crate) use checkpoint::signed;
pub use checkpoint::{Round, Signer};
pub use complete::completeness;
pub(crate) use draft::{Draft, Outcome, drafts, outcome_draft};
pub use drill::{COPIED, Drilled, drill, drills, drills_due, find_drill, insert_drill, logs};
pub(crate) use expected::check_expected;
pub use expected::revision;
pub use find::{RECENT, by_prefix};
pub use heads::{HeadsReport, RegionHead, region_head};
pub(crate) use ingest::Queues;
pub use integrate::{id_of, thing_of};
pub use lag::{LAG_CAP, Lag, lag};
#[cfg(feature = "bench")]
pub use made::Made;
#[cfg(feature = "bench")]
pub(crate) use made::made;
pub use notary::Notary;
pub use outside::{CheckpointStore, Latest};
pub use owner::owner;
pub use pack::unpacked;
pub use page::{
    EventPage, Proof, Revision, Signed, entity_history, event_page, last_signed, newest_checkpoint, revealed,
};
pub(crate) use personal::{SubjectCache, reveal};
pub use prove::prove;
pub use related::{AROUND, Related, related};
pub use said::said;
pub(crate) use search::BLOCK;
pub(crate) use search::exists;
pub use search::{
    Bar, COMING_AND_GOING, COUNT_CAP, Found, KNOWN_AT_MOST, Known, Listed, Place, Sought, Tally, Timeline,
    UNREADABLE, Unresolved, just_now, known, occurs, of_request, resolve, search, source_tag, tally,
    timeline, total,
};
pub use sequence::Sequencer;
pub use sign_error::{Missing, SignError};
pub use verification::{last_verification, note_verification};
pub use verify::{Progress, Report, Verdict, VerifyError, verify_all, verify_everything, verify_index};
pub use watch::{
    Batch, PRODUCT_ACTORS, Record, Watched, advance, anomalies, called_by_product, insert_anomaly, keep,
    pass, stands_for_product, unwatched, watched,
};
