//! Data-subject requests as they are stored.

use std::collections::BTreeMap;

use bailiwick_domain::{
    entity::{ErasureCertificate, SubjectRequest, SubjectRequestState},
    ids::SubjectRequestId,
    time::Timestamp,
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    Cursor, Error, Page, Result, Written,
    lock::{execute, locked, row, rows},
    page::LIMIT,
    tx::{Scope, Tx},
};

/// A request with the address that it is about, while that has to be kept.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The request.
    pub request: SubjectRequest,
    /// The address of somebody without an account; nothing once it is done.
    pub address: Option<String>,
}

#[derive(FromRow)]
struct Row {
    #[sqlx(try_from = "Uuid")]
    id: SubjectRequestId,
    person: Uuid,
    address: Option<String>,
    #[sqlx(try_from = "String")]
    state: SubjectRequestState,
    erased: String,
    disclosures: i64,
    #[sqlx(try_from = "i64")]
    created_at: Timestamp,
}

impl TryFrom<Row> for Asked {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let erased: BTreeMap<String, i64> =
            serde_json::from_str(&row.erased).map_err(|_| Error::Corrupt("subject_request.erased".into()))?;
        Ok(Self {
            request: SubjectRequest {
                id: row.id,
                person: row.person,
                state: row.state,
                erased,
                disclosures: row.disclosures,
                created_at: row.created_at,
            },
            address: row.address,
        })
    }
}

/// Stores a request. `known` is the person's address where it is known; it is kept in clear only for somebody without an account,
/// `kept`, whom nothing else leads to.
pub async fn insert(
    tx: &mut Tx,
    request: SubjectRequest,
    known: Option<&str>,
    kept: bool,
) -> Result<Written<SubjectRequest>> {
    let tenant = tx.tenant();
    let tag = known.map(|address| tx.shared.keys.directory.request_tag(&tenant.bytes(), address).to_vec());
    execute!(
        tx,
        "INSERT INTO subject_request (tenant, id, person, address, address_tag, state, erased, disclosures, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        tenant.uuid(),
        request.id.uuid(),
        request.person,
        known.filter(|_| kept),
        tag,
        request.state.name(),
        text(&request.erased)?,
        request.disclosures,
        request.created_at.micros()
    )?;
    Ok(Written::created(request))
}

/// Replaces a locked request by its new image. One that is done keeps no address.
pub async fn replace(
    tx: &mut Tx,
    before: SubjectRequest,
    after: SubjectRequest,
) -> Result<Written<SubjectRequest>> {
    let tenant = tx.tenant();
    let touched = execute!(
        tx,
        "UPDATE subject_request SET state = $3, erased = $4, disclosures = $5, address = CASE WHEN $3 = 'done' THEN NULL ELSE address END
         WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        before.id.uuid(),
        after.state.name(),
        text(&after.erased)?,
        after.disclosures
    )?;
    if touched == 1 { Ok(Written::replaced(before, after)) } else { Err(Error::NotFound) }
}

/// A certificate for a locked request: all of it stands in the record that is made of this, and its kinds in the request's row.
pub const fn certify(certificate: ErasureCertificate) -> Written<ErasureCertificate> {
    Written::created(certificate)
}

/// Reads a request for changing.
pub async fn lock(tx: &mut Tx, id: SubjectRequestId) -> Result<Asked> {
    let tenant = tx.tenant();
    let row: Row = locked!(
        tx,
        "SELECT id, person, address, state, erased, disclosures, created_at FROM subject_request WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        id.uuid()
    )?;
    row.try_into()
}

/// One request.
pub async fn find(scope: &mut impl Scope, id: SubjectRequestId) -> Result<Asked> {
    let tenant = scope.tenant();
    let row: Option<Row> = row!(
        scope,
        "SELECT id, person, address, state, erased, disclosures, created_at FROM subject_request WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        id.uuid()
    )?;
    row.ok_or(Error::NotFound)?.try_into()
}

/// The newest request about a person, or else about an address.
pub async fn about(
    scope: &mut impl Scope,
    person: Option<Uuid>,
    address: Option<&str>,
) -> Result<Option<Asked>> {
    let tenant = scope.tenant();
    let mut found: Option<Row> = None;
    if let Some(person) = person {
        found = row!(
            scope,
            "SELECT id, person, address, state, erased, disclosures, created_at FROM subject_request
             WHERE tenant = $1 AND person = $2 ORDER BY created_at DESC, id DESC LIMIT 1",
            tenant.uuid(),
            person
        )?;
    }
    if found.is_none()
        && let Some(address) = address
    {
        let tag = scope.shared().keys.directory.request_tag(&tenant.bytes(), address);
        found = row!(
            scope,
            "SELECT id, person, address, state, erased, disclosures, created_at FROM subject_request
             WHERE tenant = $1 AND address_tag = $2 ORDER BY created_at DESC, id DESC LIMIT 1",
            tenant.uuid(),
            &tag[..]
        )?;
    }
    found.map(Asked::try_from).transpose()
}

/// Every request, newest first.
pub async fn list(scope: &mut impl Scope, before: Option<Cursor>) -> Result<Page<SubjectRequest>> {
    let tenant = scope.tenant();
    let before = before.unwrap_or_else(Cursor::newest);
    let rows: Vec<Row> = rows!(
        scope,
        "SELECT id, person, address, state, erased, disclosures, created_at FROM subject_request
         WHERE tenant = $1 AND (created_at, id) < ($2, $3) ORDER BY created_at DESC, id DESC LIMIT $4",
        tenant.uuid(),
        before.at.micros(),
        before.id,
        LIMIT + 1
    )?;
    let asked = rows.into_iter().map(|row| Asked::try_from(row).map(|asked| asked.request));
    let requests = asked.collect::<Result<Vec<_>>>()?;
    Ok(Page::of(requests, LIMIT, |request| Cursor { at: request.created_at, id: request.id.uuid() }))
}

fn text(erased: &BTreeMap<String, i64>) -> Result<String> {
    serde_json::to_string(erased).map_err(|_| Error::Corrupt("subject_request.erased".into()))
}
