//! The records that decide what people may do, found by the person, role or team they are about.
//!
//! `audit_access` only says where they are: whatever is read is read from the record's own octets, and octets that do not have
//! the hash that was recorded say nothing. A record is noted in its own transaction, so that it is found before it has its place in
//! the tree; a note that is missing shows as a hole in the revisions.

use bailiwick_domain::{
    entity::{CustomRole, Entity, Team},
    ids::UserId,
    past::{Record, Setting, decides, things},
    time::Timestamp,
};
use bailiwick_proof::hash::leaf_hash;
use uuid::Uuid;

use super::{append::stored_hash, draft::Draft};
use crate::{
    Result,
    lock::{execute, row, rows},
    tx::{Scope, Tx},
};

/// Records about one person at most; with more of them nothing is said of the person's past.
pub const OF_PERSON: usize = 1_000;
/// Records about roles, and about teams, at most; with more of them the answer says that it is not complete.
pub const OF_SETTING: usize = 5_000;
/// Records about several people that are read at once.
const OF_PEOPLE: usize = 4_000;

/// The records about somebody, or why they say nothing.
#[derive(Debug)]
pub enum Told {
    /// All of them, up to the moment.
    All(Vec<Record>),
    /// There are more than are read.
    TooMany,
    /// One of them cannot be read, or was altered.
    Unreadable,
}

/// Notes where a record is that decides what somebody may do.
pub(super) async fn note(tx: &mut Tx, subject: Uuid, draft: &Draft) -> Result<()> {
    if !decides(draft.entity_type) {
        return Ok(());
    }
    execute!(
        tx,
        "INSERT INTO audit_access (tenant, subject, recorded_at, event, kind, action) VALUES ($1, $2, $3, $4, $5, $6)",
        draft.tenant.uuid(),
        subject,
        draft.recorded_at.micros(),
        draft.id.uuid(),
        draft.entity_type,
        draft.action
    )?;
    Ok(())
}

/// A record as it lies in the table: its hash and its octets.
type Stored = (Uuid, Vec<u8>, Vec<u8>);

/// The records about one person up to a moment, and about their grants and memberships.
pub async fn about_person(scope: &mut impl Scope, user: UserId, at: Timestamp) -> Result<Told> {
    let tenant = scope.tenant();
    let found: Vec<Stored> = rows!(
        scope,
        "SELECT a.subject, e.hash, e.bytes FROM audit_access a JOIN audit_event e ON e.tenant = a.tenant AND e.id = a.event
         WHERE a.tenant = $1 AND a.subject = $2 AND a.recorded_at <= $3 AND a.kind IN ('user', 'grant', 'team_member')
         ORDER BY a.recorded_at, a.event LIMIT $4",
        tenant.uuid(),
        user.uuid(),
        at.micros(),
        number(OF_PERSON + 1)
    )?;
    Ok(told(&found, OF_PERSON))
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
         ORDER BY a.subject, a.recorded_at, a.event LIMIT $5",
        tenant.uuid(),
        first.uuid(),
        last.uuid(),
        at.micros(),
        number(OF_PEOPLE)
    )?;
    // Where not everything came, the last one may be cut short: they and those behind them are asked for one by one.
    let whole = if found.len() < OF_PEOPLE { None } else { found.last().map(|(subject, ..)| *subject) };
    let mut answers = Vec::with_capacity(people.len());
    for user in people {
        if whole.is_some_and(|cut| user.uuid() >= cut) {
            answers.push((*user, about_person(scope, *user, at).await?));
            continue;
        }
        let begin = found.partition_point(|(subject, ..)| *subject < user.uuid());
        let end = found.partition_point(|(subject, ..)| *subject <= user.uuid());
        answers.push((*user, told(found.get(begin..end).unwrap_or_default(), OF_PERSON)));
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
    let (mut records, mut whole) = (Vec::new(), true);
    for kind in [CustomRole::KIND, Team::KIND] {
        let tenant = scope.tenant();
        let found: Vec<Stored> = rows!(
            scope,
            "SELECT a.subject, e.hash, e.bytes FROM audit_access a JOIN audit_event e ON e.tenant = a.tenant AND e.id = a.event
             WHERE a.tenant = $1 AND a.kind = $2 AND a.recorded_at <= $3 ORDER BY a.recorded_at, a.event LIMIT $4",
            tenant.uuid(),
            kind,
            at.micros(),
            number(OF_SETTING)
        )?;
        whole &= found.len() < OF_SETTING;
        for stored in &found {
            match read(stored) {
                Some(record) => records.push(record),
                None => whole = false,
            }
        }
    }
    let setting = Setting::of(things(records));
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

fn told(found: &[Stored], most: usize) -> Told {
    if found.len() > most {
        return Told::TooMany;
    }
    found.iter().map(read).collect::<Option<Vec<_>>>().map_or(Told::Unreadable, Told::All)
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
