//! Key providers, envelope encryption, tokens and password hashes: the only crate that sees key bytes.
//!
//! The key tree has three levels. A root key stays inside a [`provider::KeyProvider`]; it wraps one
//! versioned key per tenant ([`keyring`]); a tenant key wraps a fresh data key for every object
//! ([`envelope`]) and one key per data subject ([`subject`]), whose destruction is erasure.
//!
//! What every type here keeps to:
//!
//! - secret bytes live behind one heap allocation each, are overwritten on drop, and cannot be cloned;
//! - `Debug` of anything secret prints the type and nothing that was derived from the secret;
//! - comparisons with attacker-supplied text take the same time wherever the texts differ;
//! - parsers accept exactly one spelling of a value, and a failure never carries the rejected input;
//! - randomness comes in as an [`entropy::Entropy`], so nothing here is random behind the caller's back.
//!
//! Keys are **not** locked into memory: the calls that do so are foreign functions on raw pages, and this
//! workspace forbids `unsafe`. Where keys must not reach a disk, run without swap (or with encrypted
//! swap) and without core dumps: `MemorySwapMax=0` and `LimitCORE=0` in a systemd unit.

mod aead;
pub mod api_key;
pub mod carried;
pub mod commit;
pub mod document;
pub mod entropy;
pub mod envelope;
pub mod keyed;
pub mod keyring;
pub mod password;
pub mod provider;
pub mod recovery;
pub mod secret;
pub mod signer;
pub mod step_up;
pub mod subject;
pub mod token;
pub mod totp;
mod transcript;
