//! Searching the log: one index per filter, led by the tenant and ending in the leaf index; keyset paging, capped counts.

use bailiwick_domain::{
    ids::EventId,
    time::{Span, Timestamp},
};
use bailiwick_proof::hash::leaf_hash;
use sqlx::FromRow;
use uuid::Uuid;

use super::{about::ABOUT_CAP, integrate::leaf_of};
use crate::{Result, conn::on, page::LIMIT, tx::Scope};

/// The ids that a filter is about. Places without one hold NULL, which equals nothing; as many as [`ABOUT_CAP`].
macro_rules! ids {
    () => {
        "($13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28)"
    };
}

/// The things with these ids, and what is theirs of people among them: the kinds are those whose owner [`super::owner`]
/// knows.
macro_rules! theirs {
    () => {
        concat!(
            "SELECT 'user', id FROM users WHERE tenant = $1 AND id IN ",
            ids!(),
            " UNION ALL SELECT 'password', id FROM users WHERE tenant = $1 AND id IN ",
            ids!(),
            " UNION ALL SELECT 'phone', user_id FROM phone WHERE tenant = $1 AND user_id IN ",
            ids!(),
            " UNION ALL SELECT 'phone_check', id FROM phone_check WHERE tenant = $1 AND user_id IN ",
            ids!(),
            " UNION ALL SELECT 'session', id FROM session WHERE tenant = $1 AND user_id IN ",
            ids!(),
            " UNION ALL SELECT 'factor', id FROM factor WHERE tenant = $1 AND user_id IN ",
            ids!(),
            " UNION ALL SELECT 'enrolment', id FROM enrolment WHERE tenant = $1 AND user_id IN ",
            ids!(),
            " UNION ALL SELECT 'sign_in_attempt', id FROM sign_in_attempt WHERE tenant = $1 AND user_id IN ",
            ids!(),
            " UNION ALL SELECT 'grant', id FROM user_grant WHERE tenant = $1 AND user_id IN ",
            ids!(),
            " UNION ALL SELECT 'api_key', id FROM api_key WHERE tenant = $1 AND id IN ",
            ids!(),
            " UNION ALL SELECT 'invitation', id FROM invitation WHERE tenant = $1 AND id IN ",
            ids!(),
            " UNION ALL SELECT 'tenant', id FROM tenant WHERE id = $1 AND id IN ",
            ids!()
        )
    };
}

macro_rules! select {
    ($($where:tt)+) => {
        concat!(
            "SELECT leaf_index, event, recorded_at, actor_kind, actor_id, action, outcome, entity_type, entity_id, revision
             FROM audit_leaf WHERE tenant = $1 ",
            $($where)+,
            " AND ($12 = 0 OR entity_type NOT IN ('session', 'sign_in_attempt'))
              AND ($6 IS NULL OR outcome = $6) AND leaf_index >= $7 AND leaf_index < $8 AND recorded_at >= $10 AND recorded_at < $11
              ORDER BY leaf_index DESC LIMIT $9"
        )
    };
}

macro_rules! tally {
    ($($where:tt)+) => {
        concat!(
            "SELECT count(*) FROM (SELECT 1 AS one FROM audit_leaf WHERE tenant = $1
             AND ($2 IS NULL OR entity_type = $2) AND ($3 IS NULL OR entity_id = $3) AND ($4 IS NULL OR actor_id = $4)
             AND ($12 = 0 OR entity_type NOT IN ('session', 'sign_in_attempt'))
             AND ($5 IS NULL OR action = $5) AND ($6 IS NULL OR outcome = $6) AND leaf_index >= $7 AND leaf_index < $8 AND recorded_at >= $10 AND recorded_at < $11 ",
            $($where)+,
            " LIMIT $9) AS found"
        )
    };
}

/// Counting stops here; a list says "10,000+" beyond.
pub const COUNT_CAP: i64 = 10_000;

/// What to look for; every part narrows.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// By whom: the opaque id of a user or key.
    pub actor: Option<Uuid>,
    /// The kind of thing it happened to.
    pub entity_type: Option<String>,
    /// The thing it happened to.
    pub entity_id: Option<Uuid>,
    /// Each of these, and everything that is theirs where it is a person; not narrowed when empty. The first
    /// [`ABOUT_CAP`] count.
    pub about: Vec<Uuid>,
    /// The action, `noun.verb`.
    pub action: Option<String>,
    /// At or after.
    pub from: Option<Timestamp>,
    /// Before.
    pub to: Option<Timestamp>,
    /// How it ended.
    pub outcome: Option<OutcomeFilter>,
    /// Without the coming and going of people: sessions and attempts to sign in.
    pub changes_only: bool,
}

/// The kinds of things of which [`Filter::changes_only`] shows nothing; the texts above name the same.
pub const COMING_AND_GOING: [&str; 2] = ["session", "sign_in_attempt"];

/// Which outcomes to look for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutcomeFilter {
    /// Done.
    Ok,
    /// Refused by the gate.
    Denied,
    /// Failed by a rule of the business.
    Failed,
}

impl OutcomeFilter {
    /// The stored spelling.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Denied => "denied",
            Self::Failed => "failed",
        }
    }
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

/// A page of a search, newest first.
#[derive(Clone, Debug)]
pub struct Found {
    /// The rows.
    pub items: Vec<Listed>,
    /// The leaf index before which the next page begins.
    pub older: Option<i64>,
}

/// The newest events that fit, before the leaf `before` if one is given.
pub async fn search(scope: &mut impl Scope, filter: &Filter, before: Option<i64>) -> Result<Found> {
    let tenant = scope.tenant();
    // One text per leading index, so that neither planner has to guess; the rest of the filter is checked row by row.
    const ENTITY: &str = select!(
        "AND entity_type = $2 AND entity_id = $3 AND ($4 IS NULL OR actor_id = $4) AND ($5 IS NULL OR action = $5)"
    );
    const ACTOR: &str = select!(
        "AND ($2 IS NULL OR entity_type = $2) AND ($3 IS NULL OR entity_id = $3) AND actor_id = $4 AND ($5 IS NULL OR action = $5)"
    );
    const ACTION: &str = select!(
        "AND ($2 IS NULL OR entity_type = $2) AND ($3 IS NULL OR entity_id = $3) AND ($4 IS NULL OR actor_id = $4) AND action = $5"
    );
    const ANY: &str = select!(
        "AND ($2 IS NULL OR entity_type = $2) AND ($3 IS NULL OR entity_id = $3) AND ($4 IS NULL OR actor_id = $4) AND ($5 IS NULL OR action = $5)"
    );
    // Led by the things, of which there are few beside the log.
    const ABOUT: &str = select!(
        "AND ($2 IS NULL OR entity_type = $2) AND ($3 IS NULL OR entity_id = $3) AND ($4 IS NULL OR actor_id = $4) AND ($5 IS NULL OR action = $5)
         AND (entity_type, entity_id) IN (",
        theirs!(),
        ")"
    );
    let text = match filter {
        Filter { about, .. } if !about.is_empty() => ABOUT,
        Filter { entity_type: Some(_), entity_id: Some(_), .. } => ENTITY,
        Filter { actor: Some(_), .. } => ACTOR,
        Filter { action: Some(_), .. } => ACTION,
        _ => ANY,
    };
    let Bounds { first, last, from, to } = bounds(scope, filter).await?;
    let last = before.map_or(last, |before| last.min(before));
    let mut items: Vec<Listed> = on!(scope, |c| {
        let mut query = sqlx::query_as::<_, Listed>(text)
            .bind(tenant.uuid())
            .bind(filter.entity_type.as_deref())
            .bind(filter.entity_id)
            .bind(filter.actor)
            .bind(filter.action.as_deref())
            .bind(filter.outcome.map(OutcomeFilter::name))
            .bind(first)
            .bind(last)
            .bind(LIMIT + 1)
            .bind(from)
            .bind(to)
            .bind(i64::from(filter.changes_only));
        for id in places(filter) {
            query = query.bind(id);
        }
        query.fetch_all(c).await
    })?;
    let limit = usize::try_from(LIMIT).unwrap_or(usize::MAX);
    let more = items.len() > limit;
    items.truncate(limit);
    let older = if more { items.last().and_then(|row| row.leaf_index) } else { None };
    Ok(Found { items, older })
}

/// What stands in the places of `ids!`; nothing for a text that has none.
fn places(filter: &Filter) -> impl Iterator<Item = Option<Uuid>> {
    let taken = if filter.about.is_empty() { 0 } else { ABOUT_CAP };
    filter.about.iter().copied().map(Some).chain(std::iter::repeat(None)).take(taken)
}

/// How many events fit, counted up to [`COUNT_CAP`].
pub async fn count(scope: &mut impl Scope, filter: &Filter) -> Result<i64> {
    let tenant = scope.tenant();
    let Bounds { first, last, from, to } = bounds(scope, filter).await?;
    let text = if filter.about.is_empty() {
        tally!("")
    } else {
        tally!("AND (entity_type, entity_id) IN (", theirs!(), ")")
    };
    Ok(on!(scope, |c| {
        let mut query = sqlx::query_scalar::<_, i64>(text)
            .bind(tenant.uuid())
            .bind(filter.entity_type.as_deref())
            .bind(filter.entity_id)
            .bind(filter.actor)
            .bind(filter.action.as_deref())
            .bind(filter.outcome.map(OutcomeFilter::name))
            .bind(first)
            .bind(last)
            .bind(COUNT_CAP)
            .bind(from)
            .bind(to)
            .bind(i64::from(filter.changes_only));
        for id in places(filter) {
            query = query.bind(id);
        }
        query.fetch_one(c).await
    })?)
}

/// How far the order of leaves may depart from the order of time: a transaction that commits late, clocks of several
/// servers. Both are far below it; see the time limits in [`crate::PoolOptions`].
const DISORDER: Span = Span::minutes(10);

/// A time range, and the leaves outside of which nothing of it lies.
struct Bounds {
    first: i64,
    last: i64,
    from: i64,
    to: i64,
}

/// Turns a time range into one over leaf indexes, which every index ends in, so that an old range costs what a new one does.
///
/// An event of the range lies behind the last one that is too old by more than the disorder, and before the first one that
/// is too new by more than that.
async fn bounds(scope: &mut impl Scope, filter: &Filter) -> Result<Bounds> {
    let tenant = scope.tenant();
    let mut bounds = Bounds { first: 0, last: i64::MAX, from: i64::MIN, to: i64::MAX };
    if let Some(from) = filter.from {
        let before: Option<i64> = on!(scope, |c| {
            sqlx::query_scalar(
            "SELECT leaf_index FROM audit_leaf WHERE tenant = $1 AND recorded_at < $2 ORDER BY recorded_at DESC, leaf_index DESC LIMIT 1"
        )
        .bind(tenant.uuid())
        .bind((from - DISORDER).micros())
        .fetch_optional(c)
        .await
        })?;
        bounds.first = before.map_or(0, |leaf| leaf + 1);
        bounds.from = from.micros();
    }
    if let Some(to) = filter.to {
        let after: Option<i64> = on!(scope, |c| {
            sqlx::query_scalar(
            "SELECT leaf_index FROM audit_leaf WHERE tenant = $1 AND recorded_at >= $2 ORDER BY recorded_at, leaf_index LIMIT 1"
        )
        .bind(tenant.uuid())
        .bind((to + DISORDER).micros())
        .fetch_optional(c)
        .await
        })?;
        bounds.last = after.unwrap_or(i64::MAX);
        bounds.to = to.micros();
    }
    Ok(bounds)
}

/// Events that are written but have no place in the tree yet, newest first: a writer always sees its own event.
///
/// One that cannot be read, or whose octets are not the ones that were hashed, is listed as [`UNREADABLE`].
pub async fn just_now(scope: &mut impl Scope) -> Result<Vec<Listed>> {
    let tenant = scope.tenant();
    let rows: Vec<(Uuid, i64, Vec<u8>, Vec<u8>)> = on!(scope, |c| {
        sqlx::query_as(
        "SELECT e.id, p.recorded_at, e.hash, e.bytes FROM audit_pending p JOIN audit_event e ON e.tenant = p.tenant AND e.id = p.event
         WHERE p.tenant = $1 ORDER BY p.recorded_at DESC, p.event DESC LIMIT $2"
    )
    .bind(tenant.uuid())
    .bind(LIMIT)
    .fetch_all(c)
    .await
    })?;
    Ok(rows.into_iter().map(|(event, at, hash, bytes)| waiting(event, at, &hash, &bytes)).collect())
}

fn waiting(event: Uuid, recorded_at: i64, hash: &[u8], bytes: &[u8]) -> Listed {
    let id = EventId::from(event);
    let leaf = leaf_of(event, hash, bytes).ok().filter(|leaf| leaf.hash == leaf_hash(bytes));
    let Some(leaf) = leaf else {
        tracing::error!(%event, "an event of the audit log cannot be read");
        return Listed {
            leaf_index: None,
            event: id,
            recorded_at: Timestamp::from_micros(recorded_at),
            actor_kind: "unknown".to_owned(),
            actor_id: None,
            action: UNREADABLE.to_owned(),
            outcome: UNREADABLE.to_owned(),
            entity_type: "unknown".to_owned(),
            entity_id: Uuid::nil(),
            revision: 0,
        };
    };
    Listed {
        leaf_index: None,
        event: id,
        recorded_at: Timestamp::from_micros(leaf.recorded_at),
        actor_kind: leaf.actor_kind.into_owned(),
        actor_id: leaf.actor_id,
        action: leaf.action.into_owned(),
        outcome: leaf.outcome.into_owned(),
        entity_type: leaf.entity_type.into_owned(),
        entity_id: leaf.entity_id,
        revision: leaf.revision,
    }
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

/// The actions that occur, by loose index scan: one probe per distinct value, whatever the number of events.
pub async fn actions(scope: &mut impl Scope) -> Result<Vec<String>> {
    let tenant = scope.tenant();
    Ok(on!(scope, |c| {
        sqlx::query_scalar(
        "WITH RECURSIVE seen (value) AS (
             SELECT min(action) FROM audit_leaf WHERE tenant = $1
             UNION ALL
             SELECT (SELECT min(l.action) FROM audit_leaf l WHERE l.tenant = $1 AND l.action > seen.value) FROM seen WHERE seen.value IS NOT NULL
         ) SELECT value FROM seen WHERE value IS NOT NULL LIMIT 256"
    )
    .bind(tenant.uuid())
    .fetch_all(c)
    .await
    })?)
}

/// The kinds of things that occur, likewise.
pub async fn entity_types(scope: &mut impl Scope) -> Result<Vec<String>> {
    let tenant = scope.tenant();
    Ok(on!(scope, |c| {
        sqlx::query_scalar(
        "WITH RECURSIVE seen (value) AS (
             SELECT min(entity_type) FROM audit_leaf WHERE tenant = $1
             UNION ALL
             SELECT (SELECT min(l.entity_type) FROM audit_leaf l WHERE l.tenant = $1 AND l.entity_type > seen.value) FROM seen WHERE seen.value IS NOT NULL
         ) SELECT value FROM seen WHERE value IS NOT NULL LIMIT 256"
    )
    .bind(tenant.uuid())
    .fetch_all(c)
    .await
    })?)
}
