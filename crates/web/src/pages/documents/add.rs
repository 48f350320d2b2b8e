//! Adding a document, or a version of one, without script: in one request.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{permission::Permission, rule::WriteDocuments};

use super::{list, show};
use crate::{
    access::Access,
    document_form::DocumentForm,
    error::{Error, Result},
    shell::{Message, SeeOther, Visit},
    state::AppState,
};

pub(super) async fn add(
    Access(permit): Access<WriteDocuments>,
    visit: Visit,
    State(state): State<AppState>,
    form: DocumentForm,
) -> Result<Response> {
    let into = form.document();
    // Whoever may add and not read has no page of documents to be led to.
    let reads = permit.may(Permission::DOCUMENT_READ);
    match form.add(&state, &permit).await {
        Ok((document, _)) if reads => {
            let to = format!("/documents/{}", document.id);
            Ok(SeeOther::to(&to).tell(Message::DocumentStored).into_response())
        }
        Ok(_) => Ok(SeeOther::to("/").tell(Message::DocumentStored).into_response()),
        Err(Error::Invalid(problems)) if reads => {
            let text = problems.into_iter().map(|problem| problem.text).collect::<Vec<_>>().join(" ");
            let page = match into {
                Some(id) => show::page(&permit, &visit, &state, id, Some(text)).await?.into_response(),
                None => {
                    let place = list::Place::default();
                    list::page(&permit, &visit, &state, place, Some(text)).await?.into_response()
                }
            };
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
        Err(error) => Err(error),
    }
}
