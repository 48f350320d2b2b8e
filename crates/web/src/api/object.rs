//! A JSON object, and nothing that merely could be read as one.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor, value::MapAccessDeserializer},
};

/// A value that is written as an object. Derived readers of structs also take an array of the fields in order; a
/// program that sends one means something else.
pub(super) struct Object<T>(pub(super) T);

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

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize, Debug)]
    #[serde(deny_unknown_fields)]
    struct Note {
        text: String,
        #[allow(dead_code, reason = "only its type matters")]
        stars: Option<u8>,
    }

    fn read(json: &str) -> Result<String, String> {
        let mut reader = serde_json::Deserializer::from_str(json);
        let read: Result<Object<Note>, _> = serde_path_to_error::deserialize(&mut reader);
        read.map(|object| object.0.text).map_err(|error| error.path().to_string())
    }

    #[test]
    fn an_array_is_no_object() {
        assert_eq!(read(r#"{"text":"a"}"#), Ok("a".into()));
        assert_eq!(read(r#"["a",1]"#), Err(".".into()));
        assert_eq!(read("null"), Err(".".into()));
    }

    #[test]
    fn the_field_that_is_wrong_is_still_named() {
        assert_eq!(read(r#"{"text":"a","stars":"many"}"#), Err("stars".into()));
        assert_eq!(read(r#"{"text":"a","colour":1}"#), Err("colour".into()));
        assert_eq!(read(r#"{"text":7}"#), Err("text".into()));
    }
}
