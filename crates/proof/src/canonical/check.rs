//! Checking that octets are canonical.

use super::{CanonicalError, lex::Lexer};

/// Says whether `bytes` are the canonical octets of some value, without building it.
///
/// # Errors
/// The first place where the octets are not JSON, or not in canonical form.
pub fn check(bytes: &[u8]) -> Result<(), CanonicalError> {
    let mut lexer = Lexer::new(bytes)?;
    lexer.skip_value(0)?;
    lexer.end()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use proptest::prelude::*;
    use serde_json::{Map, Value};

    use super::*;
    use crate::canonical::{MAX_DEPTH, MAX_INTEGER, to_bytes};

    #[test]
    fn canonical_octets_pass() {
        let octets: [&[u8]; 10] = [
            b"null",
            b"0",
            b"-9007199254740991",
            b"\"\"",
            b"[]",
            b"{}",
            b"{\"\":1,\"A\":2,\"a\":[true,false,null,{}]}",
            b"\"\\b\\t\\n\\f\\r\\\"\\\\\\u0000\\u0007\\u000b\\u000e\\u001f/\"",
            "\"é€😀\u{7f}\"".as_bytes(),
            b"[[],[[]],\"long enough to be read eight octets at a time\"]",
        ];
        for bytes in octets {
            assert_eq!(check(bytes), Ok(()), "{}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn everything_else_is_refused() {
        let octets: [&[u8]; 45] = [
            b"",
            b" ",
            b"1 ",
            b" 1",
            b"[1, 2]",
            b"[1,]",
            b"[,1]",
            b"[1",
            b"{",
            b"{\"a\"}",
            b"{\"a\":}",
            b"{\"a\":1,}",
            b"{\"a\": 1}",
            b"{a:1}",
            b"{\"b\":1,\"a\":2}",
            b"{\"a\":1,\"a\":1}",
            b"{\"a\":{\"b\":1,\"B\":2}}",
            b"01",
            b"-0",
            b"-01",
            b"+1",
            b"1.0",
            b"1e3",
            b"1E3",
            b"-",
            b"9007199254740992",
            b"-9007199254740992",
            b"18446744073709551616",
            b"nul",
            b"True",
            b"nullnull",
            b"NaN",
            b"\"",
            b"\"\\/\"",
            b"\"\\u0041\"",
            b"\"\\u000A\"",
            b"\"\\u000a\"",
            b"\"\\u001F\"",
            b"\"\\ud83d\\ude00\"",
            b"\"\n\"",
            b"\"\\x\"",
            b"\"\xff\"",
            b"{\"\xc3\xa9\":1}",
            b"{\"a\\nb\":1}",
            b"{\"\x7f\":1}",
        ];
        for bytes in octets {
            assert!(check(bytes).is_err(), "{}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn nesting_is_bounded_and_cannot_exhaust_the_stack() {
        let nested = |depth: usize| [b"[".repeat(depth), b"]".repeat(depth)].concat();
        assert_eq!(check(&nested(MAX_DEPTH)), Ok(()));
        assert_eq!(check(&nested(MAX_DEPTH + 1)), Err(CanonicalError::TooDeep));
        assert_eq!(check(&b"[".repeat(1_000_000)), Err(CanonicalError::TooDeep));
        assert_eq!(check(&b"{\"a\":".repeat(1_000_000)), Err(CanonicalError::TooDeep));
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-MAX_INTEGER..=MAX_INTEGER).prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            proptest::collection::vec(0_u8..0x30, 0..20)
                .prop_map(|octets| Value::from(String::from_utf8(octets).unwrap())),
        ];
        leaf.prop_recursive(5, 40, 6, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                proptest::collection::vec(("[ !#-\\[\\]-~]{0,6}", inner), 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_and_checks(value in any_value()) {
            let bytes = to_bytes(&value).unwrap();
            prop_assert_eq!(check(&bytes), Ok(()));
            prop_assert_eq!(serde_json::from_slice::<Value>(&bytes).unwrap(), value);
        }

        #[test]
        fn octets_that_check_are_the_ones_that_would_be_written(value in any_value(), at in any::<prop::sample::Index>(), octet in any::<u8>()) {
            let mut bytes = to_bytes(&value).unwrap();
            let at = at.index(bytes.len());
            bytes.splice(at..=at, [octet]);
            let canonical = serde_json::from_slice::<Value>(&bytes)
                .is_ok_and(|value| to_bytes(&value).is_ok_and(|again| again == bytes));
            prop_assert_eq!(check(&bytes).is_ok(), canonical, "{}", String::from_utf8_lossy(&bytes));
        }
    }
}
