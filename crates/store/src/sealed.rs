//! Sealed values in their cells: sealing, opening, and what becomes of one that does not open.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, PoisonError},
};

use bailiwick_domain::{
    ids::TenantId,
    time::{Span, Timestamp},
};
use bailiwick_vault::{
    envelope::{self, Context, OpenError, Sealed},
    keyring::KeyringError,
    secret::Plaintext,
};

use crate::{
    Error, Result, tenant_keys,
    tx::{Scope, Tx},
};

/// Faults that wait to be recorded, and cells that are remembered, at most.
const WAITING: usize = 1_000;
/// After so long a cell that still does not open is told of again.
const AGAIN: Span = Span::hours(1);

/// Where a sealed value is: the tenant is the transaction's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell<'a> {
    pub(crate) table: &'a str,
    /// The primary key of the row, without the tenant.
    pub(crate) row: &'a [u8],
    pub(crate) column: &'a str,
}

impl Cell<'_> {
    /// What the ciphertext is bound to.
    pub(crate) const fn context(&self, tenant: TenantId) -> Context<'_> {
        Context { tenant: tenant.bytes(), table: self.table, row: self.row, column: self.column, version: 1 }
    }
}

/// Seals a value for its cell under the newest key of the tenant.
pub(crate) async fn seal(tx: &mut Tx, cell: Cell<'_>, plain: &[u8]) -> Result<Vec<u8>> {
    let keys = tenant_keys::load(tx).await?;
    let sealed = envelope::seal(keys.newest(), &cell.context(tx.tenant()), plain, &*tx.shared.entropy);
    Ok(sealed.map_err(Error::vault)?.into_bytes())
}

/// Opens the value of a cell.
///
/// # Errors
/// [`Error::Sealed`], which names the cell; of a version that another node made a moment ago [`Error::Busy`], and this node has it
/// at the next attempt; [`Error::KeysGone`] and [`Error::KeysAway`].
pub(crate) async fn open(scope: &mut impl Scope, cell: Cell<'_>, sealed: Vec<u8>) -> Result<Plaintext> {
    let keys = tenant_keys::load(scope).await?;
    let opened = Sealed::parse(sealed)
        .and_then(|sealed| envelope::open(&keys, &cell.context(scope.tenant()), &sealed));
    opened.map_err(|wrong| refused(scope, &cell, wrong))
}

/// What is answered where a value does not open. One that was tampered with is noted, to be recorded once this transaction is over.
pub(crate) fn refused(scope: &impl Scope, cell: &Cell<'_>, wrong: OpenError) -> Error {
    let (tenant, now) = (scope.tenant(), scope.now());
    let shared = scope.shared();
    if let OpenError::KeyVersion(version) = wrong {
        let known = shared.keys.keyring.cached(&tenant.bytes());
        if known.is_none_or(|keys| keys.newest().version() < version) {
            shared.keys.keyring.outdated(&tenant.bytes());
            return Error::Busy;
        }
        return Error::KeysGone;
    }
    let row = hex::encode(cell.row);
    let place = format!("{}.{} of {row}", cell.table, cell.column);
    let fault = Fault {
        tenant,
        table: cell.table.to_owned(),
        column: cell.column.to_owned(),
        row,
        problem: wrong.to_string(),
        found_at: now,
    };
    tracing::error!(%tenant, place, problem = fault.problem, "a sealed value does not open");
    shared.faults.note(fault);
    Error::Sealed { place, source: wrong }
}

/// Notes a tenant's key that does not unwrap, to be recorded as a sealed value that was tampered with.
pub(crate) fn key_refused(
    faults: &Faults,
    tenant: TenantId,
    version: u32,
    problem: &KeyringError,
    now: Timestamp,
) {
    tracing::error!(%tenant, version, %problem, "a tenant's key does not unwrap");
    faults.note(Fault {
        tenant,
        table: "tenant_key".to_owned(),
        column: "wrapped".to_owned(),
        row: hex::encode(i64::from(version).to_be_bytes()),
        problem: problem.to_string(),
        found_at: now,
    });
}

/// A sealed value that did not open.
#[derive(Clone, Debug)]
pub struct Fault {
    /// Whose.
    pub tenant: TenantId,
    /// Its table.
    pub table: String,
    /// Its column.
    pub column: String,
    /// The key of its row without the tenant, in hexadecimal.
    pub row: String,
    /// What is wrong with it, as far as can be told.
    pub problem: String,
    /// When it was found.
    pub found_at: Timestamp,
}

/// A cell, by tenant, table, column and row.
type Named = (TenantId, String, String, String);

/// Faults that were found and are not recorded yet: a read cannot record anything, and a change that fails is undone.
#[derive(Default)]
pub(crate) struct Faults(Mutex<Found>);

#[derive(Default)]
struct Found {
    waiting: VecDeque<Fault>,
    told: HashMap<Named, Timestamp>,
}

impl Faults {
    fn note(&self, fault: Fault) {
        let mut found = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let named = (fault.tenant, fault.table.clone(), fault.column.clone(), fault.row.clone());
        let told = found.told.get(&named).is_some_and(|at| fault.found_at.since(*at) < AGAIN);
        if told || found.waiting.len() >= WAITING {
            return;
        }
        if found.told.len() >= WAITING {
            found.told.clear();
        }
        found.told.insert(named, fault.found_at);
        found.waiting.push_back(fault);
    }

    /// Takes what waits.
    pub(crate) fn take(&self) -> Vec<Fault> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).waiting.drain(..).collect()
    }

    /// Puts back what could not be recorded.
    pub(crate) fn put_back(&self, fault: Fault) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).waiting.push_back(fault);
    }
}
