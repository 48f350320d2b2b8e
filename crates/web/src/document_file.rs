//! What a version of a document holds, as pages and API hand it out: always to be saved, and under a policy under which nothing of it
//! runs. An interrupted download goes on with `Range`, and with `If-Range` only in the same version.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use bailiwick_domain::{
    ids::DocumentVersionId,
    rule::{DownloadDocument, ReadDocumentEvidence},
};
use bailiwick_ops::documents::{self, Reading, damage};
use bailiwick_store::{Permit, Store};
use http_body::{Frame, SizeHint};
use tokio::sync::mpsc::{Receiver, channel};

use crate::{
    access::Access,
    bootstrap::Uploaded,
    error::{Error, Result},
    file::Part,
    forms::Id,
    state::AppState,
};

/// All of a version, or the part that is asked for. Whoever gets it from its beginning is recorded before.
pub(crate) async fn download(
    Access(permit): Access<DownloadDocument>,
    State(state): State<AppState>,
    Id(id): Id<DocumentVersionId>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response> {
    let (document, version) = documents::find(&state.store, &permit, id).await?;
    let octets = version.octets.unsigned_abs();
    let tag = format!("\"{}\"", version.digest);
    let part = Part::asked(&headers, &tag, octets);
    let (status, from, until) = match part {
        Part::Whole => (StatusCode::OK, 0, octets),
        Part::From(first, last) => (StatusCode::PARTIAL_CONTENT, first, last + 1),
        Part::Beyond => (StatusCode::RANGE_NOT_SATISFIABLE, 0, 0),
    };
    let body = if method == Method::HEAD || until == 0 {
        Body::empty()
    } else {
        let (reading, first) =
            documents::reading(&state.store, &permit, &state.cabinet, id, (from, until)).await?;
        if part.begins() {
            documents::note_download(&state.store, &permit, id).await?;
        }
        Body::new(Opened::begin(state.store, permit, id, reading, first, until - from))
    };
    let mut answer = uploaded(body, &version.media);
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    let mut set = |name, value: String| {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    };
    set(header::CONTENT_DISPOSITION, disposition("attachment", &document.name));
    set(header::ACCEPT_RANGES, "bytes".to_owned());
    set(header::ETAG, tag);
    set(header::CONTENT_LENGTH, (until - from).to_string());
    match part {
        Part::Whole => {}
        Part::From(first, last) => set(header::CONTENT_RANGE, format!("bytes {first}-{last}/{octets}")),
        Part::Beyond => set(header::CONTENT_RANGE, format!("bytes */{octets}")),
    }
    Ok(answer)
}

/// A look at a version in the browser: text and small pictures.
pub(crate) async fn preview(
    Access(permit): Access<DownloadDocument>,
    State(state): State<AppState>,
    Id(id): Id<DocumentVersionId>,
) -> Result<Response> {
    let found = documents::preview(&state.store, &permit, &state.cabinet, id).await?;
    Ok(uploaded(Body::from(found.octets), found.media))
}

/// The signed statement of how a version lies in the store.
pub(crate) async fn statement(
    Access(permit): Access<ReadDocumentEvidence>,
    State(store): State<Store>,
    Id(id): Id<DocumentVersionId>,
) -> Result<Response> {
    let soon = Error::Conflict("The log signs the storing within seconds. Ask for the statement again.");
    let mut view = store.read(&permit).await?;
    bailiwick_store::documents::version(&mut view, id).await?;
    let text = bailiwick_store::documents::statement(&mut view, id).await?.ok_or(soon)?;
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"statement-{id}.txt\"")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, text).into_response())
}

/// An answer with what somebody uploaded.
fn uploaded(body: Body, media: &str) -> Response {
    let mut answer = Response::new(body);
    if let Ok(media) = HeaderValue::try_from(media) {
        answer.headers_mut().insert(header::CONTENT_TYPE, media);
    }
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer.extensions_mut().insert(Uploaded);
    answer
}

/// RFC 6266: the name in UTF-8, and a plain one for whoever does not read that.
fn disposition(kind: &str, name: &str) -> String {
    let mut encoded = String::with_capacity(name.len());
    for octet in name.bytes() {
        if octet.is_ascii_alphanumeric() || matches!(octet, b'.' | b'-' | b'_') {
            encoded.push(char::from(octet));
        } else {
            encoded.push_str(&format!("%{octet:02X}"));
        }
    }
    format!("{kind}; filename=\"document\"; filename*=UTF-8''{encoded}")
}

/// A version that is opened as it is sent. Where something of it is not what was stored, the connection is cut before anything of that
/// goes out.
struct Opened {
    pieces: Receiver<io::Result<Bytes>>,
    left: u64,
}

impl Opened {
    fn begin(
        store: Store,
        permit: Permit<DownloadDocument>,
        id: DocumentVersionId,
        mut reading: Reading,
        first: Vec<u8>,
        left: u64,
    ) -> Self {
        // One piece waits while another is sent: with the one that is being opened, there are three in memory.
        let (sender, pieces) = channel(1);
        tokio::spawn(async move {
            let mut next = Ok(Some(first));
            loop {
                match next {
                    Ok(Some(piece)) => {
                        // Whoever asked is gone.
                        if sender.send(Ok(Bytes::from(piece))).await.is_err() {
                            return;
                        }
                    }
                    Ok(None) => return,
                    Err(error) => {
                        if let Err(error) = damage::note(&store, &permit, id, &error).await {
                            tracing::error!(%error, "a damaged version was not recorded");
                        }
                        let _ = sender.send(Err(io::Error::other(error))).await;
                        return;
                    }
                }
                next = reading.next().await;
            }
        });
        Self { pieces, left }
    }
}

impl http_body::Body for Opened {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let this = self.get_mut();
        match this.pieces.poll_recv(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Some(Ok(piece))) => {
                this.left = this.left.saturating_sub(piece.len() as u64);
                Poll::Ready(Some(Ok(Frame::data(piece))))
            }
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(error))),
            Poll::Ready(None) if this.left == 0 => Poll::Ready(None),
            // Shorter than what was promised: the connection is cut, so that nobody takes it for all.
            Poll::Ready(None) => Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into()))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

#[cfg(test)]
mod tests {
    use super::disposition;

    #[test]
    fn a_name_ends_no_header() {
        assert_eq!(
            disposition("attachment", "Zusage \"Ä\";\r\n.pdf"),
            "attachment; filename=\"document\"; filename*=UTF-8''Zusage%20%22%C3%84%22%3B%0D%0A.pdf"
        );
    }
}
