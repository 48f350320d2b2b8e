//! The one-time code that comes with the request for a sensitive change.

use std::{fmt, marker::PhantomData};

use axum::{extract::FromRequestParts, http::request::Parts};
use bailiwick_domain::rule::Sensitive;
use bailiwick_ops::step_up::Answer;

use crate::{bootstrap::FormFields, error::Error, state::AppState};

/// The form fields: which request is answered, and with what.
pub(crate) const ID_FIELD: &str = "step_up";
pub(crate) const CODE_FIELD: &str = "step_up_code";
/// The header of a program: the id of the request, a space, and the code.
pub(crate) const HEADER: &str = "step-up";

/// The code for a sensitive change, if one came along; without, the operation asks for one.
///
/// As the second parameter of a handler whose rule is sensitive it is what makes the handler one that may be routed for
/// changes. A form carries it in fields of its own, which its handler does not see; everything else in the header `Step-Up`.
pub struct Confirmation<R: Sensitive> {
    answer: Option<Answer>,
    rule: PhantomData<fn() -> R>,
}

impl<R: Sensitive> Confirmation<R> {
    /// What was given back, for the operation.
    pub fn answer(self) -> Option<Answer> {
        self.answer
    }
}

impl<R: Sensitive> fmt::Debug for Confirmation<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Confirmation").field("answer", &self.answer).finish()
    }
}

impl<R: Sensitive> FromRequestParts<AppState> for Confirmation<R> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, Error> {
        let answer = match parts.extensions.get::<FormFields>().cloned() {
            Some(fields) => {
                let answer = of_form(&fields)?;
                parts.extensions.insert(fields.without(&[ID_FIELD, CODE_FIELD]));
                answer
            }
            None => of_header(parts)?,
        };
        Ok(Self { answer, rule: PhantomData })
    }
}

fn of_form(fields: &FormFields) -> Result<Option<Answer>, Error> {
    const WRONG: Error = Error::BadRequest("The form names no code that was asked for.");
    if !fields.iter().any(|(name, _)| name == ID_FIELD || name == CODE_FIELD) {
        return Ok(None);
    }
    let (Some(id), Some(code)) = (fields.only(ID_FIELD), fields.only(CODE_FIELD)) else { return Err(WRONG) };
    Ok(Some(Answer { id: id.parse().map_err(|_| WRONG)?, code: code.to_owned() }))
}

fn of_header(parts: &Parts) -> Result<Option<Answer>, Error> {
    const WRONG: Error = Error::BadRequest("The header Step-Up holds an id, a space and a code.");
    let mut values = parts.headers.get_all(HEADER).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(WRONG);
    }
    let (id, code) = value.to_str().ok().and_then(|text| text.split_once(' ')).ok_or(WRONG)?;
    Ok(Some(Answer { id: id.parse().map_err(|_| WRONG)?, code: code.to_owned() }))
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    const ID: &str = "0193a7c2-7b1e-7000-8000-000000000001";

    fn form(pairs: &[(&str, &str)]) -> FormFields {
        FormFields::from(
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Vec<_>>(),
        )
    }

    fn header(values: &[&str]) -> Result<Option<Answer>, Error> {
        let request = values.iter().fold(Request::builder(), |request, value| request.header(HEADER, *value));
        of_header(&request.body(()).unwrap().into_parts().0)
    }

    #[test]
    fn person_answers_in_the_form_and_program_in_the_header() {
        let answer =
            of_form(&form(&[("reason", "x"), (ID_FIELD, ID), (CODE_FIELD, "1234 5678")])).unwrap().unwrap();
        assert_eq!((answer.id.to_string().as_str(), answer.code.as_str()), (ID, "1234 5678"));
        let answer = header(&[&format!("{ID} 12345678")]).unwrap().unwrap();
        assert_eq!((answer.id.to_string().as_str(), answer.code.as_str()), (ID, "12345678"));
        assert!(of_form(&form(&[("reason", "x")])).unwrap().is_none() && header(&[]).unwrap().is_none());
    }

    #[test]
    fn half_an_answer_is_none() {
        for pairs in [
            vec![(ID_FIELD, ID)],
            vec![(CODE_FIELD, "12345678")],
            vec![(ID_FIELD, "x"), (CODE_FIELD, "12345678")],
            vec![(ID_FIELD, ID), (ID_FIELD, ID), (CODE_FIELD, "12345678")],
        ] {
            assert!(matches!(of_form(&form(&pairs)), Err(Error::BadRequest(_))), "{pairs:?}");
        }
        for values in [vec![""], vec![ID], vec!["x 12345678"], vec!["a b", "c d"]] {
            assert!(matches!(header(&values), Err(Error::BadRequest(_))), "{values:?}");
        }
    }

    #[test]
    fn the_form_of_the_handler_holds_nothing_of_the_code() {
        let left = form(&[("reason", "x"), (ID_FIELD, ID), (CODE_FIELD, "12345678")])
            .without(&[ID_FIELD, CODE_FIELD]);
        assert_eq!(left.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["reason"]);
    }
}
