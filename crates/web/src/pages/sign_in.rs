//! Signing in: the password, then the one-time code where an authenticator is set up, or a recovery code in its place; or a
//! passkey; and out again.

mod again;
mod again_passkey;
mod again_show;
mod code;
mod code_show;
mod out;
mod passkey;
mod password;
mod recovery;
mod recovery_show;
mod second;
mod show;

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use axum_extra::extract::cookie::Cookie;
use bailiwick_domain::{entity::SignInMethod, ids::TenantId, rule::Rule};
use bailiwick_store::{Actor, Permit, Store};
use bailiwick_vault::token::SessionToken;
use serde::Deserialize;

use crate::{
    access::cookies,
    error::{Error, Result},
    forms::{LocalPath, Problem},
    pages::refused::Refused,
    routes::Routes,
    shell::SeeOther,
};

pub(crate) use passkey::Question;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .get("/sign-in", show::show)
        .post("/sign-in", password::password)
        .get("/sign-in/code", code_show::code_show)
        .post("/sign-in/code", code::code)
        .post("/sign-in/passkey", passkey::passkey)
        .post("/sign-in/passkey/begin", passkey::begin)
        .get("/sign-in/again", again_show::again_show)
        .post("/sign-in/again", again::again)
        .post("/sign-in/again/passkey", again_passkey::again_passkey)
        .get("/sign-in/recovery", recovery_show::recovery_show)
        .post("/sign-in/recovery", recovery::recovery)
        .post("/sign-out", out::out)
}

/// How far somebody has come with signing in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Nobody,
    /// The password was right; the code is still to come.
    CodeMissing,
    SignedIn,
}

impl Standing {
    pub(crate) fn of<R: Rule>(permit: &Permit<R>) -> Self {
        match permit.actor() {
            Actor::Anonymous => Self::Nobody,
            Actor::User { method: SignInMethod::PasswordOnly, .. } => Self::CodeMissing,
            _ => Self::SignedIn,
        }
    }
}

/// Where to go after signing in.
#[derive(Debug, Default, Deserialize)]
struct Next {
    next: Option<String>,
    /// The id of the organisation to sign in to, where it is to be this one.
    organisation: Option<String>,
}

impl Next {
    fn place(&self) -> LocalPath {
        place(self.next.as_deref().unwrap_or_default())
    }
}

/// A place on this site that is not a step of signing in; the start page instead of any other.
fn place(next: &str) -> LocalPath {
    let steps = ["/sign-in", "/sign-out", "/enrol", "/join", "/reset"];
    let is_step = |path: &str| {
        steps.iter().any(|step| {
            path.strip_prefix(step).is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
        })
    };
    LocalPath::parse(next).filter(|path| !is_step(path.as_str())).unwrap_or_else(LocalPath::start)
}

/// The organisation that is asked for, if any. What is no id names one that there is not, and is answered as a wrong password is.
pub(crate) fn asked_for(store: &Store, organisation: &str) -> Option<TenantId> {
    (!organisation.is_empty()).then(|| organisation.parse().unwrap_or_else(|_| store.new_id()))
}

/// A page of a step, from which it goes on to `next`.
fn step(page: &str, next: &LocalPath) -> String {
    if *next == LocalPath::start() { page.to_owned() } else { next.after(page) }
}

/// Leads on with a new session. The visitor's cookie has done its work.
pub(crate) fn with_session(to: &str, token: &SessionToken) -> SeeOther {
    SeeOther::to(to).cookie(cookies::session(token)).cookie(cookies::gone(cookies::VISITOR))
}

/// Leads on with the session of somebody who has proved all that was asked. Their browser is known from now on.
pub(crate) fn signed_in<R: Rule>(
    store: &Store,
    permit: &Permit<R>,
    to: &str,
    token: &SessionToken,
) -> SeeOther {
    with_session(to, token).cookie(known_device(store, permit, token))
}

/// What lets the browser be known again that has just got this session.
pub(crate) fn known_device<R: Rule>(
    store: &Store,
    permit: &Permit<R>,
    token: &SessionToken,
) -> Cookie<'static> {
    cookies::device(&permit.request().known, token, store.sign_in_limits().device_lasts)
}

/// Why an attempt was refused, and how long to wait before another.
struct Denied {
    refused: Refused,
    retry_after_seconds: Option<u64>,
}

impl Denied {
    /// What belongs to the form. Whatever was wrong, the sentence belongs to the whole form and not to a field.
    ///
    /// # Errors
    /// Gives back the server's own faults.
    fn by(error: bailiwick_ops::Error) -> Result<Self> {
        match Error::from(error) {
            Error::Limited { retry_after_seconds } => {
                let minutes = retry_after_seconds.div_ceil(60);
                let text = format!(
                    "There were too many wrong tries. Wait {minutes} minute{} and try again.",
                    if minutes == 1 { "" } else { "s" }
                );
                let refused =
                    Refused { status: StatusCode::TOO_MANY_REQUESTS, problems: vec![Problem::new("", text)] };
                Ok(Self { refused, retry_after_seconds: Some(retry_after_seconds) })
            }
            error => {
                let mut refused = Refused::by(error, &[])?;
                for problem in &mut refused.problems {
                    problem.field.clear();
                }
                Ok(refused.into())
            }
        }
    }

    /// The form again.
    fn answer(self, page: impl FnOnce(Vec<Problem>) -> Response) -> Response {
        let mut response = page(self.refused.problems);
        *response.status_mut() = self.refused.status;
        if let Some(seconds) = self.retry_after_seconds {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

impl From<Refused> for Denied {
    fn from(refused: Refused) -> Self {
        Self { refused, retry_after_seconds: None }
    }
}

/// Leads away whoever has come further than the password already.
fn elsewhere<R: Rule>(permit: &Permit<R>, next: &LocalPath) -> Option<Response> {
    match Standing::of(permit) {
        Standing::Nobody => None,
        Standing::CodeMissing => Some(SeeOther::to(&step("/sign-in/code", next)).into_response()),
        Standing::SignedIn => Some(SeeOther::to(next.as_str()).into_response()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_led_back_into_signing_in_or_away_from_the_site() {
        for next in [
            "",
            "https://evil.example",
            "//evil.example",
            "/sign-in",
            "/sign-in?next=%2Fsign-in",
            "/sign-in/code",
            "/sign-out",
            "/enrol/x",
            "/join/x",
            "/reset",
            "/reset/x",
        ] {
            assert_eq!(place(next), LocalPath::start(), "{next}");
        }
        for next in ["/users?role=auditor", "/sign-ins", "/security"] {
            assert_eq!(place(next).as_str(), next);
        }
    }

    #[test]
    fn person_who_tried_too_often_is_told_how_long_to_wait() {
        let denied = Denied::by(bailiwick_ops::Error::Limited { retry_after_seconds: 900 }).unwrap();
        let answer = denied.answer(|problems| problems[0].text.clone().into_response());
        assert_eq!(
            (answer.status(), &answer.headers()[header::RETRY_AFTER]),
            (StatusCode::TOO_MANY_REQUESTS, &header::HeaderValue::from(900))
        );
    }

    #[test]
    fn a_refusal_names_no_field() {
        let denied = Denied::by(bailiwick_ops::Error::field("password", "Not right.")).unwrap();
        assert_eq!(denied.refused.problems, vec![Problem::new("", "Not right.")]);
    }
}
