//! What the address asks for: a query of one line and the fields beside it, as one query, and back into the form and its chips.

use bailiwick_domain::{
    search::{Clause, EntityValue, Key, Moment as Written, Outcome, Query, Test, clause, is_word, parse},
    time::{Span, Timestamp},
    zone::Zone,
};
use bailiwick_store::{
    Scope,
    audit::{self, COMING_AND_GOING, Place, Sought},
};
use serde::Deserialize;

use super::{
    moment::{self, Moment},
    words,
};
use crate::{
    error::{Error, Result},
    forms::{Choice, Field, Problem, Select},
    pages::parts::{Chip, address},
    searching,
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

/// The search as the address holds it, whatever it is worth.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// A query of one line.
    q: Option<String>,
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
    /// Where the page lies.
    cursor: Option<String>,
}

/// A range that is one click away.
pub(super) struct Range {
    pub(super) label: &'static str,
    pub(super) href: String,
    pub(super) current: bool,
}

/// The search as the store understands it.
#[derive(Debug, Default)]
pub(super) struct Understood {
    /// All of it as one query.
    pub(super) query: Query,
    pub(super) sought: Sought,
    pub(super) place: Place,
    /// What could not be understood; then nothing is looked for.
    pub(super) problems: Vec<Problem>,
}

/// The clauses of an address with the fields that they come from, and the column within the line.
#[derive(Default)]
struct Read {
    query: Query,
    origins: Vec<(&'static str, Option<usize>)>,
    problems: Vec<Problem>,
}

impl Read {
    fn put(&mut self, field: &'static str, clause: Clause) {
        self.query.clauses.push(clause);
        self.origins.push((field, None));
    }

    fn value(&mut self, field: &'static str, key: Key, value: Option<&str>) {
        let Some(value) = value else { return };
        match clause(false, key, &[value.to_owned()]) {
            Ok(clause) => self.put(field, clause),
            Err((_, why)) => self.problems.push(Problem::new(field, why)),
        }
    }
}

impl Asked {
    /// Turns what was asked into what can be looked for. Names are looked up within the tenant only.
    pub(super) async fn understand(&self, scope: &mut impl Scope, zone: &Zone) -> Result<Understood> {
        let Read { query, origins, mut problems } = self.read()?;
        let place = searching::place(&self.first(), self.cursor.as_deref())?;
        let mut sought = Sought::default();
        if problems.is_empty() {
            match audit::resolve(scope, &query, zone).await? {
                Ok(found) => sought = found,
                Err(fault) => {
                    let (field, column) = origins.get(fault.clause).copied().unwrap_or(("q", Some(1)));
                    let text = match column {
                        Some(column) => searching::wrong(column, fault.text),
                        None => fault.text.to_owned(),
                    };
                    problems.push(Problem::new(field, text));
                }
            }
        }
        if sought.from.zip(sought.to).is_some_and(|(from, to)| to <= from) {
            let field = if self.to.is_some() { "to" } else { "q" };
            problems.push(Problem::new(field, "The end lies before the beginning."));
        }
        Ok(Understood { query, sought, place, problems })
    }

    /// The line and the fields as one query.
    fn read(&self) -> Result<Read> {
        let mut read = Read::default();
        if let Some(text) = self.q.as_deref() {
            match searching::read(text) {
                Ok(parsed) => {
                    read.origins.extend(parsed.columns.iter().map(|column| ("q", Some(*column))));
                    read.query = parsed.query;
                }
                Err(why) => read.problems.push(Problem::new("q", why)),
            }
        }
        read.value("actor", Key::Actor, self.actor.as_deref());
        match self.kind.as_deref() {
            None => {}
            Some(kind) if is_word(kind) => {
                read.put("type", Clause::is(Test::Entity(vec![EntityValue::Kind(kind.to_owned())])));
            }
            Some(_) => read.problems.push(Problem::new("type", "Choose one of the types.")),
        }
        read.value("entity", Key::Entity, self.entity.as_deref());
        read.value("action", Key::Action, self.action.as_deref());
        read.value("outcome", Key::Outcome, self.outcome.as_deref());
        match self.only.as_deref() {
            None => {}
            Some(CHANGES) => {
                let kinds = COMING_AND_GOING.iter().map(|kind| EntityValue::Kind((*kind).to_owned()));
                read.put("only", Clause::not(Test::Entity(kinds.collect())));
            }
            Some(_) => return Err(Error::BadRequest("The list can show changes only, or everything.")),
        }
        let mut moment = |field: &'static str, text: Option<&str>, test: fn(Moment) -> Test| match text
            .map(Moment::parse)
        {
            None => {}
            Some(Some(moment)) => read.put(field, Clause::is(test(moment))),
            Some(None) => read.problems.push(Problem::new(field, moment::WRONG)),
        };
        moment("from", self.from.as_deref(), |moment| Test::After(Written::Instant(moment.start())));
        moment("to", self.to.as_deref(), |moment| Test::Before(Written::Instant(moment.end())));
        if let Some(ago) = self.chosen_range() {
            read.put("range", Clause::is(Test::After(ago)));
        }
        Ok(read)
    }

    /// The chosen range; a beginning that was typed wins over it.
    fn chosen_range(&self) -> Option<Written> {
        let name = self.range.as_deref().filter(|_| self.from.is_none())?;
        RANGES.iter().find(|(range, _, _)| *range == name).and_then(|(range, _, _)| Written::parse(range))
    }

    /// Whether this is a later page.
    pub(super) const fn is_later(&self) -> bool {
        self.cursor.is_some()
    }

    /// The same search as the part of an address behind its question mark; empty where nothing narrows it.
    pub(super) fn query(&self) -> String {
        self.first().split_once('?').map(|(_, query)| query.to_owned()).unwrap_or_default()
    }

    /// The first page of the same search.
    pub(super) fn first(&self) -> String {
        self.without(&[])
    }

    /// The page at this place.
    pub(super) fn at(&self, place: Place) -> Option<String> {
        let cursor = searching::cursor(&self.first(), place)?;
        let mut pairs = self.pairs().to_vec();
        pairs.push(("cursor", Some(&cursor)));
        Some(address("/audit", &pairs))
    }

    /// The same search within a span of time.
    pub(super) fn within(&self, from: Timestamp, to: Timestamp) -> String {
        // An end includes what it names: a second.
        let (from, to) = (seconds(from), seconds(to - Span::seconds(1)));
        let mut pairs = self.kept(&["from", "to", "range"]);
        pairs.extend([("from", Some(from.as_str())), ("to", Some(to.as_str()))]);
        address("/audit", &pairs)
    }

    /// The same search at any time.
    pub(super) fn at_any_time(&self) -> String {
        self.without(&["from", "to", "range"])
    }

    /// The filters in force, each with the way to be rid of it.
    pub(super) fn chips(&self) -> Vec<Chip> {
        let line = self
            .q
            .as_deref()
            .and_then(|text| parse(text).ok())
            .map(|parsed| parsed.query)
            .unwrap_or_default();
        let of_line = line.clauses.iter().enumerate().map(|(place, one)| {
            let mut rest = line.clone();
            rest.clauses.remove(place);
            let rest = rest.to_string();
            let mut pairs = self.kept(&["q"]);
            pairs.insert(0, ("q", Some(rest.as_str()).filter(|rest| !rest.is_empty())));
            let not = if one.not { "Not " } else { "" };
            Chip {
                label: format!("{not}{}", one.test.key().name()),
                value: one.test.values().join(" or "),
                href: address("/audit", &pairs),
            }
        });
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
        of_line.chain(all.into_iter().filter_map(chip)).collect()
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
            href: self.at_any_time(),
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
        let outcomes = Outcome::ALL.map(Outcome::name);
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

    /// The line as it was typed.
    pub(super) fn line_field(&self, problems: &[Problem]) -> Field {
        field("q", "Search", self.q.as_deref(), problems)
            .hint("actor:\"Ops Manager\" entity:invitation after:7d -outcome:ok")
    }

    /// When the chosen range begins; a beginning that was typed wins over it.
    fn range_start(&self, now: Timestamp) -> Option<Timestamp> {
        self.chosen_range().map(|range| range.start(&Zone::UTC, now))
    }

    fn pairs(&self) -> [(&'static str, Option<&str>); 10] {
        [
            ("q", self.q.as_deref()),
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

/// The address of a search by its canonical text: what is sent to others, and kept.
pub(super) fn permalink(query: &Query) -> String {
    let text = query.to_string();
    address("/audit", &[("q", Some(text.as_str()).filter(|text| !text.is_empty()))])
}

/// An instant as an address has it.
fn seconds(at: Timestamp) -> String {
    let text = at.to_string();
    text.get(..19).map(|text| format!("{text}Z")).unwrap_or(text)
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
        let asked = asked("actor=Ann&type=api_key&cursor=b7.00&range=7d");
        let chips = asked.chips();
        assert_eq!(chips[0].href, "/audit?type=api_key&range=7d");
        assert_eq!((chips[1].label.as_str(), chips[1].value.as_str()), ("Type", "API key"));
        assert_eq!(chips[1].href, "/audit?actor=Ann&range=7d");
        assert_eq!(asked.first(), "/audit?actor=Ann&type=api_key&range=7d");
        let older = asked.at(Place::Before(7)).unwrap();
        assert!(older.starts_with("/audit?actor=Ann&type=api_key&range=7d&cursor=b7."), "{older}");
    }

    #[test]
    fn auditor_leaves_sign_ins_out_with_one_click_and_brings_them_back_with_another() {
        let all = asked("actor=Ann&cursor=b7.00").changes();
        assert_eq!((all.href.as_str(), all.current), ("/audit?actor=Ann&only=changes", false));
        let some = asked("actor=Ann&only=changes").changes();
        assert_eq!((some.href.as_str(), some.current), ("/audit?actor=Ann", true));
        assert!(
            asked("only=changes").at(Place::Before(7)).unwrap().starts_with("/audit?only=changes&cursor=b7.")
        );
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
    #[test]
    fn the_line_and_the_fields_are_one_query() {
        let asked =
            asked("q=-outcome%3Aok+expired&actor=Ann&type=api_key&only=changes&to=2026-01-31&range=7d");
        let query = asked.read().unwrap().query;
        assert_eq!(
            query.to_string(),
            "-outcome:ok expired actor:Ann entity:api_key/ -entity:(session/|sign_in_attempt/) before:2026-02-01T00:00:00Z after:7d"
        );
        assert_eq!(permalink(&Query::default()), "/audit");
        assert_eq!(permalink(&parse("outcome:ok a").unwrap().query), "/audit?q=outcome%3Aok+a");
        let chips = asked.chips();
        assert_eq!((chips[0].label.as_str(), chips[0].value.as_str()), ("Not outcome", "ok"));
        assert!(chips[0].href.starts_with("/audit?q=expired&actor=Ann&type=api_key"), "{}", chips[0].href);
    }

    #[test]
    fn a_bar_narrows_the_search_to_its_time() {
        let at = |text| Timestamp::parse(text).unwrap();
        let within = asked("q=a&range=7d&cursor=b7.00").within(at("2026-11-01"), at("2026-11-02"));
        assert_eq!(within, "/audit?q=a&from=2026-11-01T00%3A00%3A00Z&to=2026-11-01T23%3A59%3A59Z");
        let again: Asked = serde_html_form::from_str(within.strip_prefix("/audit?").unwrap()).unwrap();
        assert_eq!(
            again.read().unwrap().query.to_string(),
            "a after:2026-11-01T00:00:00Z before:2026-11-02T00:00:00Z"
        );
    }
}
