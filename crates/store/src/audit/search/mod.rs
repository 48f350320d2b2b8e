//! Searching the log: by sets of leaves for each term, walked along from the newest; keyset paging both ways, capped counts.
//!
//! Every full block of 512 leaves has, for each term of its events, the set of leaves that have it ([`keep`]). What is sought is a
//! list of clauses over terms ([`Sought`]); a [`walk`](walk) joins their sets, and only what fits is read.

mod block;
mod bounds;
mod check;
mod gather;
mod keep;
mod kept;
mod known;
mod resolve;
mod rewrite;
mod terms;
mod timeline;
mod waiting;
mod walk;

use bailiwick_domain::{ids::EventId, search::Query, time::Timestamp, zone::Zone};
use sqlx::FromRow;
use uuid::Uuid;

pub(crate) use block::BLOCK;
pub(in crate::audit) use check::Check;
pub(crate) use gather::{Gathered, gather};
pub(crate) use keep::keep;
pub(in crate::audit) use keep::tail;
pub(in crate::audit) use kept::Kept;
pub use known::{KNOWN_AT_MOST, Known, known, occurs};
pub(crate) use resolve::tag_of;
pub use resolve::{Unresolved, resolve, source_tag};
pub(crate) use rewrite::{forget, recall};
pub(crate) use terms::{Said, Term, terms};
pub(in crate::audit) use timeline::count_up_to;
pub use timeline::{Bar, Tally, Timeline, tally, timeline};
pub(crate) use waiting::Waiting;
pub use waiting::just_now;
use walk::{OF_PAGE, Walk, Way};

use crate::{
    Result,
    conn::{Driver, on},
    page::LIMIT,
    tx::Scope,
};

/// Counting stops here; a list says "10,000+" beyond.
pub const COUNT_CAP: i64 = 10_000;

/// What stands for the kind of a thing that is known by its id alone, for events whose kind no leaf has yet. No kind is called so.
const ANY_KIND: &str = "";

/// The kinds of things that are the coming and going of people, and no changes.
pub const COMING_AND_GOING: [&str; 2] = ["session", "sign_in_attempt"];

/// What to look for: events that fit every clause, within a range of time. Made by [`resolve`], or by hand where a program names
/// things by their ids.
#[derive(Clone, Debug, Default)]
pub struct Sought {
    /// At or after.
    pub from: Option<Timestamp>,
    /// Before.
    pub to: Option<Timestamp>,
    clauses: Vec<Clause>,
    /// By whose clocks it was understood, and what that came to; of what was put together by hand nothing.
    zone: Zone,
    meant: Query,
}

/// Events that have any of the terms, or happened to any of the things.
#[derive(Clone, Debug, Default)]
struct Clause {
    not: bool,
    terms: Vec<Term>,
    things: Vec<(String, Uuid)>,
}

impl Clause {
    fn of(terms: Vec<Term>) -> Self {
        Self { not: false, terms, things: Vec::new() }
    }

    /// How common its terms are by their sort; nothing is as rare as things are.
    fn commonness(&self) -> usize {
        let place = |term: &Term| {
            terms::Sort::RARE_FIRST.iter().position(|sort| Some(*sort) == term.sort()).unwrap_or(0) + 1
        };
        self.terms.iter().map(place).max().unwrap_or(0)
    }

    /// Whether an event with these terms, that happened to this thing, fits.
    fn fits(&self, terms: &[Term], thing: Option<(&str, Uuid)>) -> bool {
        let any = self.terms.iter().any(|term| terms.contains(term))
            || thing.is_some_and(|(kind, id)| {
                self.things.iter().any(|(k, i)| (k == kind || k == ANY_KIND) && *i == id)
            });
        any != self.not
    }
}

impl Sought {
    fn with(mut self, clause: Clause) -> Self {
        self.clauses.push(clause);
        self
    }

    /// What was understood, whoever reads it and whenever: the zone of the clocks, a blank, and a line that has ids in the place of
    /// names and instants in the place of days.
    pub(crate) fn meant(&self) -> String {
        format!("{} {}", self.zone, self.meant)
    }

    /// Only what this actor did.
    #[must_use]
    pub fn by(self, actor: Uuid) -> Self {
        self.with(Clause::of(vec![Term::actor(actor)]))
    }

    /// Only what happened to things of a kind.
    #[must_use]
    pub fn of_kind(self, kind: &str) -> Self {
        self.with(Clause::of(vec![Term::kind(kind)]))
    }

    /// Only what happened to one of these things.
    #[must_use]
    pub fn about(self, things: Vec<(String, Uuid)>) -> Self {
        self.with(Clause { things, ..Clause::default() })
    }

    /// Only what happened to the thing with this id, whatever it is.
    ///
    /// # Errors
    /// Those of the database, which is asked for the kinds that occur.
    pub async fn about_id(self, scope: &mut impl Scope, id: Uuid) -> Result<Self> {
        Ok(self.about(of_any_kind(scope, id).await?))
    }

    /// Only what somebody did, and what happened to them or to what is or was theirs.
    ///
    /// # Errors
    /// Those of the database, which is asked for the kinds that occur.
    pub async fn of_person(self, scope: &mut impl Scope, person: Uuid) -> Result<Self> {
        let terms = vec![Term::actor(person), Term::owner(person)];
        let things = of_any_kind(scope, person).await?;
        Ok(self.with(Clause { not: false, terms, things }))
    }

    /// Only this action.
    #[must_use]
    pub fn action(self, action: &str) -> Self {
        self.with(Clause::of(vec![Term::action(action)]))
    }

    /// Only what ended so.
    #[must_use]
    pub fn outcome(self, outcome: &str) -> Self {
        self.with(Clause::of(vec![Term::outcome(outcome)]))
    }

    /// Only what was done in this request.
    #[must_use]
    pub fn in_request(self, request: Uuid) -> Self {
        self.with(Clause::of(vec![Term::request(request)]))
    }

    /// Without the coming and going of people: sessions and attempts to sign in.
    #[must_use]
    pub fn changes_only(self) -> Self {
        let kinds = COMING_AND_GOING.iter().map(|kind| Term::kind(kind)).collect();
        self.with(Clause { not: true, ..Clause::of(kinds) })
    }

    /// Whether an event fits that has no place in the tree yet.
    fn fits(&self, at: Timestamp, terms: &[Term], thing: (&str, Uuid)) -> bool {
        self.from.is_none_or(|from| at >= from)
            && self.to.is_none_or(|to| at < to)
            && self.clauses.iter().all(|clause| clause.fits(terms, Some(thing)))
    }
}

/// An id as the thing of each kind that occurs: the index of things is led by their kind, and there are few of those.
async fn of_any_kind(scope: &mut impl Scope, id: Uuid) -> Result<Vec<(String, Uuid)>> {
    let kinds = known(scope).await?.kinds;
    Ok(kinds.into_iter().chain([ANY_KIND.to_owned()]).map(|kind| (kind, id)).collect())
}

/// The action and the outcome of an event whose octets are damaged.
pub const UNREADABLE: &str = "unreadable";

/// A row of a search.
#[derive(Clone, Debug, FromRow)]
pub struct Listed {
    /// The place in the tree; `None` for an event written a moment ago.
    pub leaf_index: Option<i64>,
    /// The event.
    #[sqlx(try_from = "Uuid")]
    pub event: EventId,
    /// When it was recorded.
    #[sqlx(try_from = "i64")]
    pub recorded_at: Timestamp,
    /// `user`, `api_key`, `operator`, `system` or `anonymous`; `unknown` in an event that cannot be read.
    pub actor_kind: String,
    /// The actor's opaque id.
    pub actor_id: Option<Uuid>,
    /// What was done, `noun.verb`; [`UNREADABLE`] in an event that cannot be read.
    pub action: String,
    /// `ok`, `denied` or `failed`; [`UNREADABLE`] in an event that cannot be read.
    pub outcome: String,
    /// The kind of thing it was done to.
    pub entity_type: String,
    /// That thing.
    pub entity_id: Uuid,
    /// The revision it made.
    pub revision: i64,
}

/// Where a page of a search lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Place {
    /// At the newest end.
    #[default]
    Newest,
    /// Before this leaf.
    Before(i64),
    /// After this leaf.
    After(i64),
}

/// A page of a search, newest first.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// The rows.
    pub items: Vec<Listed>,
    /// Where the page of older ones lies, if there may be one.
    pub older: Option<Place>,
    /// Where the page of newer ones lies, if there may be one.
    pub newer: Option<Place>,
    /// Whether the page ends before it is full because enough was looked at: there may be more behind it.
    pub unfinished: bool,
}

/// The events that fit, a page of them at `place`.
pub async fn search(scope: &mut impl Scope, sought: &Sought, place: Place) -> Result<Found> {
    up_to(scope, sought, place, LIMIT).await
}

/// The events that fit, up to so many of them at `place`.
pub(in crate::audit) async fn up_to(
    scope: &mut impl Scope,
    sought: &Sought,
    place: Place,
    limit: i64,
) -> Result<Found> {
    let (way, range) = match place {
        Place::Newest => (Way::Older, (0, i64::MAX)),
        Place::Before(leaf) => (Way::Older, (0, leaf)),
        Place::After(leaf) => (Way::Newer, (leaf.saturating_add(1), i64::MAX)),
    };
    let mut walk = Walk::set_out(scope, sought, range, way, OF_PAGE).await?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut leaves = Vec::with_capacity(limit + 1);
    while leaves.len() <= limit
        && let Some(sets) = walk.next(scope).await?
    {
        for (block, bits) in sets {
            let places = bits.places().map(|place| block * BLOCK + place);
            match way {
                Way::Older => leaves.extend(places.rev()),
                Way::Newer => leaves.extend(places),
            }
            if leaves.len() > limit {
                break;
            }
        }
    }
    let more = leaves.len() > limit;
    leaves.truncate(limit);
    let unfinished = !more && walk.is_tired();
    let (first, last) = (leaves.first().copied(), leaves.last().copied());
    let items = read(scope, &leaves).await?;
    // The next page in the direction of the walk, and the one that it came from.
    let on = match way {
        _ if more => last,
        Way::Older if unfinished => Some(walk.reached()),
        Way::Newer if unfinished => Some(walk.reached() - 1),
        _ => None,
    };
    Ok(match place {
        Place::Newest => Found { items, older: on.map(Place::Before), newer: None, unfinished },
        Place::Before(before) => Found {
            items,
            older: on.map(Place::Before),
            newer: Some(Place::After(first.unwrap_or(before.saturating_sub(1)))),
            unfinished,
        },
        Place::After(after) => Found {
            items,
            older: Some(Place::Before(first.unwrap_or(after.saturating_add(1)))),
            newer: on.map(Place::After),
            unfinished,
        },
    })
}

/// The events of one request, newest first, as many as a page holds.
pub async fn of_request(scope: &mut impl Scope, request: Uuid) -> Result<Vec<Listed>> {
    Ok(search(scope, &Sought::default().in_request(request), Place::Newest).await?.items)
}

/// The rows of these leaves, newest first.
async fn read(scope: &mut impl Scope, leaves: &[i64]) -> Result<Vec<Listed>> {
    if leaves.is_empty() {
        return Ok(Vec::new());
    }
    let tenant = scope.tenant();
    Ok(match scope.driver() {
        Driver::Sqlite(c) => {
            sqlx::query_as(
                "SELECT l.leaf_index, l.event, l.recorded_at, l.actor_kind, l.actor_id, l.action, l.outcome, l.entity_type, l.entity_id, l.revision
                 FROM json_each($2) AS n CROSS JOIN audit_leaf l WHERE l.tenant = $1 AND l.leaf_index = n.value ORDER BY l.leaf_index DESC",
            )
            .bind(tenant.uuid())
            .bind(serde_json::Value::from(leaves).to_string())
            .fetch_all(c)
            .await?
        }
        Driver::Postgres(c) => {
            sqlx::query_as(
                "SELECT l.leaf_index, l.event, l.recorded_at, l.actor_kind, l.actor_id, l.action, l.outcome, l.entity_type, l.entity_id, l.revision
                 FROM unnest($2::bigint[]) AS n (leaf) JOIN audit_leaf l ON l.tenant = $1 AND l.leaf_index = n.leaf ORDER BY l.leaf_index DESC",
            )
            .bind(tenant.uuid())
            .bind(leaves)
            .fetch_all(c)
            .await?
        }
    })
}

/// Whether the tenant has a log.
pub(crate) async fn exists(scope: &mut impl Scope) -> Result<bool> {
    let tenant = scope.tenant();
    let size: Option<i64> =
        on!(scope, |c| sqlx::query_scalar("SELECT size FROM audit_tree WHERE tenant = $1")
            .bind(tenant.uuid())
            .fetch_optional(c)
            .await)?;
    Ok(size.is_some())
}

/// Events in the tenant's tree.
pub async fn total(scope: &mut impl Scope) -> Result<i64> {
    let tenant = scope.tenant();
    Ok(on!(scope, |c| sqlx::query_scalar("SELECT size FROM audit_tree WHERE tenant = $1")
        .bind(tenant.uuid())
        .fetch_one(c)
        .await)?)
}
