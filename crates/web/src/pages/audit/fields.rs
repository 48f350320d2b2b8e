//! What is stored of things, as people read it: plain names of fields, and values in the reader's own form. The raw form stays
//! behind it.

use bailiwick_domain::{change::Change, role::RoleName, time::Timestamp, zone::Zone};
use serde_json::Value;
use uuid::Uuid;

use super::{actors::Names, difference::plain, words};
use crate::{
    pages::{parts::grouped, titles::Titles},
    when::When,
};

/// Fields whose own name says too little, or something else.
const LABELS: [(&str, &str); 82] = [
    ("absolute_until", "Ends at the latest"),
    ("answer", "Answer of the database"),
    ("asked_by", "Asked for by"),
    ("audit_event", "Record"),
    ("backed_up", "Kept elsewhere too"),
    ("backup_eligible", "May leave its device"),
    ("changed_at", "Changed"),
    ("channel", "Way"),
    ("created_at", "Made"),
    ("created_by", "Made by"),
    ("days", "Days kept"),
    ("digest", "Digest of the change"),
    ("disclosed", "Values shown"),
    ("disclosures", "Times values had left before"),
    ("effect", "Given or taken"),
    ("email", "Address"),
    ("ended_at", "Ended"),
    ("entity_id", "Id of the thing"),
    ("entity_type", "Kind of thing"),
    ("erased", "Destroyed, by kind"),
    ("expires_at", "Ends"),
    ("failing", "Failing now"),
    ("fault", "Why it failed"),
    ("finished_at", "Finished"),
    ("first_leaf", "First place in the log"),
    ("floor", "Least for everybody"),
    ("found", "What verification said"),
    ("idle_until", "Ends when idle"),
    ("invitation_days", "Days an invitation waits"),
    ("invited_by", "Invited by"),
    ("kept", "Left, by kind"),
    ("key_brand", "Keys begin with"),
    ("label", "Name"),
    ("last_leaf", "Last place in the log"),
    ("last_seen_at", "Last request"),
    ("last_step", "Last time step taken"),
    ("last_used_at", "Last used"),
    ("leaf", "Place in the log"),
    ("leaf_index", "Place in the log"),
    ("list", "Signed list"),
    ("made_at", "Made"),
    ("method", "Signed in with"),
    ("mfa_grace_days", "Days of grace"),
    ("mfa_since", "Second factor asked for since"),
    ("network", "Address known"),
    ("octets", "Size in bytes"),
    ("passkey_since", "Passkey asked for since"),
    ("place", "Kind of address"),
    ("prefix", "Begins with"),
    ("query", "Search that shows it"),
    ("raised_at", "Raised"),
    ("reauth_minutes", "Minutes that a proof counts"),
    ("reminded_at", "Reminded"),
    ("renewed_at", "Token replaced"),
    ("replayed_from", "Sent again from place"),
    ("retired_at", "Taken"),
    ("revoked_at", "Revoked"),
    ("role_floors", "Least for a role"),
    ("scopes", "Permissions"),
    ("secret", "Version of the secret"),
    ("seed", "Seed of the dice"),
    ("selection", "What was asked for"),
    ("sends", "Letters written"),
    ("sent_at", "Last letter"),
    ("session_absolute_hours", "Hours after which a session ends"),
    ("session_idle_minutes", "Idle minutes after which a session ends"),
    ("settled_at", "Settled"),
    ("sign_count", "Signatures counted"),
    ("size", "Records in the log"),
    ("slug", "Short name"),
    ("statement", "Statement tried"),
    ("suspected_at", "Suspected to be a copy"),
    ("target", "What it is about"),
    ("team", "Team"),
    ("to", "Recipient"),
    ("took_micros", "Microseconds taken"),
    ("transports", "Reached by"),
    ("tries_left", "Answers left"),
    ("unused", "Codes left"),
    ("used_at", "Used"),
    ("user", "Person"),
    ("verified_at", "Proven"),
];

/// Fields that hold a person's id.
const PEOPLE: [&str; 7] = ["user", "person", "created_by", "invited_by", "made_by", "asked_by", "changed_by"];

/// Fields that hold one word of a closed list.
const WORDS: [&str; 18] = [
    "action",
    "browser",
    "channel",
    "effect",
    "entity_type",
    "factor",
    "fault",
    "kind",
    "level",
    "method",
    "network",
    "outcome",
    "place",
    "provider",
    "severity",
    "state",
    "status",
    "system",
];

/// What the field at a path is called: `/role_floors/auditor` is "Least for a role: Auditor".
pub(super) fn label(path: &str, titles: &Titles) -> String {
    let mut parts = path.split('/').skip(1).map(|part| part.replace("~1", "/").replace("~0", "~"));
    let Some(field) = parts.next() else { return "Everything".to_owned() };
    let inner = parts.map(|part| match part.parse::<RoleName>() {
        Ok(role) => titles.of(role),
        Err(_) => of_field(&part),
    });
    std::iter::once(of_field(&field)).chain(inner).collect::<Vec<_>>().join(": ")
}

fn of_field(field: &str) -> String {
    let known = LABELS.iter().find(|(name, _)| *name == field);
    known.map_or_else(|| words::of_kind(field), |(_, label)| (*label).to_owned())
}

/// The people and teams that values at these paths stand for, to be looked up.
pub(super) fn named(changes: &[Change]) -> Vec<(&'static str, Uuid)> {
    let values =
        changes.iter().flat_map(|change| [(change.field(), &change.before), (change.field(), &change.after)]);
    values.filter_map(|(field, value)| thing(field, value)).collect()
}

/// What a value of a field stands for, if it is a thing with a name.
pub(super) fn thing(field: &str, value: &Value) -> Option<(&'static str, Uuid)> {
    let id = Uuid::try_parse(value.as_str()?).ok()?;
    if PEOPLE.contains(&field) {
        return Some(("user", id));
    }
    (field == "team").then_some(("team", id))
}

/// Whoever reads: what things and roles are called, and in which zone their clock is.
pub(super) struct Reader<'a> {
    pub(super) names: &'a Names,
    pub(super) titles: &'a Titles,
    pub(super) zone: &'a Zone,
}

impl Reader<'_> {
    /// A value in the reader's form.
    pub(super) fn value(&self, path: &str, value: &Value) -> String {
        let field = path.rsplit('/').next().unwrap_or_default();
        match (thing(field, value), value) {
            (Some(("user", id)), _) => self.names.actor("user", Some(id), None).name,
            (Some((kind, id)), _) => self.names.title(kind, id),
            (None, Value::String(text)) => self.text(field, text),
            (None, Value::Bool(true)) => "Yes".to_owned(),
            (None, Value::Bool(false)) => "No".to_owned(),
            (None, Value::Number(number)) => number.as_i64().map_or_else(|| number.to_string(), grouped),
            (None, Value::Array(list)) if list.iter().all(Value::is_string) => self.list(field, list),
            (None, Value::Object(members)) if !members.is_empty() => {
                let line = |(name, inner): (&String, &Value)| {
                    let path = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
                    let told = if inner.is_null() { "nothing".to_owned() } else { self.value(&path, inner) };
                    let role = name.parse::<RoleName>().map(|role| self.titles.of(role));
                    format!("{}: {told}", role.unwrap_or_else(|_| of_field(name)))
                };
                members.iter().map(line).collect::<Vec<_>>().join("\n")
            }
            (None, Value::Object(_)) => "None".to_owned(),
            (None, other) => plain(other),
        }
    }

    fn list(&self, field: &str, list: &[Value]) -> String {
        if list.is_empty() {
            return "None".to_owned();
        }
        let lines = list.iter().filter_map(Value::as_str).map(|text| self.text(field, text));
        lines.collect::<Vec<_>>().join("\n")
    }

    /// A text that is the value of a field, or a member of the list that is.
    pub(super) fn text(&self, field: &str, text: &str) -> String {
        if matches!(field, "role" | "roles")
            && let Ok(role) = text.parse::<RoleName>()
        {
            return self.titles.of(role);
        }
        match (field, text) {
            ("effect", "grant") => return "Given".to_owned(),
            ("effect", "deny") => return "Taken".to_owned(),
            _ => {}
        }
        if WORDS.contains(&field) {
            return words::of_kind(text);
        }
        // A day alone is not a moment of the log: those have a time of day.
        match Timestamp::parse(text) {
            Ok(at) if text.len() > 10 => When::instant(at).text(self.zone),
            _ => text.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::entity::Kind;
    use serde_json::json;

    use super::*;

    fn read(path: &str, value: &Value) -> String {
        let (names, titles) = (Names::default(), Titles::default());
        Reader { names: &names, titles: &titles, zone: &Zone::UTC }.value(path, value)
    }

    #[test]
    fn responder_reads_plain_names_of_fields() {
        for (path, name) in [
            ("/role", "Role"),
            ("/role_floors/auditor", "Least for a role: Auditor"),
            ("/role_floors/auditor/level", "Least for a role: Auditor: Level"),
            ("/scopes", "Permissions"),
            ("/plan~1rate", "Plan/rate"),
            ("", "Everything"),
        ] {
            assert_eq!(label(path, &Titles::default()), name);
        }
        assert!(LABELS.windows(2).all(|two| two[0].0 < two[1].0), "in order, and none twice");
    }

    #[test]
    fn no_field_of_the_log_is_called_by_a_word_of_the_program() {
        for kind in Kind::ALL {
            for field in kind.personal().iter().chain(kind.secret()).chain(kind.quiet()) {
                assert!(!label(&format!("/{field}"), &Titles::default()).contains('_'), "{field}");
            }
        }
    }

    #[test]
    fn responder_reads_values_in_their_own_form() {
        assert_eq!(read("/ended_at", &json!("2026-06-11T23:00:05.000006Z")), "11 June 2026, 11:00:05 pm UTC");
        assert_eq!(read("/name", &json!("2026-06-11")), "2026-06-11");
        assert_eq!(read("/role", &json!("plan_manager")), "Plan Manager");
        assert_eq!(read("/status", &json!("given_up")), "Given up");
        assert_eq!(read("/roles", &json!(["auditor", "developer"])), "Auditor\nDeveloper");
        assert_eq!(read("/permissions", &json!(["a:b"])), "a:b");
        assert_eq!(
            (read("/known", &json!(true)).as_str(), read("/sends", &json!(1200)).as_str()),
            ("Yes", "1,200")
        );
        assert_eq!(
            read("/floor", &json!({"level": "mfa", "mfa_since": null})),
            "Level: MFA\nSecond factor asked for since: nothing"
        );
        assert_eq!(read("/scopes", &json!([])), "None");
        let id = "0193a7c2-7b1e-7000-8000-00000000000a";
        assert!(read("/user", &json!(id)).starts_with("Erased person"), "nobody is called so any more");
    }
}
