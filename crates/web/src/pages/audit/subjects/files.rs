//! The two files of a request: what is kept of the person, for themselves, and the certificate of the erasure.

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{
    ids::SubjectRequestId,
    rule::{DiscloseSubject, ReadSubjects},
};
use bailiwick_ops::audit::erasure;
use bailiwick_store::Store;

use crate::{
    access::Access,
    error::{Error, Result},
    forms::Id,
};

pub(super) async fn data(
    Access(permit): Access<DiscloseSubject>,
    State(store): State<Store>,
    Id(id): Id<SubjectRequestId>,
) -> Result<Response> {
    let disclosure = erasure::disclose(&store, &permit, id).await?;
    let text = serde_json::to_string_pretty(&disclosure).map_err(|error| Error::Internal(Box::new(error)))?;
    Ok(file("application/json", format!("attachment; filename=\"subject-{id}.json\""), text))
}

pub(super) async fn certificate(
    Access(permit): Access<ReadSubjects>,
    State(store): State<Store>,
    Id(id): Id<SubjectRequestId>,
) -> Result<Response> {
    let text = erasure::certificate(&store, &permit, id).await?;
    Ok(file("text/plain; charset=utf-8", format!("attachment; filename=\"erasure-{id}.txt\""), text))
}

fn file(kind: &'static str, disposition: String, text: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    (headers, text).into_response()
}
