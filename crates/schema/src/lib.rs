//! JSON Schemas (2020-12) of strangers: what they may be, and what does not fit them.
//!
//! A schema is a small program, and whoever registers one is not whoever pays for running it. So one that is taken holds in
//! itself everything that it refers to, refers to nothing twice over in a circle, stays below a size with every reference
//! written out, and has few patterns, each of a bounded size and matched in linear time. Then checking a value of bounded size
//! takes a bounded time, a schema takes bounded memory, and no file and no other server is ever asked for anything.
//!
//! The crate that checks, `jsonschema`, is known here alone.

mod shape;

use std::{fmt, sync::Arc};

use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::Value;

pub use shape::MOST_OCTETS;

/// Misfits that are told of one value.
pub const MOST_MISFITS: usize = 16;

/// Octets of a compiled pattern at most.
pub const PATTERN_OCTETS: usize = 256 * 1024;

/// A schema that was taken. Cheap to clone.
#[derive(Clone)]
pub struct Schema {
    validator: Arc<Validator>,
    patterns: usize,
}

/// Why a schema was not taken, in words for whoever wrote it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{pointer}: {what}")]
pub struct Refused {
    /// JSON Pointer to the part of the schema; empty for the whole.
    pub pointer: String,
    /// What is wrong with it.
    pub what: &'static str,
}

/// A part of a value that does not fit, by places alone: neither the value nor the schema is repeated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// JSON Pointer into the value.
    pub pointer: String,
    /// JSON Pointer to the keyword of the schema.
    pub keyword: String,
}

impl Schema {
    /// Reads a schema.
    ///
    /// # Errors
    /// The first part that cannot be taken.
    pub fn parse(text: &str) -> Result<Self, Refused> {
        let (value, patterns) = shape::parse(text)?;
        let options = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .with_pattern_options(
                PatternOptions::regex().size_limit(PATTERN_OCTETS).dfa_size_limit(PATTERN_OCTETS),
            )
            .offline();
        let built = options.build(&value).map(Arc::new);
        built.map(|validator| Self { validator, patterns }).map_err(|error| Refused {
            pointer: error.instance_path().as_str().to_owned(),
            what: "This is not a schema of JSON Schema 2020-12.",
        })
    }

    /// How many patterns were compiled for it, which take up to [`PATTERN_OCTETS`] each; what refers to one has its own.
    pub const fn patterns(&self) -> usize {
        self.patterns
    }

    /// What of a value does not fit, the first [`MOST_MISFITS`]; nothing where all of it does.
    pub fn misfits(&self, value: &Value) -> Vec<Misfit> {
        if self.validator.is_valid(value) {
            return Vec::new();
        }
        let misfit = |error: jsonschema::ValidationError<'_>| Misfit {
            pointer: error.instance_path().as_str().to_owned(),
            keyword: error.schema_path().as_str().to_owned(),
        };
        self.validator.iter_errors(value).take(MOST_MISFITS).map(misfit).collect()
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schema").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use serde_json::json;

    use super::*;

    #[test]
    fn what_does_not_fit_is_named_by_places_alone() {
        let schema = Schema::parse(
            r##"{"type":"object","required":["after"],"properties":{"after":{"$ref":"#/$defs/plan"}},
               "$defs":{"plan":{"type":"object","properties":{"state":{"enum":["draft","approved"]},"code":{"pattern":"^[A-Z]+$"}}}}}"##,
        )
        .unwrap();
        assert!(schema.misfits(&json!({"after": {"state": "draft", "code": "AB"}})).is_empty());
        let misfits = schema.misfits(&json!({"after": {"state": "secret-one", "code": "ab"}}));
        let places: Vec<_> = misfits.iter().map(|misfit| misfit.pointer.as_str()).collect();
        assert_eq!(places.len(), 2);
        assert!(places.contains(&"/after/state") && places.contains(&"/after/code"), "{places:?}");
        assert!(misfits.iter().all(|misfit| !format!("{misfit:?}").contains("secret-one")));
        assert_eq!(schema.misfits(&json!({}))[0].keyword, "/required");
    }

    #[test]
    fn pattern_that_would_be_tried_for_ever_is_matched_in_linear_time() {
        let schema = Schema::parse(r#"{"pattern":"^(a+)+$"}"#).unwrap();
        assert_eq!(schema.misfits(&json!(format!("{}b", "a".repeat(10_000)))).len(), 1);
        assert!(Schema::parse(r#"{"pattern":"(?=a)b"}"#).is_err(), "what is not linear is no pattern here");
        assert!(Schema::parse(r#"{"pattern":"((a{100}){100}){100}"}"#).is_err(), "nor what is large");
    }

    #[test]
    fn what_is_no_schema_is_refused() {
        for text in [r#"{"type":"plan"}"#, r#"{"properties":[]}"#, r#"{"minLength":-1}"#, "[]", "7", "{", ""]
        {
            assert!(Schema::parse(text).is_err(), "{text}");
        }
    }
}
