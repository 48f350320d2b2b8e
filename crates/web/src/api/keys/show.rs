//! The key of the organisation: its versions, what each protects, when it is rotated next, and what is to be destroyed.

use std::collections::BTreeMap;

use axum::extract::State;
use bailiwick_domain::{
    entity::{DestructionState, KeyDestruction, RootMoveState},
    rule::ReadKeys,
    time::{Span, Timestamp},
};
use bailiwick_store::{Store, keys};
use serde::Serialize;

use crate::{access::Access, error::Result, forms::Json};

#[derive(Serialize)]
pub(in crate::api) struct KeysBody {
    /// Newest first; the first one encrypts.
    versions: Vec<VersionBody>,
    /// After how many days it is rotated; nothing where only people do.
    rotation_days: Option<i64>,
    /// When it is due next.
    next_rotation_at: Option<Timestamp>,
    /// What is still under older versions, and is being wrapped anew.
    waiting_to_be_rewrapped: i64,
    destructions: Vec<DestructionBody>,
    /// Since when the holder of the root key does not answer this server.
    provider_away_since: Option<Timestamp>,
    /// The newest move to another root key, if there ever was one.
    root_move: Option<RootMoveBody>,
}

#[derive(Serialize)]
struct RootMoveBody {
    from: String,
    to: String,
    state: RootMoveState,
    begun_at: Timestamp,
    finished_at: Option<Timestamp>,
    /// Of all organisations; for the platform's people only.
    installation: Option<InstallationBody>,
}

#[derive(Serialize)]
struct InstallationBody {
    moved: i64,
    waiting: i64,
    keys_per_minute: i64,
    looked_at: Timestamp,
    trouble: Option<String>,
}

#[derive(Serialize)]
struct VersionBody {
    version: i64,
    /// The public name of the root key that wraps it.
    root_key: String,
    created_at: Timestamp,
    /// What is sealed under it, by kind.
    protects: BTreeMap<String, i64>,
}

#[derive(Serialize)]
struct DestructionBody {
    #[serde(flatten)]
    destruction: KeyDestruction,
    created_at: Timestamp,
    due_at: Timestamp,
    settled_at: Option<Timestamp>,
    /// Whether there is a certificate.
    certified: bool,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadKeys>,
    State(store): State<Store>,
) -> Result<Json<KeysBody>> {
    let mut view = store.read(&permit).await?;
    let versions = keys::versions(&mut view).await?;
    let mut protects = keys::protects(&mut view).await?;
    let rotation_days = keys::schedule(&mut view).await?.days;
    let destructions = keys::destructions(&mut view).await?;
    let newest = versions.first();
    let older = |(version, _): &(&i64, _)| newest.is_none_or(|newest| **version != newest.key.version);
    let waiting = protects.iter().filter(older).flat_map(|(_, kinds)| kinds.values()).sum();
    let next = newest.zip(rotation_days).map(|(newest, days)| newest.created_at + Span::days(days));
    let versions = versions.into_iter().map(|version| VersionBody {
        protects: protects.remove(&version.key.version).unwrap_or_default(),
        version: version.key.version,
        root_key: version.key.root_key,
        created_at: version.created_at,
    });
    let destruction = |found: keys::Destruction| DestructionBody {
        certified: found.destruction.state == DestructionState::Done,
        destruction: found.destruction,
        created_at: found.created_at,
        due_at: found.due_at,
        settled_at: found.settled_at,
    };
    drop(view);
    let root_move = keys::newest_move(&store).await?.map(|found| RootMoveBody {
        installation: (permit.tenant() == Some(found.tenant)).then(|| InstallationBody {
            moved: found.moved,
            waiting: found.waiting,
            keys_per_minute: found.per_minute,
            looked_at: found.looked_at,
            trouble: found.root_move.trouble.clone(),
        }),
        from: found.root_move.from,
        to: found.root_move.to,
        state: found.root_move.state,
        begun_at: found.begun_at,
        finished_at: found.finished_at,
    });
    Ok(Json(KeysBody {
        root_move,
        versions: versions.collect(),
        rotation_days,
        next_rotation_at: next,
        waiting_to_be_rewrapped: waiting,
        destructions: destructions.into_iter().map(destruction).collect(),
        provider_away_since: keys::away_since(&store),
    }))
}
