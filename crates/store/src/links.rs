//! Links that work once, each for one person: kept by the hash of their token, until they are used or at their end.
//!
//! Their tables have these columns in common; the texts stand with the queries of each.

use bailiwick_domain::{
    entity::{Enrolment, Entity, PasswordReset},
    ids::UserId,
    time::Timestamp,
};
use bailiwick_vault::token::TokenHash;
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    Error, Result, Written,
    conn::on,
    lock::{row, rows},
    tx::{Scope, Tx},
};

#[derive(FromRow)]
pub(crate) struct Row {
    id: Uuid,
    #[sqlx(try_from = "Uuid")]
    user_id: UserId,
    #[sqlx(try_from = "i64")]
    created_at: Timestamp,
    #[sqlx(try_from = "i64")]
    expires_at: Timestamp,
    used_at: Option<i64>,
}

/// A kind of link.
pub(crate) trait Link: Entity + From<Row> {
    /// When it was used, and when it ceases to work.
    fn ends(&self) -> (Option<Timestamp>, Timestamp);
}

macro_rules! link {
    ($name:ident) => {
        impl From<Row> for $name {
            fn from(row: Row) -> Self {
                Self {
                    id: row.id.into(),
                    user: row.user_id,
                    created_at: row.created_at,
                    expires_at: row.expires_at,
                    used_at: row.used_at.map(Timestamp::from_micros),
                }
            }
        }

        impl Link for $name {
            fn ends(&self) -> (Option<Timestamp>, Timestamp) {
                (self.used_at, self.expires_at)
            }
        }
    };
}

link!(Enrolment);
link!(PasswordReset);

/// The link with this token, whether it works or not.
pub(crate) async fn by_token<L: Link>(
    scope: &mut impl Scope,
    sql: &'static str,
    token: &TokenHash,
) -> Result<Option<L>> {
    let tenant = scope.tenant();
    let row: Option<Row> = row!(scope, sql, tenant.uuid(), &token.as_bytes()[..])?;
    Ok(row.map(L::from))
}

/// A user's links that still work. Whoever is about to change them has locked the user.
pub(crate) async fn live_of<L: Link>(
    scope: &mut impl Scope,
    sql: &'static str,
    user: UserId,
) -> Result<Vec<L>> {
    let (tenant, now) = (scope.tenant(), scope.now());
    let rows: Vec<Row> = rows!(scope, sql, tenant.uuid(), user.uuid(), now.micros())?;
    Ok(rows.into_iter().map(L::from).collect())
}

/// Replaces a link, whose user is locked, by its new image: used, or at its end.
pub(crate) async fn replace<L: Link>(
    tx: &mut Tx,
    sql: &'static str,
    before: L,
    after: L,
) -> Result<Written<L>> {
    let tenant = tx.tenant();
    let (id, (used_at, expires_at)) = (before.entity_id(), after.ends());
    let touched = on!(tx, |c| {
        sqlx::query(sql)
            .bind(tenant.uuid())
            .bind(id)
            .bind(used_at.map(Timestamp::micros))
            .bind(expires_at.micros())
            .execute(c)
            .await
            .map(|done| done.rows_affected())
    })?;
    if touched == 1 { Ok(Written::replaced(before, after)) } else { Err(Error::NotFound) }
}
