//! The tenant's streams; there are twenty at most.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use bailiwick_domain::{
    entity::{StreamFault, StreamState},
    permission::Permission,
    rule::ReadAudit,
};
use bailiwick_store::{
    Store,
    audit::stream::{self, Listed},
};

use crate::{
    access::Access,
    error::Result,
    pages::parts::{Badge, grouped},
    shell::{Shell, Visit},
    when::When,
};

#[derive(Template, WebTemplate)]
#[template(path = "audit/streams.html")]
pub(super) struct StreamsPage {
    shell: Shell,
    may_change: bool,
    rows: Vec<StreamRow>,
}

/// A stream in the list.
struct StreamRow {
    name: String,
    href: String,
    origin: String,
    kind: &'static str,
    state: Badge,
    fault: Option<&'static str>,
    lag: String,
    attempts: i64,
    next: Option<When>,
    dead: i64,
    delivered: Option<When>,
}

pub(super) async fn list(
    Access(permit): Access<ReadAudit>,
    visit: Visit,
    State(store): State<Store>,
) -> Result<StreamsPage> {
    let mut view = store.read(&permit).await?;
    let rows = stream::list(&mut view).await?.into_iter().map(row).collect();
    Ok(StreamsPage {
        shell: Shell::new(&permit, &visit, "Streams").under("Audit log", "/audit"),
        may_change: permit.may(Permission::AUDIT_STREAM),
        rows,
    })
}

fn row(listed: Listed) -> StreamRow {
    let waits = listed.progress.attempts > 0 && listed.stream.state == StreamState::Active;
    StreamRow {
        href: format!("/audit/streams/{}", listed.stream.id),
        kind: listed.stream.kind.title(),
        state: state(&listed),
        fault: listed.progress.fault.map(StreamFault::sentence),
        lag: grouped(listed.progress.lag()),
        attempts: listed.progress.attempts,
        next: waits.then(|| When::moment(listed.progress.next_attempt_at)),
        dead: listed.progress.dead,
        delivered: listed.progress.delivered_at.map(When::moment),
        name: listed.stream.name,
        origin: listed.stream.origin,
    }
}

/// How a stream stands.
pub(super) fn state(listed: &Listed) -> Badge {
    match (listed.stream.state, listed.progress.fault) {
        (StreamState::Proposed, _) => Badge::new("info", "Place not confirmed"),
        (StreamState::Paused, _) => Badge::new("mute", "Paused"),
        (StreamState::Disabled, _) => Badge::new("bad", "Stopped"),
        (StreamState::Active, _) if listed.stream.failing => Badge::new("bad", "Failing"),
        (StreamState::Active, Some(_)) => Badge::new("warn", "Trying again"),
        (StreamState::Active, None) => Badge::new("ok", "Running"),
    }
}
