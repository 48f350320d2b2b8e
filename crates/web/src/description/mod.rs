//! The description of the API (OpenAPI 3.1), made from the routes themselves: what a handler takes is read off the types of its
//! parameters, so that a route cannot be without its description, and none can be stale.

mod document;
mod probe;
mod schema;

use axum::{
    extract::{Path, State},
    http::{HeaderMap, Method, Uri},
};
use bailiwick_domain::rule::{Rule, Sensitive};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{
    access::{Access, Confirmation},
    forms::{Form, Id, Json, JsonOctets, Pair, Query},
    once::Again,
    shell::Visit,
};

pub use document::document;

/// What the handler of a route takes from a request beside its credential.
#[derive(Debug, Default)]
pub(crate) struct Takes {
    /// The schema of its JSON body.
    pub(crate) body: Option<Value>,
    /// The schema of its query, an object.
    pub(crate) query: Option<Value>,
    /// Whether its body is taken as it comes.
    pub(crate) octets: bool,
    /// The schema of its form with a file.
    pub(crate) form: Option<Value>,
    /// What becomes of it when it is sent again.
    pub(crate) again: Again,
    /// Whether it asks for `If-Match`.
    pub(crate) must_match: bool,
}

/// Types of parameters that say what they take.
pub trait Described {
    /// Adds it.
    #[doc(hidden)]
    fn describe(takes: &mut Says<'_>) {
        let _ = takes;
    }
}

/// Where a parameter says what it takes.
#[derive(Debug)]
pub struct Says<'t>(pub(crate) &'t mut Takes);

impl Says<'_> {
    /// The body is taken as it comes.
    pub(crate) fn octets(&mut self) {
        self.0.octets = true;
    }

    /// The body is a form with a file, and with these fields before it.
    pub(crate) fn form(&mut self, schema: Value) {
        self.0.form = Some(schema);
    }
}

impl<R: Rule> Described for Access<R> {}
impl<R: Sensitive> Described for Confirmation<R> {}
impl<S> Described for State<S> {}
impl<T> Described for Id<T> {}
impl<A, B> Described for Pair<A, B> {}
impl<T> Described for Path<T> {}
/// Forms are sent by pages alone, which hold them.
impl<T> Described for Form<T> {}
impl Described for Visit {}
impl Described for HeaderMap {}
impl Described for Method {}
impl Described for Uri {}

impl<T: DeserializeOwned> Described for Json<T> {
    fn describe(takes: &mut Says<'_>) {
        takes.0.body = Some(schema::of::<T>());
    }
}

impl<T: DeserializeOwned> Described for Query<T> {
    fn describe(takes: &mut Says<'_>) {
        takes.0.query = Some(schema::of::<T>());
    }
}

/// Read by the operation itself; the guide says what it may hold.
impl Described for JsonOctets {
    fn describe(takes: &mut Says<'_>) {
        takes.0.body = Some(serde_json::json!({"type": ["object", "array"]}));
    }
}
