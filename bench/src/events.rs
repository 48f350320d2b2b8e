//! A log as one finds it after a year: many people, few of whom do most, from many places, to very many things. The same in every run.

use bailiwick_domain::{
    rule::ByJob,
    search::SOURCE,
    time::{Span, Timestamp},
};
use bailiwick_store::{
    Permit,
    bench::{self, Made},
};
use uuid::Uuid;

use crate::{
    Result,
    stage::{Open, Tenant},
};

/// Events in one transaction.
const CHUNK: u64 = 4_000;
/// Who acts, from how many sources, and on how many things.
pub(crate) const ACTORS: u64 = 2_000;
pub(crate) const SOURCES: u64 = 5_000;
pub(crate) const ENTITIES: u64 = 200_000;
/// One event in so many is denied, and one in so many is the first of its request.
pub(crate) const DENIED: u64 = 50;
pub(crate) const OF_REQUEST: u64 = 3;

const KINDS: [(&str, &[&str]); 8] = [
    ("session", &["session.created", "session.ended"]),
    ("sign_in_attempt", &["sign_in.accepted", "sign_in.refused"]),
    ("user", &["user.created", "user.role_changed", "user.renamed", "user.disabled", "user.enabled"]),
    ("invitation", &["user.invited", "invitation.accepted", "invitation.revoked", "invitation.expired"]),
    ("api_key", &["api_key.created", "api_key.revoked"]),
    ("grant", &["permission.granted", "permission.denied", "permission.reset"]),
    ("team", &["team.created", "team.changed", "team.dissolved"]),
    ("policy", &["policy.updated"]),
];
pub(crate) const WORDS: [&str; 24] = [
    "auditor",
    "coordinator",
    "manager",
    "planner",
    "nightshift",
    "payroll",
    "roster",
    "incident",
    "medication",
    "transport",
    "budget",
    "consent",
    "review",
    "escalated",
    "approved",
    "withdrawn",
    "weekend",
    "quarterly",
    "onboarding",
    "handover",
    "respite",
    "therapy",
    "equipment",
    "complaint",
];

/// Numbers that are the same in every run (SplitMix64).
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }

    /// Small numbers more often than large ones, as few people do most.
    pub(crate) fn skewed(&mut self, bound: u64) -> u64 {
        let bound = self.below(bound) + 1;
        self.below(bound)
    }

    pub(crate) fn one_of<T: Copy>(&mut self, of: &[T]) -> Result<T> {
        let place = usize::try_from(self.below(of.len() as u64))?;
        of.get(place).copied().ok_or_else(|| "nothing to choose from".into())
    }
}

/// An id of a kind of things.
pub(crate) fn id(space: u64, number: u64) -> Uuid {
    Uuid::from_u64_pair(0x0193_a7c2_7b1e_7000 + space, 0x8000_0000_0000_0000 | number)
}

/// The log that is filled.
pub(crate) struct Log {
    numbers: Numbers,
    there: u64,
    begin: Timestamp,
    /// Events that fill the year.
    whole: u64,
}

impl Log {
    /// A log that has grown for a year once it has `whole` events.
    pub(crate) fn of_a_year(now: Timestamp, whole: u64) -> Self {
        Self { numbers: Numbers(7), there: 0, begin: now - Span::days(365), whole }
    }

    /// Lets it grow to so many events of its own, and gives each its place.
    pub(crate) async fn grow(&mut self, open: &Open, tenant: &Tenant, size: u64) -> Result<()> {
        let job: Permit<ByJob> = open.job(tenant);
        while self.there < size {
            let count = CHUNK.min(size - self.there);
            let events = (0..count).map(|_| self.event()).collect::<Result<Vec<_>>>()?;
            bench::write(&open.store, &job, &events).await?;
            if self.there % 200_000 < CHUNK {
                open.settle().await?;
                println!("        {} events", self.there);
            }
        }
        open.settle().await
    }

    fn event(&mut self) -> Result<Made> {
        let number = self.there;
        self.there += 1;
        // What one request does lies together.
        let request = number / OF_REQUEST;
        let mut shared = Numbers(request);
        let actor = shared.skewed(ACTORS);
        let source = shared.skewed(SOURCES);
        let (entity_type, actions) = self.numbers.one_of(&KINDS)?;
        let action = self.numbers.one_of(actions)?;
        let words = format!("{} {}", self.numbers.one_of(&WORDS)?, self.numbers.one_of(&WORDS)?);
        let year = 365 * 86_400_i64;
        let second = i64::try_from(
            u128::from(number) * u128::from(year.unsigned_abs()) / u128::from(self.whole.max(1)),
        )?;
        Ok(Made {
            at: self.begin + Span::seconds(second),
            actor: id(1, actor),
            action,
            entity_type,
            entity: id(2, self.numbers.skewed(ENTITIES)),
            denied: self.numbers.below(DENIED) == 0,
            request: id(3, request),
            source: tag(source),
            change: ("/note", words),
        })
    }

    /// What somebody could look for, with values of some event.
    #[cfg(feature = "page")]
    pub(crate) fn conditions(&mut self, size: u64) -> Result<Vec<(&'static str, String)>> {
        let request = self.numbers.below(size) / OF_REQUEST;
        let mut shared = Numbers(request);
        let (actor, source) = (shared.skewed(ACTORS), shared.skewed(SOURCES));
        let (kind, actions) = self.numbers.one_of(&KINDS)?;
        let action = self.numbers.one_of(actions)?;
        let noun = action.split('.').next().unwrap_or_default();
        let days = self.numbers.below(300) + 10;
        let source: String = tag(source).iter().map(|octet| format!("{octet:02x}")).collect();
        Ok(vec![
            ("actor", format!("actor:{}", id(1, actor))),
            ("type", format!("entity:{kind}/")),
            ("entity", format!("entity:{kind}/{}", id(2, self.numbers.skewed(ENTITIES)))),
            ("action", format!("action:{action}")),
            ("prefix", format!("action:{noun}.*")),
            (
                "outcome",
                if self.numbers.below(2) == 0 { "outcome:denied".into() } else { "outcome:ok".into() },
            ),
            ("not outcome", "-outcome:ok".to_owned()),
            ("time", format!("before:{days}d after:{}d", days + 30)),
            ("source", format!("source:{source}")),
            ("request", format!("request:{}", id(3, request))),
            ("text", self.numbers.one_of(&WORDS)?.to_owned()),
        ])
    }
}

fn tag(source: u64) -> [u8; SOURCE] {
    source.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes()
}
