//! The same change of several people: 200 with what became of each, in their order. One that is refused undoes no other.

use axum::extract::State;
use bailiwick_domain::{
    ids::UserId,
    rule::{AssignRole, DisableUser, RemindFactors, RevokeSession},
};
use bailiwick_ops::bulk::{self, Answered, Chosen};
use bailiwick_store::Store;
use serde::{Deserialize, Serialize};

use crate::{access::Access, api::List, error::Result, forms::Json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct People {
    /// 1 to 100; whoever is named twice counts once.
    users: Vec<UserId>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Assigning {
    /// As above.
    users: Vec<UserId>,
    role: String,
}

/// What became of one of them.
#[derive(Serialize)]
pub(in crate::api) struct Outcome {
    user: UserId,
    done: bool,
    /// Why not; nothing where it is done.
    refusal: Option<String>,
}

impl From<Answered> for Outcome {
    fn from(one: Answered) -> Self {
        Self { user: one.user, done: one.outcome.is_ok(), refusal: one.outcome.err() }
    }
}

fn outcomes(answered: Vec<Answered>) -> Json<List<Outcome>> {
    List::whole(answered.into_iter().map(Outcome::from))
}

pub(in crate::api) async fn disable(
    Access(permit): Access<DisableUser>,
    State(store): State<Store>,
    Json(people): Json<People>,
) -> Result<Json<List<Outcome>>> {
    Ok(outcomes(bulk::disable(&store, &permit, Chosen::of(people.users)?).await?))
}

pub(in crate::api) async fn enable(
    Access(permit): Access<DisableUser>,
    State(store): State<Store>,
    Json(people): Json<People>,
) -> Result<Json<List<Outcome>>> {
    Ok(outcomes(bulk::enable(&store, &permit, Chosen::of(people.users)?).await?))
}

pub(in crate::api) async fn end_sessions(
    Access(permit): Access<RevokeSession>,
    State(store): State<Store>,
    Json(people): Json<People>,
) -> Result<Json<List<Outcome>>> {
    Ok(outcomes(bulk::end_sessions(&store, &permit, Chosen::of(people.users)?).await?))
}

pub(in crate::api) async fn remind(
    Access(permit): Access<RemindFactors>,
    State(store): State<Store>,
    Json(people): Json<People>,
) -> Result<Json<List<Outcome>>> {
    Ok(outcomes(bulk::remind_of_factors(&store, &permit, Chosen::of(people.users)?).await?))
}

pub(in crate::api) async fn assign_role(
    Access(permit): Access<AssignRole>,
    State(store): State<Store>,
    Json(new): Json<Assigning>,
) -> Result<Json<List<Outcome>>> {
    let answered = bulk::assign_role(&store, &permit, Chosen::of(new.users)?, &new.role).await?;
    Ok(outcomes(answered))
}
