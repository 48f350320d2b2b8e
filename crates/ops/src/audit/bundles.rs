//! Making evidence bundles: records of the log with what proves them, in a file for whoever has neither this program nor its
//! database.

use bailiwick_domain::{
    disclosure::Disclosure,
    entity::{EvidenceBundle, Severity},
    ids::EventId,
    permission::Permission,
    rule::{MakeBundle, Rule},
    search,
    zone::Zone,
};
use bailiwick_store::{
    Event, Permit, Scope, Store,
    audit::{
        self,
        bundle::{self, Asked, Bundled},
    },
};
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::{Error, Result};

/// Bundles that are made at once; each holds up to some hundred megabytes for a moment.
const AT_ONCE: usize = 2;
static MAKING: Semaphore = Semaphore::const_new(AT_ONCE);

/// What a bundle is to be, as it was asked for.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Of which records.
    pub of: Of,
    /// Which personal values it shows.
    pub disclose: Disclosure,
}

/// Of which records a bundle is.
#[derive(Clone, Debug)]
pub enum Of {
    /// What this line of search finds.
    Search(String),
    /// Everything that happened to one thing.
    Entity {
        /// Its kind.
        kind: String,
        /// What it is keyed by.
        id: Uuid,
    },
}

/// A bundle that was made.
#[derive(Debug)]
pub struct Made {
    /// What the log says of it.
    pub bundle: EvidenceBundle,
    /// The file. It is kept nowhere.
    pub file: String,
}

/// Makes a bundle of what is asked for, as far as the log is signed, and records that it was made.
///
/// # Errors
/// `Forbidden` to whoever may not read the log, `Invalid` for a line of search that is wrong, `Conflict` for no record, too many of
/// them, and records that are not what was signed, `NotFound` for a thing without a record, `Limited` while others are made.
pub async fn make(store: &Store, permit: &Permit<MakeBundle>, wanted: Wanted) -> Result<Made> {
    may_read(permit)?;
    let _turn = MAKING.try_acquire().map_err(|_| Error::Limited { retry_after_seconds: 5 })?;
    let mut view = store.read(permit).await?;
    let asked = understood(&mut view, permit, wanted.of).await?;
    let made = bundle::bundle(&mut view, &asked, &wanted.disclose).await?;
    drop(view);
    hand_out(store, permit, made, &wanted.disclose).await
}

/// Makes the receipt of one record with the personal values that are asked for, and records that they left.
///
/// # Errors
/// `Forbidden` to whoever may not read the log, `NotFound` for no record of this tenant, `Conflict` for one that no checkpoint covers
/// yet or that is not what was signed.
pub async fn receipt(
    store: &Store,
    permit: &Permit<MakeBundle>,
    event: EventId,
    disclose: &Disclosure,
) -> Result<Made> {
    may_read(permit)?;
    let mut view = store.read(permit).await?;
    let made = bundle::receipt(&mut view, event, disclose).await?;
    drop(view);
    let made =
        made.ok_or(Error::Conflict("No signed checkpoint covers this record yet. Ask again in a moment."))?;
    hand_out(store, permit, made, disclose).await
}

/// Whoever takes records along has to be allowed to read them, too.
///
/// # Errors
/// `Forbidden` to everybody else.
pub fn may_read<R: Rule>(permit: &Permit<R>) -> Result<()> {
    if permit.may(Permission::AUDIT_READ) {
        Ok(())
    } else {
        Err(Error::Forbidden("Taking records along asks for the permission to read them, audit:read."))
    }
}

async fn hand_out(
    store: &Store,
    permit: &Permit<MakeBundle>,
    made: Bundled,
    disclose: &Disclosure,
) -> Result<Made> {
    let own = permit.caller().filter(|caller| Some(caller.tenant.id) == permit.tenant());
    let bundle = EvidenceBundle {
        id: store.new_id(),
        made_by: own.map(|caller| caller.user.id),
        selection: made.selection,
        disclosed: disclose.to_string(),
        values: made.values,
        records: made.records,
        size: made.size,
        list: made.list,
        made_at: store.now(),
    };
    record(store, permit, &bundle).await?;
    Ok(Made { bundle, file: made.file })
}

async fn record(store: &Store, permit: &Permit<MakeBundle>, bundle: &EvidenceBundle) -> Result<()> {
    store
        .change(permit, async |tx| {
            let written = bundle::made(tx, bundle.clone());
            let event = Event::new("evidence_bundle.made", &written)?;
            let event = if bundle.values > 0 {
                let with =
                    if bundle.selection.starts_with("receipt ") { "a receipt" } else { "an evidence bundle" };
                let detail = format!("{} personal values left with {with}", bundle.values);
                event.raising(Severity::Info, detail)
            } else {
                event
            };
            Ok(tx.record(event, ()))
        })
        .await
}

async fn understood(scope: &mut impl Scope, permit: &Permit<MakeBundle>, of: Of) -> Result<Asked> {
    let line = match of {
        Of::Entity { kind, id } => return Ok(Asked::Entity { kind, id }),
        Of::Search(line) => line,
    };
    let wrong = |column: usize, text: &str| Error::field("query", format!("Column {column}: {text}"));
    let parsed = search::parse(&line).map_err(|fault| wrong(fault.column, &fault.text))?;
    let zone: Zone = permit.caller().and_then(|caller| caller.user.time_zone.clone()).unwrap_or_default();
    match audit::resolve(scope, &parsed.query, &zone).await? {
        Ok(sought) => Ok(Asked::Search { line: parsed.query.to_string(), sought }),
        Err(fault) => Err(wrong(parsed.columns.get(fault.clause).copied().unwrap_or(1), fault.text)),
    }
}
