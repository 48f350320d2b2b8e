//! The scanner: one pass over the octets, nothing copied.

use super::{Entity, EventError, EventFields, VERSION};
use crate::{
    canonical::{CanonicalError, Lexer, Text},
    hash::Hash,
};

/// Reads the fields of the canonical event `bytes` and checks every other octet on the way.
///
/// # Errors
/// Octets that are not canonical JSON, absent fields, fields of the wrong form, or another event version.
pub fn scan(bytes: &[u8]) -> Result<EventFields<'_>, EventError> {
    let mut lexer = Lexer::new(bytes)?;
    let mut found = Found::default();
    lexer.object(0, |lexer, key| {
        match key {
            "action" => found.action = Some(lexer.string()?),
            "entity" => found.entity = Some(scan_entity(lexer)?),
            "id" => found.id = Some(lexer.string()?),
            "prev" => found.prev = Some(if lexer.null()? { None } else { Some(lexer.string()?) }),
            "recorded_at" => found.recorded_at = Some(lexer.string()?),
            "tenant" => found.tenant = Some(lexer.string()?),
            "v" => found.version = Some(lexer.integer()?),
            _ => lexer.skip_value(1)?,
        }
        Ok(())
    })?;
    lexer.end()?;
    found.check()
}

#[derive(Default)]
struct Found<'a> {
    action: Option<Text<'a>>,
    entity: Option<FoundEntity<'a>>,
    id: Option<Text<'a>>,
    prev: Option<Option<Text<'a>>>,
    recorded_at: Option<Text<'a>>,
    tenant: Option<Text<'a>>,
    version: Option<i64>,
}

#[derive(Default)]
struct FoundEntity<'a> {
    id: Option<Text<'a>>,
    revision: Option<i64>,
    kind: Option<Text<'a>>,
    other: bool,
}

fn scan_entity<'a>(lexer: &mut Lexer<'a>) -> Result<FoundEntity<'a>, CanonicalError> {
    let mut found = FoundEntity::default();
    lexer.object(1, |lexer, key| {
        match key {
            "id" => found.id = Some(lexer.string()?),
            "revision" => found.revision = Some(lexer.integer()?),
            "type" => found.kind = Some(lexer.string()?),
            _ => {
                found.other = true;
                lexer.skip_value(2)?;
            }
        }
        Ok(())
    })?;
    Ok(found)
}

impl<'a> Found<'a> {
    fn check(self) -> Result<EventFields<'a>, EventError> {
        let version = self.version.ok_or(EventError::Missing("v"))?;
        if version != VERSION {
            return Err(EventError::Version(version));
        }
        let entity = self.entity.ok_or(EventError::Missing("entity"))?.check()?;
        let prev = match self.prev.ok_or(EventError::Missing("prev"))? {
            None => None,
            Some(text) => Some(text.raw.parse::<Hash>().map_err(|_| EventError::Field("prev"))?),
        };
        if prev.is_none() != (entity.revision == 1) {
            return Err(EventError::Prev);
        }
        Ok(EventFields {
            action: plain(self.action, "action", |text| !text.is_empty())?,
            entity,
            id: plain(self.id, "id", is_uuid)?,
            prev,
            recorded_at: plain(self.recorded_at, "recorded_at", is_time)?,
            tenant: plain(self.tenant, "tenant", is_uuid)?,
        })
    }
}

impl<'a> FoundEntity<'a> {
    fn check(self) -> Result<Entity<'a>, EventError> {
        if self.other {
            return Err(EventError::Field("entity"));
        }
        let revision = self.revision.ok_or(EventError::Missing("entity.revision"))?;
        Ok(Entity {
            id: plain(self.id, "entity.id", |text| !text.is_empty())?,
            revision: u64::try_from(revision)
                .ok()
                .filter(|revision| *revision > 0)
                .ok_or(EventError::Field("entity.revision"))?,
            kind: plain(self.kind, "entity.type", |text| !text.is_empty())?,
        })
    }
}

/// The text of an identifying field. Such a field has no reason to hold an escape, and without one it can be borrowed.
fn plain<'a>(
    text: Option<Text<'a>>,
    name: &'static str,
    fits: impl FnOnce(&str) -> bool,
) -> Result<&'a str, EventError> {
    let text = text.ok_or(EventError::Missing(name))?;
    if !text.escaped && fits(text.raw) { Ok(text.raw) } else { Err(EventError::Field(name)) }
}

fn is_uuid(text: &str) -> bool {
    has_shape(text, b"xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx")
}

fn is_time(text: &str) -> bool {
    has_shape(text, b"0000-00-00T00:00:00.000000Z")
}

/// Whether `text` is `shape` with a decimal digit for each `0` and a lower-case hexadecimal digit for each `x`.
fn has_shape<const N: usize>(text: &str, shape: &[u8; N]) -> bool {
    let Ok(text) = <&[u8; N]>::try_from(text.as_bytes()) else { return false };
    // No early return: octet by octet without branches, this costs a few nanoseconds.
    text.iter().zip(shape).fold(true, |fits, (octet, shape)| {
        let digit = octet.is_ascii_digit();
        let fit = match shape {
            b'0' => digit,
            b'x' => digit | matches!(octet, b'a'..=b'f'),
            _ => octet == shape,
        };
        fits & fit
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::canonical::to_bytes;

    fn event() -> Value {
        json!({
            "action": "invitation.created",
            "actor": {"auth": "session", "credential": null, "id": "01930000-0000-7000-8000-000000000001", "kind": "user"},
            "changes": [{"after": "a \"quoted\" word", "before": null, "op": "add", "path": "/note"}],
            "entity": {"id": "01930000-0000-7000-8000-00000000000e", "revision": 3, "type": "invitation"},
            "id": "01930000-0000-7000-8000-0000000000ff",
            "prev": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "recorded_at": "2026-01-02T03:04:05.000006Z",
            "tenant": "01930000-0000-7000-8000-000000000000",
            "v": 1,
        })
    }

    fn with(path: &str, value: Value) -> Vec<u8> {
        let mut event = event();
        *event.pointer_mut(path).unwrap() = value;
        to_bytes(&event).unwrap()
    }

    #[test]
    fn fields_are_read() {
        let bytes = to_bytes(&event()).unwrap();
        let fields = scan(&bytes).unwrap();
        assert_eq!(fields.action, "invitation.created");
        assert_eq!((fields.entity.kind, fields.entity.revision), ("invitation", 3));
        assert_eq!(fields.entity.id, "01930000-0000-7000-8000-00000000000e");
        assert_eq!(fields.id, "01930000-0000-7000-8000-0000000000ff");
        assert_eq!(fields.prev, Some(crate::empty_root()));
        assert_eq!(fields.recorded_at, "2026-01-02T03:04:05.000006Z");
        assert_eq!(fields.tenant, "01930000-0000-7000-8000-000000000000");
    }

    #[test]
    fn fields_of_the_wrong_form_are_refused_by_name() {
        for (path, name, values) in [
            ("/action", "action", vec![json!(""), json!("a\"b")]),
            (
                "/id",
                "id",
                vec![
                    json!(""),
                    json!("01930000-0000-7000-8000-0000000000FF"),
                    json!("01930000000070008000000000000000ff"),
                ],
            ),
            ("/tenant", "tenant", vec![json!("acme"), json!("01930000-0000-7000-8000-00000000000")]),
            (
                "/prev",
                "prev",
                vec![
                    json!(""),
                    json!("00"),
                    json!("E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"),
                ],
            ),
            (
                "/recorded_at",
                "recorded_at",
                vec![json!("2026-01-02T03:04:05Z"), json!("2026-01-02 03:04:05.000006Z")],
            ),
            ("/entity/id", "entity.id", vec![json!(""), json!("\n")]),
            ("/entity/type", "entity.type", vec![json!("")]),
            ("/entity/revision", "entity.revision", vec![json!(0), json!(-1)]),
            ("/entity", "entity", vec![json!({"id": "x", "label": "y", "revision": 1, "type": "z"})]),
        ] {
            for value in values {
                assert_eq!(
                    scan(&with(path, value.clone())),
                    Err(EventError::Field(name)),
                    "{path} = {value}"
                );
            }
        }
    }

    #[test]
    fn fields_of_the_wrong_type_are_refused() {
        for path in [
            "/action",
            "/id",
            "/tenant",
            "/prev",
            "/recorded_at",
            "/entity",
            "/entity/id",
            "/entity/type",
            "/entity/revision",
            "/v",
        ] {
            let error = scan(&with(path, json!([1]))).unwrap_err();
            assert!(
                matches!(error, EventError::NotCanonical(CanonicalError::Syntax { .. })),
                "{path}: {error}"
            );
        }
    }

    #[test]
    fn absent_fields_are_named() {
        for name in ["action", "entity", "id", "prev", "recorded_at", "tenant", "v"] {
            let mut event = event();
            event.as_object_mut().unwrap().remove(name);
            assert_eq!(scan(&to_bytes(&event).unwrap()), Err(EventError::Missing(name)));
        }
    }

    #[test]
    fn first_revision_has_no_past_and_later_ones_have() {
        assert_eq!(scan(&with("/prev", Value::Null)), Err(EventError::Prev));
        assert_eq!(scan(&with("/entity/revision", json!(1))), Err(EventError::Prev));
    }

    #[test]
    fn unknown_versions_are_not_guessed_at() {
        assert_eq!(scan(&with("/v", json!(2))), Err(EventError::Version(2)));
    }

    proptest! {
        #[test]
        fn scanner_agrees_with_a_json_parser(
            action in "[a-z]{1,12}\\.[a-z]{1,12}",
            note in any::<String>(),
            revision in 2_u64..1 << 53,
            at in any::<prop::sample::Index>(),
            octet in any::<u8>(),
            change in any::<bool>(),
        ) {
            let mut value = event();
            for (path, replacement) in [("/action", json!(action)), ("/changes/0/after", json!(note)), ("/entity/revision", json!(revision))] {
                *value.pointer_mut(path).unwrap() = replacement;
            }
            let mut bytes = to_bytes(&value).unwrap();
            if change {
                let at = at.index(bytes.len());
                bytes.splice(at..=at, [octet]);
            }
            let parsed = serde_json::from_slice::<Value>(&bytes).ok().filter(|parsed| to_bytes(parsed).is_ok_and(|again| again == bytes));
            match (scan(&bytes), parsed) {
                (Ok(fields), Some(parsed)) => {
                    prop_assert_eq!(&parsed["action"], fields.action);
                    prop_assert_eq!(&parsed["entity"]["id"], fields.entity.id);
                    prop_assert_eq!(&parsed["entity"]["type"], fields.entity.kind);
                    prop_assert_eq!(&parsed["entity"]["revision"], fields.entity.revision);
                    prop_assert_eq!(&parsed["id"], fields.id);
                    prop_assert_eq!(&parsed["prev"], &json!(fields.prev.map(|hash| hash.to_string())));
                    prop_assert_eq!(&parsed["recorded_at"], fields.recorded_at);
                    prop_assert_eq!(&parsed["tenant"], fields.tenant);
                }
                (Err(EventError::NotCanonical(_)), None) => {}
                // Canonical, but a field was changed into something an event may not say.
                (Err(_), Some(_)) => prop_assert!(change),
                (scanned, parsed) => prop_assert!(false, "{:?} / {:?}", scanned, parsed),
            }
        }
    }
}
