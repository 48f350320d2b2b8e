//! Opening a request.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::rule::OpenSubject;
use bailiwick_ops::audit::erasure::{self, LookFor};
use bailiwick_store::Store;
use serde::Deserialize;

use super::list::page;
use crate::{
    access::Access,
    error::Result,
    forms::Form,
    pages::refused::Refused,
    shell::{SeeOther, Visit},
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    by: String,
    value: String,
    #[serde(default)]
    kind: String,
}

pub(super) async fn open(
    Access(permit): Access<OpenSubject>,
    visit: Visit,
    State(store): State<Store>,
    form: Form<Asked>,
) -> Result<Response> {
    let refused = match form.values {
        Err(problems) => Refused::unread(problems, &[]),
        Ok(asked) => {
            let look_for = LookFor { by: asked.by, value: asked.value, kind: asked.kind };
            match erasure::open(&store, &permit, look_for).await {
                Ok(request) => {
                    return Ok(SeeOther::to(&format!("/audit/subjects/{}", request.id)).into_response());
                }
                Err(error) => Refused::by(error, &[])?,
            }
        }
    };
    let page = page(&permit, &visit, &store, None).await?;
    Ok((refused.status, page.again(&form.typed, refused.problems)).into_response())
}
