//! What an event is found by: who, what, how, from where, and the words that are nobody's secret.

use bailiwick_domain::{search::SOURCE, time::Timestamp, words};
use serde_json::Value;
use uuid::Uuid;

/// Octets of a term at most; what is longer is cut, here and in what is looked for.
const LONGEST: usize = 200;
/// Characters of a text at most, from its beginning, whose words are kept.
const VALUE: usize = 200;
/// Words of one event at most.
const WORDS: usize = 96;
/// Objects and lists within each other at most.
const DEPTH: usize = 4;

/// Something that events have in common: a letter for its sort, and the value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Term(Vec<u8>);

/// Sorts of terms, by the letter that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Sort {
    Request = b'r',
    Source = b's',
    Credential = b'c',
    Owner = b'u',
    Actor = b'a',
    Word = b'w',
    Action = b'x',
    Noun = b'n',
    Kind = b't',
    ActorKind = b'k',
    Outcome = b'o',
    /// Of no event: leaves that the retention took.
    Gone = b'g',
}

impl Sort {
    /// From those that fewest events share to those that most do: which one search begins with.
    pub(crate) const RARE_FIRST: [Self; 12] = [
        Self::Request,
        Self::Source,
        Self::Credential,
        Self::Owner,
        Self::Actor,
        Self::Word,
        Self::Action,
        Self::Noun,
        Self::Kind,
        Self::ActorKind,
        Self::Outcome,
        Self::Gone,
    ];

    const fn letter(self) -> u8 {
        self as u8
    }

    /// Whether its values are ids.
    const fn has_ids(self) -> bool {
        matches!(self, Self::Request | Self::Credential | Self::Owner | Self::Actor)
    }

    /// Its name in searches that are kept.
    const fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Source => "source",
            Self::Credential => "session",
            Self::Owner => "owner",
            Self::Actor => "actor",
            Self::Word => "word",
            Self::Action => "action",
            Self::Noun => "noun",
            Self::Kind => "type",
            Self::ActorKind => "actor_kind",
            Self::Outcome => "outcome",
            Self::Gone => "gone",
        }
    }
}

impl Term {
    fn new(sort: Sort, value: &[u8]) -> Self {
        let mut term = Vec::with_capacity(value.len() + 1);
        term.push(sort.letter());
        term.extend(value.iter().take(LONGEST - 1));
        Self(term)
    }

    pub(crate) fn actor(id: Uuid) -> Self {
        Self::new(Sort::Actor, id.as_bytes())
    }

    pub(crate) fn credential(id: Uuid) -> Self {
        Self::new(Sort::Credential, id.as_bytes())
    }

    pub(crate) fn owner(id: Uuid) -> Self {
        Self::new(Sort::Owner, id.as_bytes())
    }

    pub(crate) fn actor_kind(kind: &str) -> Self {
        Self::new(Sort::ActorKind, kind.as_bytes())
    }

    pub(crate) fn kind(kind: &str) -> Self {
        Self::new(Sort::Kind, kind.as_bytes())
    }

    pub(crate) fn action(action: &str) -> Self {
        Self::new(Sort::Action, action.as_bytes())
    }

    pub(crate) fn noun(noun: &str) -> Self {
        Self::new(Sort::Noun, noun.as_bytes())
    }

    pub(crate) fn outcome(outcome: &str) -> Self {
        Self::new(Sort::Outcome, outcome.as_bytes())
    }

    pub(crate) fn source(tag: [u8; SOURCE]) -> Self {
        Self::new(Sort::Source, &tag)
    }

    pub(crate) fn request(id: Uuid) -> Self {
        Self::new(Sort::Request, id.as_bytes())
    }

    /// What stands for leaves that the retention took, in the blocks where it did.
    pub(crate) fn gone() -> Self {
        Self::new(Sort::Gone, b"")
    }

    pub(crate) fn word(word: &str) -> Self {
        Self::new(Sort::Word, word.as_bytes())
    }

    /// The first and the first beyond all terms of a sort that begin so.
    pub(crate) fn beginning(sort: Sort, beginning: &str) -> (Self, Self) {
        let first = Self::new(sort, beginning.as_bytes());
        let mut end = first.0.clone();
        // No letter of ours is the last octet there is, so something can always be counted up.
        while end.last() == Some(&u8::MAX) {
            end.pop();
        }
        if let Some(last) = end.last_mut() {
            *last += 1;
        }
        (first, Self(end))
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) const fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Its sort; nothing for one that this version does not write.
    pub(crate) fn sort(&self) -> Option<Sort> {
        let letter = *self.0.first()?;
        Sort::RARE_FIRST.into_iter().find(|sort| sort.letter() == letter)
    }

    /// The value of a term whose values are ids.
    pub(crate) fn id(&self) -> Option<Uuid> {
        Uuid::from_slice(self.0.get(1..)?).ok()
    }

    /// As a text, `sort:value`; nothing for a term that this version does not write.
    pub(crate) fn written(&self) -> Option<String> {
        let (sort, value) = (self.sort()?, self.0.get(1..)?);
        let value = match sort {
            sort if sort.has_ids() => Uuid::from_slice(value).ok()?.to_string(),
            Sort::Source => hex::encode(value),
            // A long word may have been cut within a character.
            _ => match std::str::from_utf8(value) {
                Ok(text) => text.to_owned(),
                Err(_) => return Some(format!("{}#{}", sort.name(), hex::encode(value))),
            },
        };
        Some(format!("{}:{value}", sort.name()))
    }

    /// Reads what [`written`](Self::written) gave.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (name, value) = text.split_at_checked(text.find([':', '#'])?)?;
        let sort = Sort::RARE_FIRST.into_iter().find(|sort| sort.name() == name)?;
        let value = match (value.strip_prefix('#'), value.strip_prefix(':')) {
            (Some(octets), _) => hex::decode(octets).ok()?,
            (_, Some(id)) if sort.has_ids() => Uuid::try_parse(id).ok()?.as_bytes().to_vec(),
            (_, Some(tag)) if sort == Sort::Source => hex::decode(tag).ok()?,
            (_, text) => text?.as_bytes().to_vec(),
        };
        Some(Self::new(sort, &value))
    }

    /// The value of a term whose values are text.
    pub(crate) fn text(&self) -> Option<&str> {
        std::str::from_utf8(self.0.get(1..)?).ok()
    }
}

/// What an event says that it can be found by, but for its changes.
pub(crate) struct Said<'a> {
    pub(crate) action: &'a str,
    pub(crate) outcome: &'a str,
    pub(crate) entity_type: &'a str,
    pub(crate) actor_kind: &'a str,
    pub(crate) actor_id: Option<Uuid>,
    /// The session or key by which they acted.
    pub(crate) credential: Option<Uuid>,
    /// Whose the thing is, where that is somebody else than the thing itself.
    pub(crate) owner: Option<Uuid>,
    pub(crate) reason: Option<&'a str>,
    pub(crate) request: Option<Uuid>,
    pub(crate) source: Option<[u8; SOURCE]>,
}

/// The terms of an event, each once, in order. `changes` are paths with the values before and after, in the form in which the
/// event is written: personal values are commitments there, and secret ones are gone.
pub(crate) fn terms<'a>(
    said: &Said<'_>,
    changes: impl IntoIterator<Item = (&'a str, [&'a Value; 2])>,
) -> Vec<Term> {
    let mut terms = vec![
        Term::action(said.action),
        Term::outcome(said.outcome),
        Term::kind(said.entity_type),
        Term::actor_kind(said.actor_kind),
    ];
    terms.extend(said.action.split_once('.').map(|(noun, _)| Term::noun(noun)));
    terms.extend(said.actor_id.map(Term::actor));
    // A key that acts for itself is its own credential, and found as the actor.
    terms.extend(said.credential.filter(|id| said.actor_id != Some(*id)).map(Term::credential));
    terms.extend(said.owner.map(Term::owner));
    terms.extend(said.request.map(Term::request));
    terms.extend(said.source.map(Term::source));
    let mut found = Vec::new();
    for text in [Some(said.action), Some(said.entity_type), said.reason].into_iter().flatten() {
        found.extend(words::of_text(text));
    }
    for (path, values) in changes {
        found.extend(words::of_text(path));
        values.into_iter().for_each(|value| of_value(value, DEPTH, &mut found));
    }
    let mut seen = std::collections::BTreeSet::new();
    found.retain(|word| seen.insert(word.clone()));
    terms.extend(found.iter().take(WORDS).map(|word| Term::word(word)));
    terms.sort_unstable();
    terms.dedup();
    terms
}

fn of_value(value: &Value, depth: usize, found: &mut Vec<String>) {
    let Some(deeper) = depth.checked_sub(1) else { return };
    match value {
        Value::String(text) if !is_opaque(text) => found.extend(words::of_text(beginning(text))),
        Value::Array(values) => values.iter().for_each(|value| of_value(value, deeper, found)),
        // What stands for a personal or a secret value says nothing.
        Value::Object(members) if !members.contains_key("commit") && !members.contains_key("redacted") => {
            for (name, value) in members {
                found.extend(words::of_text(name));
                of_value(value, deeper, found);
            }
        }
        _ => {}
    }
}

/// As much of a text as is searched. A word that its end would cut in two is left out: nobody looks for half of one.
fn beginning(text: &str) -> &str {
    let Some((end, _)) = text.char_indices().nth(VALUE) else { return text };
    let (kept, rest) = text.split_at(end);
    if rest.starts_with(char::is_alphanumeric) { kept.trim_end_matches(char::is_alphanumeric) } else { kept }
}

/// Ids, hashes and times are looked for by other means, and nearly every one is another.
fn is_opaque(text: &str) -> bool {
    let hash = text.len() >= 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    hash || Uuid::try_parse(text).is_ok() || Timestamp::parse(text).is_ok()
}

/// Terms as they wait for their block to fill: each led by its length.
pub(crate) fn packed(terms: &[Term]) -> Vec<u8> {
    let mut octets = Vec::new();
    for term in terms {
        octets.push(u8::try_from(term.0.len()).unwrap_or_default());
        octets.extend_from_slice(&term.0);
    }
    octets
}

/// Reads what waits.
pub(crate) fn unpacked(mut octets: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (length, rest) = octets.split_first()?;
        let (term, rest) = rest.split_at_checked(usize::from(*length))?;
        octets = rest;
        Some(term)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use serde_json::json;

    use super::*;

    fn said() -> Said<'static> {
        Said {
            action: "user.role_changed",
            outcome: "ok",
            entity_type: "user",
            actor_kind: "user",
            actor_id: Some(Uuid::from_u128(1)),
            credential: Some(Uuid::from_u128(3)),
            owner: Some(Uuid::from_u128(4)),
            reason: Some("Förderung!"),
            request: Some(Uuid::from_u128(2)),
            source: Some([7; SOURCE]),
        }
    }

    fn words(changes: &[(&str, [Value; 2])]) -> Vec<String> {
        let changes = changes.iter().map(|(path, [before, after])| (*path, [before, after]));
        let terms = terms(&said(), changes);
        let words = terms.iter().filter(|term| term.sort() == Some(Sort::Word));
        words.map(|term| term.text().unwrap().to_owned()).collect()
    }

    #[test]
    fn event_is_found_by_its_words_and_never_by_a_secret_or_a_person() {
        let hidden = json!({"commit": "secretword"});
        let redacted = json!({"redacted": true, "was": "hiddenword"});
        let id = json!("0193a7c2-7b1e-7000-8000-000000000001");
        let long = json!(format!("{}beyond", "x ".repeat(150)));
        let cut = json!(format!("{}endless", "y ".repeat(97)));
        let found = words(&[
            ("/role", [json!("auditor"), json!("Plan-Manager")]),
            ("/email", [hidden.clone(), hidden]),
            ("/key", [Value::Null, redacted]),
            ("/owner", [id, json!("2026-01-02T03:04:05Z")]),
            ("/note", [long, json!(["a", {"in": "list"}])]),
            ("/note", [cut, Value::Null]),
        ]);
        assert_eq!(
            found,
            [
                "a",
                "auditor",
                "changed",
                "email",
                "forderung",
                "in",
                "key",
                "list",
                "manager",
                "note",
                "owner",
                "plan",
                "role",
                "user",
                "x",
                "y"
            ]
        );
    }

    #[test]
    fn event_is_found_by_who_and_what_and_from_where() {
        let terms = terms(&said(), []);
        for term in [
            Term::action("user.role_changed"),
            Term::noun("user"),
            Term::kind("user"),
            Term::actor_kind("user"),
            Term::outcome("ok"),
            Term::actor(Uuid::from_u128(1)),
            Term::credential(Uuid::from_u128(3)),
            Term::owner(Uuid::from_u128(4)),
            Term::request(Uuid::from_u128(2)),
            Term::source([7; SOURCE]),
        ] {
            assert!(terms.contains(&term), "{term:?}");
        }
        let key = Said { credential: Some(Uuid::from_u128(1)), owner: None, ..said() };
        let of_key = super::terms(&key, []);
        let sorts = [Some(Sort::Credential), Some(Sort::Owner)];
        assert!(of_key.iter().all(|term| !sorts.contains(&term.sort())), "a key is no session of its own");
        let octets = packed(&terms);
        assert!(unpacked(&octets).eq(terms.iter().map(Term::as_bytes)));
        assert_eq!(unpacked(&[9, 1]).count(), 0, "what is cut short is no term");
    }

    #[test]
    fn terms_that_begin_alike_lie_between_two_bounds() {
        let (first, end) = Term::beginning(Sort::Action, "user.");
        for (action, within) in
            [("user.", true), ("user.z", true), ("user", false), ("user/", false), ("v", false)]
        {
            let term = Term::action(action);
            assert_eq!(term >= first && term < end, within, "{action}");
        }
    }
}
