//! Adding a version: `POST` with its length, `PUT` part after part with `Content-Range`, and `finish`. Whoever was interrupted asks with
//! `GET` how far it is, and goes on from there.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request, State},
    http::{HeaderMap, header},
};
use bailiwick_domain::{
    ids::{DocumentId, DocumentVersionId},
    rule::WriteDocuments,
};
use bailiwick_ops::documents::{self, Begun, MOST_PART, NewVersion};
use bailiwick_store::Store;
use serde::{Deserialize, Serialize};

use super::{DocumentBody, VersionBody};
use crate::{
    access::Access,
    api::{Created, NoBody},
    bootstrap::read_body,
    description::{Described, Says},
    error::{Error, Result},
    forms::{Id, Json},
    state::AppState,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct NewUpload {
    /// What a new document is called.
    name: Option<String>,
    /// Or the document that gets another version.
    document: Option<DocumentId>,
    /// The length of the version.
    octets: u64,
}

/// An upload that is open.
#[derive(Serialize)]
pub(in crate::api) struct UploadBody {
    id: DocumentVersionId,
    document: DocumentId,
    octets: u64,
    /// From here on the next part is expected.
    received: u64,
    /// Octets of a part at most. Every part but the last has a multiple of 65,536.
    part_octets: usize,
}

impl From<Begun> for UploadBody {
    fn from(Begun { id, document, octets, received }: Begun) -> Self {
        Self { id, document, octets, received, part_octets: MOST_PART }
    }
}

/// A version that was stored, with its document.
#[derive(Serialize)]
pub(in crate::api) struct Finished {
    pub(super) document: DocumentBody,
    pub(super) version: VersionBody,
}

/// A body as it came.
pub(in crate::api) struct Octets(Bytes);

impl Described for Octets {
    fn describe(takes: &mut Says<'_>) {
        takes.octets();
    }
}

impl FromRequest<AppState> for Octets {
    type Rejection = Error;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Error> {
        read_body(request.into_body(), state.settings.limits.arrival).await.map(Self)
    }
}

pub(in crate::api) async fn begin(
    Access(permit): Access<WriteDocuments>,
    State(state): State<AppState>,
    Json(NewUpload { name, document, octets }): Json<NewUpload>,
) -> Result<Created<UploadBody>> {
    let new = NewVersion { name, document, octets };
    let begun = documents::begin(&state.store, &permit, &state.cabinet, new).await?;
    Ok(Created { location: format!("/v1/documents/uploads/{}", begun.id), body: begun.into() })
}

pub(in crate::api) async fn look(
    Access(permit): Access<WriteDocuments>,
    State(store): State<Store>,
    Id(id): Id<DocumentVersionId>,
) -> Result<Json<UploadBody>> {
    Ok(Json(documents::look(&store, &permit, id).await?.into()))
}

pub(in crate::api) async fn part(
    Access(permit): Access<WriteDocuments>,
    State(state): State<AppState>,
    Id(id): Id<DocumentVersionId>,
    headers: HeaderMap,
    Octets(octets): Octets,
) -> Result<Json<UploadBody>> {
    let begun = documents::look(&state.store, &permit, id).await?;
    let range = headers.get(header::CONTENT_RANGE).and_then(|value| value.to_str().ok());
    let at =
        range.and_then(|range| first(range, octets.len() as u64, begun.octets)).ok_or(Error::BadRequest(
            "Say with `Content-Range: bytes first-last/length` which octets of the whole these are.",
        ))?;
    let part = documents::part(&state.store, &permit, &state.cabinet, id, at, octets.to_vec()).await?;
    Ok(Json(part.into()))
}

/// The first octet that `Content-Range` names (RFC 9110 §14.4), where it fits the body and the whole.
fn first(range: &str, body: u64, whole: u64) -> Option<u64> {
    let (range, length) = range.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let number =
        |text: &str| text.bytes().all(|octet| octet.is_ascii_digit()).then(|| text.parse::<u64>().ok())?;
    let (first, last) = (number(first)?, number(last)?);
    let fits = number(length)? == whole && last < whole && last.checked_sub(first)?.checked_add(1)? == body;
    fits.then_some(first)
}

pub(in crate::api) async fn finish(
    Access(permit): Access<WriteDocuments>,
    State(state): State<AppState>,
    Id(id): Id<DocumentVersionId>,
    _: NoBody,
) -> Result<Created<Finished>> {
    let (document, version) = documents::finish(&state.store, &permit, &state.cabinet, id).await?;
    let location = format!("/v1/documents/{}", document.id);
    Ok(Created { location, body: Finished { document: document.into(), version: version.into() } })
}

#[cfg(test)]
mod tests {
    use super::first;

    #[test]
    fn a_range_has_to_fit_the_body_and_the_whole() {
        assert_eq!(first("bytes 0-9/10", 10, 10), Some(0));
        assert_eq!(first("bytes 4-9/10", 6, 10), Some(4));
        for range in [
            "bytes 0-9/11",
            "bytes 0-8/10",
            "bytes 1-10/10",
            "bytes 9-0/10",
            "bytes 0-9",
            "bytes */10",
            "items 0-9/10",
            "bytes +0-9/10",
            "bytes -9/10",
            "",
        ] {
            assert_eq!(first(range, 10, 10), None, "{range}");
        }
    }
}
