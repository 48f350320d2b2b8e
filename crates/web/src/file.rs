//! A file as an answer, whole or from where an interrupted download goes on: RFC 9110 §14.

use std::{
    io,
    path::Path,
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use http_body::{Frame, SizeHint};
use tokio::{
    fs::File,
    io::{AsyncRead as _, AsyncSeekExt as _, ReadBuf},
};

use crate::error::{Error, Result};

/// Octets that are in memory at one time.
const PIECE: usize = 64 * 1024;

/// Which octets of a file are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// All of them.
    Whole,
    /// From the first of these to the last, both included.
    From(u64, u64),
    /// None that there are.
    Beyond,
}

impl Part {
    /// Reads `Range`, which counts only for the file that `If-Range` names, if it names one. What is malformed, or asks for several
    /// parts, is answered with the whole file, as RFC 9110 §14.2 allows.
    pub(crate) fn asked(headers: &HeaderMap, tag: &str, length: u64) -> Self {
        let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        if text(header::IF_RANGE).is_some_and(|named| named != tag) {
            return Self::Whole;
        }
        text(header::RANGE).map_or(Self::Whole, |range| Self::parse(range, length))
    }

    fn parse(range: &str, length: u64) -> Self {
        let Some((first, last)) = range.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
            return Self::Whole;
        };
        let number = |text: &str| {
            let digits = !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit());
            digits.then(|| text.parse::<u64>().unwrap_or(u64::MAX))
        };
        let end = length.saturating_sub(1);
        match (first, number(first), last, number(last)) {
            ("", _, _, Some(0)) => Self::Beyond,
            ("", _, _, Some(count)) if length > 0 => Self::From(length.saturating_sub(count), end),
            (_, Some(first), _, Some(last)) if last < first => Self::Whole,
            (_, Some(first), "", None) if first < length => Self::From(first, end),
            (_, Some(first), _, Some(last)) if first < length => Self::From(first, last.min(end)),
            (_, Some(_), "", None) | (_, Some(_), _, Some(_)) | ("", _, _, Some(_)) => Self::Beyond,
            _ => Self::Whole,
        }
    }

    /// Whether it begins at the first octet of the file.
    pub(crate) const fn begins(self) -> bool {
        matches!(self, Self::Whole | Self::From(0, _))
    }
}

/// What a file is called, what it is, and how it is known again.
pub(crate) struct About<'a> {
    /// For whoever saves it: letters, digits, dots and hyphens.
    pub(crate) name: &'a str,
    /// Its media type.
    pub(crate) media: &'static str,
    /// Its entity tag, with quotes.
    pub(crate) tag: &'a str,
    /// Its length.
    pub(crate) length: u64,
}

/// Answers with `part` of the file at `path`.
///
/// # Errors
/// Internal for a file that is not there, or is not as long as it should be.
pub(crate) async fn answer(path: &Path, about: &About<'_>, part: Part) -> Result<Response> {
    let (status, first, length) = match part {
        Part::Whole => (StatusCode::OK, 0, about.length),
        Part::From(first, last) => (StatusCode::PARTIAL_CONTENT, first, last - first + 1),
        Part::Beyond => (StatusCode::RANGE_NOT_SATISFIABLE, 0, 0),
    };
    let body = if length == 0 {
        Body::empty()
    } else {
        let mut file = File::open(path).await.map_err(internal)?;
        if file.metadata().await.map_err(internal)?.len() != about.length {
            return Err(Error::internal("the file is not as long as it was"));
        }
        file.seek(io::SeekFrom::Start(first)).await.map_err(internal)?;
        Body::new(FileBody { file, left: length, piece: vec![0; PIECE] })
    };
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    let mut set = |name, value: String| {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    };
    set(header::CONTENT_TYPE, about.media.to_owned());
    set(header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", about.name));
    set(header::CACHE_CONTROL, "no-store".to_owned());
    set(header::ACCEPT_RANGES, "bytes".to_owned());
    set(header::ETAG, about.tag.to_owned());
    set(header::CONTENT_LENGTH, length.to_string());
    match part {
        Part::Whole => {}
        Part::From(first, last) => {
            set(header::CONTENT_RANGE, format!("bytes {first}-{last}/{}", about.length));
        }
        Part::Beyond => set(header::CONTENT_RANGE, format!("bytes */{}", about.length)),
    }
    Ok(answer)
}

fn internal(error: io::Error) -> Error {
    Error::Internal(Box::new(error))
}

/// A piece of a file, read as it is sent.
struct FileBody {
    file: File,
    left: u64,
    piece: Vec<u8>,
}

impl http_body::Body for FileBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let this = self.get_mut();
        if this.left == 0 {
            return Poll::Ready(None);
        }
        let room = usize::try_from(this.left).unwrap_or(usize::MAX).min(PIECE);
        let mut into = ReadBuf::new(this.piece.get_mut(..room).unwrap_or_default());
        match Pin::new(&mut this.file).poll_read(context, &mut into) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Err(error)) => Poll::Ready(Some(Err(error))),
            Poll::Ready(Ok(())) => {
                let read = Bytes::copy_from_slice(into.filled());
                if read.is_empty() {
                    // Shorter than what was promised: the connection is cut, so that nobody takes it for all.
                    return Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into())));
                }
                this.left = this.left.saturating_sub(read.len() as u64);
                Poll::Ready(Some(Ok(Frame::data(read))))
            }
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
    use axum::body::to_bytes;

    use super::*;

    #[test]
    fn a_download_goes_on_where_it_was_interrupted() {
        for (range, part) in [
            ("bytes=0-", Part::From(0, 9)),
            ("bytes=4-", Part::From(4, 9)),
            ("bytes=4-6", Part::From(4, 6)),
            ("bytes=4-99", Part::From(4, 9)),
            ("bytes=-3", Part::From(7, 9)),
            ("bytes=-30", Part::From(0, 9)),
            ("bytes=9-9", Part::From(9, 9)),
            ("bytes=10-", Part::Beyond),
            ("bytes=99999999999999999999999-", Part::Beyond),
            ("bytes=-0", Part::Beyond),
            ("bytes=6-4", Part::Whole),
            ("bytes=0-1,3-4", Part::Whole),
            ("bytes=", Part::Whole),
            ("bytes=-", Part::Whole),
            ("bytes=a-b", Part::Whole),
            ("items=0-1", Part::Whole),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::RANGE, range.parse().unwrap());
            assert_eq!(Part::asked(&headers, "\"t\"", 10), part, "{range}");
            headers.insert(header::IF_RANGE, "\"another\"".parse().unwrap());
            assert_eq!(Part::asked(&headers, "\"t\"", 10), Part::Whole, "another file: {range}");
        }
        assert_eq!(Part::asked(&HeaderMap::new(), "\"t\"", 10), Part::Whole);
        assert!(Part::Whole.begins() && Part::From(0, 4).begins() && !Part::From(1, 4).begins());
    }

    #[tokio::test]
    async fn whoever_asks_for_a_part_gets_that_and_is_told_so() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        std::fs::write(&path, b"0123456789").unwrap();
        let about = About { name: "x.csv", media: "text/csv", tag: "\"t\"", length: 10 };
        for (part, status, range, octets) in [
            (Part::Whole, 200, None, &b"0123456789"[..]),
            (Part::From(4, 6), 206, Some("bytes 4-6/10"), b"456"),
            (Part::Beyond, 416, Some("bytes */10"), b""),
        ] {
            let answer = answer(&path, &about, part).await.unwrap();
            assert_eq!(answer.status(), status);
            let said = answer.headers().get(header::CONTENT_RANGE).map(|value| value.to_str().unwrap());
            assert_eq!(said, range);
            assert_eq!(answer.headers()[header::CONTENT_LENGTH], octets.len().to_string().as_str());
            assert_eq!(to_bytes(answer.into_body(), 100).await.unwrap(), octets);
        }
        let longer = About { length: 11, ..about };
        assert!(answer(&path, &longer, Part::Whole).await.is_err());
    }
}
