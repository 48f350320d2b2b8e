//! Secrets that are kept for the product: what is shown of them, and their sealed values.
//!
//! A value is sealed under the tenant key for the one version of the one secret. It comes out again in [`open`] alone, which the
//! operation that records the use calls, and nobody else.

mod change;
mod uses;
mod value;

use bailiwick_domain::{
    entity::{Secret, SecretUse, SecretVersion},
    ids::{SecretId, UserId},
    secret::{LengthClass, SecretName},
    time::Timestamp,
};
use sqlx::FromRow;
use uuid::Uuid;

pub use change::{MOST, count, discard, insert, lock, promote, remove, stage};
pub use uses::{drop_uses, used};
pub use value::{fingerprint, open};

use crate::{
    Error, Result,
    lock::{row, rows},
    page::LIMIT,
    tx::Scope,
};

/// A secret with how it was used.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The secret.
    pub secret: Secret,
    /// How it was used; nothing where it never was.
    pub used: Option<SecretUse>,
}

/// A secret with its versions side by side, as it is read.
#[derive(FromRow)]
struct Row {
    #[sqlx(try_from = "Uuid")]
    id: SecretId,
    name: String,
    newest: i64,
    #[sqlx(try_from = "i64")]
    created_at: Timestamp,
    c_number: i64,
    c_length: String,
    c_fingerprint: String,
    c_by: Option<Uuid>,
    c_at: i64,
    s_number: Option<i64>,
    s_length: Option<String>,
    s_fingerprint: Option<String>,
    s_by: Option<Uuid>,
    s_at: Option<i64>,
    p_number: Option<i64>,
    p_length: Option<String>,
    p_fingerprint: Option<String>,
    p_by: Option<Uuid>,
    p_at: Option<i64>,
    uses: Option<i64>,
    used_version: Option<i64>,
    used_by: Option<Uuid>,
    used_at: Option<i64>,
}

impl TryFrom<Row> for Listed {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self> {
        let staged = (row.s_number, row.s_length, row.s_fingerprint, row.s_by, row.s_at);
        let previous = (row.p_number, row.p_length, row.p_fingerprint, row.p_by, row.p_at);
        let used = match (row.uses, row.used_version, row.used_by, row.used_at) {
            (Some(uses), Some(version), Some(key), Some(at)) => Some(SecretUse {
                secret: row.id,
                uses,
                version,
                key: key.into(),
                at: Timestamp::from_micros(at),
            }),
            _ => None,
        };
        Ok(Self {
            secret: Secret {
                id: row.id,
                name: row.name.parse().map_err(|_| Error::Corrupt("secret.name".into()))?,
                current: version(row.c_number, &row.c_length, row.c_fingerprint, row.c_by, row.c_at)?,
                staged: perhaps(staged)?,
                previous: perhaps(previous)?,
                newest: row.newest,
                created_at: row.created_at,
            },
            used,
        })
    }
}

type Columns = (Option<i64>, Option<String>, Option<String>, Option<Uuid>, Option<i64>);

fn perhaps(columns: Columns) -> Result<Option<SecretVersion>> {
    match columns {
        (Some(number), Some(length), Some(fingerprint), by, Some(at)) => {
            version(number, &length, fingerprint, by, at).map(Some)
        }
        _ => Ok(None),
    }
}

fn version(
    number: i64,
    length: &str,
    fingerprint: String,
    by: Option<Uuid>,
    at: i64,
) -> Result<SecretVersion> {
    let length: LengthClass = length.parse().map_err(|_| Error::Corrupt("secret_version.length".into()))?;
    Ok(SecretVersion {
        number,
        length,
        fingerprint,
        stored_by: by.map(UserId::from),
        stored_at: Timestamp::from_micros(at),
    })
}

/// The tenant's secrets by name, behind this one, and the name that the next page begins behind.
pub async fn list(
    scope: &mut impl Scope,
    after: Option<&SecretName>,
) -> Result<(Vec<Listed>, Option<SecretName>)> {
    let tenant = scope.tenant();
    let found: Vec<Row> = rows!(
        scope,
        "SELECT s.id, s.name, s.newest, s.created_at,
                c.number AS c_number, c.length AS c_length, c.fingerprint AS c_fingerprint, c.stored_by AS c_by, c.stored_at AS c_at,
                n.number AS s_number, n.length AS s_length, n.fingerprint AS s_fingerprint, n.stored_by AS s_by, n.stored_at AS s_at,
                p.number AS p_number, p.length AS p_length, p.fingerprint AS p_fingerprint, p.stored_by AS p_by, p.stored_at AS p_at,
                u.uses, u.version AS used_version, u.api_key AS used_by, u.used_at
         FROM secret s JOIN secret_version c ON c.tenant = s.tenant AND c.secret = s.id AND c.stage = 'current'
              LEFT JOIN secret_version n ON n.tenant = s.tenant AND n.secret = s.id AND n.stage = 'staged'
              LEFT JOIN secret_version p ON p.tenant = s.tenant AND p.secret = s.id AND p.stage = 'previous'
              LEFT JOIN secret_use u ON u.tenant = s.tenant AND u.secret = s.id
         WHERE s.tenant = $1 AND s.name > $2 ORDER BY s.name LIMIT $3",
        tenant.uuid(),
        after.map_or("", SecretName::as_str),
        LIMIT + 1
    )?;
    let mut listed = found.into_iter().map(Listed::try_from).collect::<Result<Vec<_>>>()?;
    let shown = usize::try_from(LIMIT).unwrap_or(usize::MAX);
    let more = listed.len() > shown;
    listed.truncate(shown);
    let next = listed.last().filter(|_| more).map(|last| last.secret.name.clone());
    Ok((listed, next))
}

/// One secret.
pub async fn find(scope: &mut impl Scope, id: SecretId) -> Result<Listed> {
    let tenant = scope.tenant();
    let found: Option<Row> = row!(
        scope,
        "SELECT s.id, s.name, s.newest, s.created_at,
                c.number AS c_number, c.length AS c_length, c.fingerprint AS c_fingerprint, c.stored_by AS c_by, c.stored_at AS c_at,
                n.number AS s_number, n.length AS s_length, n.fingerprint AS s_fingerprint, n.stored_by AS s_by, n.stored_at AS s_at,
                p.number AS p_number, p.length AS p_length, p.fingerprint AS p_fingerprint, p.stored_by AS p_by, p.stored_at AS p_at,
                u.uses, u.version AS used_version, u.api_key AS used_by, u.used_at
         FROM secret s JOIN secret_version c ON c.tenant = s.tenant AND c.secret = s.id AND c.stage = 'current'
              LEFT JOIN secret_version n ON n.tenant = s.tenant AND n.secret = s.id AND n.stage = 'staged'
              LEFT JOIN secret_version p ON p.tenant = s.tenant AND p.secret = s.id AND p.stage = 'previous'
              LEFT JOIN secret_use u ON u.tenant = s.tenant AND u.secret = s.id
         WHERE s.tenant = $1 AND s.id = $2",
        tenant.uuid(),
        id.uuid()
    )?;
    found.ok_or(Error::NotFound)?.try_into()
}

/// The id of the secret with this name.
pub async fn named(scope: &mut impl Scope, name: &SecretName) -> Result<Option<SecretId>> {
    let tenant = scope.tenant();
    let found: Option<(Uuid,)> =
        row!(scope, "SELECT id FROM secret WHERE tenant = $1 AND name = $2", tenant.uuid(), name.as_str())?;
    Ok(found.map(|(id,)| id.into()))
}
