//! The values of secrets: sealed here, opened here, and nowhere else.

use bailiwick_domain::{ids::SecretId, secret::LONGEST_VALUE};
use bailiwick_vault::secret::Plaintext;

use crate::{
    Error, Result,
    lock::row,
    sealed::{self, Cell},
    tx::{Scope, Tx},
};

/// The keyed hash by which a value is known again within the tenant, 32 lower-case hexadecimal digits.
pub fn fingerprint(scope: &impl Scope, value: &[u8]) -> String {
    let tenant = scope.tenant().bytes();
    hex::encode(scope.shared().keys.directory.secret_fingerprint(&tenant, value))
}

/// The value of one version, for whoever records that it is used.
pub async fn open(tx: &mut Tx, id: SecretId, number: i64) -> Result<Plaintext> {
    let tenant = tx.tenant();
    let found: Option<(Vec<u8>,)> = row!(
        tx,
        "SELECT sealed FROM secret_version WHERE tenant = $1 AND secret = $2 AND number = $3",
        tenant.uuid(),
        id.uuid(),
        number
    )?;
    let (sealed,) = found.ok_or(Error::NotFound)?;
    sealed::open(tx, cell(&key(id, number)), sealed).await
}

/// Seals a value for one version.
pub(super) async fn seal(tx: &mut Tx, id: SecretId, number: i64, value: &[u8]) -> Result<Vec<u8>> {
    if value.len() > LONGEST_VALUE {
        return Err(Error::Conflict("The value of the secret is too long."));
    }
    sealed::seal(tx, cell(&key(id, number)), value).await
}

/// The version's number is part of the row: a version that is put in another one's place does not open.
const fn cell(key: &[u8; 24]) -> Cell<'_> {
    Cell { table: "secret_version", row: key, column: "sealed" }
}

/// The key of a version's row, without the tenant.
fn key(id: SecretId, number: i64) -> [u8; 24] {
    let mut row = [0; 24];
    for (to, from) in row.iter_mut().zip(id.bytes().into_iter().chain(number.to_be_bytes())) {
        *to = from;
    }
    row
}
