//! What each version of a tenant's key protects.

use std::collections::BTreeMap;

use super::places::PLACES;
use crate::{Error, Result, lock::rows, tx::Scope};

/// What is sealed under one version, by kind: `subject_key`, `factor` and so on. Kinds of which there is nothing are missing.
pub type Protected = BTreeMap<String, i64>;

/// What is sealed under each version. Letters and subject keys are counted along an index; of everything else there are a few for
/// each person.
pub async fn protects(scope: &mut impl Scope) -> Result<BTreeMap<i64, Protected>> {
    let tenant = scope.tenant();
    let mut versions: BTreeMap<i64, Protected> = BTreeMap::new();
    let subjects: Vec<(i64, i64)> = rows!(
        scope,
        "SELECT key_version, count(*) FROM subject_key WHERE tenant = $1 AND wrapped IS NOT NULL GROUP BY key_version",
        tenant.uuid()
    )?;
    for (version, count) in subjects {
        versions.entry(version).or_default().insert("subject_key".to_owned(), count);
    }
    for place in PLACES {
        let found: Vec<(Vec<u8>, i64)> = rows!(scope, place.count, tenant.uuid())?;
        for (version, count) in found {
            let version: [u8; 4] = version
                .try_into()
                .map_err(|_| Error::Corrupt(format!("{}.{}", place.table, place.column)))?;
            let protected = versions.entry(i64::from(u32::from_be_bytes(version))).or_default();
            *protected.entry(place.table.to_owned()).or_default() += count;
        }
    }
    Ok(versions)
}
