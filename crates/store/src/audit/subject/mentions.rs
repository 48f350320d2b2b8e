//! What others keep that names a person: their searches of the log, and the searches that exports were made of.
//!
//! Names are compared by their words, as the search of the log does: in lower case and without accents, one behind the other.

use std::collections::HashSet;

use bailiwick_domain::{
    entity::{AuditExport, AuditHold, SavedSearch},
    ids::EventId,
    time::Timestamp,
    words,
};
use serde_json::Value;
use uuid::Uuid;

use super::Subject;
use crate::{
    Result,
    audit::{
        export::{self, Selection},
        hold,
        integrate::leaf_of,
        pack::EventOctets,
        personal,
        search::Term,
    },
    lock::rows,
    saved_searches,
    tx::{Scope, Tx},
};

/// Rows looked at in one go.
const CHUNK: i64 = 500;

/// What somebody is called.
#[derive(Clone, Copy, Debug)]
pub struct Called<'a> {
    /// Their opaque id: what they keep themselves is theirs.
    pub person: Uuid,
    /// Their name, while it is known.
    pub name: Option<&'a str>,
    /// Their address, while it is known.
    pub address: Option<&'a str>,
}

impl<'a> Called<'a> {
    /// What the person of a request is called.
    pub fn of(subject: &'a Subject) -> Self {
        let name = subject.user.as_ref().map(|user| user.name.as_str());
        Self { person: subject.person, name, address: subject.address.as_deref() }
    }

    fn words(self) -> Vec<Vec<String>> {
        let texts = [self.name, self.address].into_iter().flatten();
        texts
            .map(|text| words::of_text(text).collect())
            .filter(|words: &Vec<String>| !words.is_empty())
            .collect()
    }
}

/// Whether a text names somebody by one of these.
fn names(text: &str, called: &[Vec<String>]) -> bool {
    let text: Vec<String> = words::of_text(text).collect();
    called.iter().any(|name| text.windows(name.len()).any(|some| some == name.as_slice()))
}

/// Searches that others keep and whose name or query names the person.
pub async fn searches(scope: &mut impl Scope, called: Called<'_>) -> Result<Vec<SavedSearch>> {
    let by = called.words();
    let (mut found, mut after) = (Vec::new(), Uuid::nil());
    if by.is_empty() {
        return Ok(found);
    }
    loop {
        let some = saved_searches::after(scope, after, CHUNK).await?;
        let Some(last) = some.last() else { return Ok(found) };
        after = last.id.uuid();
        let of_others = some.into_iter().filter(|search| search.user.uuid() != called.person);
        found.extend(of_others.filter(|search| names(&search.name, &by) || names(&search.query, &by)));
    }
}

/// Exports of searches for all words of the name or of the address; what they were asked for is kept word by word.
pub async fn exports(scope: &mut impl Scope, called: Called<'_>) -> Result<Vec<AuditExport>> {
    let by: Vec<Vec<Term>> =
        called.words().iter().map(|words| words.iter().map(|word| Term::word(word)).collect()).collect();
    let (mut found, mut after) = (Vec::new(), Uuid::nil());
    if by.is_empty() {
        return Ok(found);
    }
    loop {
        let some = export::after(scope, after, CHUNK).await?;
        let Some(last) = some.last() else { return Ok(found) };
        after = last.id.uuid();
        found.extend(some.into_iter().filter(|export| {
            // What was erased, or what another version wrote, says nothing here.
            let sought = Selection::parse(&export.selection).map(|selection| selection.terms());
            sought.is_ok_and(|sought| by.iter().any(|name| name.iter().all(|word| sought.contains(word))))
        }));
    }
}

/// A record of a thing that others keep.
struct Said {
    event: Uuid,
    action: String,
    at: Timestamp,
    bytes: EventOctets,
}

/// Takes away what is sealed beside the records of a thing as the value of these fields; the commitments to it stay, and every proof
/// holds. Where a hold keeps the thing, whoever it belongs to, or such a record, nothing is taken, and the hold is given back.
///
/// Whoever asks has locked the policy.
pub async fn unsay(
    tx: &mut Tx,
    (kind, id, owner): (&str, Uuid, Option<Uuid>),
    fields: &[&str],
) -> Result<Option<AuditHold>> {
    let records = records(tx, kind, id).await?;
    let standing = hold::standing(tx).await?;
    let held = standing.into_iter().map(|hold| hold.hold).find(|hold| {
        let record = |said: &Said| hold.scope.keeps(&said.action, said.at);
        hold.scope.keeps_thing(kind, id, owner) || records.iter().any(record)
    });
    if held.is_some() {
        return Ok(held);
    }
    for said in &records {
        let commits = commitments(&said.bytes, fields);
        personal::forget(tx, EventId::from(said.event), &commits).await?;
    }
    Ok(None)
}

/// Every record of a thing, also those that have no place in the tree yet.
async fn records(scope: &mut impl Scope, kind: &str, id: Uuid) -> Result<Vec<Said>> {
    let tenant = scope.tenant();
    let placed: Vec<(Uuid, String, i64, EventOctets)> = rows!(
        scope,
        "SELECT e.id, l.action, l.recorded_at, e.bytes FROM audit_leaf l JOIN audit_event e ON e.tenant = l.tenant AND e.id = l.event
         WHERE l.tenant = $1 AND l.entity_type = $2 AND l.entity_id = $3 ORDER BY l.revision",
        tenant.uuid(),
        kind,
        id
    )?;
    let waiting: Vec<(Uuid, Vec<u8>, EventOctets)> = rows!(
        scope,
        "SELECT e.id, e.hash, e.bytes FROM audit_pending p JOIN audit_event e ON e.tenant = p.tenant AND e.id = p.event WHERE p.tenant = $1",
        tenant.uuid()
    )?;
    let mut found: Vec<Said> = placed
        .into_iter()
        .map(|(event, action, at, bytes)| Said { event, action, at: Timestamp::from_micros(at), bytes })
        .collect();
    for (event, hash, bytes) in waiting {
        let leaf = leaf_of(event, &hash, &bytes, None, None)?;
        if *leaf.entity_type == *kind && leaf.entity_id == id {
            let at = Timestamp::from_micros(leaf.recorded_at);
            found.push(Said { event, action: leaf.action.into_owned(), at, bytes });
        }
    }
    Ok(found)
}

/// What a record commits to as the values of some fields.
fn commitments(bytes: &[u8], fields: &[&str]) -> HashSet<String> {
    let event: Value = serde_json::from_slice(bytes).unwrap_or_default();
    let changes = event.pointer("/changes").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let of_fields = changes.iter().filter(|change| {
        let path = change.get("path").and_then(Value::as_str).unwrap_or_default();
        path.strip_prefix('/').is_some_and(|path| fields.contains(&path))
    });
    let values = of_fields.flat_map(|change| [change.get("before"), change.get("after")]).flatten();
    values.filter_map(|value| value.get("commit")?.as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn called(name: &str, address: &str) -> Vec<Vec<String>> {
        Called { person: Uuid::nil(), name: Some(name), address: Some(address) }.words()
    }

    #[test]
    fn a_person_is_named_in_any_spelling_of_the_whole_name_or_address() {
        let ann = called("Ann O'Brien", "ann.ob@care.example");
        for text in ["What ann o'brien did", "actor:\"ÁNN O'BRIEN\"", "actor:Ann.OB@Care.Example outcome:ok"]
        {
            assert!(names(text, &ann), "{text}");
        }
        for text in ["", "ann", "actor:ann.ob@care", "brien o ann", "joann o'brien", "ann o'brienne"] {
            assert!(!names(text, &ann), "{text}");
        }
        assert!(!names("anything", &called("", "-")));
    }

    #[test]
    fn only_commitments_of_the_fields_are_taken() {
        let bytes = br#"{"changes":[{"path":"/name","op":"replace","before":{"commit":"a"},"after":{"commit":"b"}},
            {"path":"/query","op":"add","before":null,"after":{"commit":"c"}},{"path":"/shared","op":"add","before":null,"after":true}],
            "source":{"ip":{"commit":"d"}}}"#;
        let found = commitments(bytes, &["name", "query"]);
        assert_eq!(found, ["a", "b", "c"].map(str::to_owned).into());
        assert!(commitments(bytes, &["selection"]).is_empty() && commitments(b"", &["name"]).is_empty());
    }
}
