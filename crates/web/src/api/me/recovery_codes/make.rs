//! Making recovery codes: they are in this answer and never again, and those before are good no more.

use axum::extract::State;
use bailiwick_domain::rule::ChangeMyProofs;
use bailiwick_ops::factors;
use bailiwick_store::Store;
use serde::Serialize;

use crate::{
    access::Access,
    api::{Created, NoBody},
    error::Result,
};

#[derive(Serialize)]
pub(in crate::api) struct Body {
    codes: Vec<String>,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<ChangeMyProofs>,
    State(store): State<Store>,
    _: NoBody,
) -> Result<Created<Body>> {
    let codes = factors::make_recovery_codes(&store, &permit).await?;
    Ok(Created {
        location: "/v1/me/factors".to_owned(),
        body: Body { codes: codes.iter().map(|code| code.expose().to_string()).collect() },
    })
}
