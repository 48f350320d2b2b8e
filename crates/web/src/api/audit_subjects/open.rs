//! Opening a request about a person, who is named by an id, an address or an id of the product. The answer is 201 with the request,
//! also where it was there before.

use axum::extract::State;
use bailiwick_domain::rule::OpenSubject;
use bailiwick_ops::audit::erasure::{self, LookFor};
use bailiwick_store::Store;
use serde::Deserialize;

use super::RequestBody;
use crate::{access::Access, api::Created, error::Result, forms::Json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Body {
    by: String,
    value: String,
    #[serde(default)]
    kind: String,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<OpenSubject>,
    State(store): State<Store>,
    Json(body): Json<Body>,
) -> Result<Created<RequestBody>> {
    let look_for = LookFor { by: body.by, value: body.value, kind: body.kind };
    let request = erasure::open(&store, &permit, look_for).await?;
    Ok(Created { location: format!("/v1/audit/subjects/{}", request.id), body: request.into() })
}
