//! What completes a sign-in after the password: the one-time code, or a recovery code in its place.

use axum::response::{IntoResponse, Response};
use bailiwick_domain::rule::{Rule, SignIn};
use bailiwick_ops::{Error, sign_in};
use bailiwick_store::{Permit, Store};
use serde::Deserialize;

use super::{
    Denied, Standing, code_show::SignInCodePage, place, recovery_show::RecoveryPage, show::SignInPage,
    signed_in,
};
use crate::{
    error::Result,
    forms::{Form, LocalPath, Problem, Typed},
    pages::refused::Refused,
    shell::{SeeOther, Visit},
};

/// Which of the two is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Second {
    OneTimeCode,
    RecoveryCode,
}

#[derive(Deserialize)]
pub(super) struct Code {
    code: String,
}

impl Second {
    /// The form, for whoever has come as far as that.
    pub(super) fn show<R: Rule>(self, permit: &Permit<R>, visit: &Visit, next: &LocalPath) -> Response {
        elsewhere(permit, next).unwrap_or_else(|| self.page(permit, visit, next, Vec::new()))
    }

    /// Takes what was typed: it leads on signed in, or the form comes again.
    pub(super) async fn check(
        self,
        store: &Store,
        permit: &Permit<SignIn>,
        visit: &Visit,
        form: Form<Code>,
    ) -> Result<Response> {
        let next = place(form.typed.value("next"));
        if let Some(away) = elsewhere(permit, &next) {
            return Ok(away);
        }
        let code = match form.values {
            Err(problems) => {
                let denied = Denied::from(Refused::unread(problems, &[]));
                return Ok(denied.answer(|problems| self.page(permit, visit, &next, problems)));
            }
            Ok(values) => values.code,
        };
        let done = match self {
            Self::OneTimeCode => sign_in::code(store, permit, &code).await,
            Self::RecoveryCode => sign_in::recovery(store, permit, &code).await,
        };
        match done {
            Ok(token) => Ok(signed_in(store, permit, next.as_str(), &token).into_response()),
            // There is no session left that a code could complete.
            Err(error @ Error::Conflict(_)) => {
                let organisation = permit.tenant().map(|id| id.to_string()).unwrap_or_default();
                let form =
                    |problems| SignInPage::new(visit, &next, &organisation, &Typed::default(), problems);
                Ok(Denied::by(error)?.answer(|problems| form(problems).into_response()))
            }
            Err(error) => Ok(Denied::by(error)?.answer(|problems| self.page(permit, visit, &next, problems))),
        }
    }

    fn page<R: Rule>(
        self,
        permit: &Permit<R>,
        visit: &Visit,
        next: &LocalPath,
        problems: Vec<Problem>,
    ) -> Response {
        match self {
            Self::OneTimeCode => SignInCodePage::new(permit, visit, next, problems).into_response(),
            Self::RecoveryCode => RecoveryPage::new(visit, next, problems).into_response(),
        }
    }
}

/// Leads away whoever has not given the password, or has proved everything.
fn elsewhere<R: Rule>(permit: &Permit<R>, next: &LocalPath) -> Option<Response> {
    match Standing::of(permit) {
        Standing::CodeMissing => None,
        Standing::Nobody => Some(SeeOther::to("/sign-in").into_response()),
        Standing::SignedIn => Some(SeeOther::to(next.as_str()).into_response()),
    }
}
