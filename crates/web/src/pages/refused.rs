//! A form that was not accepted: what to show beside which field.

use axum::{http::StatusCode, response::Response};
use bailiwick_domain::rule::Rule;
use bailiwick_store::Permit;

use crate::{
    error::{Error, Result, page_within},
    forms::Problem,
    shell::Visit,
};

/// Why a form is shown again.
#[derive(Debug)]
pub(crate) struct Refused {
    /// 422 for what was typed, 403 and 409 for what the state or the person's permissions do not allow.
    pub(crate) status: StatusCode,
    pub(crate) problems: Vec<Problem>,
}

impl Refused {
    /// What could not even be read.
    pub(crate) fn unread(problems: Vec<Problem>, names: &[(&str, &str)]) -> Self {
        Self { status: StatusCode::UNPROCESSABLE_ENTITY, problems: renamed(problems, names) }
    }

    /// What an operation refused, with its field names turned into those of the form.
    ///
    /// # Errors
    /// Gives back what is no matter of the form: nothing there, the server's own faults.
    pub(crate) fn by(error: impl Into<Error>, names: &[(&str, &str)]) -> Result<Self> {
        let error = error.into();
        let status = error.status();
        match error {
            Error::Invalid(problems) => Ok(Self { status, problems: renamed(problems, names) }),
            Error::Conflict(text) | Error::Forbidden(text) => {
                Ok(Self { status, problems: vec![Problem::new("", text)] })
            }
            Error::Held(text) => Ok(Self { status, problems: vec![Problem::new("", text)] }),
            other => Err(other),
        }
    }
}

/// The page about what a legal hold does not allow, with the way to the holds for whoever may see them.
///
/// # Errors
/// Gives back every other error.
pub(crate) fn held<R: Rule>(error: impl Into<Error>, permit: &Permit<R>, visit: &Visit) -> Result<Response> {
    match error.into() {
        error @ Error::Held(_) => Ok(page_within(&error, permit, visit)),
        other => Err(other),
    }
}

fn renamed(mut problems: Vec<Problem>, names: &[(&str, &str)]) -> Vec<Problem> {
    for problem in &mut problems {
        if let Some((_, name)) = names.iter().find(|(field, _)| problem.field == *field) {
            (*name).clone_into(&mut problem.field);
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn person_finds_the_problem_at_the_field_of_the_form() {
        let error = Error::Invalid(vec![Problem::new("email", "Wrong."), Problem::new("role", "Choose.")]);
        let refused = Refused::by(error, &[("email", "address")]).unwrap();
        let fields: Vec<_> = refused.problems.iter().map(|problem| problem.field.as_str()).collect();
        assert_eq!((refused.status, fields), (StatusCode::UNPROCESSABLE_ENTITY, vec!["address", "role"]));
    }

    #[test]
    fn what_is_no_matter_of_the_form_stays_an_error() {
        assert!(matches!(Refused::by(Error::NotFound, &[]), Err(Error::NotFound)));
        assert_eq!(Refused::by(Error::Conflict("Taken."), &[]).unwrap().status, StatusCode::CONFLICT);
    }
}
