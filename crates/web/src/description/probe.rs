//! Asking a type how it reads itself: it is given a deserializer that holds nothing, and only notes what it is asked for.
//!
//! A path leads to one place within the type; on the way each step gives just enough to go on. So every field is seen, whatever the
//! fields before it want to hold.

use std::{cell::RefCell, fmt};

use serde::{
    Deserializer,
    de::{
        self, DeserializeOwned, DeserializeSeed, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor,
        value::StrDeserializer,
    },
};

/// What a type asks for at one place.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shape {
    Any,
    Bool,
    Nothing,
    Integer { least: Option<i64>, most: Option<i64> },
    Number,
    Text,
    Option,
    List,
    Map,
    Object(&'static [&'static str]),
    OneOf(&'static [&'static str]),
}

/// One step into a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Within,
    Item,
    Value,
    Field(&'static str),
    Variant(&'static str),
}

/// What `T` asks for at this place; nothing where it never gets there.
pub(super) fn shape<T: DeserializeOwned>(path: &[Step]) -> Option<Shape> {
    let found = RefCell::new(None);
    // It always ends with an error: there is nothing to read.
    drop(T::deserialize(Probe { path, found: &found }));
    found.into_inner()
}

#[derive(Debug)]
struct Over;

impl fmt::Display for Over {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nothing to read")
    }
}
impl std::error::Error for Over {}
impl de::Error for Over {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

#[derive(Clone, Copy)]
struct Probe<'p> {
    path: &'p [Step],
    found: &'p RefCell<Option<Shape>>,
}

impl<'p> Probe<'p> {
    fn note<T>(self, shape: Shape) -> Result<T, Over> {
        if self.path.is_empty() {
            *self.found.borrow_mut() = Some(shape);
        }
        Err(Over)
    }

    fn step(self) -> Option<(Step, Self)> {
        let (step, path) = self.path.split_first()?;
        Some((*step, Self { path, ..self }))
    }
}

macro_rules! noting {
    ($($method:ident => $shape:expr;)*) => { $(
        fn $method<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Over> {
            self.note($shape)
        }
    )* };
}

const fn integer(least: i64, most: i64) -> Shape {
    Shape::Integer { least: Some(least), most: Some(most) }
}

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Over;

    noting! {
        deserialize_any => Shape::Any;
        deserialize_ignored_any => Shape::Any;
        deserialize_bool => Shape::Bool;
        deserialize_i8 => integer(i8::MIN.into(), i8::MAX.into());
        deserialize_i16 => integer(i16::MIN.into(), i16::MAX.into());
        deserialize_i32 => integer(i32::MIN.into(), i32::MAX.into());
        deserialize_i64 => Shape::Integer { least: None, most: None };
        deserialize_u8 => integer(0, u8::MAX.into());
        deserialize_u16 => integer(0, u16::MAX.into());
        deserialize_u32 => integer(0, u32::MAX.into());
        deserialize_u64 => Shape::Integer { least: Some(0), most: None };
        deserialize_f32 => Shape::Number;
        deserialize_f64 => Shape::Number;
        deserialize_char => Shape::Text;
        deserialize_str => Shape::Text;
        deserialize_string => Shape::Text;
        deserialize_bytes => Shape::Text;
        deserialize_byte_buf => Shape::Text;
        deserialize_identifier => Shape::Text;
        deserialize_unit => Shape::Nothing;
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Over> {
        match self.step() {
            Some((Step::Within, rest)) => visitor.visit_some(rest),
            _ => self.note(Shape::Option),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, _: V) -> Result<V::Value, Over> {
        self.note(Shape::Nothing)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Over> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Over> {
        match self.step() {
            Some((Step::Item, rest)) => visitor.visit_seq(One(rest)),
            _ => self.note(Shape::List),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Over> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Over> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Over> {
        match self.step() {
            Some((Step::Value, rest)) => visitor.visit_map(Entry { key: Some("a"), rest }),
            _ => self.note(Shape::Map),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Over> {
        match self.step() {
            Some((Step::Field(key), rest)) => visitor.visit_map(Entry { key: Some(key), rest }),
            _ => self.note(Shape::Object(fields)),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Over> {
        match self.step() {
            Some((Step::Variant(variant), rest)) => visitor.visit_enum(Chosen { variant, rest }),
            _ => self.note(Shape::OneOf(variants)),
        }
    }
}

/// A list of one.
struct One<'p>(Probe<'p>);

impl<'de> SeqAccess<'de> for One<'_> {
    type Error = Over;
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Over> {
        seed.deserialize(self.0).map(Some)
    }
}

/// A map of one entry.
struct Entry<'p> {
    key: Option<&'static str>,
    rest: Probe<'p>,
}

impl<'de> MapAccess<'de> for Entry<'_> {
    type Error = Over;
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Over> {
        self.key.take().map(|key| seed.deserialize(StrDeserializer::new(key))).transpose()
    }
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Over> {
        seed.deserialize(self.rest)
    }
}

/// One variant of an enum.
struct Chosen<'p> {
    variant: &'static str,
    rest: Probe<'p>,
}

impl<'de, 'p> EnumAccess<'de> for Chosen<'p> {
    type Error = Over;
    type Variant = Probe<'p>;
    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Probe<'p>), Over> {
        Ok((seed.deserialize(StrDeserializer::new(self.variant))?, self.rest))
    }
}

impl<'de> VariantAccess<'de> for Probe<'_> {
    type Error = Over;
    fn unit_variant(self) -> Result<(), Over> {
        self.note(Shape::Nothing)
    }
    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Over> {
        seed.deserialize(self)
    }
    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Over> {
        self.deserialize_seq(visitor)
    }
    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Over> {
        self.deserialize_struct("", fields, visitor)
    }
}

/// Whether `T` refuses a field that it does not know.
pub(super) fn is_closed<T: DeserializeOwned>() -> bool {
    // A name that no field has.
    let odd = serde_json::json!({"\u{1}": null});
    serde_json::from_value::<T>(odd).is_err_and(|error| error.to_string().starts_with("unknown field"))
}
