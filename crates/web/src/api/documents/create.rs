//! Adding a document, or a version of one, in one request.

use axum::extract::State;
use bailiwick_domain::rule::WriteDocuments;

use super::uploads::Finished;
use crate::{access::Access, api::Created, document_form::DocumentForm, error::Result, state::AppState};

pub(in crate::api) async fn handle(
    Access(permit): Access<WriteDocuments>,
    State(state): State<AppState>,
    form: DocumentForm,
) -> Result<Created<Finished>> {
    let (document, version) = form.add(&state, &permit).await?;
    let location = format!("/v1/documents/{}", document.id);
    Ok(Created { location, body: Finished { document: document.into(), version: version.into() } })
}
