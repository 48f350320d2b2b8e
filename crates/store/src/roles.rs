//! Roles that a tenant made, and who holds which role.

use std::{collections::HashMap, sync::Arc};

use bailiwick_domain::{
    entity::{CustomRole, User},
    ids::{CustomRoleId, UserId},
    permission::PermissionSet,
    role::{CustomName, RoleName},
    time::Timestamp,
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    Error, Result, Written,
    access::named,
    lock::{execute, locked, row, rows},
    tx::{Scope, Tx},
};

#[derive(FromRow)]
struct Row {
    #[sqlx(try_from = "Uuid")]
    id: CustomRoleId,
    name: String,
    label: String,
    description: String,
    permissions: String,
    #[sqlx(try_from = "i64")]
    created_at: Timestamp,
}

impl TryFrom<Row> for CustomRole {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: row.id,
            name: row.name.parse().map_err(|_| Error::Corrupt("custom_role.name".into()))?,
            label: row.label,
            description: row.description,
            permissions: row.permissions.split_whitespace().map(str::to_owned).collect(),
            created_at: row.created_at,
        })
    }
}

/// Who holds a role.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, FromRow)]
pub struct Holders {
    /// Users whose own role it is, disabled ones too.
    pub users: i64,
    /// Open invitations to it, those that have lapsed too as long as that was not recorded.
    pub invitations: i64,
    /// Teams that have it.
    pub teams: i64,
}

impl Holders {
    /// Whether nobody holds it and nobody is invited to it.
    pub const fn is_none(self) -> bool {
        matches!(self, Self { users: 0, invitations: 0, teams: 0 })
    }
}

/// The tenant's custom roles, by label; there are fifty at most.
pub async fn list(scope: &mut impl Scope) -> Result<Vec<CustomRole>> {
    let tenant = scope.tenant();
    let rows: Vec<Row> = rows!(
        scope,
        "SELECT id, name, label, description, permissions, created_at FROM custom_role WHERE tenant = $1 ORDER BY label",
        tenant.uuid()
    )?;
    rows.into_iter().map(CustomRole::try_from).collect()
}

/// One custom role.
pub async fn find(scope: &mut impl Scope, name: CustomName) -> Result<CustomRole> {
    let tenant = scope.tenant();
    let row: Option<Row> = row!(
        scope,
        "SELECT id, name, label, description, permissions, created_at FROM custom_role WHERE tenant = $1 AND name = $2",
        tenant.uuid(),
        name.name()
    )?;
    row.ok_or(Error::NotFound)?.try_into()
}

/// What people call the custom role with this id.
pub async fn label_of(scope: &mut impl Scope, id: CustomRoleId) -> Result<String> {
    let tenant = scope.tenant();
    let row: Option<(String,)> =
        row!(scope, "SELECT label FROM custom_role WHERE tenant = $1 AND id = $2", tenant.uuid(), id.uuid())?;
    Ok(row.ok_or(Error::NotFound)?.0)
}

/// Reads a custom role for changing.
pub async fn lock(tx: &mut Tx, name: CustomName) -> Result<CustomRole> {
    let tenant = tx.tenant();
    let row: Row = locked!(
        tx,
        "SELECT id, name, label, description, permissions, created_at FROM custom_role WHERE tenant = $1 AND name = $2",
        tenant.uuid(),
        name.name()
    )?;
    row.try_into()
}

/// What any role of the tenant holds; nothing where it names a custom role that is not there.
pub async fn set_of(scope: &mut impl Scope, role: RoleName) -> Result<Option<PermissionSet>> {
    let (tenant, shared) = (scope.tenant(), Arc::clone(scope.shared()));
    let custom = match role {
        RoleName::BuiltIn(role) => return Ok(Some(shared.catalogue.role_set(role))),
        RoleName::Custom(custom) => custom,
    };
    let found: Option<(String,)> = row!(
        scope,
        "SELECT permissions FROM custom_role WHERE tenant = $1 AND name = $2",
        tenant.uuid(),
        custom.name()
    )?;
    Ok(found
        .map(|(names,)| named(&shared.catalogue, &names).difference(shared.catalogue.platform_permissions())))
}

/// Every role of a user: their own, and those of their teams.
pub async fn of_user(scope: &mut impl Scope, user: &User) -> Result<Vec<RoleName>> {
    let tenant = scope.tenant();
    let through_teams: Vec<(String,)> = rows!(
        scope,
        "SELECT DISTINCT t.role FROM team_member m JOIN team_role t ON t.tenant = m.tenant AND t.team = m.team
         WHERE m.tenant = $1 AND m.user_id = $2 ORDER BY t.role",
        tenant.uuid(),
        user.id.uuid()
    )?;
    let mut all = vec![user.role];
    for (role,) in through_teams {
        all.push(role.parse().map_err(|_| Error::Corrupt("team_role.role".into()))?);
    }
    Ok(all)
}

/// The labels of the tenant's custom roles by name, for pages that show roles.
pub async fn labels(scope: &mut impl Scope) -> Result<HashMap<CustomName, String>> {
    let tenant = scope.tenant();
    let rows: Vec<(String, String)> =
        rows!(scope, "SELECT name, label FROM custom_role WHERE tenant = $1", tenant.uuid())?;
    let parse = |(name, label): (String, String)| {
        Ok((name.parse().map_err(|_| Error::Corrupt("custom_role.name".into()))?, label))
    };
    rows.into_iter().map(parse).collect()
}

/// Stores a custom role.
pub async fn insert(tx: &mut Tx, role: CustomRole) -> Result<Written<CustomRole>> {
    let tenant = tx.tenant();
    execute!(
        tx,
        "INSERT INTO custom_role (tenant, id, name, label, description, permissions, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        tenant.uuid(),
        role.id.uuid(),
        role.name.name(),
        role.label.as_str(),
        role.description.as_str(),
        role.permissions.join(" "),
        role.created_at.micros()
    )?;
    Ok(Written::created(role))
}

/// Replaces a locked custom role by its new image; its name stays.
pub async fn replace(tx: &mut Tx, before: CustomRole, after: CustomRole) -> Result<Written<CustomRole>> {
    let tenant = tx.tenant();
    let touched = execute!(
        tx,
        "UPDATE custom_role SET label = $3, description = $4, permissions = $5 WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        before.id.uuid(),
        after.label.as_str(),
        after.description.as_str(),
        after.permissions.join(" ")
    )?;
    if touched == 1 { Ok(Written::replaced(before, after)) } else { Err(Error::NotFound) }
}

/// Removes a locked custom role.
pub async fn remove(tx: &mut Tx, role: CustomRole) -> Result<Written<CustomRole>> {
    let tenant = tx.tenant();
    let touched =
        execute!(tx, "DELETE FROM custom_role WHERE tenant = $1 AND id = $2", tenant.uuid(), role.id.uuid())?;
    if touched == 1 { Ok(Written::removed(role)) } else { Err(Error::NotFound) }
}

/// Who holds a role, as of one moment.
pub async fn holders(scope: &mut impl Scope, role: RoleName) -> Result<Holders> {
    let tenant = scope.tenant();
    let row: Option<Holders> = row!(
        scope,
        "SELECT (SELECT count(*) FROM users WHERE tenant = $1 AND role = $2) AS users,
                (SELECT count(*) FROM invitation WHERE tenant = $1 AND role = $2 AND state = 'open') AS invitations,
                (SELECT count(*) FROM team_role WHERE tenant = $1 AND role = $2) AS teams",
        tenant.uuid(),
        role.name()
    )?;
    row.ok_or(Error::NotFound)
}

/// Users whose own role it is, up to a number.
pub async fn users_with(scope: &mut impl Scope, role: RoleName, most: i64) -> Result<Vec<UserId>> {
    let tenant = scope.tenant();
    let ids: Vec<(Uuid,)> = rows!(
        scope,
        "SELECT id FROM users WHERE tenant = $1 AND role = $2 ORDER BY created_at, id LIMIT $3",
        tenant.uuid(),
        role.name(),
        most
    )?;
    Ok(ids.into_iter().map(|(id,)| id.into()).collect())
}

/// People with pending invitations whose worth a change of this role may change: because they hold it, alone or through a team,
/// or because they invited to it.
pub async fn inviters_touched(scope: &mut impl Scope, role: RoleName) -> Result<Vec<UserId>> {
    let (tenant, now) = (scope.tenant(), scope.now());
    let ids: Vec<(Uuid,)> = rows!(
        scope,
        "SELECT DISTINCT i.invited_by FROM invitation i JOIN users u ON u.tenant = i.tenant AND u.id = i.invited_by
         WHERE i.tenant = $1 AND i.state = 'open' AND i.expires_at > $3
           AND (i.role = $2 OR u.role = $2 OR EXISTS (
                SELECT 1 FROM team_member m JOIN team_role t ON t.tenant = m.tenant AND t.team = m.team
                WHERE m.tenant = u.tenant AND m.user_id = u.id AND t.role = $2))
         ORDER BY i.invited_by",
        tenant.uuid(),
        role.name(),
        now.micros()
    )?;
    Ok(ids.into_iter().map(|(id,)| id.into()).collect())
}
