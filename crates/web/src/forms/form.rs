//! Forms as browsers send them.

use std::fmt;

use axum::{
    extract::{FromRequest, Request},
    http::StatusCode,
};
use serde::de::DeserializeOwned;

use super::{Problem, problem::REQUIRED};
use crate::{bootstrap::FormFields, csrf, error::Error, state::AppState};

/// A form: what was typed, and the values if they could be read.
///
/// Reading fails only for what no page of ours sends (a missing field, an unknown one, a value that was not offered);
/// rules about values are for `ops`, whose problems are shown beside the same fields.
#[derive(Debug)]
pub struct Form<T> {
    /// What was typed, for showing the form again.
    pub typed: Typed,
    /// The values, or why there are none.
    pub values: Result<T, Vec<Problem>>,
}

impl<T: DeserializeOwned> Form<T> {
    fn read(fields: &FormFields) -> Self {
        let typed = Typed(fields.iter().filter(|(name, _)| name != csrf::FIELD).cloned().collect());
        let values = every(&typed.0);
        Self { typed, values }
    }
}

/// The values, or every field that is missing together with the first value that cannot be read.
fn every<T: DeserializeOwned>(typed: &[(String, String)]) -> Result<T, Vec<Problem>> {
    let mut problems: Vec<Problem> = Vec::new();
    loop {
        // Reading ends at the first missing field. An empty one in its place lets it go on to the next.
        let filled = problems.iter().map(|missing| (missing.field.as_str(), ""));
        let pairs = typed.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain(filled);
        match read(pairs) {
            Ok(values) if problems.is_empty() => return Ok(values),
            Ok(_) => return Err(problems),
            Err(problem) if problems.iter().any(|missing| missing.field == problem.field) => {
                return Err(problems);
            }
            Err(problem) => {
                let goes_on = problem.text == REQUIRED && !problem.field.contains('/');
                problems.push(problem);
                if !goes_on {
                    return Err(problems);
                }
            }
        }
    }
}

fn read<'a, T: DeserializeOwned>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Result<T, Problem> {
    let encoded: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let deserializer = serde_html_form::Deserializer::new(form_urlencoded::parse(encoded.as_bytes()));
    serde_path_to_error::deserialize(deserializer)
        .map_err(|error| Problem::found(error.path(), &error.inner().to_string()))
}

impl<T: DeserializeOwned> FromRequest<AppState> for Form<T> {
    type Rejection = Error;

    async fn from_request(request: Request, _: &AppState) -> Result<Self, Error> {
        let fields = request.extensions().get::<FormFields>();
        fields.map(Self::read).ok_or(Error::Protocol(StatusCode::UNSUPPORTED_MEDIA_TYPE))
    }
}

/// What was typed into a form, by field. It may hold passwords, so it has no readable `Debug`.
#[derive(Clone, Default)]
pub struct Typed(Vec<(String, String)>);

impl Typed {
    /// What was typed into a field; empty when nothing was.
    pub fn value(&self, field: &str) -> &str {
        self.0.iter().find(|(name, _)| name == field).map_or("", |(_, value)| value)
    }

    /// Whether a box of a group was ticked, or a choice made.
    pub fn has(&self, field: &str, value: &str) -> bool {
        self.0.iter().any(|(name, typed)| name == field && typed == value)
    }
}

impl fmt::Debug for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize, Debug, PartialEq)]
    #[serde(rename_all = "lowercase")]
    enum Colour {
        Red,
        Blue,
    }

    #[derive(Deserialize, Debug, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        name: String,
        colour: Colour,
        #[serde(default)]
        scopes: Vec<String>,
        days: Option<u16>,
    }

    #[test]
    fn person_is_told_of_every_field_that_is_missing_at_once() {
        let fields = |text: &str| -> Vec<String> {
            let problems = fill(text).values.unwrap_err();
            problems.into_iter().map(|problem| problem.field).collect()
        };
        assert_eq!(fields(""), ["name", "colour"]);
        assert_eq!(fields("colour=red"), ["name"]);
        assert_eq!(fields("name=a&days=secret"), ["days"], "a value that cannot be read ends it");
        assert_eq!(fields("colour=blue&days=7&admin=x"), ["admin"]);
    }

    fn fill(text: &str) -> Form<Sample> {
        Form::read(&FormFields::parse(text.as_bytes()))
    }

    #[test]
    fn person_gets_back_what_they_typed() {
        let form = fill("csrf=t&name=Ann%20%26+Co&colour=red&scopes=a&scopes=b&days=7");
        let sample = Sample {
            name: "Ann & Co".into(),
            colour: Colour::Red,
            scopes: vec!["a".into(), "b".into()],
            days: Some(7),
        };
        assert_eq!(form.values.unwrap(), sample);
        assert_eq!(form.typed.value("name"), "Ann & Co");
        assert!(form.typed.has("scopes", "b") && !form.typed.has("scopes", "c"));
        assert_eq!(form.typed.value("csrf"), "", "the token is not part of the form");
        let refused = fill("name=Ann&colour=green");
        assert!(refused.values.is_err());
        assert_eq!(refused.typed.value("name"), "Ann");
    }

    #[test]
    fn the_field_that_cannot_be_read_is_named_without_its_value() {
        for (text, field, says) in [
            ("colour=red", "name", "required"),
            ("name=a&colour=secret", "colour", "offered"),
            ("name=a&colour=blue&days=secret", "days", "form"),
            ("name=a&colour=blue&days=70000", "days", "form"),
            ("name=a&colour=blue&admin=secret", "admin", "not known"),
            ("name=a&name=secret&colour=blue", "name", "form"),
        ] {
            let problems = fill(text).values.unwrap_err();
            assert_eq!(problems.len(), 1);
            assert_eq!(problems[0].field, field, "{text}");
            assert!(
                problems[0].text.contains(says) && !problems[0].text.contains("secret"),
                "{text}: {problems:?}"
            );
        }
    }

    #[test]
    fn debug_shows_no_typed_value() {
        let form = fill("name=hunter2&colour=red");
        assert!(!format!("{:?}", form.typed).contains("hunter2"));
    }
}
