//! The filter of a search, as the address spells it.

use bailiwick_domain::{
    search::{Outcome, Parsed},
    time::Timestamp,
    zone::Zone,
};
use bailiwick_store::{
    Scope,
    audit::{self, Place, Sought, thing_of},
};
use serde::Deserialize;
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    forms::Problem,
    searching,
};

/// The parameters of a search; each narrows.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Parameters {
    /// A query of one line.
    q: Option<String>,
    actor: Option<String>,
    entity_type: Option<String>,
    entity_id: Option<String>,
    action: Option<String>,
    from: Option<String>,
    to: Option<String>,
    outcome: Option<String>,
    /// `changes`: without sessions and attempts to sign in.
    only: Option<String>,
    cursor: Option<String>,
}

/// What the parameters ask for.
#[derive(Debug)]
pub(in crate::api) struct Wanted {
    line: Parsed,
    actor: Option<Uuid>,
    entity_type: Option<String>,
    entity_id: Option<Uuid>,
    action: Option<String>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    outcome: Option<Outcome>,
    changes_only: bool,
    pub(in crate::api) place: Place,
    /// What the cursors of the search are bound to.
    pub(super) bound: String,
}

impl Parameters {
    /// What is asked for, and where the page lies.
    ///
    /// # Errors
    /// 400 names the first parameter that cannot be read, 422 the place in a query that is wrong.
    pub(in crate::api) fn read(&self) -> Result<Wanted> {
        let bound = self.bound();
        Ok(Wanted {
            actor: parse(
                &self.actor,
                actor,
                "`actor` is not an id; somebody of the product is named with their kind, as in product:u-17.",
            )?,
            entity_type: parse(
                &self.entity_type,
                word,
                "`entity_type` is not a kind of thing, such as api_key.",
            )?,
            entity_id: parse(
                &self.entity_id,
                |text| entity_id(self.entity_type.as_deref(), text),
                "`entity_id` is not an id; for one of the product's own, name its `entity_type`, too.",
            )?,
            action: parse(&self.action, word, "`action` is not an action, such as user.invited.")?,
            from: parse(&self.from, time, "`from` is neither a date nor an instant in UTC.")?,
            to: parse(&self.to, time, "`to` is neither a date nor an instant in UTC.")?,
            outcome: parse(&self.outcome, Outcome::named, "`outcome` is one of ok, denied, failed.")?,
            changes_only: parse(&self.only, only, "`only` is changes.")?.is_some(),
            place: searching::place(&bound, self.cursor.as_deref())?,
            line: searching::read(self.q.as_deref().unwrap_or_default()).map_err(wrong)?,
            bound,
        })
    }

    /// All parameters but the cursor, as one text; empty for none of them.
    fn bound(&self) -> String {
        let all = [
            ("q", &self.q),
            ("actor", &self.actor),
            ("entity_type", &self.entity_type),
            ("entity_id", &self.entity_id),
            ("action", &self.action),
            ("from", &self.from),
            ("to", &self.to),
            ("outcome", &self.outcome),
            ("only", &self.only),
        ];
        let given = all.iter().filter_map(|(name, value)| Some(format!("{name}={}\n", value.as_deref()?)));
        given.collect()
    }
}

impl Wanted {
    /// As the store understands it: the line for whoever reads the clocks of `zone`, and the parameters beside it, by which
    /// programs name things by their ids.
    pub(in crate::api) async fn sought(&self, scope: &mut impl Scope, zone: &Zone) -> Result<Sought> {
        let mut sought = match audit::resolve(scope, &self.line.query, zone).await? {
            Ok(sought) => sought,
            Err(fault) => return Err(wrong(searching::unresolved(&self.line, &fault))),
        };
        if let Some(actor) = self.actor {
            sought = sought.by(actor);
        }
        sought = match (&self.entity_type, self.entity_id) {
            (Some(kind), Some(id)) => sought.about(vec![(kind.clone(), id)]),
            (Some(kind), None) => sought.of_kind(kind),
            (None, Some(id)) => sought.about_id(scope, id).await?,
            (None, None) => sought,
        };
        if let Some(action) = &self.action {
            sought = sought.action(action);
        }
        if let Some(outcome) = self.outcome {
            sought = sought.outcome(outcome.name());
        }
        if self.changes_only {
            sought = sought.changes_only();
        }
        sought.from = sought.from.max(self.from);
        sought.to = match (sought.to, self.to) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        Ok(sought)
    }
}

fn wrong(text: String) -> Error {
    Error::Invalid(vec![Problem::new("q", text)])
}

fn parse<T>(
    text: &Option<String>,
    read: impl Fn(&str) -> Option<T>,
    wrong: &'static str,
) -> Result<Option<T>> {
    text.as_deref().map(|text| read(text).ok_or(Error::BadRequest(wrong))).transpose()
}

/// An actor's id; one whom the product names stands behind `product:`.
fn actor(text: &str) -> Option<Uuid> {
    match text.strip_prefix("product:") {
        Some(name) => thing_of("product", name),
        None => thing_of("", text),
    }
}

/// The id of a thing; where its type is one of the product's, in the product's words or as links have it.
pub(in crate::api) fn entity_id(kind: Option<&str>, text: &str) -> Option<Uuid> {
    thing_of(kind.unwrap_or_default(), text)
}

fn word(text: &str) -> Option<String> {
    is_word(text).then(|| text.to_owned())
}

fn time(text: &str) -> Option<Timestamp> {
    Timestamp::parse(text).ok()
}

fn only(text: &str) -> Option<()> {
    (text == "changes").then_some(())
}

/// Whether the text can be the name of an action or a kind of thing. Nothing else is asked of the database, which would
/// refuse some texts outright (PostgreSQL stores no NUL).
pub(in crate::api) fn is_word(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(change: impl FnOnce(&mut Parameters)) -> Parameters {
        let mut parameters = Parameters::default();
        change(&mut parameters);
        parameters
    }

    #[test]
    fn program_is_told_which_parameter_cannot_be_read() {
        for (name, parameters) in [
            ("actor", parameters(|p| p.actor = Some("me".into()))),
            ("entity_type", parameters(|p| p.entity_type = Some("user\0".into()))),
            (
                "entity_id",
                parameters(|p| p.entity_id = Some("{0193a7c2-7b1e-7000-8000-000000000001}".into())),
            ),
            ("action", parameters(|p| p.action = Some("user.*".into()))),
            ("from", parameters(|p| p.from = Some("yesterday".into()))),
            ("to", parameters(|p| p.to = Some("2026-02-30".into()))),
            ("outcome", parameters(|p| p.outcome = Some("OK".into()))),
            ("only", parameters(|p| p.only = Some("sessions".into()))),
            ("cursor", parameters(|p| p.cursor = Some("-1".into()))),
        ] {
            let Err(Error::BadRequest(text)) = parameters.read() else { panic!("{name} is read") };
            assert!(text.contains(name), "{name}: {text}");
        }
    }

    #[test]
    fn program_is_told_where_a_query_is_wrong() {
        let Err(Error::Invalid(problems)) = parameters(|p| p.q = Some("outcome:ok actr:me".into())).read()
        else {
            panic!("it is read")
        };
        assert_eq!(problems.len(), 1);
        assert!(problems[0].field == "q" && problems[0].text.starts_with("Column 12: "), "{problems:?}");
    }

    #[test]
    fn a_cursor_is_bound_to_all_parameters_beside_it() {
        let first = parameters(|p| p.q = Some("outcome:ok".into())).read().unwrap();
        let cursor = searching::cursor(&first.bound, Place::Before(7));
        let again = |q: &str| {
            let parameters = parameters(|p| (p.q, p.cursor) = (Some(q.into()), cursor.clone()));
            parameters.read()
        };
        assert_eq!(again("outcome:ok").unwrap().place, Place::Before(7));
        assert!(matches!(again("outcome:failed"), Err(Error::BadRequest(_))));
        assert_eq!(Parameters::default().read().unwrap().bound, "");
    }
}
