//! The one error of the web side. A handler returns it; the bootstrap renders it as a page or as problem JSON.

mod page;
mod problem;

use std::{error::Error as StdError, sync::Arc};

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bailiwick_ops::step_up::{Asked, WRONG};
use bailiwick_vault::password::PasswordError;

use crate::forms::Problem;

pub(crate) use page::{page, page_within};
pub(crate) use problem::problem;

/// A result of the web side.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a request was not done. Every text in it may be shown to whoever asked; causes are for the log alone.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request contradicts itself or is not well-formed; 400.
    #[error("{0}")]
    BadRequest(&'static str),
    /// No live credential where one is needed: a page leads to the sign-in, the API answers 401.
    #[error("sign in first")]
    SignIn,
    /// The `Authorization` header holds neither an API key nor a session; 401.
    #[error("not an API key")]
    WrongKey,
    /// The second factor is still to come: a page leads to it, the API answers 401.
    #[error("the second factor is missing")]
    SecondFactor,
    /// The last proof of who it is was too long ago: a page leads to another one, the API answers 403.
    #[error("prove again who you are")]
    Reauthenticate,
    /// A second factor has to be set up first: a page leads there, the API answers 403.
    #[error("a second factor has to be set up first")]
    Enrol,
    /// Not allowed; the text says why; 403.
    #[error("{0}")]
    Forbidden(&'static str),
    /// Not allowed to an API key; the text names the permission that it lacks; 403.
    #[error("{0}")]
    KeyLacks(String),
    /// A one-time code was sent, with which the same request is done; 403.
    #[error("a one-time code is needed")]
    StepUpRequired(Box<Asked>),
    /// The one-time code does not work for this request; 403.
    #[error("the one-time code does not work")]
    StepUpRefused,
    /// The organisation is suspended; 403.
    #[error("this organisation is suspended")]
    Suspended,
    /// Nothing here, or nothing that the caller may know of; 404.
    #[error("not found")]
    NotFound,
    /// The state does not allow it; the text says why; 409.
    #[error("{0}")]
    Conflict(&'static str),
    /// A legal hold keeps what was to be erased; the text names the hold; 409.
    #[error("{0}")]
    Held(String),
    /// A link that lets somebody in does so no longer; 409.
    #[error("a link that does not work")]
    DeadLink(DeadLink),
    /// A link for somebody who is not signed in, opened where somebody is; 409.
    #[error("this browser is signed in")]
    SignedIn,
    /// What was sent cannot be accepted, field by field; 422.
    #[error("{} fields cannot be accepted", .0.len())]
    Invalid(Vec<Problem>),
    /// The body cannot be read, from some place on; 400.
    #[error("the body cannot be read")]
    Unreadable(Vec<Problem>),
    /// Other events have the keys that were sent; 409.
    #[error("{} keys are taken", .0.len())]
    KeyTaken(Vec<Problem>),
    /// The thing is not what its sender had read; 412.
    #[error("it has changed since it was read")]
    Stale,
    /// The route changes only what its sender says to have read; 428.
    #[error("without If-Match")]
    Unmatched,
    /// A request under a key of its sender that is not done again; 409, or 422 where the key is that of another one.
    #[error("a request that was sent before")]
    Repeated(Repeated),
    /// More requests than the limits allow; 429.
    #[error("too many requests")]
    TooFast {
        /// When to try again.
        retry_after_seconds: u64,
        /// Whose limit it is.
        of: Whose,
    },
    /// Too many attempts; 429.
    #[error("too many attempts")]
    Limited {
        /// When to try again.
        retry_after_seconds: u64,
    },
    /// The server cannot do it at the moment; 503.
    #[error("unavailable")]
    Unavailable {
        /// When to try again.
        retry_after_seconds: u64,
    },
    /// A refusal by the protocol: too large, too long, no such method.
    #[error("{0}")]
    Protocol(StatusCode),
    /// Our fault; 500. The cause is logged with the request's id and never shown.
    #[error("an internal error")]
    Internal(#[source] Box<dyn StdError + Send + Sync>),
}

/// What a link was that lets nobody in. Whether it was used, has lapsed or never was is not told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeadLink {
    /// One for a first password.
    Enrolment(&'static str),
    /// An invitation.
    Invitation(&'static str),
    /// One that replaces a forgotten password.
    Reset(&'static str),
}

impl DeadLink {
    const fn public(self) -> Public<'static> {
        let (title, detail, advice): (_, _, &'static [&'static str]) = match self {
            Self::Enrolment(text) => (
                "This link does not work",
                text,
                &[
                    "Copy the whole address from the message, up to its last character.",
                    "If you have set a password with it already, sign in with that password.",
                    "If somebody else may have used it, tell whoever sent you the link at once.",
                ],
            ),
            Self::Invitation(text) => (
                "This invitation does not work",
                text,
                &[
                    "If you have joined with it already, sign in: with your passkey, or with your address and password.",
                ],
            ),
            Self::Reset(text) => (
                "This link does not work",
                text,
                &["If you have set a password with it already, sign in with that password."],
            ),
        };
        Public { code: "dead-link", title, detail, advice }
    }
}

/// Why a request under a key that was sent before is not done again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeated {
    /// The first one is being served.
    Running,
    /// The key is that of another request.
    Different,
    /// It is done, and its answer is not kept: it was shown once, is too long, or was wiped.
    NotKept,
    /// It had an effect, and its answer was lost.
    Lost,
}

impl Repeated {
    const fn public(self) -> Public<'static> {
        let (code, title, detail) = match self {
            Self::Running => (
                "idempotency-running",
                "The first one is still on its way",
                "A request with this Idempotency-Key is being served. Send it again in a moment to read its answer.",
            ),
            Self::Different => (
                "idempotency-key-reused",
                "This key is that of another request",
                "Another request was sent with this Idempotency-Key. Give each request a key of its own.",
            ),
            Self::NotKept => (
                "already-done",
                "It is done already",
                "This request was done. Its answer is not kept: what it showed is shown once, or it was too long.",
            ),
            Self::Lost => (
                "answer-lost",
                "It was done, at least in part",
                "The server stopped while it served this request. What it changed is kept and recorded, its answer is lost. Look at what is there before you send it under another key.",
            ),
        };
        Public { code, title, detail, advice: &[] }
    }
}

/// Whose limit of requests was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// The address that the request came from.
    Address,
    /// The API key, or the person.
    Caller,
    /// The organisation.
    Tenant,
}

impl Whose {
    const fn text(self) -> &'static str {
        match self {
            Self::Address => {
                "This address sends more requests than it may. Wait as long as Retry-After says."
            }
            Self::Caller => {
                "This key or person sends more requests than they may. Wait as long as Retry-After says."
            }
            Self::Tenant => {
                "This organisation sends more requests than it may. Wait as long as Retry-After says."
            }
        }
    }
}

/// What anybody may read of an error.
pub(crate) struct Public<'e> {
    /// The word that stands for this kind of error in `type`, stable for programs.
    pub(crate) code: &'static str,
    pub(crate) title: &'static str,
    pub(crate) detail: &'e str,
    pub(crate) advice: &'static [&'static str],
}

impl Error {
    /// An internal error without a cause of its own.
    pub fn internal(text: &'static str) -> Self {
        Self::Internal(text.into())
    }

    /// The status of the answer.
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::BadRequest(_) | Self::Unreadable(_) => StatusCode::BAD_REQUEST,
            Self::SignIn | Self::WrongKey | Self::SecondFactor => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_)
            | Self::KeyLacks(_)
            | Self::StepUpRequired(_)
            | Self::StepUpRefused
            | Self::Suspended
            | Self::Reauthenticate
            | Self::Enrol => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Conflict(_) | Self::Held(_) | Self::DeadLink(_) | Self::SignedIn | Self::KeyTaken(_) => {
                StatusCode::CONFLICT
            }
            Self::Stale => StatusCode::PRECONDITION_FAILED,
            Self::Unmatched => StatusCode::PRECONDITION_REQUIRED,
            Self::Repeated(Repeated::Different) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Repeated(_) => StatusCode::CONFLICT,
            Self::TooFast { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Limited { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::Protocol(status) => *status,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// What is wrong, place by place.
    pub(crate) fn problems(&self) -> &[Problem] {
        match self {
            Self::Invalid(problems) | Self::Unreadable(problems) | Self::KeyTaken(problems) => problems,
            _ => &[],
        }
    }

    /// The error behind an answer that only has a status, such as the router's own 404 and 405.
    pub(crate) fn from_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::SERVICE_UNAVAILABLE => Self::Unavailable { retry_after_seconds: 2 },
            _ if status.is_server_error() => Self::internal("an answer with a bare status"),
            _ => Self::Protocol(status),
        }
    }

    /// Header fields that belong to the error in either form.
    pub(crate) fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        match self {
            Self::Limited { retry_after_seconds }
            | Self::TooFast { retry_after_seconds, .. }
            | Self::Unavailable { retry_after_seconds } => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(*retry_after_seconds));
            }
            Self::Repeated(Repeated::Running) => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            }
            Self::SignIn | Self::SecondFactor => {
                headers
                    .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"Bailiwick\""));
            }
            Self::WrongKey => {
                let value = HeaderValue::from_static("Bearer realm=\"Bailiwick\", error=\"invalid_token\"");
                headers.insert(header::WWW_AUTHENTICATE, value);
            }
            _ => {}
        }
        headers
    }

    pub(crate) fn public(&self) -> Public<'_> {
        const TRY_AGAIN: &[&str] =
            &["Try again in a moment.", "If it stays like this, quote the number below."];
        let (code, title, detail, advice): (_, _, &str, &'static [&'static str]) = match self {
            Self::BadRequest(text) => ("bad-request", "The request cannot be understood", *text, &[]),
            Self::SignIn => ("sign-in", "Sign in first", "This needs a live session or an API key.", &[]),
            Self::WrongKey => (
                "wrong-key",
                "Not an API key",
                "The Authorization header holds neither a complete API key nor a session.",
                &["Copy the whole key."],
            ),
            Self::SecondFactor => {
                ("second-factor", "The second factor is missing", "Enter your one-time code to go on.", &[])
            }
            Self::Reauthenticate => (
                "reauthenticate",
                "Prove again who you are",
                "This needs a proof of who you are from the last minutes. Give one at /sign-in/again.",
                &[],
            ),
            Self::Enrol => (
                "enrol-factor",
                "Set up a second factor first",
                "The organisation asks for a second factor. Until one is set up at /enrol/factor, this session opens nothing else.",
                &[],
            ),
            Self::Forbidden(text) => (
                "forbidden",
                "This is not allowed",
                *text,
                &["If you need it for your work, ask an owner of your organisation."],
            ),
            Self::KeyLacks(text) => (
                "forbidden",
                "This is not allowed",
                text.as_str(),
                &["Use a key with this permission, made by somebody who holds it."],
            ),
            Self::StepUpRequired(_) => (
                "step-up-required",
                "A one-time code is needed",
                "A code for exactly this was sent to the person who asks. Send the same request again with the header Step-Up: the id in step_up, a space, and the code.",
                &[],
            ),
            Self::StepUpRefused => (
                "step-up-refused",
                "The one-time code does not work",
                WRONG,
                &["Send the request without the header for another code."],
            ),
            Self::Suspended => (
                "suspended",
                "This organisation is suspended",
                "Nobody of this organisation can use the service at the moment. Its data is kept.",
                &["Ask the operator of the service."],
            ),
            Self::NotFound => (
                "not-found",
                "Nothing here",
                "There is nothing at this address, or nothing that you may see.",
                &["Check the address for a typing error.", "The record may have been removed."],
            ),
            Self::Conflict(text) => {
                ("conflict", "It cannot be done now", *text, &["Reload the page to see the present state."])
            }
            Self::Held(text) => (
                "held",
                "A legal hold keeps it",
                text.as_str(),
                &["Whoever may place holds may lift one, with a reason."],
            ),
            Self::DeadLink(why) => return why.public(),
            Self::SignedIn => (
                "signed-in",
                "This browser is signed in",
                "This is for somebody who is not signed in. What they do with it must not be recorded as done by whoever is signed in here.",
                &["Sign out, then open the link again.", "Or open the link in a private window."],
            ),
            Self::Invalid(_) => (
                "invalid",
                "Something needs your attention",
                "Some of what was sent cannot be accepted.",
                &[],
            ),
            Self::Unreadable(_) => {
                ("bad-request", "The request cannot be understood", "The body cannot be read as JSON.", &[])
            }
            Self::KeyTaken(_) => (
                "key-taken",
                "Another event has this key",
                "An event is known again by its key. Under these keys other events were stored before.",
                &["Give each event a key of its own, and the same one only to the very same event."],
            ),
            Self::Stale => (
                "stale",
                "It has changed meanwhile",
                "This is not any more what If-Match says. Nothing was changed. Read it again, and send the change for what is there now.",
                &[],
            ),
            Self::Unmatched => (
                "unmatched",
                "Say what you have read",
                "This replaces a whole. Send its ETag as If-Match, so that nothing is lost that somebody else changed meanwhile.",
                &[],
            ),
            Self::Repeated(repeated) => return repeated.public(),
            Self::TooFast { of, .. } => ("rate-limited", "Too many requests", of.text(), &[]),
            Self::Limited { .. } => {
                ("limited", "Too many attempts", "Wait a while before the next attempt.", &[])
            }
            Self::Unavailable { .. } => {
                ("unavailable", "Not at the moment", "The server cannot answer at the moment.", TRY_AGAIN)
            }
            Self::Protocol(status) => return protocol(*status),
            Self::Internal(_) => (
                "internal",
                "Something went wrong on our side",
                "The server met an error that it did not expect, and wrote it down.",
                TRY_AGAIN,
            ),
        };
        Public { code, title, detail, advice }
    }
}

fn protocol(status: StatusCode) -> Public<'static> {
    const MISDIRECTED: &[&str] = &[
        "Use the address that you were given for this service.",
        "If you run it: a reverse proxy has to pass the Host field on as it came.",
    ];
    if status == StatusCode::MISDIRECTED_REQUEST {
        return Public {
            code: "misdirected",
            title: "Not at this address",
            detail: "The request names another host than the one that this server answers for.",
            advice: MISDIRECTED,
        };
    }
    let (code, title, detail) = match status {
        StatusCode::METHOD_NOT_ALLOWED => {
            ("method", "Not in this way", "This address does not answer this method.")
        }
        StatusCode::REQUEST_TIMEOUT => {
            ("timeout", "It took too long", "The request did not arrive completely in time.")
        }
        StatusCode::PAYLOAD_TOO_LARGE => {
            ("too-large", "Too large", "The request is larger than the server accepts.")
        }
        StatusCode::URI_TOO_LONG => {
            ("address-too-long", "Too long", "The address is longer than the server accepts.")
        }
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            ("media-type", "Not in this format", "The server does not read this content type here.")
        }
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => (
            "headers-too-large",
            "Too large",
            "The header fields of the request are more than the server accepts.",
        ),
        _ => ("refused", "The request was refused", "The server does not accept this request."),
    };
    Public { code, title, detail, advice: &[] }
}

impl From<bailiwick_store::Error> for Error {
    fn from(error: bailiwick_store::Error) -> Self {
        use bailiwick_store::Error as Store;
        match error {
            Store::NotFound => Self::NotFound,
            Store::Conflict(text) => Self::Conflict(text),
            Store::Stale => Self::Stale,
            Store::Busy => Self::Unavailable { retry_after_seconds: 1 },
            Store::Crowded => Self::Unavailable { retry_after_seconds: 5 },
            Store::Full => Self::Unavailable { retry_after_seconds: 60 },
            Store::KeysAway => Self::Unavailable { retry_after_seconds: 10 },
            Store::KeysGone => Self::Conflict("The encryption key that it was sealed under was destroyed."),
            other => Self::Internal(Box::new(other)),
        }
    }
}

impl From<bailiwick_ops::Error> for Error {
    fn from(error: bailiwick_ops::Error) -> Self {
        use bailiwick_ops::Error as Ops;
        match error {
            Ops::NotFound => Self::NotFound,
            Ops::Forbidden(text) => Self::Forbidden(text),
            Ops::Invalid(fields) => {
                Self::Invalid(fields.into_iter().map(|wrong| Problem::new(wrong.field, wrong.text)).collect())
            }
            Ops::Conflict(text) => Self::Conflict(text),
            Ops::Held(text) => Self::Held(text),
            Ops::Limited { retry_after_seconds } => {
                Self::Limited { retry_after_seconds: retry_after_seconds.max(1).unsigned_abs() }
            }
            Ops::Store(error) => error.into(),
            Ops::Password(PasswordError::Memory | PasswordError::Busy | PasswordError::Stopped) => {
                Self::Unavailable { retry_after_seconds: 5 }
            }
            other => Self::Internal(Box::new(other)),
        }
    }
}

impl IntoResponse for Error {
    /// The bare status with the error beside it: how it looks depends on the request, which only the bootstrap knows.
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_reads_what_went_wrong_inside() {
        for error in [
            bailiwick_store::Error::Corrupt("users.email".into()),
            bailiwick_store::Error::Proof("leaf 7".into()),
        ] {
            let error = Error::from(bailiwick_ops::Error::Store(error));
            assert_eq!(error.status(), StatusCode::INTERNAL_SERVER_ERROR);
            let public = error.public();
            let shown = format!("{error} {} {} {:?}", public.title, public.detail, public.advice);
            assert!(!shown.contains("users.email") && !shown.contains("leaf"), "{shown}");
        }
    }

    #[test]
    fn an_id_of_another_tenant_is_simply_not_there() {
        assert!(matches!(Error::from(bailiwick_ops::Error::NotFound), Error::NotFound));
        assert!(matches!(Error::from(bailiwick_store::Error::NotFound), Error::NotFound));
    }

    #[test]
    fn program_is_told_when_to_come_back() {
        let limited = Error::from(bailiwick_ops::Error::Limited { retry_after_seconds: 0 });
        assert_eq!(limited.headers()[header::RETRY_AFTER], "1");
        assert_eq!(Error::from(bailiwick_store::Error::Busy).status(), StatusCode::SERVICE_UNAVAILABLE);
        let crowded = Error::from(bailiwick_store::Error::Crowded);
        assert_eq!(
            (crowded.status(), &crowded.headers()[header::RETRY_AFTER]),
            (StatusCode::SERVICE_UNAVAILABLE, &HeaderValue::from_static("5"))
        );
        let full = Error::from(bailiwick_ops::Error::from(bailiwick_store::Error::Full));
        assert_eq!(
            (full.status(), &full.headers()[header::RETRY_AFTER]),
            (StatusCode::SERVICE_UNAVAILABLE, &HeaderValue::from_static("60"))
        );
        let crowded = Error::from(bailiwick_ops::Error::Password(PasswordError::Busy));
        assert_eq!(crowded.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(crowded.headers()[header::RETRY_AFTER], "5");
    }
}
