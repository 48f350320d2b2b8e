//! Sessions.

pub(super) mod end;
pub(super) mod end_all;
pub(super) mod end_mine;
pub(super) mod end_my_others;
pub(super) mod list;
pub(super) mod list_mine;
pub(super) mod list_of_user;

use bailiwick_domain::{
    entity::{Browser, Network, Place, Session, SignInMethod, System},
    ids::{SessionId, UserId},
    time::Timestamp,
};
use serde::Serialize;

/// A session as the API shows it.
#[derive(Serialize)]
pub(super) struct SessionBody {
    id: SessionId,
    user: UserId,
    method: SignInMethod,
    /// In words, as pages have it.
    device: &'static str,
    browser: Browser,
    system: System,
    place: Place,
    network: Network,
    created_at: Timestamp,
    last_seen_at: Timestamp,
    idle_until: Timestamp,
    absolute_until: Timestamp,
    renewed_at: Option<Timestamp>,
}

impl From<Session> for SessionBody {
    fn from(session: Session) -> Self {
        Self {
            id: session.id,
            user: session.user,
            method: session.method,
            device: session.device().title(),
            browser: session.browser,
            system: session.system,
            place: session.place,
            network: session.network,
            created_at: session.created_at,
            last_seen_at: session.last_seen_at,
            idle_until: session.idle_until,
            absolute_until: session.absolute_until,
            renewed_at: session.renewed_at,
        }
    }
}
