//! The language in which the audit log is searched: one line of clauses, all of which an event has to fit.
//!
//! ```text
//! actor:"Ops Manager" entity:invitation after:2026-11-01 -outcome:ok expired
//! query        = [ clause *( SP clause ) ]
//! clause       = [ "-" ] ( key ":" values / text )
//! values       = value / "(" value *( "|" value ) ")"
//! value        = quoted / bare
//! quoted       = DQUOTE *( any but DQUOTE and "\" / "\" DQUOTE / "\\" ) DQUOTE
//! bare         = 1*( any but white space, DQUOTE, "(", ")", "|" )
//! ```
//!
//! A minus in front leaves out what fits. Alternatives of one key stand in parentheses. Every query has one canonical text, which
//! is its [`Display`](std::fmt::Display); reading that gives the same query again.

mod complete;
mod moment;
mod nearest;
mod parse;
mod print;
mod values;

use std::net::IpAddr;

use uuid::Uuid;

pub use complete::{Completing, Expected, completing};
pub use moment::{Moment, Unit};
pub use nearest::nearest;
pub use parse::{MOST_CHARACTERS, Parsed, Wrong, parse};
pub use print::quoted;
pub use values::{clause, is_word};

/// Clauses at most in one query.
pub const MOST_CLAUSES: usize = 32;
/// Alternatives at most in one clause.
pub const MOST_VALUES: usize = 16;

/// What an event has to fit: every clause.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// The clauses in the order in which they were written.
    pub clauses: Vec<Clause>,
}

/// One condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    /// Whether what fits is left out. Never with a time.
    pub not: bool,
    /// What is looked at.
    pub test: Test,
}

/// What a clause looks at, with its alternatives. None is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// By whom: an id, a kind (`system`, `anonymous`, …), a name, an address or the prefix of a key.
    Actor(Vec<String>),
    /// What it happened to.
    Entity(Vec<EntityValue>),
    /// What was done.
    Action(Vec<Pattern>),
    /// How it ended.
    Outcome(Vec<Outcome>),
    /// From where.
    Source(Vec<Source>),
    /// In which request.
    Request(Vec<Uuid>),
    /// In which session, or by which key where somebody else acted through it.
    Session(Vec<Uuid>),
    /// Words of the event: of its action, its reason, what changed and to what. Of a value of several words every one has to occur.
    Text(Vec<String>),
    /// Recorded at this moment or later.
    After(Moment),
    /// Recorded before this moment.
    Before(Moment),
    /// Recorded within the month, day, minute or second that was named.
    On(Moment),
}

impl Test {
    /// The key by which it is written.
    pub const fn key(&self) -> Key {
        match self {
            Self::Actor(_) => Key::Actor,
            Self::Entity(_) => Key::Entity,
            Self::Action(_) => Key::Action,
            Self::Outcome(_) => Key::Outcome,
            Self::Source(_) => Key::Source,
            Self::Request(_) => Key::Request,
            Self::Session(_) => Key::Session,
            Self::Text(_) => Key::Text,
            Self::After(_) => Key::After,
            Self::Before(_) => Key::Before,
            Self::On(_) => Key::On,
        }
    }
}

/// What may stand before a colon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the variants are those of `Test`")]
pub enum Key {
    Actor,
    Entity,
    Action,
    Outcome,
    After,
    Before,
    On,
    Source,
    Request,
    Session,
    Text,
}

impl Key {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 11] = [
        Self::Actor,
        Self::Entity,
        Self::Action,
        Self::Outcome,
        Self::After,
        Self::Before,
        Self::On,
        Self::Source,
        Self::Request,
        Self::Session,
        Self::Text,
    ];

    /// As it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Actor => "actor",
            Self::Entity => "entity",
            Self::Action => "action",
            Self::Outcome => "outcome",
            Self::After => "after",
            Self::Before => "before",
            Self::On => "on",
            Self::Source => "source",
            Self::Request => "request",
            Self::Session => "session",
            Self::Text => "text",
        }
    }

    /// What it looks at, in a few words.
    pub const fn sense(self) -> &'static str {
        match self {
            Self::Actor => "who did it: name, address, id, or system",
            Self::Entity => "what it happened to: a type, type/id, or a name",
            Self::Action => "what was done: user.invited, user.*, or user",
            Self::Outcome => "ok, denied or failed",
            Self::After => "a day, a moment, or how long ago: 7d",
            Self::Before => "a day, a moment, or how long ago: 7d",
            Self::On => "a day or month: 2026-11-01, today, 2026-11, last-month",
            Self::Source => "an IP address, or the tag of one",
            Self::Request => "the id of a request",
            Self::Session => "the id of a session",
            Self::Text => "words of the record",
        }
    }

    /// The key of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|key| key.name() == name)
    }

    /// Whether it is about time: such a clause has one value and is not left out.
    pub const fn is_time(self) -> bool {
        matches!(self, Self::After | Self::Before | Self::On)
    }
}

/// What an event happened to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntityValue {
    /// Everything of a kind, whether or not it occurs: `invitation/`.
    Kind(String),
    /// One thing: `invitation/0193…`.
    Thing(String, Uuid),
    /// A thing by its id alone, and what is theirs where it is a person.
    Id(Uuid),
    /// A kind that occurs, or else what is called so.
    Named(String),
}

/// Which actions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// This one: `user.invited`.
    Exactly(String),
    /// Those that begin so: `user.*`, `user.role_*`.
    Begins(String),
    /// Those of a noun: `user`.
    Noun(String),
}

/// How an event ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Done.
    Ok,
    /// Refused by the gate.
    Denied,
    /// Failed by a rule of the business.
    Failed,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Ok, Self::Denied, Self::Failed];

    /// The stored spelling.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Denied => "denied",
            Self::Failed => "failed",
        }
    }

    /// The outcome with this spelling.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.name() == name)
    }
}

/// Octets of the tag of a source.
pub const SOURCE: usize = 8;

/// From where something was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// An address, of which the log's index knows a keyed tag alone.
    Address(IpAddr),
    /// That tag, in hexadecimal.
    Tag([u8; SOURCE]),
}

impl Query {
    /// The same query with one more clause.
    #[must_use]
    pub fn and(mut self, clause: Clause) -> Self {
        self.clauses.push(clause);
        self
    }

    /// The same query without the clauses of these keys.
    #[must_use]
    pub fn without(&self, keys: &[Key]) -> Self {
        let kept = self.clauses.iter().filter(|clause| !keys.contains(&clause.test.key()));
        Self { clauses: kept.cloned().collect() }
    }

    /// Whether nothing narrows it.
    pub const fn is_empty(&self) -> bool {
        self.clauses.is_empty()
    }
}

impl Clause {
    /// What fits.
    pub const fn is(test: Test) -> Self {
        Self { not: false, test }
    }

    /// What does not fit.
    pub const fn not(test: Test) -> Self {
        Self { not: true, test }
    }
}
