//! The filter of a search, as the address spells it.

use bailiwick_domain::time::Timestamp;
use bailiwick_store::audit::{COMING_AND_GOING, Filter, Listed, OutcomeFilter, id_of};
use serde::Deserialize;
use uuid::Uuid;

use crate::{
    api::cursor::{self, Before},
    error::Error,
};

/// The parameters of a search; each narrows.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Parameters {
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

impl Parameters {
    /// The filter, and the leaf before which the page begins.
    ///
    /// # Errors
    /// 400 names the first parameter that cannot be read.
    pub(super) fn read(&self) -> Result<(Filter, Option<i64>), Error> {
        let filter = Filter {
            actor: parse(&self.actor, actor, "`actor` is not an id.")?,
            entity_type: parse(
                &self.entity_type,
                word,
                "`entity_type` is not a kind of thing, such as api_key.",
            )?,
            entity_id: parse(
                &self.entity_id,
                |text| entity_id(self.entity_type.as_deref(), text),
                "`entity_id` is not an id.",
            )?,
            // Programs name things by their ids.
            about: Vec::new(),
            action: parse(&self.action, word, "`action` is not an action, such as user.invited.")?,
            from: parse(&self.from, time, "`from` is neither a date nor an instant in UTC.")?,
            to: parse(&self.to, time, "`to` is neither a date nor an instant in UTC.")?,
            outcome: parse(&self.outcome, outcome, "`outcome` is one of ok, denied, failed.")?,
            changes_only: parse(&self.only, only, "`only` is changes.")?.is_some(),
        };
        let before: Option<Before> = cursor::read(self.cursor.as_deref())?;
        Ok((filter, before.map(|Before(leaf)| leaf)))
    }
}

fn parse<T>(
    text: &Option<String>,
    read: impl Fn(&str) -> Option<T>,
    wrong: &'static str,
) -> Result<Option<T>, Error> {
    text.as_deref().map(|text| read(text).ok_or(Error::BadRequest(wrong))).transpose()
}

fn id(text: &str) -> Option<Uuid> {
    Uuid::try_parse(text).ok().filter(|_| text.len() == 36)
}

/// An actor's id; one whom the product names stands behind `product:`.
fn actor(text: &str) -> Option<Uuid> {
    match text.strip_prefix("product:") {
        Some(name) => id_of("product", name),
        None => id(text),
    }
}

/// The id of a thing; where its type is one of the product's, in the product's words or as links have it.
fn entity_id(kind: Option<&str>, text: &str) -> Option<Uuid> {
    match kind {
        Some(kind) if kind.starts_with("app.") => {
            // What stands for a product's id is a UUID of version 8, which no product has a reason to use.
            id(text).filter(|id| id.get_version_num() == 8).or_else(|| id_of(kind, text))
        }
        _ => id(text),
    }
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

fn outcome(text: &str) -> Option<OutcomeFilter> {
    [OutcomeFilter::Ok, OutcomeFilter::Denied, OutcomeFilter::Failed]
        .into_iter()
        .find(|outcome| outcome.name() == text)
}

/// Whether the text can be the name of an action or a kind of thing. Nothing else is asked of the database, which would
/// refuse some texts outright (PostgreSQL stores no NUL).
pub(in crate::api) fn is_word(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'.'))
}

/// Whether a record fits: for those that have no place in the tree yet, which the database's search does not see.
pub(super) fn fits(filter: &Filter, listed: &Listed) -> bool {
    filter.actor.is_none_or(|actor| listed.actor_id == Some(actor))
        && filter.entity_type.as_ref().is_none_or(|kind| listed.entity_type == *kind)
        && filter.entity_id.is_none_or(|id| listed.entity_id == id)
        && filter.action.as_ref().is_none_or(|action| listed.action == *action)
        && filter.from.is_none_or(|from| listed.recorded_at >= from)
        && filter.to.is_none_or(|to| listed.recorded_at < to)
        && filter.outcome.is_none_or(|outcome| listed.outcome == outcome.name())
        && !(filter.changes_only && COMING_AND_GOING.contains(&listed.entity_type.as_str()))
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::ids::EventId;

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
    fn a_record_of_a_moment_ago_is_held_to_the_same_filter() {
        let at = Timestamp::parse("2026-11-21T12:00:00Z").unwrap();
        let (actor, entity) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let listed = Listed {
            leaf_index: None,
            event: EventId::from(Uuid::from_u128(3)),
            recorded_at: at,
            actor_kind: "user".into(),
            actor_id: Some(actor),
            action: "user.invited".into(),
            outcome: "ok".into(),
            entity_type: "invitation".into(),
            entity_id: entity,
            revision: 1,
        };
        let all = || Filter {
            actor: Some(actor),
            entity_type: Some("invitation".into()),
            entity_id: Some(entity),
            about: Vec::new(),
            action: Some("user.invited".into()),
            from: Some(at),
            to: Some(Timestamp::from_micros(at.micros() + 1)),
            outcome: Some(OutcomeFilter::Ok),
            changes_only: true,
        };
        let session = Listed { entity_type: "session".into(), ..listed.clone() };
        assert!(fits(&Filter::default(), &session));
        assert!(!fits(&Filter { changes_only: true, ..Filter::default() }, &session));
        assert!(fits(&all(), &listed) && fits(&Filter::default(), &listed));
        for other in [
            Filter { actor: Some(entity), ..all() },
            Filter { entity_type: Some("user".into()), ..all() },
            Filter { entity_id: Some(actor), ..all() },
            Filter { action: Some("user".into()), ..all() },
            Filter { from: Some(Timestamp::from_micros(at.micros() + 1)), ..all() },
            Filter { to: Some(at), ..all() },
            Filter { outcome: Some(OutcomeFilter::Denied), ..all() },
        ] {
            assert!(!fits(&other, &listed), "{other:?}");
        }
    }
}
