//! What stands in an event in place of a personal value, and showing that value to somebody.
//!
//! ```text
//! {"commit":"<64 hex>"}        HMAC-SHA-256 of the value's canonical octets, keyed by a salt of 16 octets
//! ```
//!
//! The octets of an event never change, whoever reads them. Whoever is to see a value gets it with its salt, and can check
//! that it is the recorded one; whoever is not sees that there is one, and can neither guess nor test it.
//!
//! What an event says outside its commitments (who acted, what they did, to what, when, and every value that is not
//! personal) stands in the octets themselves and cannot be withheld.

use std::collections::HashSet;

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::Sha256;

use crate::canonical;

/// The longest disclosed value that is looked at, in canonical octets.
pub const MAX_DISCLOSED_BYTES: usize = 1024 * 1024;

/// What the address that a request came from is called among the paths of what can be disclosed; every other path begins
/// with a slash.
const ADDRESS: &str = "ip";

/// A place in an event where a commitment stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Committed {
    /// Which value it is: the path of its change as the event has it, with the way down where it lies deeper within, or
    /// `ip` for the address that the request came from.
    pub path: String,
    /// The commitment, 64 lower-case hexadecimal digits.
    pub commit: String,
}

/// A personal value with what shows that it is the recorded one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opening {
    /// The commitment that stands in the event.
    pub commit: String,
    /// The salt, 32 lower-case hexadecimal digits.
    pub salt: String,
    /// The value.
    pub value: Value,
}

/// Why a disclosed value is not the recorded one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpeningError {
    /// The event holds no such commitment.
    #[error("the record holds no commitment to it")]
    Unknown,
    /// The same commitment is opened more than once.
    #[error("it is disclosed more than once")]
    Twice,
    /// A salt or a value that no event can have.
    #[error("its salt or its value has no canonical form")]
    Form,
    /// Value and salt do not give the commitment.
    #[error("it is not the value that the record commits to")]
    Other,
}

impl Opening {
    /// Checks that the value is the one that `commit` stands for.
    ///
    /// # Errors
    /// A salt or value without a canonical form, or another value than the recorded one.
    pub fn check(&self) -> Result<(), OpeningError> {
        let salt = hex_of::<16>(&self.salt).ok_or(OpeningError::Form)?;
        let commit = hex_of::<32>(&self.commit).ok_or(OpeningError::Form)?;
        let octets = canonical::to_bytes(&self.value).map_err(|_| OpeningError::Form)?;
        if octets.len() > MAX_DISCLOSED_BYTES {
            return Err(OpeningError::Form);
        }
        let mut mac = Hmac::<Sha256>::new_from_slice(&salt).map_err(|_| OpeningError::Form)?;
        mac.update(&octets);
        mac.verify_slice(&commit).map_err(|_| OpeningError::Other)
    }

    /// Checks several openings against the commitments of one event.
    ///
    /// # Errors
    /// The first that does not fit, by its commitment.
    pub fn check_all(openings: &[Self], committed: &[Committed]) -> Result<(), (String, OpeningError)> {
        let known: HashSet<&str> = committed.iter().map(|known| known.commit.as_str()).collect();
        let mut seen = HashSet::new();
        for opening in openings {
            let wrong = |error| (opening.commit.clone(), error);
            if !known.contains(opening.commit.as_str()) {
                return Err(wrong(OpeningError::Unknown));
            }
            if !seen.insert(opening.commit.as_str()) {
                return Err(wrong(OpeningError::Twice));
            }
            opening.check().map_err(wrong)?;
        }
        Ok(())
    }
}

/// The commitments of an event, in the order of its octets; none for octets that are no JSON object.
#[must_use]
pub fn commitments(octets: &[u8]) -> Vec<Committed> {
    let mut found = Vec::new();
    let Ok(event) = serde_json::from_slice::<Value>(octets) else { return found };
    for change in event.get("changes").and_then(Value::as_array).into_iter().flatten() {
        let path = change.get("path").and_then(Value::as_str).unwrap_or_default();
        for side in ["after", "before"] {
            within(change.get(side).unwrap_or(&Value::Null), path, &mut found);
        }
    }
    if let Some(commit) = event.get("source").and_then(|source| commit_of(source.get("ip")?)) {
        found.push(Committed { path: ADDRESS.to_owned(), commit });
    }
    found
}

/// The commitments in a value, which lies no deeper than JSON is read.
fn within(value: &Value, path: &str, found: &mut Vec<Committed>) {
    if let Some(commit) = commit_of(value) {
        found.push(Committed { path: path.to_owned(), commit });
        return;
    }
    match value {
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                within(item, &format!("{path}/{place}"), found);
            }
        }
        Value::Object(members) => {
            for (key, member) in members {
                within(member, &format!("{path}/{}", key.replace('~', "~0").replace('/', "~1")), found);
            }
        }
        _ => {}
    }
}

/// The commitment that a value is.
fn commit_of(value: &Value) -> Option<String> {
    let members = value.as_object().filter(|members| members.len() == 1)?;
    let commit = members.get("commit")?.as_str()?;
    hex_of::<32>(commit).map(|_| commit.to_owned())
}

/// The octets of exactly `N` octets in lower-case hexadecimal digits.
fn hex_of<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut octets = [0; N];
    hex::decode_to_slice(text, &mut octets).ok()?;
    (!text.bytes().any(|octet| octet.is_ascii_uppercase())).then_some(octets)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use serde_json::json;

    use super::*;

    fn opening(value: &Value) -> Opening {
        let salt = "000102030405060708090a0b0c0d0e0f";
        let mut mac = Hmac::<Sha256>::new_from_slice(&hex::decode(salt).unwrap()).unwrap();
        mac.update(&canonical::to_bytes(value).unwrap());
        let commit = hex::encode(mac.finalize().into_bytes());
        Opening { commit, salt: salt.to_owned(), value: value.clone() }
    }

    #[test]
    fn commitment_is_the_documented_code() {
        let known = opening(&json!("ada@example.org"));
        // Computed by another program.
        assert_eq!(known.commit, "52dfba253e01b3f0bbf29d5b781c28c37137555345b7685c425b99cae1825488");
        assert_eq!(known.check(), Ok(()));
        let other = Opening { value: json!("eve@example.org"), ..known.clone() };
        assert_eq!(other.check(), Err(OpeningError::Other));
        let salted = Opening { salt: "ff".repeat(16), ..known.clone() };
        assert_eq!(salted.check(), Err(OpeningError::Other));
        for (salt, commit) in [
            (known.salt.to_uppercase(), known.commit.clone()),
            (known.salt.clone(), known.commit.to_uppercase()),
            (known.salt[2..].to_owned(), known.commit.clone()),
        ] {
            assert_eq!(Opening { salt, commit, ..known.clone() }.check(), Err(OpeningError::Form));
        }
        assert_eq!(Opening { value: json!(0.5), ..known }.check(), Err(OpeningError::Form));
    }

    #[test]
    fn commitments_are_found_where_they_stand() {
        let hex = |digit: &str| digit.repeat(64);
        let event = json!({
            "changes": [
                {"after": {"commit": hex("a")}, "before": null, "op": "add", "path": "/name"},
                {"after": {"list": [1, {"commit": hex("b")}], "a/b": {"commit": hex("c")}}, "before": {"commit": "short"}, "op": "add", "path": "/plan"},
                {"after": {"commit": hex("d"), "more": 1}, "before": {"redacted": true}, "op": "add", "path": "/x"},
            ],
            "source": {"agent": "browser", "ip": {"commit": hex("e")}},
        });
        let found = commitments(&serde_json::to_vec(&event).unwrap());
        let mut paths: Vec<_> = found.iter().map(|c| (c.path.as_str(), &c.commit[..1])).collect();
        paths.sort_unstable();
        assert_eq!(paths, [("/name", "a"), ("/plan/a~1b", "c"), ("/plan/list/1", "b"), ("ip", "e")]);
        assert!(commitments(b"[1]").is_empty() && commitments(b"\xff").is_empty());
    }

    #[test]
    fn value_that_no_record_commits_to_is_refused() {
        let known = opening(&json!({"b": 1, "a": [null, true]}));
        let committed = [Committed { path: "/x".into(), commit: known.commit.clone() }];
        assert_eq!(Opening::check_all(std::slice::from_ref(&known), &committed), Ok(()));
        let twice = [known.clone(), known.clone()];
        assert_eq!(Opening::check_all(&twice, &committed), Err((known.commit.clone(), OpeningError::Twice)));
        assert_eq!(Opening::check_all(&twice, &[]), Err((known.commit, OpeningError::Unknown)));
    }
}
