//! Canonical bytes, Merkle trees, checkpoints and an independent verifier for audit logs.
//!
//! Everything here is a pure function of its input: no clock, no randomness, no input or output. An auditor can read
//! this crate alone and know exactly what a verification proves.
//!
//! # The life of a leaf
//!
//! 1. **Bytes.** A change is written down as one [canonical] JSON value. Those octets are stored and never serialised
//!    again: what was hashed is what is kept.
//! 2. **Leaf hash.** `SHA-256(0x00 ‖ bytes)` ([`hash::leaf_hash`]) names the event. It is the event hash that the next
//!    revision of the same entity quotes in its `prev`, and the RFC 6962 leaf hash of the tree.
//! 3. **Entity chain.** Inside the transaction of the change the event takes the next revision of its entity and quotes
//!    the hash of the revision before. No two writers meet here unless they change the same entity.
//! 4. **Tree.** Later the event is given the next leaf index of its tenant; a [`tree::Frontier`] takes its hash in, and
//!    every 256 leaves complete a [`tile`], which is stored and never changes again.
//! 5. **Checkpoint.** The tree's size and root are signed as a C2SP [checkpoint] and kept outside the database.
//! 6. **Verification.** [`verify::Verifier`] walks the stored events once, in constant memory, and recomputes all of it
//!    with tree code of its own: it shares nothing with the writer but SHA-256.
//!
//! # What a stranger checks
//!
//! - A [`receipt`] is one text: an event, its path, and a checkpoint with its signatures.
//! - [`completeness`] follows one entity's chain from a proven newest revision back to the first.
//! - A [`bundle`] is one file with many records, their proof, and a page that checks them in a browser.
//! - A [`witness`] cosigns a checkpoint only if the log grew from the one that it cosigned last.
//! - The tree of [`heads`] holds what every tenant's log looked like, so that a whole log cannot vanish.
//!
//! Whom to believe is one value, [`checkpoint::Trust`]: keys of logs, keys of witnesses, and how many of these.
//!
//! # What each check proves
//!
//! | check | what it proves | what it cannot prove |
//! |---|---|---|
//! | bytes against recorded hash | the row was not edited carelessly | an editor who recomputes the hash passes |
//! | entity chain against heads | no revision was changed, removed or added inside an entity's history | a chain rewritten to its head passes |
//! | leaf against tile | the leaf is the one integrated when the tile was written | rewritten tiles pass |
//! | root against signed checkpoint | nothing below the checkpoint's size differs in any bit | events after the newest checkpoint |
//! | cosignatures of witnesses | nobody was shown another history of the log than they were | more dishonest witnesses than the quorum leaves room for |
//! | checkpoint kept elsewhere | the database was not rolled back or replaced as a whole | the loss of the signing key |
//!
//! The last two lines carry the proof; the first three exist to name the record that does not fit.

pub mod archive;
pub mod bundle;
pub mod canonical;
pub mod certificate;
pub mod checkpoint;
pub mod completeness;
pub mod event;
pub mod hash;
pub mod heads;
pub mod receipt;
pub mod tile;
pub mod tree;
pub mod verify;
pub mod witness;

pub use hash::{Hash, empty_root, leaf_hash, node_hash};
