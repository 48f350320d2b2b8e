//! Writing a value as canonical octets.

use serde_json::{Number, Value};

use super::{CanonicalError, MAX_DEPTH, MAX_INTEGER, is_plain_key};

/// Writes `value` as its canonical octets: UTF-8, keys sorted, no white space.
///
/// # Errors
/// Whatever the [restrictions](super) exclude: fractions, large integers, keys that are not plain ASCII, deep nesting.
pub fn to_bytes(value: &Value) -> Result<Vec<u8>, CanonicalError> {
    let mut out = Vec::with_capacity(1024);
    write_value(&mut out, value, 0)?;
    Ok(out)
}

fn write_value(out: &mut Vec<u8>, value: &Value, depth: usize) -> Result<(), CanonicalError> {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Number(number) => out.extend_from_slice(integer(number)?.to_string().as_bytes()),
        Value::String(text) => write_string(out, text),
        Value::Array(items) => {
            let depth = deeper(depth)?;
            out.push(b'[');
            for (position, item) in items.iter().enumerate() {
                separate(out, position);
                write_value(out, item, depth)?;
            }
            out.push(b']');
        }
        Value::Object(members) => {
            let depth = deeper(depth)?;
            // The map's own order depends on a feature of serde_json that any other crate may switch on.
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_unstable_by_key(|(key, _)| key.as_bytes());
            out.push(b'{');
            for (position, (key, member)) in sorted.into_iter().enumerate() {
                if !is_plain_key(key.as_bytes()) {
                    return Err(CanonicalError::KeyNotPlain);
                }
                separate(out, position);
                out.push(b'"');
                out.extend_from_slice(key.as_bytes());
                out.extend_from_slice(b"\":");
                write_value(out, member, depth)?;
            }
            out.push(b'}');
        }
    }
    Ok(())
}

fn deeper(depth: usize) -> Result<usize, CanonicalError> {
    if depth < MAX_DEPTH { Ok(depth + 1) } else { Err(CanonicalError::TooDeep) }
}

fn separate(out: &mut Vec<u8>, position: usize) {
    if position > 0 {
        out.push(b',');
    }
}

fn integer(number: &Number) -> Result<i64, CanonicalError> {
    let value = match (number.as_i64(), number.as_u64()) {
        (Some(value), _) => value,
        (None, Some(_)) => return Err(CanonicalError::IntegerTooLarge),
        (None, None) => return Err(CanonicalError::NotAnInteger),
    };
    if (-MAX_INTEGER..=MAX_INTEGER).contains(&value) {
        Ok(value)
    } else {
        Err(CanonicalError::IntegerTooLarge)
    }
}

fn write_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    for octet in text.bytes() {
        match octet {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            0x08 => out.extend_from_slice(b"\\b"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\n' => out.extend_from_slice(b"\\n"),
            0x0c => out.extend_from_slice(b"\\f"),
            b'\r' => out.extend_from_slice(b"\\r"),
            0x00..=0x1f => out.extend_from_slice(format!("\\u{octet:04x}").as_bytes()),
            _ => out.push(octet),
        }
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;

    fn text(value: &Value) -> String {
        String::from_utf8(to_bytes(value).unwrap()).unwrap()
    }

    #[test]
    fn keys_are_sorted_and_white_space_is_absent() {
        let value: Value =
            serde_json::from_str(r#" { "b" : [ 1 , null ] , "a" : { "B":true, "A":false, "":0 } } "#)
                .unwrap();
        assert_eq!(text(&value), r#"{"a":{"":0,"A":false,"B":true},"b":[1,null]}"#);
    }

    #[test]
    fn strings_are_escaped_as_little_as_rfc_8785_allows() {
        let value = json!("\u{0}\u{8}\t\n\u{b}\u{c}\r\u{1f} \"\\/\u{7f}é€😀\u{2028}");
        let expected = "\"\\u0000\\b\\t\\n\\u000b\\f\\r\\u001f \\\"\\\\/\u{7f}é€😀\u{2028}\"";
        assert_eq!(text(&value), expected);
    }

    #[test]
    fn integers_end_where_doubles_stop_being_exact() {
        assert_eq!(
            text(&json!([0, -1, 9_007_199_254_740_991_i64, -9_007_199_254_740_991_i64])),
            "[0,-1,9007199254740991,-9007199254740991]"
        );
        for beyond in [json!(9_007_199_254_740_992_i64), json!(-9_007_199_254_740_992_i64), json!(u64::MAX)] {
            assert_eq!(to_bytes(&beyond), Err(CanonicalError::IntegerTooLarge));
        }
        assert_eq!(to_bytes(&json!(1.0)), Err(CanonicalError::NotAnInteger));
    }

    #[test]
    fn keys_are_plain_ascii() {
        for key in ["é", "a\"b", "a\\b", "a\nb", "\u{7f}"] {
            assert_eq!(to_bytes(&json!({ key: 1 })), Err(CanonicalError::KeyNotPlain), "{key:?}");
        }
    }

    #[test]
    fn nesting_has_a_limit() {
        let nested = |depth| (0..depth).fold(json!(1), |inner, _| json!([inner]));
        assert!(to_bytes(&nested(MAX_DEPTH)).is_ok());
        assert_eq!(to_bytes(&nested(MAX_DEPTH + 1)), Err(CanonicalError::TooDeep));
    }
}
