//! When keys were last used, from where, by what and for which scope.
//!
//! The gate notes each admitted request of a key in memory, and so does whoever answers whether a key is good; [`flush`] writes the
//! notes down. A crash loses what was noted since the last flush.

mod buffer;
mod flush;

use std::collections::HashMap;

use bailiwick_domain::{entity::Browser, ids::ApiKeyId, time::Timestamp};
use sqlx::FromRow;

pub(crate) use buffer::{KeyUse, KeyUses};
pub use flush::flush;

use crate::{
    Result,
    lock::{row, rows},
    tx::Scope,
};

/// Callers of one key that are told apart; of more, those that were seen longest ago are forgotten.
pub const MOST_CALLERS: i64 = 100;

/// The last use of a key.
#[derive(Clone, PartialEq, Eq, Debug, FromRow)]
pub struct LastUse {
    /// When.
    #[sqlx(rename = "last_used_at", try_from = "i64")]
    pub at: Timestamp,
    /// From where, where that is known.
    pub address: Option<String>,
    /// By what kind of program, as its `User-Agent` header claims.
    #[sqlx(try_from = "String")]
    pub agent: Browser,
    /// For which scope; nothing where the request asked for none.
    pub scope: Option<String>,
    /// When there last was no room for a caller.
    #[sqlx(rename = "callers_dropped_at")]
    dropped: Option<i64>,
}

impl LastUse {
    /// When there last was no room for a caller, so that not all of them are known.
    pub fn callers_dropped_at(&self) -> Option<Timestamp> {
        self.dropped.map(Timestamp::from_micros)
    }
}

/// Somebody who uses a key: an address and a kind of program.
#[derive(Clone, PartialEq, Eq, Debug, FromRow)]
pub struct Caller {
    /// From where; empty where that is not known.
    pub address: String,
    /// By what kind of program, as its `User-Agent` header claims.
    #[sqlx(try_from = "String")]
    pub agent: Browser,
    /// When this was first seen.
    #[sqlx(try_from = "i64")]
    pub first_seen_at: Timestamp,
    /// When this was last seen.
    #[sqlx(try_from = "i64")]
    pub last_seen_at: Timestamp,
}

/// The last use of a key; nothing where none was written down.
pub async fn last(scope: &mut impl Scope, key: ApiKeyId) -> Result<Option<LastUse>> {
    let tenant = scope.tenant();
    let found: Option<LastUse> = row!(
        scope,
        "SELECT last_used_at, address, agent, scope, callers_dropped_at FROM api_key_use WHERE tenant = $1 AND key = $2",
        tenant.uuid(),
        key.uuid()
    )?;
    Ok(found)
}

/// The last uses of those keys that were used.
pub async fn last_of(scope: &mut impl Scope, keys: &[ApiKeyId]) -> Result<HashMap<ApiKeyId, LastUse>> {
    let mut uses = HashMap::new();
    for key in keys {
        if let Some(used) = last(scope, *key).await? {
            uses.insert(*key, used);
        }
    }
    Ok(uses)
}

/// Who used a key, those seen last in front.
pub async fn callers(scope: &mut impl Scope, key: ApiKeyId) -> Result<Vec<Caller>> {
    let tenant = scope.tenant();
    let found: Vec<Caller> = rows!(
        scope,
        "SELECT address, agent, first_seen_at, last_seen_at FROM api_key_caller WHERE tenant = $1 AND key = $2
         ORDER BY last_seen_at DESC, address, agent LIMIT $3",
        tenant.uuid(),
        key.uuid(),
        MOST_CALLERS
    )?;
    Ok(found)
}

/// The day (its midnight, UTC) on which a key last used each scope, by name; what it never used is missing.
pub async fn scopes(scope: &mut impl Scope, key: ApiKeyId) -> Result<HashMap<String, Timestamp>> {
    let tenant = scope.tenant();
    let found: Vec<(String, i64)> = rows!(
        scope,
        "SELECT scope, last_used_on FROM api_key_scope WHERE tenant = $1 AND key = $2",
        tenant.uuid(),
        key.uuid()
    )?;
    Ok(found.into_iter().map(|(name, day)| (name, Timestamp::from_micros(day))).collect())
}
