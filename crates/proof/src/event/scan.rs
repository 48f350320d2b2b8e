//! The scanner: nothing copied, and where the event has the members that it usually has, one pass over the octets.

use super::{Actor, Entity, EventError, EventFields, VERSION};
use crate::{
    canonical::{CanonicalError, Lexer, Text},
    hash::Hash,
};

/// Reads the fields of the canonical event `bytes` and checks every other octet on the way.
///
/// # Errors
/// Octets that are not canonical JSON, absent fields, fields of the wrong form, or another event version.
pub fn scan(bytes: &[u8]) -> Result<EventFields<'_>, EventError> {
    let lexer = Lexer::new(bytes)?;
    // A member more or less is as good, as long as it is canonical.
    let found = scan_usual(lexer.clone()).or_else(|_| scan_any(lexer))?;
    found.check()
}

/// Reads an event with exactly the members of the present format.
///
/// What stands between two values is then known beforehand and compared as a whole: an order of keys that is written
/// down here need not be checked.
fn scan_usual(mut lexer: Lexer<'_>) -> Result<Found<'_>, CanonicalError> {
    let l = &mut lexer;
    let mut found = Found::default();
    l.literal(b"{\"action\":")?;
    found.action = Some(l.string()?);
    l.literal(b",\"actor\":{\"auth\":")?;
    l.string()?;
    l.literal(b",\"credential\":")?;
    null_or_string(l)?;
    l.literal(b",\"id\":")?;
    let id = null_or_string(l)?;
    l.literal(b",\"kind\":")?;
    found.actor = Some(FoundActor { id: Some(id), kind: Some(l.string()?) });
    l.literal(b"},\"changes\":")?;
    l.skip_value(1)?;
    l.literal(b",\"entity\":{\"id\":")?;
    let id = Some(l.string()?);
    l.literal(b",\"revision\":")?;
    let revision = Some(l.integer()?);
    l.literal(b",\"type\":")?;
    found.entity = Some(FoundEntity { id, revision, kind: Some(l.string()?), other: false });
    l.literal(b"},\"id\":")?;
    found.id = Some(l.string()?);
    l.literal(b",\"occurred_at\":")?;
    l.string()?;
    l.literal(b",\"outcome\":")?;
    found.outcome = Some(l.string()?);
    l.literal(b",\"prev\":")?;
    found.prev = Some(null_or_string(l)?);
    l.literal(b",\"reason\":")?;
    null_or_string(l)?;
    l.literal(b",\"recorded_at\":")?;
    found.recorded_at = Some(l.string()?);
    l.literal(b",\"request\":")?;
    null_or_string(l)?;
    l.literal(b",\"source\":{\"agent\":")?;
    l.string()?;
    l.literal(b",\"ip\":")?;
    l.skip_value(2)?;
    l.literal(b"},\"tenant\":")?;
    found.tenant = Some(l.string()?);
    l.literal(b",\"v\":")?;
    found.version = Some(l.integer()?);
    l.literal(b"}")?;
    l.end()?;
    Ok(found)
}

/// Reads an event with any members.
fn scan_any(mut lexer: Lexer<'_>) -> Result<Found<'_>, CanonicalError> {
    let mut found = Found::default();
    lexer.object(0, |lexer, key| {
        match key {
            "action" => found.action = Some(lexer.string()?),
            "actor" => found.actor = Some(scan_actor(lexer)?),
            "entity" => found.entity = Some(scan_entity(lexer)?),
            "id" => found.id = Some(lexer.string()?),
            "outcome" => found.outcome = Some(lexer.string()?),
            "prev" => found.prev = Some(null_or_string(lexer)?),
            "recorded_at" => found.recorded_at = Some(lexer.string()?),
            "tenant" => found.tenant = Some(lexer.string()?),
            "v" => found.version = Some(lexer.integer()?),
            _ => lexer.skip_value(1)?,
        }
        Ok(())
    })?;
    lexer.end()?;
    Ok(found)
}

fn null_or_string<'a>(lexer: &mut Lexer<'a>) -> Result<Option<Text<'a>>, CanonicalError> {
    if lexer.null()? { Ok(None) } else { lexer.string().map(Some) }
}

#[derive(Default)]
struct Found<'a> {
    action: Option<Text<'a>>,
    actor: Option<FoundActor<'a>>,
    entity: Option<FoundEntity<'a>>,
    id: Option<Text<'a>>,
    outcome: Option<Text<'a>>,
    prev: Option<Option<Text<'a>>>,
    recorded_at: Option<Text<'a>>,
    tenant: Option<Text<'a>>,
    version: Option<i64>,
}

#[derive(Default)]
struct FoundActor<'a> {
    id: Option<Option<Text<'a>>>,
    kind: Option<Text<'a>>,
}

#[derive(Default)]
struct FoundEntity<'a> {
    id: Option<Text<'a>>,
    revision: Option<i64>,
    kind: Option<Text<'a>>,
    other: bool,
}

fn scan_actor<'a>(lexer: &mut Lexer<'a>) -> Result<FoundActor<'a>, CanonicalError> {
    let mut found = FoundActor::default();
    lexer.object(1, |lexer, key| {
        match key {
            "id" => found.id = Some(null_or_string(lexer)?),
            "kind" => found.kind = Some(lexer.string()?),
            _ => lexer.skip_value(2)?,
        }
        Ok(())
    })?;
    Ok(found)
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
            actor: self.actor.ok_or(EventError::Missing("actor"))?.check()?,
            entity,
            id: plain(self.id, "id", is_uuid)?,
            outcome: plain(self.outcome, "outcome", |text| !text.is_empty())?,
            prev,
            recorded_at: plain(self.recorded_at, "recorded_at", is_time)?,
            tenant: plain(self.tenant, "tenant", is_uuid)?,
        })
    }
}

impl<'a> FoundActor<'a> {
    fn check(self) -> Result<Actor<'a>, EventError> {
        let id = match self.id.ok_or(EventError::Missing("actor.id"))? {
            None => None,
            id => Some(plain(id, "actor.id", |text| !text.is_empty())?),
        };
        Ok(Actor { id, kind: plain(self.kind, "actor.kind", |text| !text.is_empty())? })
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
            "occurred_at": "2026-01-02T03:04:05.000006Z",
            "outcome": "ok",
            "prev": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "reason": null,
            "recorded_at": "2026-01-02T03:04:05.000006Z",
            "request": null,
            "source": {"agent": "browser", "ip": {"commit": "00"}},
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
        assert_eq!((fields.actor.kind, fields.outcome), ("user", "ok"));
        assert_eq!(fields.actor.id, Some("01930000-0000-7000-8000-000000000001"));
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
            ("/actor/id", "actor.id", vec![json!(""), json!("\n")]),
            ("/actor/kind", "actor.kind", vec![json!("")]),
            ("/outcome", "outcome", vec![json!("")]),
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
            "/actor",
            "/actor/id",
            "/actor/kind",
            "/outcome",
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
        for name in ["action", "actor", "entity", "id", "outcome", "prev", "recorded_at", "tenant", "v"] {
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

    #[test]
    fn event_with_other_members_is_read_all_the_same() {
        let usual = to_bytes(&event()).unwrap();
        assert!(scan_usual(Lexer::new(&usual).unwrap()).is_ok());
        for (path, name) in [("", "aaa"), ("", "z"), ("/actor", "name"), ("/source", "z")] {
            let mut event = event();
            event.pointer_mut(path).unwrap().as_object_mut().unwrap().insert(name.to_owned(), json!([1]));
            let bytes = to_bytes(&event).unwrap();
            assert!(scan_usual(Lexer::new(&bytes).unwrap()).is_err());
            assert_eq!(scan(&bytes).unwrap(), scan(&usual).unwrap());
        }
    }

    proptest! {
        #[test]
        fn both_ways_of_reading_agree(at in any::<prop::sample::Index>(), octets in proptest::collection::vec(any::<u8>(), 0..4), length in 0_usize..4) {
            let mut bytes = to_bytes(&event()).unwrap();
            let at = at.index(bytes.len());
            bytes.splice(at..(at + length).min(bytes.len()), octets);
            let Ok(lexer) = Lexer::new(&bytes) else { return Ok(()) };
            if let Ok(usual) = scan_usual(lexer.clone()) {
                let any = scan_any(lexer).map_err(EventError::from).and_then(Found::check);
                prop_assert_eq!(usual.check(), any);
            }
        }

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
