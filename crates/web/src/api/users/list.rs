//! Users in the order in which they joined, all or those who fit; with a text in the order of the words that begin like it.

use axum::extract::State;
use bailiwick_domain::{entity::UserStatus, role::RoleName, rule::ReadUsers};
use bailiwick_store::{
    Error as StoreError, Store,
    users::{self, Place, Sought},
};
use serde::Deserialize;

use super::UserBody;
use crate::{
    access::Access,
    api::{List, cursor},
    error::{Error, Result},
    forms::{Json, Query},
};

/// Whom to list; every part narrows.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Parameters {
    /// Beginnings of words of name and address.
    q: Option<String>,
    role: Option<RoleName>,
    status: Option<UserStatus>,
    mfa: Option<Mfa>,
    cursor: Option<String>,
}

/// What somebody has for a second factor.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Mfa {
    Verified,
    Sso,
    Missing,
}

impl From<Mfa> for users::Mfa {
    fn from(mfa: Mfa) -> Self {
        match mfa {
            Mfa::Verified => Self::Verified,
            Mfa::Sso => Self::Sso,
            Mfa::Missing => Self::Missing,
        }
    }
}

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadUsers>,
    State(store): State<Store>,
    Query(asked): Query<Parameters>,
) -> Result<Json<List<UserBody>>> {
    let after: Option<Place> = cursor::read(asked.cursor.as_deref())?;
    let mut sought = Sought::text(asked.q.as_deref().unwrap_or_default());
    (sought.role, sought.status, sought.mfa) = (asked.role, asked.status, asked.mfa.map(Into::into));
    let mut view = store.read(&permit).await?;
    let found = match users::seek(&mut view, &sought, after).await {
        Err(StoreError::NotFound) => {
            return Err(Error::BadRequest("The cursor is not one that this list gave."));
        }
        found => found?,
    };
    Ok(List::after(found.items.into_iter().map(UserBody::from), found.next))
}
