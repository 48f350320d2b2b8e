//! Who else vouches for the log, and how far.

use axum::extract::State;
use bailiwick_domain::{entity::LogRefusal, rule::VerifyAudit, time::Timestamp};
use bailiwick_store::{
    Store,
    audit::{newest_checkpoint, witness},
};
use serde::Serialize;

use crate::{access::Access, error::Result, forms::Json};

#[derive(Serialize)]
pub(in crate::api) struct Body {
    /// How many witnesses have to have cosigned a checkpoint.
    quorum: usize,
    /// The same in a sentence.
    policy: String,
    witnesses: Vec<WitnessBody>,
    /// Signing and cosigning that was refused, newest first.
    refusals: Vec<LogRefusal>,
}

#[derive(Serialize)]
struct WitnessBody {
    name: String,
    /// Its verifier key (C2SP signed-note, type of cosignatures).
    key: String,
    /// Records under the newest checkpoint that it cosigned.
    size: i64,
    /// Signed records that it has not cosigned.
    lag: i64,
    /// `ok`, `unreachable`, `unknown`, `refused`; nothing before it was asked.
    standing: Option<&'static str>,
    asked_at: Option<Timestamp>,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<VerifyAudit>,
    State(store): State<Store>,
) -> Result<Json<Body>> {
    let policy = store.witnesses();
    let mut view = store.read(&permit).await?;
    let signed = newest_checkpoint(&mut view).await?.map_or(0, |newest| newest.size);
    let known = witness::witnesses(&mut view).await?;
    let refusals = witness::refusals(&mut view).await?;
    let witnesses = policy.witnesses.iter().map(|key| {
        let found = known.iter().find(|known| known.name == key.name());
        let size = found.map_or(0, |found| found.size);
        WitnessBody {
            name: key.name().to_owned(),
            key: key.to_string(),
            size,
            lag: signed.saturating_sub(size).max(0),
            standing: found.map(|found| found.standing.name()),
            asked_at: found.map(|found| found.at),
        }
    });
    Ok(Json(Body { quorum: policy.quorum, policy: policy.text(), witnesses: witnesses.collect(), refusals }))
}
