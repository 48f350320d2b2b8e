//! The one body that is not read before anything is decided about it: a document in a form (RFC 7578), which may be larger than what one
//! request may hold in memory. Its fields are read, with the CSRF token among them; its file, which comes last, waits until whoever
//! sends it is admitted, and goes through piece by piece. Whoever loses the right to add it meanwhile adds nothing: each piece, and the
//! end, asks again.

use std::{
    error::Error as StdError,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::Request,
    http::{HeaderMap, Method, StatusCode, header},
};
use http_body::Frame;
use multer::{Constraints, Field, Multipart, SizeLimit};
use tokio::time::timeout;

use super::{
    form::{FormFields, is_too_long},
    limits::MostOctets,
};
use crate::{error::Error, limits::Limits};

/// What cannot be read as a form with a file.
const WRONG: Error = Error::BadRequest("The form cannot be read: its fields come first, and its file last.");

/// Whether a request brings a document in a form.
pub(crate) fn is_upload(method: &Method, path: &str, headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    *method == Method::POST
        && matches!(path, "/documents" | "/v1/documents")
        && kind.eq_ignore_ascii_case("multipart/form-data")
}

/// The file of a form, for the one handler that takes it.
#[derive(Clone)]
pub(crate) struct Waiting(Arc<Mutex<Option<Arriving>>>);

impl Waiting {
    /// Takes it, once.
    pub(crate) fn take(&self) -> Option<Arriving> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// A file that arrives.
pub(crate) struct Arriving {
    field: Option<Field<'static>>,
    form: Multipart<'static>,
    head: Head,
    /// How long it may stand still.
    patience: Duration,
}

impl Arriving {
    /// What its sender calls it, without the folders of their machine.
    pub(crate) fn name(&self) -> Option<String> {
        let name = self.field.as_ref()?.file_name()?;
        name.rsplit(['/', '\\']).next().map(str::to_owned)
    }

    /// What comes next; nothing at the end, behind which nothing else may come.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        let Some(field) = &mut self.field else { return Ok(None) };
        if let Some(piece) = in_time(self.patience, field.chunk()).await? {
            return Ok(Some(piece));
        }
        self.field = None;
        self.head.begins();
        match in_time(self.patience, self.form.next_field()).await? {
            None => Ok(None),
            Some(_) => Err(WRONG),
        }
    }
}

/// Reads the fields in front of the file, and leaves the file where its handler finds it.
pub(super) async fn begin(limits: &Limits, request: Request) -> Result<Request, Error> {
    let most = request.extensions().get::<MostOctets>().map_or(limits.body, |most| most.0) as u64;
    let (mut parts, body) = request.into_parts();
    if body.size_hint().lower() > most {
        return Err(Error::Protocol(StatusCode::PAYLOAD_TOO_LARGE));
    }
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let boundary = kind.and_then(|kind| multer::parse_boundary(kind).ok()).ok_or(WRONG)?;
    let head = Head::of(limits.form as u64);
    let metered = Body::new(Metered { body, head: head.clone(), gave: false, rest: Bytes::new() });
    let sizes = Constraints::new().size_limit(SizeLimit::new().whole_stream(most));
    let form = Multipart::with_constraints(metered.into_data_stream(), boundary, sizes);
    let (fields, file) = match timeout(limits.arrival, read(limits, form, head)).await {
        Ok(read) => read?,
        Err(_) => return Err(Error::Protocol(StatusCode::REQUEST_TIMEOUT)),
    };
    parts.extensions.insert(FormFields::of(fields));
    parts.extensions.insert(Waiting(Arc::new(Mutex::new(file))));
    Ok(Request::from_parts(parts, Body::empty()))
}

/// The fields as they come, and the file behind them.
async fn read(
    limits: &Limits,
    mut form: Multipart<'static>,
    head: Head,
) -> Result<(Vec<(String, String)>, Option<Arriving>), Error> {
    let (mut fields, mut octets) = (Vec::new(), 0);
    while let Some(mut field) = form.next_field().await.map_err(refused)? {
        if field.name() == Some("file") {
            head.ends();
            let patience = limits.arrival;
            return Ok((fields, Some(Arriving { field: Some(field), form, head, patience })));
        }
        let name = field.name().unwrap_or_default().to_owned();
        let mut value = Vec::new();
        while let Some(piece) = field.chunk().await.map_err(refused)? {
            octets += piece.len();
            if octets > limits.form {
                return Err(Error::Protocol(StatusCode::PAYLOAD_TOO_LARGE));
            }
            value.extend_from_slice(&piece);
        }
        fields.push((name, String::from_utf8(value).map_err(|_| WRONG)?));
        if fields.len() >= limits.form_fields {
            return Err(Error::Protocol(StatusCode::PAYLOAD_TOO_LARGE));
        }
    }
    Ok((fields, None))
}

async fn in_time<T>(patience: Duration, work: impl Future<Output = multer::Result<T>>) -> Result<T, Error> {
    match timeout(patience, work).await {
        Ok(done) => done.map_err(refused),
        Err(_) => Err(Error::Protocol(StatusCode::REQUEST_TIMEOUT)),
    }
}

fn refused(error: multer::Error) -> Error {
    let too_long = matches!(error, multer::Error::StreamSizeExceeded { .. }) || is_too_long(&error);
    match error {
        _ if too_long => Error::Protocol(StatusCode::PAYLOAD_TOO_LARGE),
        multer::Error::StreamReadFailed(cause) if cause.is::<TooMuch>() || within::<TooMuch>(&*cause) => {
            Error::Protocol(StatusCode::PAYLOAD_TOO_LARGE)
        }
        multer::Error::StreamReadFailed(_)
        | multer::Error::IncompleteStream
        | multer::Error::IncompleteFieldData { .. }
        | multer::Error::IncompleteHeaders => Error::BadRequest("The body did not arrive completely."),
        _ => WRONG,
    }
}

fn within<E: StdError + 'static>(error: &(dyn StdError + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.is::<E>() {
            return true;
        }
        next = error.source();
    }
    false
}

/// How many octets may still come before the file begins, or behind it: what is between two fields is held in memory whole.
#[derive(Clone)]
struct Head {
    left: Arc<AtomicU64>,
    most: u64,
}

impl Head {
    fn of(most: u64) -> Self {
        Self { left: Arc::new(AtomicU64::new(most)), most }
    }

    /// The file begins.
    fn ends(&self) {
        self.left.store(u64::MAX, Ordering::Relaxed);
    }

    /// The file is over.
    fn begins(&self) {
        self.left.store(self.most, Ordering::Relaxed);
    }
}

#[derive(Debug, thiserror::Error)]
#[error("too much before the file, or behind it")]
struct TooMuch;

/// Octets of one piece at most. A frame may hold the fields and much of the file, which does not count as one of them.
const PIECE: usize = 8 * 1024;

/// A body of which one piece is asked for at a time: its reader would take in whatever is there otherwise.
struct Metered {
    body: Body,
    head: Head,
    gave: bool,
    /// What came with the last frame and was not handed on yet.
    rest: Bytes,
}

impl HttpBody for Metered {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = self.get_mut();
        if std::mem::take(&mut this.gave) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let left = this.head.left.load(Ordering::Relaxed);
        if left == 0 {
            return Poll::Ready(Some(Err(axum::Error::new(TooMuch))));
        }
        if this.rest.is_empty() {
            match ready!(Pin::new(&mut this.body).poll_frame(context)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => this.rest = data,
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
                other => return Poll::Ready(other),
            }
        }
        this.gave = true;
        let piece = this.rest.split_to(this.rest.len().min(PIECE));
        if left != u64::MAX {
            this.head.left.store(left.saturating_sub(piece.len() as u64), Ordering::Relaxed);
        }
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use axum::http::Request as HttpRequest;

    use super::*;

    /// A body of these frames, which counts how many were taken.
    struct Frames {
        first: Vec<Bytes>,
        more: (usize, Bytes),
        taken: Arc<AtomicU64>,
    }

    impl HttpBody for Frames {
        type Data = Bytes;
        type Error = io::Error;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
            let this = self.get_mut();
            let next = if !this.first.is_empty() {
                this.first.remove(0)
            } else if this.more.0 > 0 {
                this.more.0 -= 1;
                this.more.1.clone()
            } else {
                return Poll::Ready(None);
            };
            this.taken.fetch_add(next.len() as u64, Ordering::Relaxed);
            Poll::Ready(Some(Ok(Frame::data(next))))
        }
    }

    fn sent(first: &[&str], more: (usize, Bytes)) -> (Request, Arc<AtomicU64>) {
        let taken = Arc::new(AtomicU64::new(0));
        let first = first.iter().map(|text| Bytes::copy_from_slice(text.as_bytes())).collect();
        let body = Body::new(Frames { first, more, taken: Arc::clone(&taken) });
        let mut request = HttpRequest::post("/v1/documents").body(body).unwrap();
        let kind = "multipart/form-data; boundary=b".parse().unwrap();
        request.headers_mut().insert(header::CONTENT_TYPE, kind);
        request.extensions_mut().insert(MostOctets(64 * 1024 * 1024));
        (request, taken)
    }

    const FILE: &str = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\n";

    #[tokio::test]
    async fn a_file_is_taken_in_no_faster_than_it_is_handed_on() {
        let (count, piece) = (400, Bytes::from(vec![b'a'; 64 * 1024]));
        let field = "--b\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nPlan\r\n";
        let (request, taken) = sent(&[field, FILE], (count, piece));
        let request = begin(&Limits::default(), request).await.unwrap();
        assert_eq!(request.extensions().get::<FormFields>().unwrap().only("name"), Some("Plan"));
        let mut file = request.extensions().get::<Waiting>().unwrap().take().unwrap();
        assert!(request.extensions().get::<Waiting>().unwrap().take().is_none(), "once");
        assert_eq!(file.name().as_deref(), Some("x"));
        let mut handed = 0;
        let broken = loop {
            assert!(taken.load(Ordering::Relaxed) - handed < 3 * 64 * 1024, "it is heaped up");
            match file.next().await {
                Ok(Some(piece)) => handed += piece.len() as u64,
                Ok(None) => panic!("it has no end"),
                Err(error) => break error,
            }
        };
        assert!(handed > 399 * 64 * 1024);
        assert!(matches!(broken, Error::BadRequest(_)), "{broken}");
    }

    #[tokio::test]
    async fn what_stands_before_a_file_or_behind_it_has_a_bound() {
        let piece = Bytes::from(vec![b'a'; 16 * 1024]);
        let (request, taken) =
            sent(&["--b\r\nContent-Disposition: form-data; name=\""], (400, piece.clone()));
        let refused = begin(&Limits::default(), request).await;
        assert!(
            matches!(refused, Err(Error::Protocol(StatusCode::PAYLOAD_TOO_LARGE))),
            "{:?}",
            refused.err()
        );
        assert!(taken.load(Ordering::Relaxed) < 128 * 1024);

        let end = format!("{FILE}content\r\n--b\r\nX-Long: ");
        let (request, taken) = sent(&[&end], (400, piece));
        let request = begin(&Limits::default(), request).await.unwrap();
        let mut file = request.extensions().get::<Waiting>().unwrap().take().unwrap();
        assert_eq!(file.next().await.unwrap().as_deref(), Some(&b"content"[..]));
        let refused = file.next().await;
        assert!(
            matches!(refused, Err(Error::Protocol(StatusCode::PAYLOAD_TOO_LARGE))),
            "{:?}",
            refused.err()
        );
        assert!(taken.load(Ordering::Relaxed) < 256 * 1024);
    }

    #[test]
    fn only_a_form_with_a_file_for_documents_is_let_through() {
        let kind = |kind: &str| HeaderMap::from_iter([(header::CONTENT_TYPE, kind.parse().unwrap())]);
        let form = kind("Multipart/Form-Data; boundary=b");
        assert!(
            is_upload(&Method::POST, "/documents", &form) && is_upload(&Method::POST, "/v1/documents", &form)
        );
        assert!(
            !is_upload(&Method::PUT, "/documents", &form) && !is_upload(&Method::POST, "/v1/users", &form)
        );
        assert!(!is_upload(&Method::POST, "/documents", &kind("application/json")));
        assert!(!is_upload(&Method::POST, "/documents", &HeaderMap::new()));
    }
}
