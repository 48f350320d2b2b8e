//! The filters of the search: from the address to what the store looks for, and back into the form and its chips.

use bailiwick_domain::{
    ids::UserId,
    time::{Span, Timestamp},
};
use bailiwick_store::{
    Error as StoreError, Scope,
    audit::{self, ABOUT_CAP, Filter, OutcomeFilter},
    users,
};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    actors,
    moment::{self, Moment},
    words,
};
use crate::{
    error::{Error, Result},
    forms::{Choice, Field, Problem, Select},
    pages::parts::{Chip, address},
};

/// Ranges that are one click away: name in the address, label, length.
const RANGES: [(&str, &str, Span); 4] = [
    ("1h", "1 hour", Span::hours(1)),
    ("24h", "24 hours", Span::hours(24)),
    ("7d", "7 days", Span::days(7)),
    ("30d", "30 days", Span::days(30)),
];

/// What the address says of a list without sessions and attempts to sign in.
const CHANGES: &str = "changes";

/// The filters as the address holds them, whatever they are worth.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// A name, an address or an id.
    actor: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    /// What the column of the list shows, an address, a prefix, or the id of whatever it is.
    entity: Option<String>,
    action: Option<String>,
    outcome: Option<String>,
    from: Option<String>,
    to: Option<String>,
    range: Option<String>,
    /// `changes`: without sessions and attempts to sign in.
    only: Option<String>,
    /// The leaf before which the page begins.
    before: Option<String>,
}

/// A range that is one click away.
pub(super) struct Range {
    pub(super) label: &'static str,
    pub(super) href: String,
    pub(super) current: bool,
}

/// The filters as the store understands them.
#[derive(Debug, Default)]
pub(super) struct Understood {
    pub(super) filter: Filter,
    pub(super) before: Option<i64>,
    /// What could not be understood; then nothing is looked for.
    pub(super) problems: Vec<Problem>,
}

impl Asked {
    /// Turns what was asked into what can be looked for. Names are looked up within the tenant only.
    pub(super) async fn understand(&self, scope: &mut impl Scope) -> Result<Understood> {
        let mut understood = Understood::default();
        let problems = &mut understood.problems;
        let filter = &mut understood.filter;
        if let Some(text) = self.actor.as_deref() {
            match actor(scope, text.trim()).await? {
                Ok(id) => filter.actor = Some(id),
                Err(why) => problems.push(Problem::new("actor", why)),
            }
        }
        filter.entity_type.clone_from(&self.kind);
        if let Some(text) = self.entity.as_deref()
            && let Err(why) = about(scope, text.trim(), filter).await?
        {
            problems.push(Problem::new("entity", why));
        }
        filter.action.clone_from(&self.action);
        if let Some(text) = self.outcome.as_deref() {
            filter.outcome = [OutcomeFilter::Ok, OutcomeFilter::Denied, OutcomeFilter::Failed]
                .into_iter()
                .find(|one| one.name() == text);
            if filter.outcome.is_none() {
                problems.push(Problem::new("outcome", "Choose one of the outcomes."));
            }
        }
        match self.only.as_deref() {
            None => {}
            Some(CHANGES) => filter.changes_only = true,
            Some(_) => return Err(Error::BadRequest("The list can show changes only, or everything.")),
        }
        let mut moment = |field: &str, text: Option<&str>| {
            let moment = text.map(Moment::parse);
            if moment == Some(None) {
                problems.push(Problem::new(field, moment::WRONG));
            }
            moment.flatten()
        };
        let (from, to) = (moment("from", self.from.as_deref()), moment("to", self.to.as_deref()));
        filter.from = from.map(Moment::start).or_else(|| self.range_start(scope.now()));
        filter.to = to.map(Moment::end);
        if filter.from.zip(filter.to).is_some_and(|(from, to)| to <= from) {
            problems.push(Problem::new("to", "The end lies before the beginning."));
        }
        understood.before = self
            .before
            .as_deref()
            .map(str::parse)
            .transpose()
            .map_err(|_| Error::BadRequest("The address names no place in this list."))?;
        Ok(understood)
    }

    /// Whether nothing narrows the search.
    pub(super) fn is_empty(&self) -> bool {
        self.pairs().iter().all(|(_, value)| value.is_none()) && self.before.is_none()
    }

    /// Whether this is a later page.
    pub(super) const fn is_later(&self) -> bool {
        self.before.is_some()
    }

    /// The first page of the same search.
    pub(super) fn first(&self) -> String {
        self.without(&[])
    }

    /// The page that begins before this leaf.
    pub(super) fn older(&self, leaf: i64) -> String {
        let leaf = leaf.to_string();
        let mut pairs = self.pairs().to_vec();
        pairs.push(("before", Some(&leaf)));
        address("/audit", &pairs)
    }

    /// The filters in force, each with the way to be rid of it.
    pub(super) fn chips(&self) -> Vec<Chip> {
        let words = |text: &Option<String>, words: fn(&str) -> String| text.as_deref().map(words);
        let all = [
            ("Actor", self.actor.clone(), "actor"),
            ("Type", words(&self.kind, words::of_kind), "type"),
            ("Entity", self.entity.clone(), "entity"),
            ("Action", words(&self.action, words::of_action), "action"),
            ("Outcome", words(&self.outcome, |outcome| words::of_outcome(outcome).text), "outcome"),
            ("From", self.from.clone(), "from"),
            ("To", self.to.clone(), "to"),
        ];
        let chip = |(label, value, field): (&str, Option<String>, &str)| {
            Some(Chip { label: label.to_owned(), value: value?, href: self.without(&[field]) })
        };
        all.into_iter().filter_map(chip).collect()
    }

    /// The ranges that are one click away.
    pub(super) fn ranges(&self) -> Vec<Range> {
        let ranged = |name: &'static str| {
            let mut pairs = self.kept(&["from", "to", "range"]);
            pairs.push(("range", Some(name)));
            address("/audit", &pairs)
        };
        let chosen = self.range.as_deref().filter(|_| self.from.is_none());
        let ranges = RANGES.iter().map(|(name, label, _)| Range {
            label,
            href: ranged(name),
            current: chosen == Some(*name),
        });
        let any = Range {
            label: "Any time",
            href: self.without(&["from", "to", "range"]),
            current: self.range.is_none() && self.from.is_none() && self.to.is_none(),
        };
        ranges.chain([any]).collect()
    }

    /// The list without the coming and going of people, or with it again.
    pub(super) fn changes(&self) -> Range {
        let current = self.only.is_some();
        let href = if current {
            self.without(&["only"])
        } else {
            let mut pairs = self.kept(&["only"]);
            pairs.push(("only", Some(CHANGES)));
            address("/audit", &pairs)
        };
        Range { label: "Changes only", href, current }
    }

    /// The actor as it was typed.
    pub(super) fn actor_field(&self, problems: &[Problem]) -> Field {
        field("actor", "Actor", self.actor.as_deref(), problems).hint("Name, address or id")
    }

    /// The entity as it was typed.
    pub(super) fn entity_field(&self, problems: &[Problem]) -> Field {
        field("entity", "Entity", self.entity.as_deref(), problems).hint("Name, address or id")
    }

    /// The kinds that occur.
    pub(super) fn kind_select(&self, kinds: &[String]) -> Select {
        select(
            "type",
            "Type",
            "Any type",
            kinds.iter().map(|kind| Choice::new(kind, words::of_kind(kind))),
            self.kind.as_deref(),
        )
    }

    /// The actions that occur.
    pub(super) fn action_select(&self, actions: &[String]) -> Select {
        select(
            "action",
            "Action",
            "Any action",
            actions.iter().map(|action| Choice::new(action, action)),
            self.action.as_deref(),
        )
    }

    /// The outcomes there are.
    pub(super) fn outcome_select(&self, problems: &[Problem]) -> Select {
        let outcomes =
            [OutcomeFilter::Ok, OutcomeFilter::Denied, OutcomeFilter::Failed].map(OutcomeFilter::name);
        let outcomes = outcomes.into_iter().map(|name| Choice::new(name, words::of_outcome(name).text));
        let select = select("outcome", "Outcome", "Any outcome", outcomes, self.outcome.as_deref());
        Select { error: error("outcome", problems), ..select }
    }

    /// The beginning as a field shows it; what could not be understood stands there as it was typed.
    pub(super) fn beginning_field(&self, now: Timestamp, problems: &[Problem]) -> Field {
        let known =
            self.from.as_deref().and_then(Moment::parse).map(Moment::start).or_else(|| self.range_start(now));
        let text = known.map_or_else(|| self.from.clone().unwrap_or_default(), moment::typed);
        field("from", "From (UTC)", Some(&text), problems)
    }

    /// The end as a field shows it, likewise.
    pub(super) fn end_field(&self, problems: &[Problem]) -> Field {
        let known = self.to.as_deref().and_then(Moment::parse).map(Moment::last_minute);
        let text = known.map_or_else(|| self.to.clone().unwrap_or_default(), moment::typed);
        field("to", "To (UTC)", Some(&text), problems)
    }

    /// When the chosen range begins; a beginning that was typed wins over it.
    fn range_start(&self, now: Timestamp) -> Option<Timestamp> {
        let name = self.range.as_deref().filter(|_| self.from.is_none())?;
        RANGES.iter().find(|(range, _, _)| *range == name).map(|(_, _, span)| now - *span)
    }

    fn pairs(&self) -> [(&'static str, Option<&str>); 9] {
        [
            ("actor", self.actor.as_deref()),
            ("type", self.kind.as_deref()),
            ("entity", self.entity.as_deref()),
            ("action", self.action.as_deref()),
            ("outcome", self.outcome.as_deref()),
            ("from", self.from.as_deref()),
            ("to", self.to.as_deref()),
            ("range", self.range.as_deref()),
            ("only", self.only.as_deref()),
        ]
    }

    fn kept(&self, without: &[&str]) -> Vec<(&'static str, Option<&str>)> {
        self.pairs().into_iter().filter(|(name, _)| !without.contains(name)).collect()
    }

    fn without(&self, fields: &[&str]) -> String {
        address("/audit", &self.kept(fields))
    }
}

/// The id of who was asked for, by itself or by their name or address, an API key's by its name or prefix; or why nobody is
/// meant.
async fn actor(scope: &mut impl Scope, text: &str) -> Result<Result<Uuid, &'static str>> {
    if let Ok(id) = Uuid::try_parse(text) {
        return Ok(Ok(id));
    }
    let people = users::matching(scope, text).await?;
    Ok(match people.as_slice() {
        [one] => Ok(one.id.uuid()),
        [_, _, ..] => Err("Several people fit. Use the address of one of them."),
        // Whatever else has a name: keys act as well, and of the rest there are no records.
        [] => match audit::named(scope, unabridged(text)).await?.as_slice() {
            [] => Err("Nobody here has this name or address, and it is no id."),
            [one] => Ok(*one),
            _ => Err("Several keys fit. Use the prefix of one of them."),
        },
    })
}

/// Narrows the filter to what was asked for, as the column of the list calls it or by its id; or says why nothing is meant.
/// A person stands for everything that is theirs, and a name that several share for all of them.
async fn about(scope: &mut impl Scope, text: &str, filter: &mut Filter) -> Result<Result<(), &'static str>> {
    if let Ok(id) = Uuid::try_parse(text) {
        match users::find(scope, UserId::from(id)).await {
            Ok(_) => filter.about = vec![id],
            Err(StoreError::NotFound) => filter.entity_id = Some(id),
            Err(error) => return Err(error.into()),
        }
        return Ok(Ok(()));
    }
    if text.eq_ignore_ascii_case(actors::POLICY) {
        filter.entity_id = Some(scope.tenant().uuid());
        filter.entity_type.get_or_insert_with(|| "policy".to_owned());
        return Ok(Ok(()));
    }
    let found = audit::named(scope, unabridged(text)).await?;
    Ok(match found.len() {
        0 => Err("Nothing here has this name or address, and it is no id."),
        1..=ABOUT_CAP => {
            filter.about = found;
            Ok(())
        }
        _ => Err("Too many things fit. Give more of the name or address, or an id."),
    })
}

/// A prefix without the mark that the lists put behind it.
fn unabridged(text: &str) -> &str {
    text.trim_end_matches('…')
}

fn field(name: &'static str, label: &'static str, value: Option<&str>, problems: &[Problem]) -> Field {
    Field { error: error(name, problems), ..Field::new(name, label).value(value.unwrap_or_default()) }
}

/// A choice of everything that occurs; what was asked for stays chosen even where it does not occur.
fn select(
    name: &'static str,
    label: &'static str,
    any: &str,
    options: impl Iterator<Item = Choice>,
    asked: Option<&str>,
) -> Select {
    let mut options: Vec<_> = std::iter::once(Choice::new("", any)).chain(options).collect();
    let asked = asked.unwrap_or_default();
    if !options.iter().any(|option| option.value == asked) {
        options.push(Choice::new(asked, asked));
    }
    Select::new(name, label, options, asked)
}

fn error(name: &str, problems: &[Problem]) -> Option<String> {
    problems.iter().find(|problem| problem.field == name).map(|problem| problem.text.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(query: &str) -> Asked {
        serde_html_form::from_str(query).unwrap()
    }

    #[test]
    fn each_chip_leads_to_the_search_without_its_filter() {
        let asked = asked("actor=Ann&type=api_key&before=70&range=7d");
        let chips = asked.chips();
        assert_eq!(chips[0].href, "/audit?type=api_key&range=7d");
        assert_eq!((chips[1].label.as_str(), chips[1].value.as_str()), ("Type", "API key"));
        assert_eq!(chips[1].href, "/audit?actor=Ann&range=7d");
        assert_eq!(asked.first(), "/audit?actor=Ann&type=api_key&range=7d");
        assert_eq!(asked.older(7), "/audit?actor=Ann&type=api_key&range=7d&before=7");
    }

    #[test]
    fn auditor_leaves_sign_ins_out_with_one_click_and_brings_them_back_with_another() {
        let all = asked("actor=Ann&before=70").changes();
        assert_eq!((all.href.as_str(), all.current), ("/audit?actor=Ann&only=changes", false));
        let some = asked("actor=Ann&only=changes").changes();
        assert_eq!((some.href.as_str(), some.current), ("/audit?actor=Ann", true));
        assert_eq!(asked("only=changes").older(7), "/audit?only=changes&before=7");
    }

    #[test]
    fn a_range_gives_way_to_a_beginning_that_was_typed() {
        let now = Timestamp::parse("2026-11-21T22:14:03Z").unwrap();
        assert_eq!(
            asked("range=24h").range_start(now).map(moment::typed).as_deref(),
            Some("2026-11-20T22:14")
        );
        assert_eq!(asked("range=24h&from=2026-01-01").range_start(now), None);
        assert_eq!(asked("range=24h&from=2026-01-01").beginning_field(now, &[]).value, "2026-01-01T00:00");
        assert!(asked("range=24h").ranges()[1].current);
        assert!(asked("").ranges()[4].current);
    }

    #[test]
    fn auditor_gets_back_what_they_mistyped() {
        let now = Timestamp::parse("2026-11-21T22:14:03Z").unwrap();
        let asked = asked("from=yesterday&action=no.such&actor=Ann");
        let problems = [Problem::new("from", moment::WRONG)];
        let from = asked.beginning_field(now, &problems);
        assert_eq!((from.value.as_str(), from.error.as_deref()), ("yesterday", Some(moment::WRONG)));
        assert_eq!(asked.actor_field(&problems).value, "Ann");
        let actions = asked.action_select(&["user.created".to_owned()]);
        assert!(actions.options.iter().any(|option| option.value == "no.such" && option.selected));
    }
}
