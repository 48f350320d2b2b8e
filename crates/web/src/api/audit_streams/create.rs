//! Making a stream. The answer is the only place where its signing secret ever stands.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::rule::UpdateStreams;
use bailiwick_ops::audit::stream::{self, Beginning};
use bailiwick_store::audit;
use serde::{Deserialize, Serialize};

use super::{FilterBody, StreamBody, refused};
use crate::{access::Access, api::Created, error::Result, forms::Json, placing::Placed, state::AppState};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct NewStream {
    name: String,
    place: Placed,
    #[serde(default)]
    filter: FilterBody,
    /// The index of the first record; the next one that is recorded, if not given.
    from: Option<i64>,
}

#[derive(Serialize)]
struct Body<'s> {
    #[serde(flatten)]
    stream: StreamBody,
    /// The signing secret, this once; nothing where nothing is signed.
    secret: Option<&'s str>,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<UpdateStreams>,
    State(state): State<AppState>,
    Json(mut new): Json<NewStream>,
) -> Result<Response> {
    let new = stream::NewStream {
        name: new.name,
        place: new.place.place(state.reach.clone()),
        filter: new.filter.into(),
        from: new.from.map_or(Beginning::Now, Beginning::Index),
    };
    let created = stream::create(&state.store, &permit, new).await.map_err(refused)?;
    let listed = audit::stream::find(&mut state.store.read(&permit).await?, created.stream.id).await?;
    let location = format!("/v1/audit/streams/{}", listed.stream.id);
    let secret = created.secret.as_ref().map(|secret| secret.as_str());
    Ok(Created { location, body: Body { stream: listed.into(), secret } }.into_response())
}
