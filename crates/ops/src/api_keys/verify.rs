//! Whether the text of a key is good, for the guarded product, which asks for every request.

use std::{net::IpAddr, sync::Arc};

use bailiwick_domain::{entity::Browser, permission::PermissionSet, rule::VerifyKey};
use bailiwick_store::{
    Permit, Store,
    key_cache::{GoodKey, Standing},
};
use bailiwick_vault::api_key::ApiKey as Secret;

use crate::{Error, Result};

/// A question about a key.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Its text.
    pub key: &'a str,
    /// What the request that came with it needs.
    pub scopes: PermissionSet,
    /// Where that request came from.
    pub address: Option<IpAddr>,
    /// What kind of program sent it.
    pub agent: Browser,
}

/// Why a key is not good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is none: its checksum or its form is wrong.
    Malformed,
    /// Nobody has such a key.
    Unknown,
    /// Its time is over.
    Expired,
    /// It was taken back.
    Revoked,
    /// Whoever made it is disabled.
    Disabled,
    /// Its organisation is suspended.
    Suspended,
    /// It may not be used from that address.
    Address,
    /// It lacks a scope that was asked for.
    Scope,
}

impl Fault {
    /// The name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Unknown => "unknown",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::Disabled => "maker_disabled",
            Self::Suspended => "suspended",
            Self::Address => "address",
            Self::Scope => "scope",
        }
    }
}

/// What came of a question.
#[derive(Clone, Debug)]
pub struct Verified {
    /// The key, where it is one that works.
    pub key: Option<Arc<GoodKey>>,
    /// Why it is not good for what was asked; nothing where it is.
    pub fault: Option<Fault>,
}

/// Whether a key of the asker's organisation is good for what was asked; that of another is one that nobody has. A wrong checksum is refused without touching the store; a good key is answered from memory
/// while it is remembered. A use is noted where it is good.
///
/// # Errors
/// `Limited` for whoever asked about too many keys that nobody has.
pub async fn verify(store: &Store, permit: &Permit<VerifyKey>, asked: Asked<'_>) -> Result<Verified> {
    let refused = |fault| Ok(Verified { key: None, fault: Some(fault) });
    let Ok(secret) = Secret::parse(asked.key) else { return refused(Fault::Malformed) };
    let Some(tenant) = permit.tenant() else { return refused(Fault::Unknown) };
    let good = match store.key_standing(&secret.hash(), Some(tenant), permit.request().ip).await? {
        Standing::Good(good) => good,
        Standing::Unknown => return refused(Fault::Unknown),
        Standing::Expired => return refused(Fault::Expired),
        Standing::Revoked => return refused(Fault::Revoked),
        Standing::Disabled => return refused(Fault::Disabled),
        Standing::Suspended => return refused(Fault::Suspended),
        Standing::Limited => return Err(Error::Limited { retry_after_seconds: 1 }),
    };
    let fault = if !good.networks.admits(asked.address) {
        Some(Fault::Address)
    } else if !asked.scopes.difference(good.permissions).is_empty() {
        Some(Fault::Scope)
    } else {
        None
    };
    if fault.is_none() {
        if asked.scopes.is_empty() {
            store.note_key_use(&good, asked.address, asked.agent, None);
        }
        for scope in asked.scopes.iter() {
            store.note_key_use(&good, asked.address, asked.agent, Some(scope));
        }
    }
    Ok(Verified { key: Some(good), fault })
}
