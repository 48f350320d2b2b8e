//! Tiles of hashes and bundles of records, as C2SP tlog-tiles has them.

use axum::{
    extract::{FromRequestParts, RawPathParams, State},
    http::request::Parts,
    response::Response,
};
use bailiwick_domain::rule::ReadAudit;
use bailiwick_proof::tile::{Row, TilePath};
use bailiwick_store::audit::log;

use super::{FOR_GOOD, octets, pace};
use crate::{
    access::Access,
    error::{Error, Result},
    state::AppState,
};

/// The parameters of the path as the path of one tile: `0/x001/x234/067`, `entries/000.p/7`. Anything else names nothing: 404.
pub(in crate::api) struct At(TilePath);

impl crate::description::Described for At {}

impl FromRequestParts<AppState> for At {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Error> {
        let params = RawPathParams::from_request_parts(parts, state).await.map_err(|_| Error::NotFound)?;
        let path: Vec<&str> = params.iter().map(|(_, value)| value).collect();
        path.join("/").parse().map(Self).map_err(|_| Error::NotFound)
    }
}

/// Under the permission to read records, because bundles hold them.
pub(in crate::api) async fn handle(
    Access(permit): Access<ReadAudit>,
    State(state): State<AppState>,
    At(path): At,
) -> Result<Response> {
    pace(&state, &permit)?;
    let mut view = state.store.read(&permit).await?;
    let found = match path.row {
        Row::Hashes(_) => log::tile(&mut view, path).await?,
        Row::Entries => log::entries(&mut view, path).await?,
    };
    Ok(octets(found.ok_or(Error::NotFound)?, "application/octet-stream", FOR_GOOD))
}
