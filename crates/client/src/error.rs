use http::StatusCode;
use serde::Deserialize;

/// Why a question has no answer. No text in it holds the key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Not an address such as `https://bailiwick.example.com`.
    #[error("not an https address without a path")]
    Address,
    /// The service cannot be reached, or did not answer in time.
    #[error("Bailiwick cannot be reached")]
    Unreachable(#[source] reqwest::Error),
    /// What came back is not what this version knows.
    #[error("the answer cannot be read")]
    Unreadable,
    /// The service refused (RFC 9457).
    #[error("Bailiwick refused with {status}: {detail}")]
    Refused {
        /// With which status.
        status: StatusCode,
        /// The kind of problem, such as `urn:bailiwick:problem:forbidden`; empty where it did not say.
        kind: String,
        /// What is wrong, for people.
        detail: String,
    },
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Problem {
    r#type: String,
    detail: String,
}

impl Error {
    pub(crate) fn refused(status: StatusCode, body: &[u8]) -> Self {
        let Problem { r#type: kind, detail } = serde_json::from_slice(body).unwrap_or_default();
        Self::Refused { status, kind, detail }
    }
}
