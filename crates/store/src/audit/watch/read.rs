//! New records with what the session and the person say of them.

use std::{
    collections::{HashMap, hash_map::Entry},
    net::IpAddr,
};

use bailiwick_domain::{
    entity::{Browser, Device, Place, System},
    habit::Habit,
    ids::{EventId, UserId},
    time::Timestamp,
    zone::Zone,
};
use bailiwick_proof::event::ACTOR;
use serde_json::Value;
use sqlx::FromRow;
use uuid::Uuid;

use super::{Batch, Record};
use crate::{
    Result,
    audit::{pack::EventOctets, page::revealed, search::total},
    lock::{row, rows},
    tx::Scope,
};

/// Records read at once.
const CHUNK: i64 = 256;

#[derive(FromRow)]
struct Row {
    leaf_index: i64,
    event: Uuid,
    recorded_at: i64,
    actor_kind: String,
    actor_id: Option<Uuid>,
    action: String,
    bytes: EventOctets,
}

/// Kind of device and of network.
type Origin = (Option<String>, Option<String>);

/// What was looked up for one batch.
#[derive(Default)]
struct Known {
    /// The person behind a key.
    makers: HashMap<Uuid, Option<UserId>>,
    sessions: HashMap<Uuid, Origin>,
}

/// The next records of the scope's log, some at a time. A log that was never looked at begins at its present end: nothing is known of
/// anybody's past there, and nothing would be raised from it.
///
/// `addresses` says whether addresses are wanted: each of them is unsealed.
pub async fn watched(scope: &mut impl Scope, addresses: bool) -> Result<Batch> {
    let tenant = scope.tenant();
    let cursor: Option<(i64,)> =
        row!(scope, "SELECT next_leaf FROM audit_watch WHERE tenant = $1", tenant.uuid())?;
    let Some((from,)) = cursor else {
        return Ok(Batch { next: total(scope).await?, ..Batch::default() });
    };
    let found: Vec<Row> = rows!(
        scope,
        "SELECT l.leaf_index, l.event, l.recorded_at, l.actor_kind, l.actor_id, l.action, e.bytes
         FROM audit_leaf l JOIN audit_event e ON e.tenant = l.tenant AND e.id = l.event
         WHERE l.tenant = $1 AND l.leaf_index >= $2 ORDER BY l.leaf_index LIMIT $3",
        tenant.uuid(),
        from,
        CHUNK
    )?;
    let next = found.last().map_or(from, |last| last.leaf_index + 1);
    let mut batch = Batch { from: Some(from), next, ..Batch::default() };
    let mut known = Known::default();
    for row in found {
        for record in records(scope, &mut known, &mut batch.zones, row, addresses).await? {
            if let Entry::Vacant(place) = batch.habits.entry(record.actor)
                && let Some(habit) = habit(scope, record.actor).await?
            {
                place.insert(habit);
            }
            batch.records.push(record);
        }
    }
    Ok(batch)
}

/// What is known of a record: of whoever acted, and of what the product sent also of the key that sent it; nothing for those of the server, of
/// strangers, of people of the platform, and of whoever is gone.
async fn records(
    scope: &mut impl Scope,
    known: &mut Known,
    zones: &mut HashMap<UserId, Zone>,
    row: Row,
    addresses: bool,
) -> Result<Vec<Record>> {
    // Octets that are none belong to verification; here they only say nothing.
    let event: Value = serde_json::from_slice(&row.bytes).unwrap_or_default();
    let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str);
    let credential = text("/actor/credential").and_then(|id| Uuid::try_parse(id).ok());
    let user = match (row.actor_kind.as_str(), row.actor_id, credential) {
        ("user", Some(actor), _) => Some(UserId::from(actor)),
        ("api_key", Some(key), _) | (ACTOR, _, Some(key)) => maker(scope, known, key).await?,
        _ => None,
    };
    let Some(user) = user else { return Ok(Vec::new()) };
    if let Entry::Vacant(place) = zones.entry(user) {
        let Some(zone) = zone(scope, user).await? else { return Ok(Vec::new()) };
        place.insert(zone);
    }
    let (device, network) = match (row.actor_kind.as_str(), credential) {
        ("user", Some(session)) => session_of(scope, known, session).await?,
        // What the product does not say is no device.
        (ACTOR, _) => (text("/source/agent").filter(|agent| *agent != "unknown").map(str::to_owned), None),
        _ => (text("/source/agent").map(str::to_owned), None),
    };
    let ip = match text("/source/ip/commit") {
        Some(commitment) if addresses => {
            let values = revealed(scope, &[EventId::from(row.event)]).await?;
            values.get(commitment).and_then(Value::as_str).and_then(|ip| ip.parse::<IpAddr>().ok())
        }
        _ => None,
    };
    let record = |actor: Uuid| Record {
        leaf: row.leaf_index,
        at: Timestamp::from_micros(row.recorded_at),
        actor,
        user,
        action: row.action.clone(),
        network: None,
        device: None,
        ip: None,
    };
    let acted = row.actor_id.map(|actor| Record { network, device, ip, ..record(actor) });
    // Where the product's people are says nothing of where the key is.
    let sent = credential.filter(|_| row.actor_kind == ACTOR).map(record);
    Ok(acted.into_iter().chain(sent).collect())
}

async fn maker(scope: &mut impl Scope, known: &mut Known, key: Uuid) -> Result<Option<UserId>> {
    if let Some(maker) = known.makers.get(&key) {
        return Ok(*maker);
    }
    let tenant = scope.tenant();
    let found: Option<(Option<Uuid>,)> =
        row!(scope, "SELECT created_by FROM api_key WHERE tenant = $1 AND id = $2", tenant.uuid(), key)?;
    let maker = found.and_then(|(maker,)| maker).map(UserId::from);
    known.makers.insert(key, maker);
    Ok(maker)
}

async fn session_of(scope: &mut impl Scope, known: &mut Known, session: Uuid) -> Result<Origin> {
    if let Some(from) = known.sessions.get(&session) {
        return Ok(from.clone());
    }
    let tenant = scope.tenant();
    let found: Option<(String, String, String)> = row!(
        scope,
        "SELECT browser, system, place FROM session WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        session
    )?;
    let from = found.map_or((None, None), |(browser, system, place)| {
        let device = browser.parse::<Browser>().ok().zip(system.parse::<System>().ok());
        let device = device.map(|(browser, system)| Device { browser, system });
        let device = device.filter(|device| *device != Device::UNKNOWN);
        let place = place.parse::<Place>().ok().filter(|place| *place != Place::Unknown);
        (device.map(|device| device.title().to_owned()), place.map(|place| place.name().to_owned()))
    });
    known.sessions.insert(session, from.clone());
    Ok(from)
}

/// The person's clock, UTC for whoever chose none; nothing for whoever is gone.
async fn zone(scope: &mut impl Scope, user: UserId) -> Result<Option<Zone>> {
    let tenant = scope.tenant();
    let found: Option<(Option<String>,)> =
        row!(scope, "SELECT time_zone FROM users WHERE tenant = $1 AND id = $2", tenant.uuid(), user.uuid())?;
    Ok(found.map(|(zone,)| zone.and_then(|zone| zone.parse().ok()).unwrap_or_default()))
}

/// What the actor usually does. What an older version wrote and this one cannot read is learnt anew.
async fn habit(scope: &mut impl Scope, actor: Uuid) -> Result<Option<Habit>> {
    let tenant = scope.tenant();
    let found: Option<(String,)> =
        row!(scope, "SELECT habit FROM audit_habit WHERE tenant = $1 AND actor = $2", tenant.uuid(), actor)?;
    Ok(found.and_then(|(habit,)| serde_json::from_str(&habit).ok()))
}
