//! People in the order in which they joined, through the index of the filter that the fewest pass.

use bailiwick_domain::{entity::UserStatus, role::RoleName};

use super::{
    Listed, ListedRow, listed,
    seek::{BATCH, Found, LOOKED_AT, Mfa, Place, Sought, full},
};
use crate::{
    Cursor, Result,
    lock::{row, rows},
    page::LIMIT,
    tx::Scope,
};

/// What an index leads through, in the order in which people joined.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lead {
    Everybody,
    Role(RoleName),
    Status(UserStatus),
    Mfa(Mfa),
}

/// The people who fit, in the order in which they joined.
pub(super) async fn joined(scope: &mut impl Scope, sought: &Sought, mut after: Cursor) -> Result<Found> {
    let leads: Vec<Lead> =
        [sought.mfa.map(Lead::Mfa), sought.role.map(Lead::Role), sought.status.map(Lead::Status)]
            .into_iter()
            .flatten()
            .collect();
    let lead = narrowest(scope, &leads).await?;
    // Where one filter is all there is, its index gives nobody who does not fit.
    let batch = if leads.len() > 1 { BATCH } else { LIMIT + 1 };
    let mut items = Vec::new();
    for _ in 0..LOOKED_AT / batch {
        let found = led(scope, lead, after, batch).await?;
        let last = found.len() < usize::try_from(batch).unwrap_or(usize::MAX);
        let mut left = found.into_iter();
        while let Some(one) = left.next() {
            let one = Listed::try_from(one)?;
            after = Cursor { at: one.user.created_at, id: one.user.id.uuid() };
            if sought.fits(&one) {
                items.push(one);
            }
            if full(&items) {
                let more = !last || left.len() > 0;
                return Ok(Found { items, next: more.then_some(Place::Joined(after)) });
            }
        }
        if last {
            return Ok(Found { items, next: None });
        }
    }
    Ok(Found { items, next: Some(Place::Joined(after)) })
}

/// The filter that the fewest people pass, as far as one page looks. All run in the same order, so the next page may take
/// another one.
async fn narrowest(scope: &mut impl Scope, leads: &[Lead]) -> Result<Lead> {
    let [_, _, ..] = leads else { return Ok(leads.first().copied().unwrap_or(Lead::Everybody)) };
    let mut best = (i64::MAX, Lead::Everybody);
    for lead in leads {
        let count = few(scope, *lead).await?;
        if count < best.0 {
            best = (count, *lead);
        }
    }
    Ok(best.1)
}

/// How many people a filter lets through; counting stops at [`LOOKED_AT`].
async fn few(scope: &mut impl Scope, lead: Lead) -> Result<i64> {
    let tenant = scope.tenant().uuid();
    let count: Option<(i64,)> = match lead {
        Lead::Everybody => return Ok(i64::MAX),
        Lead::Role(role) => row!(
            scope,
            "SELECT count(*) FROM (SELECT 1 AS one FROM users WHERE tenant = $1 AND role = $2 LIMIT $3) AS few",
            tenant,
            role.name(),
            LOOKED_AT
        )?,
        Lead::Status(status) => row!(
            scope,
            "SELECT count(*) FROM (SELECT 1 AS one FROM users WHERE tenant = $1 AND status = $2 LIMIT $3) AS few",
            tenant,
            status.name(),
            LOOKED_AT
        )?,
        Lead::Mfa(Mfa::Missing) => row!(
            scope,
            "SELECT count(*) FROM (SELECT 1 AS one FROM users WHERE tenant = $1 AND factor IS NULL LIMIT $2) AS few",
            tenant,
            LOOKED_AT
        )?,
        Lead::Mfa(Mfa::Sso) => row!(
            scope,
            "SELECT count(*) FROM (SELECT 1 AS one FROM users WHERE tenant = $1 AND factor = 'sso' LIMIT $2) AS few",
            tenant,
            LOOKED_AT
        )?,
        Lead::Mfa(Mfa::Verified) => row!(
            scope,
            "SELECT count(*) FROM (SELECT 1 AS one FROM users WHERE tenant = $1 AND factor <> 'sso' ORDER BY created_at, id LIMIT $2) AS few",
            tenant,
            LOOKED_AT
        )?,
    };
    Ok(count.map_or(0, |(n,)| n))
}

/// The next rows along one index.
async fn led(scope: &mut impl Scope, lead: Lead, after: Cursor, batch: i64) -> Result<Vec<ListedRow>> {
    let tenant = scope.tenant().uuid();
    Ok(match lead {
        Lead::Everybody => rows!(
            scope,
            listed!("AND (u.created_at, u.id) > ($2, $3) ORDER BY u.created_at, u.id LIMIT $4"),
            tenant,
            after.at.micros(),
            after.id,
            batch
        )?,
        Lead::Role(role) => rows!(
            scope,
            listed!(
                "AND u.role = $5 AND (u.created_at, u.id) > ($2, $3) ORDER BY u.created_at, u.id LIMIT $4"
            ),
            tenant,
            after.at.micros(),
            after.id,
            batch,
            role.name()
        )?,
        Lead::Status(status) => rows!(
            scope,
            listed!(
                "AND u.status = $5 AND (u.created_at, u.id) > ($2, $3) ORDER BY u.created_at, u.id LIMIT $4"
            ),
            tenant,
            after.at.micros(),
            after.id,
            batch,
            status.name()
        )?,
        Lead::Mfa(Mfa::Missing) => rows!(
            scope,
            listed!(
                "AND u.factor IS NULL AND (u.created_at, u.id) > ($2, $3) ORDER BY u.created_at, u.id LIMIT $4"
            ),
            tenant,
            after.at.micros(),
            after.id,
            batch
        )?,
        Lead::Mfa(Mfa::Sso) => rows!(
            scope,
            listed!(
                "AND u.factor = 'sso' AND (u.created_at, u.id) > ($2, $3) ORDER BY u.created_at, u.id LIMIT $4"
            ),
            tenant,
            after.at.micros(),
            after.id,
            batch
        )?,
        Lead::Mfa(Mfa::Verified) => rows!(
            scope,
            listed!(
                "AND u.factor <> 'sso' AND (u.created_at, u.id) > ($2, $3) ORDER BY u.created_at, u.id LIMIT $4"
            ),
            tenant,
            after.at.micros(),
            after.id,
            batch
        )?,
    })
}
