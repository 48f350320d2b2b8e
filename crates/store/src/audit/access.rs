//! The records that decide what people may do, found by the person, role or team they are about.
//!
//! `audit_access` only says where they are: whatever is read is read from the record's own octets, and octets that do not have
//! the hash that was recorded say nothing. A record is noted in its own transaction, so that it is found before it has its place in
//! the tree; a note that is missing shows as a hole in the revisions.
//!
//! What people, roles and teams are called decides nothing, and whoever names them decides how often. So records that only name
//! are counted, and only the last of a thing is read: nobody hides what they may do behind a thousand names.

use std::collections::BTreeMap;

use bailiwick_domain::{
    change::Change,
    entity::{CustomRole, Entity, Team},
    ids::UserId,
    past::{History, Record, Says, Setting, decides, things},
    time::Timestamp,
};
use bailiwick_proof::hash::leaf_hash;
use uuid::Uuid;

use super::{append::stored_hash, draft::Draft};
use crate::{
    Result,
    audit::pack::EventOctets,
    lock::{execute, row, rows},
    tx::{Scope, Tx},
};

/// Records about one person at most; with more of them nothing is said of the person's past.
pub const OF_PERSON: usize = 1_000;
/// Records about roles, and about teams, at most; with more of them the answer says that it is not complete.
pub const OF_SETTING: usize = 5_000;
/// Records about several people that are read at once.
const OF_PEOPLE: usize = 4_000;
/// Records that only name, and are counted, at most; with more of them it is as with too many that are read.
pub const COUNTED: usize = 100_000;

/// The records about somebody, or why they say nothing.
#[derive(Debug)]
pub enum Told {
    /// All of them, up to the moment.
    All(History),
    /// There are more than are read.
    TooMany,
    /// One of them cannot be read, or was altered.
    Unreadable,
}

/// Notes where a record is that decides what somebody may do.
pub(super) async fn note(tx: &mut Tx, subject: Uuid, draft: &Draft, says: Option<Says>) -> Result<()> {
    let Some(says) = says else { return Ok(()) };
    execute!(
        tx,
        "INSERT INTO audit_access (tenant, subject, recorded_at, event, kind, action, says) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        draft.tenant.uuid(),
        subject,
        draft.recorded_at.micros(),
        draft.id.uuid(),
        &*draft.entity_type,
        &*draft.action,
        says.name()
    )?;
    Ok(())
}

/// What a record about a thing of this kind says of rights; nothing for kinds that decide none.
pub(super) fn says(kind: &str, changes: &[Change]) -> Option<Says> {
    decides(kind).then(|| Says::of(kind, changes))
}

/// How often something was done to a person, role or team since `since`.
pub async fn done_since(
    scope: &mut impl Scope,
    action: &str,
    subject: Uuid,
    since: Timestamp,
) -> Result<i64> {
    let tenant = scope.tenant();
    let count: Option<(i64,)> = row!(
        scope,
        "SELECT count(*) FROM audit_access WHERE tenant = $1 AND action = $2 AND subject = $3 AND recorded_at > $4",
        tenant.uuid(),
        action,
        subject,
        since.micros()
    )?;
    Ok(count.map_or(0, |(n,)| n))
}

/// A record as it lies in the table: its hash and its octets.
type Stored = (Uuid, Vec<u8>, EventOctets);

/// The records about one person up to a moment, and about their grants and memberships.
pub async fn about_person(scope: &mut impl Scope, user: UserId, at: Timestamp) -> Result<Told> {
    let tenant = scope.tenant();
    let found: Vec<Stored> = rows!(
        scope,
        "SELECT a.subject, e.hash, e.bytes FROM audit_access a JOIN audit_event e ON e.tenant = a.tenant AND e.id = a.event
         WHERE a.tenant = $1 AND a.subject = $2 AND a.recorded_at <= $3 AND a.kind IN ('user', 'grant', 'team_member')
           AND (a.says = 'rights' OR NOT EXISTS (SELECT 1 AS one FROM audit_access m
                WHERE m.tenant = $1 AND m.subject = $2 AND m.says = a.says AND m.recorded_at > a.recorded_at AND m.recorded_at <= $3))
         ORDER BY a.recorded_at, a.event LIMIT $4",
        tenant.uuid(),
        user.uuid(),
        at.micros(),
        number(OF_PERSON + 1)
    )?;
    let left_out = left_out(scope, user, user, at).await?;
    Ok(told(&found, left_out.as_ref().map(|all| all.get(&user.uuid()).copied().unwrap_or_default())))
}

/// How many records of these people only name them and were left out; nothing for more than are counted.
async fn left_out(
    scope: &mut impl Scope,
    first: UserId,
    last: UserId,
    at: Timestamp,
) -> Result<Option<BTreeMap<Uuid, i64>>> {
    let tenant = scope.tenant();
    let found: Vec<(Uuid, i64)> = rows!(
        scope,
        "SELECT subject, count(*) FROM (SELECT a.subject AS subject FROM audit_access a
            WHERE a.tenant = $1 AND a.subject >= $2 AND a.subject <= $3 AND a.recorded_at <= $4 AND a.kind = 'user' AND a.says <> 'rights'
              AND EXISTS (SELECT 1 AS one FROM audit_access m
                WHERE m.tenant = $1 AND m.subject = a.subject AND m.says = a.says AND m.recorded_at > a.recorded_at AND m.recorded_at <= $4)
            LIMIT $5) AS naming GROUP BY subject",
        tenant.uuid(),
        first.uuid(),
        last.uuid(),
        at.micros(),
        number(COUNTED + 1)
    )?;
    Ok(counted(found))
}

/// What was counted, unless that is more than is counted.
fn counted(found: Vec<(Uuid, i64)>) -> Option<BTreeMap<Uuid, i64>> {
    let all = found.iter().fold(0, |sum: i64, (_, count)| sum.saturating_add(*count));
    (all <= number(COUNTED)).then(|| found.into_iter().collect())
}

/// The records about each of several people, who are given in the order of their ids.
pub async fn about_people(
    scope: &mut impl Scope,
    people: &[UserId],
    at: Timestamp,
) -> Result<Vec<(UserId, Told)>> {
    let (Some(first), Some(last)) = (people.first(), people.last()) else { return Ok(Vec::new()) };
    let tenant = scope.tenant();
    let found: Vec<Stored> = rows!(
        scope,
        "SELECT a.subject, e.hash, e.bytes FROM audit_access a JOIN audit_event e ON e.tenant = a.tenant AND e.id = a.event
         WHERE a.tenant = $1 AND a.subject >= $2 AND a.subject <= $3 AND a.recorded_at <= $4 AND a.kind IN ('user', 'grant', 'team_member')
           AND (a.says = 'rights' OR NOT EXISTS (SELECT 1 AS one FROM audit_access m
                WHERE m.tenant = $1 AND m.subject = a.subject AND m.says = a.says AND m.recorded_at > a.recorded_at AND m.recorded_at <= $4))
         ORDER BY a.subject, a.recorded_at, a.event LIMIT $5",
        tenant.uuid(),
        first.uuid(),
        last.uuid(),
        at.micros(),
        number(OF_PEOPLE)
    )?;
    let counts = left_out(scope, *first, *last, at).await?;
    // Where not everything came, the last one may be cut short: they and those behind them are asked for one by one.
    let whole = if found.len() < OF_PEOPLE { None } else { found.last().map(|(subject, ..)| *subject) };
    let mut answers = Vec::with_capacity(people.len());
    for user in people {
        if counts.is_none() || whole.is_some_and(|cut| user.uuid() >= cut) {
            answers.push((*user, about_person(scope, *user, at).await?));
            continue;
        }
        let begin = found.partition_point(|(subject, ..)| *subject < user.uuid());
        let end = found.partition_point(|(subject, ..)| *subject <= user.uuid());
        let left_out = counts.as_ref().map(|all| all.get(&user.uuid()).copied().unwrap_or_default());
        answers.push((*user, told(found.get(begin..end).unwrap_or_default(), left_out)));
    }
    Ok(answers)
}

/// People who had been made by then, in the order of their ids, which is that in which they joined.
pub async fn joined(
    scope: &mut impl Scope,
    after: Option<UserId>,
    at: Timestamp,
    most: usize,
) -> Result<Vec<UserId>> {
    let tenant = scope.tenant();
    let found: Vec<(Uuid,)> = rows!(
        scope,
        "SELECT subject FROM audit_access WHERE tenant = $1 AND action = 'user.created' AND subject > $2 AND recorded_at <= $3
         ORDER BY subject LIMIT $4",
        tenant.uuid(),
        after.map_or(Uuid::nil(), UserId::uuid),
        at.micros(),
        number(most)
    )?;
    Ok(found.into_iter().map(|(id,)| id.into()).collect())
}

/// The roles and teams of the tenant as they were.
pub async fn setting(scope: &mut impl Scope, at: Timestamp) -> Result<Setting> {
    let (mut history, mut whole) = (History::default(), true);
    for kind in [CustomRole::KIND, Team::KIND] {
        let tenant = scope.tenant();
        let found: Vec<Stored> = rows!(
            scope,
            "SELECT a.subject, e.hash, e.bytes FROM audit_access a JOIN audit_event e ON e.tenant = a.tenant AND e.id = a.event
             WHERE a.tenant = $1 AND a.kind = $2 AND a.recorded_at <= $3
               AND (a.says = 'rights' OR NOT EXISTS (SELECT 1 AS one FROM audit_access m
                    WHERE m.tenant = $1 AND m.subject = a.subject AND m.says = a.says AND m.recorded_at > a.recorded_at AND m.recorded_at <= $3))
             ORDER BY a.recorded_at, a.event LIMIT $4",
            tenant.uuid(),
            kind,
            at.micros(),
            number(OF_SETTING)
        )?;
        whole &= found.len() < OF_SETTING;
        for stored in &found {
            match read(stored) {
                Some(record) => history.records.push(record),
                None => whole = false,
            }
        }
        let naming: Vec<(Uuid, i64)> = rows!(
            scope,
            "SELECT subject, count(*) FROM (SELECT a.subject AS subject FROM audit_access a
                WHERE a.tenant = $1 AND a.kind = $2 AND a.recorded_at <= $3 AND a.says <> 'rights'
                  AND EXISTS (SELECT 1 AS one FROM audit_access m
                    WHERE m.tenant = $1 AND m.subject = a.subject AND m.says = a.says AND m.recorded_at > a.recorded_at AND m.recorded_at <= $3)
                LIMIT $4) AS naming GROUP BY subject",
            tenant.uuid(),
            kind,
            at.micros(),
            number(COUNTED + 1)
        )?;
        match counted(naming) {
            Some(counts) => history.left_out.extend(counts),
            None => whole = false,
        }
    }
    let setting = Setting::of(things(history));
    Ok(if whole { setting } else { setting.cut_short() })
}

/// When the log begins to say what people may do; nothing where it says nothing yet.
pub async fn beginning(scope: &mut impl Scope) -> Result<Option<Timestamp>> {
    let tenant = scope.tenant();
    let found: Option<(i64,)> = row!(
        scope,
        "SELECT recorded_at FROM audit_access WHERE tenant = $1 AND kind = 'user' ORDER BY recorded_at LIMIT 1",
        tenant.uuid()
    )?;
    Ok(found.map(|(at,)| Timestamp::from_micros(at)))
}

/// What somebody's records tell, of which so many were left out; nothing for more than are counted.
fn told(found: &[Stored], left_out: Option<i64>) -> Told {
    let (Some(left_out), true) = (left_out, found.len() <= OF_PERSON) else { return Told::TooMany };
    let Some(records) = found.iter().map(read).collect::<Option<Vec<_>>>() else { return Told::Unreadable };
    let subject = found.first().map(|(subject, ..)| *subject);
    Told::All(History { records, left_out: subject.map(|user| (user, left_out)).into_iter().collect() })
}

/// A record, if its octets are the ones that were hashed.
fn read((subject, hash, bytes): &Stored) -> Option<Record> {
    let record =
        stored_hash(hash).ok().filter(|hash| *hash == leaf_hash(bytes)).and_then(|_| Record::read(bytes));
    if record.is_none() {
        tracing::error!(%subject, "a record of the audit log about rights cannot be read");
    }
    record
}

fn number(most: usize) -> i64 {
    i64::try_from(most).unwrap_or(i64::MAX)
}
