//! The policy of a tenant and the floors of its roles.

use std::collections::BTreeMap;

use bailiwick_domain::{
    entity::Policy,
    ids::TenantId,
    mfa::{Asked, Floor, Held},
    role::RoleName,
    time::Timestamp,
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    Error, Result, Written,
    lock::{execute, locked, row, rows},
    tx::{Scope, Tx},
};

#[derive(FromRow)]
struct PolicyRow {
    #[sqlx(try_from = "Uuid")]
    tenant: TenantId,
    mfa_since: Option<i64>,
    passkey_since: Option<i64>,
    mfa_grace_days: i64,
    session_idle_minutes: i64,
    session_absolute_hours: i64,
    reauth_minutes: i64,
    invitation_days: i64,
    api_key_days: Option<i64>,
}

impl PolicyRow {
    async fn with_roles(self, scope: &mut impl Scope) -> Result<Policy> {
        Ok(Policy {
            id: self.tenant,
            floor: floor(self.mfa_since, self.passkey_since),
            role_floors: role_floors(scope).await?,
            mfa_grace_days: self.mfa_grace_days,
            session_idle_minutes: self.session_idle_minutes,
            session_absolute_hours: self.session_absolute_hours,
            reauth_minutes: self.reauth_minutes,
            invitation_days: self.invitation_days,
            api_key_days: self.api_key_days,
        })
    }
}

/// What a query that reads people says of what is asked of them and of what they have.
///
/// Of roles, their own and those of their teams, it says the earliest of each, as [`Floor::and`] takes them together.
#[derive(FromRow)]
pub(crate) struct AskedRow {
    mfa_since: Option<i64>,
    passkey_since: Option<i64>,
    role_mfa_since: Option<i64>,
    role_passkey_since: Option<i64>,
    mfa_grace_days: i64,
    /// The strongest verified factor, as it stands beside the user.
    factor: Option<String>,
}

impl AskedRow {
    pub(crate) fn asked(&self) -> Asked {
        Asked {
            tenant: floor(self.mfa_since, self.passkey_since),
            role: floor(self.role_mfa_since, self.role_passkey_since),
            grace_days: self.mfa_grace_days,
        }
    }

    pub(crate) fn held(&self) -> Held {
        Held::named(self.factor.as_deref())
    }
}

fn floor(mfa_since: Option<i64>, passkey_since: Option<i64>) -> Floor {
    Floor::stored(mfa_since.map(Timestamp::from_micros), passkey_since.map(Timestamp::from_micros))
}

/// The floors of roles. Whoever is about to change them has locked the policy.
async fn role_floors(scope: &mut impl Scope) -> Result<BTreeMap<RoleName, Floor>> {
    let tenant = scope.tenant();
    let found: Vec<(String, i64, Option<i64>)> = rows!(
        scope,
        "SELECT role, mfa_since, passkey_since FROM role_floor WHERE tenant = $1",
        tenant.uuid()
    )?;
    let parse = |(role, mfa, passkey): (String, i64, Option<i64>)| {
        let role = role.parse().map_err(|_| Error::Corrupt("role_floor.role".into()))?;
        Ok((role, floor(Some(mfa), passkey)))
    };
    found.into_iter().map(parse).collect()
}

/// Stores a tenant's first policy.
pub async fn insert_policy(tx: &mut Tx, policy: Policy) -> Result<Written<Policy>> {
    let tenant = tx.tenant();
    execute!(
        tx,
        "INSERT INTO policy (tenant, mfa_floor, mfa_since, passkey_since, mfa_grace_days, session_idle_minutes, session_absolute_hours, reauth_minutes, invitation_days, api_key_days)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        tenant.uuid(),
        policy.floor.level().name(),
        policy.floor.mfa_since().map(Timestamp::micros),
        policy.floor.passkey_since().map(Timestamp::micros),
        policy.mfa_grace_days,
        policy.session_idle_minutes,
        policy.session_absolute_hours,
        policy.reauth_minutes,
        policy.invitation_days,
        policy.api_key_days
    )?;
    write_role_floors(tx, &BTreeMap::new(), &policy.role_floors).await?;
    Ok(Written::created(policy))
}

/// The tenant's policy.
pub async fn policy(scope: &mut impl Scope) -> Result<Policy> {
    let tenant = scope.tenant();
    let row: Option<PolicyRow> = row!(
        scope,
        "SELECT tenant, mfa_since, passkey_since, mfa_grace_days, session_idle_minutes, session_absolute_hours, reauth_minutes, invitation_days, api_key_days FROM policy WHERE tenant = $1",
        tenant.uuid()
    )?;
    row.ok_or(Error::NotFound)?.with_roles(scope).await
}

/// Reads the tenant's policy for changing.
pub async fn lock_policy(tx: &mut Tx) -> Result<Policy> {
    let tenant = tx.tenant();
    let row: PolicyRow = locked!(
        tx,
        "SELECT tenant, mfa_since, passkey_since, mfa_grace_days, session_idle_minutes, session_absolute_hours, reauth_minutes, invitation_days, api_key_days FROM policy WHERE tenant = $1",
        tenant.uuid()
    )?;
    row.with_roles(tx).await
}

/// Replaces the locked policy by its new image.
pub async fn replace_policy(tx: &mut Tx, before: Policy, after: Policy) -> Result<Written<Policy>> {
    let tenant = tx.tenant();
    let touched = execute!(
        tx,
        "UPDATE policy SET mfa_floor = $2, mfa_since = $3, passkey_since = $4, mfa_grace_days = $5, session_idle_minutes = $6, session_absolute_hours = $7, reauth_minutes = $8, invitation_days = $9, api_key_days = $10 WHERE tenant = $1",
        tenant.uuid(),
        after.floor.level().name(),
        after.floor.mfa_since().map(Timestamp::micros),
        after.floor.passkey_since().map(Timestamp::micros),
        after.mfa_grace_days,
        after.session_idle_minutes,
        after.session_absolute_hours,
        after.reauth_minutes,
        after.invitation_days,
        after.api_key_days
    )?;
    write_role_floors(tx, &before.role_floors, &after.role_floors).await?;
    if touched == 1 { Ok(Written::replaced(before, after)) } else { Err(Error::NotFound) }
}

async fn write_role_floors(
    tx: &mut Tx,
    before: &BTreeMap<RoleName, Floor>,
    after: &BTreeMap<RoleName, Floor>,
) -> Result<()> {
    let tenant = tx.tenant();
    for role in before.keys().filter(|role| !after.contains_key(*role)) {
        execute!(tx, "DELETE FROM role_floor WHERE tenant = $1 AND role = $2", tenant.uuid(), role.name())?;
    }
    for (role, floor) in after.iter().filter(|(role, floor)| before.get(*role) != Some(*floor)) {
        execute!(
            tx,
            "INSERT INTO role_floor (tenant, role, floor, mfa_since, passkey_since) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (tenant, role) DO UPDATE SET floor = excluded.floor, mfa_since = excluded.mfa_since, passkey_since = excluded.passkey_since",
            tenant.uuid(),
            role.name(),
            floor.level().name(),
            floor.mfa_since().map(Timestamp::micros),
            floor.passkey_since().map(Timestamp::micros)
        )?;
    }
    Ok(())
}
