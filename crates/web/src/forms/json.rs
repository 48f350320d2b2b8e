//! JSON bodies of the API.

use std::{fmt, marker::PhantomData, sync::Arc};

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeOwned, MapAccess, Visitor, value::MapAccessDeserializer},
};

use super::Problem;
use crate::{bootstrap::read_body, error::Error, state::AppState};

/// A JSON body, read or answered. Only an object is read: derived readers of structs also take an array of the fields in
/// order, and a program that sends one means something else. What cannot be read is answered with a problem that names the
/// field.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest<AppState> for Json<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Error> {
        read(&octets(request, state).await?).map(Self)
    }
}

/// The octets of a JSON body, for an operation that reads them itself.
pub(crate) struct JsonOctets(pub(crate) Arc<[u8]>);

impl FromRequest<AppState> for JsonOctets {
    type Rejection = Error;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Error> {
        Ok(Self(octets(request, state).await?.as_ref().into()))
    }
}

async fn octets(request: Request, state: &AppState) -> Result<Bytes, Error> {
    let kind =
        request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !is_json(kind) {
        return Err(Error::Protocol(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    read_body(request.into_body(), state.settings.limits.arrival).await
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => ([(header::CONTENT_TYPE, "application/json")], body).into_response(),
            Err(error) => Error::Internal(Box::new(error)).into_response(),
        }
    }
}

fn is_json(kind: &str) -> bool {
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || kind.starts_with("application/") && kind.ends_with("+json")
}

/// A value that is written as an object.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectOnly<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectOnly<T> {
            type Value = Object<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }
        deserializer.deserialize_map(ObjectOnly(PhantomData))
    }
}

fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let Object(value) = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        if error.inner().is_data() {
            Error::Invalid(vec![Problem::found(error.path(), &error.inner().to_string())])
        } else {
            Error::BadRequest("The body is not JSON.")
        }
    })?;
    deserializer.end().map_err(|_| Error::BadRequest("Something follows the JSON of the body."))?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize, Debug)]
    #[serde(deny_unknown_fields)]
    struct Key {
        #[allow(dead_code, reason = "only its type matters")]
        name: String,
        #[allow(dead_code, reason = "only its type matters")]
        limits: Vec<Limit>,
    }

    #[derive(Deserialize, Debug)]
    #[serde(deny_unknown_fields)]
    struct Limit {
        #[allow(dead_code, reason = "only its type matters")]
        count: u8,
    }

    fn refusal(body: &'static str) -> Error {
        read::<Key>(&Bytes::from_static(body.as_bytes())).unwrap_err()
    }

    #[test]
    fn program_is_told_which_field_is_wrong() {
        for (body, pointer) in [
            (r#"{"name":"a"}"#, "#/limits"),
            (r#"{"name":7,"limits":[]}"#, "#/name"),
            (r#"{"name":"a","limits":[{"count":1},{"count":"secret"}]}"#, "#/limits/1/count"),
            (r#"{"name":"a","limits":[{"count":1},{"count":300}]}"#, "#/limits/1/count"),
            (r#"{"name":"a","limits":[{}]}"#, "#/limits/0/count"),
            (r#"{"name":"a","limits":[],"extra":"secret"}"#, "#/extra"),
            (r#"{"name":"a","name":"b","limits":[]}"#, "#/name"),
            (r#"["a",[]]"#, "#"),
            ("null", "#"),
        ] {
            let Error::Invalid(problems) = refusal(body) else { panic!("{body} is read") };
            assert_eq!(problems[0].pointer(), pointer, "{body}");
            assert!(!problems[0].text.contains("secret"));
        }
    }

    #[test]
    fn what_is_not_json_is_a_bad_request() {
        for body in ["", "{", "nope", r#"{"name":"a","limits":[]} x"#, "\u{0}"] {
            assert!(matches!(refusal(body), Error::BadRequest(_)), "{body}");
        }
        let deep = Bytes::from("{\"a\":".repeat(100_000));
        assert!(matches!(read::<serde_json::Value>(&deep), Err(Error::BadRequest(_))), "depth is bounded");
    }

    #[test]
    fn only_json_types_are_read() {
        for kind in ["application/json", "application/json; charset=utf-8", "Application/Merge-Patch+JSON"] {
            assert!(is_json(kind), "{kind}");
        }
        for kind in ["", "text/plain", "text/json", "application/x-www-form-urlencoded", "application/jsonp"]
        {
            assert!(!is_json(kind), "{kind}");
        }
    }
}
