//! What a schema may look like before it is read as one.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::Refused;

/// Octets of a schema at most.
pub const MOST_OCTETS: usize = 16 * 1024;
/// Objects and arrays that may be open at once.
const LEVELS: usize = 32;
/// Values of a schema at most, with every reference written out.
const MOST_VALUES: usize = 2_000;

/// Patterns of a schema at most, counted likewise: each is compiled by itself.
const MOST_PATTERNS: usize = 32;

/// Definitions at most: counting goes from one into the next.
const MOST_DEFINITIONS: usize = 64;

/// The one dialect.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";
/// By which a part gets a name of its own or is found by one: names of definitions are enough.
const NAMING: [&str; 7] =
    ["$id", "$anchor", "$dynamicAnchor", "$dynamicRef", "$recursiveRef", "$recursiveAnchor", "$vocabulary"];

/// Reads the text of a schema and checks everything that a reader of schemas does not. Gives its patterns with it, counted with
/// every reference written out.
pub(crate) fn parse(text: &str) -> Result<(Value, usize), Refused> {
    let refused = |what| Refused { pointer: String::new(), what };
    if text.len() > MOST_OCTETS {
        return Err(refused("A schema has at most 16 KiB."));
    }
    let value: Value = serde_json::from_str(text).map_err(|_| refused("This is not JSON."))?;
    let Value::Object(schema) = &value else { return Err(refused("A schema is an object.")) };
    if schema
        .get("$schema")
        .is_some_and(|dialect| dialect.as_str().map(|text| text.trim_end_matches('#')) != Some(DIALECT))
    {
        return Err(Refused { pointer: "/$schema".into(), what: "The dialect is JSON Schema 2020-12." });
    }
    look(&value, "", 0)?;
    let values = written_out(schema, |_, _| 1)?;
    if values > MOST_VALUES {
        return Err(refused("With every reference written out, a schema has at most 2,000 values."));
    }
    let patterns = written_out(schema, patterns)?;
    if patterns > MOST_PATTERNS {
        return Err(refused("With every reference written out, a schema has at most 32 patterns."));
    }
    Ok((value, patterns))
}

// The sentences above say so.
const _: () = assert!(MOST_VALUES == 2_000 && MOST_PATTERNS == 32 && MOST_OCTETS == 16 << 10 && LEVELS == 32);

/// The patterns that a member of this name holds by itself.
fn patterns(name: &str, value: &Value) -> usize {
    match (name, value) {
        ("pattern", Value::String(_)) => 1,
        ("patternProperties", Value::Object(members)) => members.len(),
        _ => 0,
    }
}

/// How much a value counts by itself, by its name and what it is.
type Unit = fn(&str, &Value) -> usize;

fn look(value: &Value, place: &str, level: usize) -> Result<(), Refused> {
    let refused = |pointer: String, what| Err(Refused { pointer, what });
    if level > LEVELS {
        return refused(place.to_owned(), "A schema has at most 32 levels.");
    }
    match value {
        Value::Object(members) => members.iter().try_for_each(|(name, member)| {
            let below = format!("{place}/{}", name.replace('~', "~0").replace('/', "~1"));
            // A property may have such a name; then a schema stands there and no text.
            if NAMING.contains(&name.as_str())
                && !matches!(member, Value::Object(members) if is_schema(members))
            {
                return refused(below, "Parts are named in $defs and referred to by $ref alone.");
            }
            if name == "$ref"
                && let Value::String(target) = member
                && definition(target).is_none()
            {
                return refused(below, "A reference is #/$defs/ and the name of a definition.");
            }
            look(member, &below, level + 1)
        }),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .try_for_each(|(at, item)| look(item, &format!("{place}/{at}"), level + 1)),
        _ => Ok(()),
    }
}

/// Any object can be one; `$vocabulary`, which is one as well, is meant as a keyword only where its members are booleans.
fn is_schema(members: &Map<String, Value>) -> bool {
    members.is_empty() || !members.values().all(Value::is_boolean)
}

/// The name of the definition that a reference is to.
fn definition(target: &str) -> Option<&str> {
    let name = target.strip_prefix("#/$defs/")?;
    let plain = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'_' | b'-' | b'.');
    (!name.is_empty() && name.bytes().all(plain)).then_some(name)
}

/// What is known of a definition's size.
enum Size {
    /// It is being counted: whoever needs it now goes in a circle.
    Open,
    Known(usize),
}

/// What a schema counts with every reference written out.
fn written_out(schema: &Map<String, Value>, unit: Unit) -> Result<usize, Refused> {
    let none = Map::new();
    let definitions = match schema.get("$defs") {
        None => &none,
        Some(Value::Object(definitions)) => definitions,
        Some(_) => return Err(Refused { pointer: "/$defs".into(), what: "Definitions are an object." }),
    };
    if definitions.len() > MOST_DEFINITIONS {
        return Err(Refused { pointer: "/$defs".into(), what: "A schema has at most 64 definitions." });
    }
    let mut sizes = HashMap::new();
    // Those that nothing refers to are compiled as well.
    let mut values = 0_usize;
    for name in definitions.keys() {
        values = values.saturating_add(size_of(name, definitions, &mut sizes, unit)?);
    }
    for (name, member) in schema.iter().filter(|(name, _)| *name != "$defs") {
        values = values.saturating_add(counted(name, member, definitions, &mut sizes, unit)?);
    }
    Ok(values)
}

fn size_of<'s>(
    name: &'s str,
    definitions: &'s Map<String, Value>,
    sizes: &mut HashMap<&'s str, Size>,
    unit: Unit,
) -> Result<usize, Refused> {
    let refused = |what| Refused { pointer: format!("/$defs/{name}"), what };
    match sizes.get(name) {
        Some(Size::Known(size)) => return Ok(*size),
        Some(Size::Open) => return Err(refused("A definition does not refer to itself, by others neither.")),
        None => {}
    }
    let part = definitions.get(name).ok_or_else(|| refused("There is no such definition."))?;
    sizes.insert(name, Size::Open);
    let size = counted("", part, definitions, sizes, unit)?;
    sizes.insert(name, Size::Known(size));
    Ok(size)
}

fn counted<'s>(
    name: &str,
    value: &'s Value,
    definitions: &'s Map<String, Value>,
    sizes: &mut HashMap<&'s str, Size>,
    unit: Unit,
) -> Result<usize, Refused> {
    let mut size = unit(name, value);
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                size = size.saturating_add(counted(name, member, definitions, sizes, unit)?);
            }
        }
        Value::Array(items) => {
            for item in items {
                size = size.saturating_add(counted("", item, definitions, sizes, unit)?);
            }
        }
        Value::String(target) if name == "$ref" => {
            let target = definition(target).unwrap_or_default();
            size = size.saturating_add(size_of(target, definitions, sizes, unit)?);
        }
        _ => {}
    }
    Ok(size)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_outside_is_ever_referred_to() {
        for (text, pointer) in [
            (r#"{"$ref":"https://example.com/a.json"}"#, "/$ref"),
            (r#"{"items":{"$ref":"file:///etc/passwd"}}"#, "/items/$ref"),
            (r##"{"$ref":"#"}"##, "/$ref"),
            (r##"{"$ref":"#/properties/a"}"##, "/$ref"),
            (r##"{"$ref":"#/$defs/a/b","$defs":{}}"##, "/$ref"),
            (r#"{"$id":"https://example.com/"}"#, "/$id"),
            (r##"{"items":{"$dynamicRef":"#a"}}"##, "/items/$dynamicRef"),
            (r#"{"$vocabulary":{"https://example.com/v":true}}"#, "/$vocabulary"),
            (r#"{"$schema":"http://json-schema.org/draft-07/schema#"}"#, "/$schema"),
            (r##"{"$ref":"#/$defs/a"}"##, "/$defs/a"),
            (r#"{"$defs":[]}"#, "/$defs"),
        ] {
            assert_eq!(parse(text).map_err(|refused| refused.pointer), Err(pointer.to_owned()), "{text}");
        }
        assert!(
            parse(r#"{"properties":{"$id":{"type":"string"},"$ref":{"type":"string"}}}"#).is_ok(),
            "names of properties"
        );
    }

    #[test]
    fn circles_are_refused() {
        for text in [
            r##"{"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/a"}}}"##,
            r##"{"$defs":{"a":{"items":{"$ref":"#/$defs/b"}},"b":{"anyOf":[{"$ref":"#/$defs/a"}]}}}"##,
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn little_text_that_unfolds_into_much_is_refused() {
        let definitions: Vec<_> = (0..40)
            .map(|n| {
                let next = n + 1;
                format!(r##""d{n}":{{"allOf":[{{"$ref":"#/$defs/d{next}"}},{{"$ref":"#/$defs/d{next}"}}]}}"##)
            })
            .chain([r#""d40":{}"#.to_owned()])
            .collect();
        let text = format!(r##"{{"$ref":"#/$defs/d0","$defs":{{{}}}}}"##, definitions.join(","));
        assert!(parse(&text).is_err());
        assert!(parse(&format!("{{\"a\":{}1{}}}", "[".repeat(40), "]".repeat(40))).is_err(), "levels");
        assert!(parse(&format!(r#"{{"title":"{}"}}"#, "x".repeat(MOST_OCTETS))).is_err(), "octets");
    }

    /// So many of something, one after the other.
    fn each(number: usize, one: fn(usize) -> String) -> String {
        (0..number).map(one).collect::<Vec<_>>().join(",")
    }

    #[test]
    fn patterns_are_bounded_however_they_are_written() {
        let kinds: [fn(usize) -> String; 3] = [
            |number| {
                let properties = each(number, |n| format!(r#""p{n}":{{"pattern":"a{{99}}"}}"#));
                format!(r#"{{"properties":{{{properties}}}}}"#)
            },
            |number| {
                let names = each(number, |n| format!(r#""a{{{n}}}":{{}}"#));
                format!(r#"{{"patternProperties":{{{names}}}}}"#)
            },
            |number| {
                let definitions = r#""$defs":{"two":{"pattern":"a","items":{"pattern":"b"}}}"#;
                // The definition itself counts as well.
                let references = each(number / 2 - 1, |_| r##"{"$ref":"#/$defs/two"}"##.to_owned());
                format!(r#"{{"allOf":[{references}],{definitions}}}"#)
            },
        ];
        for schema in kinds {
            let most = schema(MOST_PATTERNS);
            assert_eq!(parse(&most).map(|(_, patterns)| patterns), Ok(MOST_PATTERNS), "{most}");
            let more = schema(MOST_PATTERNS + 2);
            assert!(parse(&more).is_err_and(|refused| refused.what.contains("patterns")), "{more}");
        }
        let named_so = parse(r#"{"properties":{"pattern":{"type":"string"}}}"#);
        assert!(named_so.is_ok_and(|(_, patterns)| patterns == 0));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[\\[\\]{}\":,a$#/0-9 ]{0,60}") {
            drop(crate::Schema::parse(&text));
        }
    }
}
