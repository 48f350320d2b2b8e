//! Teams: their roles and members.

use bailiwick_domain::{
    entity::{Team, TeamMember, User},
    ids::{TeamId, TeamMemberId, UserId},
    role::RoleName,
    time::Timestamp,
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    Cursor, Error, Page, Result, Written,
    lock::{execute, locked, row, rows},
    page::LIMIT,
    tx::{Scope, Tx},
    users,
};

#[derive(FromRow)]
struct Row {
    #[sqlx(try_from = "Uuid")]
    id: TeamId,
    name: String,
    description: String,
    #[sqlx(try_from = "i64")]
    created_at: Timestamp,
}

impl Row {
    fn with(self, roles: Vec<RoleName>) -> Team {
        Team {
            id: self.id,
            name: self.name,
            description: self.description,
            roles,
            created_at: self.created_at,
        }
    }
}

#[derive(FromRow)]
struct MemberRow {
    #[sqlx(try_from = "Uuid")]
    member_id: TeamMemberId,
    #[sqlx(try_from = "Uuid")]
    team: TeamId,
    #[sqlx(try_from = "Uuid")]
    user_id: UserId,
    #[sqlx(try_from = "i64")]
    member_since: Timestamp,
}

impl From<MemberRow> for TeamMember {
    fn from(row: MemberRow) -> Self {
        Self { id: row.member_id, team: row.team, user: row.user_id, created_at: row.member_since }
    }
}

/// A team with how many are in it.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The team.
    pub team: Team,
    /// Its members, disabled ones too.
    pub members: i64,
}

/// A member with who they are.
#[derive(Clone, Debug)]
pub struct Member {
    /// The membership.
    pub member: TeamMember,
    /// The person.
    pub user: User,
}

#[derive(FromRow)]
struct ListedMemberRow {
    #[sqlx(flatten)]
    member: MemberRow,
    #[sqlx(flatten)]
    user: users::Row,
}

fn parse_role(role: &str) -> Result<RoleName> {
    role.parse().map_err(|_| Error::Corrupt("team_role.role".into()))
}

/// The roles of one team, by name.
async fn roles(scope: &mut impl Scope, team: TeamId) -> Result<Vec<RoleName>> {
    let tenant = scope.tenant();
    let rows: Vec<(String,)> = rows!(
        scope,
        "SELECT role FROM team_role WHERE tenant = $1 AND team = $2 ORDER BY role",
        tenant.uuid(),
        team.uuid()
    )?;
    rows.iter().map(|(role,)| parse_role(role)).collect()
}

/// The tenant's teams, by name; there are a hundred at most.
pub async fn list(scope: &mut impl Scope) -> Result<Vec<Listed>> {
    let tenant = scope.tenant();
    let teams: Vec<Row> = rows!(
        scope,
        "SELECT id, name, description, created_at FROM team WHERE tenant = $1 ORDER BY name",
        tenant.uuid()
    )?;
    let roles: Vec<(Uuid, String)> =
        rows!(scope, "SELECT team, role FROM team_role WHERE tenant = $1 ORDER BY role", tenant.uuid())?;
    let members: Vec<(Uuid, i64)> = rows!(
        scope,
        "SELECT team, count(*) FROM team_member WHERE tenant = $1 GROUP BY team",
        tenant.uuid()
    )?;
    let of_team = |team: Row| {
        let id = team.id.uuid();
        let roles = roles.iter().filter(|(of, _)| *of == id).map(|(_, role)| parse_role(role));
        let roles = roles.collect::<Result<Vec<_>>>()?;
        let members = members.iter().find(|(of, _)| *of == id).map_or(0, |(_, number)| *number);
        Ok(Listed { team: team.with(roles), members })
    };
    teams.into_iter().map(of_team).collect()
}

/// One team.
pub async fn find(scope: &mut impl Scope, id: TeamId) -> Result<Team> {
    let tenant = scope.tenant();
    let row: Option<Row> = row!(
        scope,
        "SELECT id, name, description, created_at FROM team WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        id.uuid()
    )?;
    let row = row.ok_or(Error::NotFound)?;
    Ok(row.with(roles(scope, id).await?))
}

/// Reads a team for changing it, its roles or its members.
pub async fn lock(tx: &mut Tx, id: TeamId) -> Result<Team> {
    let tenant = tx.tenant();
    let row: Row = locked!(
        tx,
        "SELECT id, name, description, created_at FROM team WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        id.uuid()
    )?;
    Ok(row.with(roles(tx, id).await?))
}

/// How many teams there are.
pub async fn count(scope: &mut impl Scope) -> Result<i64> {
    let tenant = scope.tenant();
    let row: Option<(i64,)> = row!(scope, "SELECT count(*) FROM team WHERE tenant = $1", tenant.uuid())?;
    Ok(row.map_or(0, |(number,)| number))
}

/// Whether a team has this name.
pub async fn named(scope: &mut impl Scope, name: &str) -> Result<Option<TeamId>> {
    let tenant = scope.tenant();
    let row: Option<(Uuid,)> =
        row!(scope, "SELECT id FROM team WHERE tenant = $1 AND name = $2", tenant.uuid(), name)?;
    Ok(row.map(|(id,)| id.into()))
}

/// Stores a team with its roles.
pub async fn insert(tx: &mut Tx, team: Team) -> Result<Written<Team>> {
    let tenant = tx.tenant();
    execute!(
        tx,
        "INSERT INTO team (tenant, id, name, description, created_at) VALUES ($1, $2, $3, $4, $5)",
        tenant.uuid(),
        team.id.uuid(),
        team.name.as_str(),
        team.description.as_str(),
        team.created_at.micros()
    )?;
    insert_roles(tx, &team).await?;
    Ok(Written::created(team))
}

/// Replaces a locked team by its new image, roles included.
pub async fn replace(tx: &mut Tx, before: Team, after: Team) -> Result<Written<Team>> {
    let tenant = tx.tenant();
    let touched = execute!(
        tx,
        "UPDATE team SET name = $3, description = $4 WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        before.id.uuid(),
        after.name.as_str(),
        after.description.as_str()
    )?;
    if touched != 1 {
        return Err(Error::NotFound);
    }
    if before.roles != after.roles {
        remove_roles(tx, before.id).await?;
        insert_roles(tx, &after).await?;
    }
    Ok(Written::replaced(before, after))
}

/// Removes a locked team without members, and its roles with it.
pub async fn remove(tx: &mut Tx, team: Team) -> Result<Written<Team>> {
    let tenant = tx.tenant();
    remove_roles(tx, team.id).await?;
    let touched =
        execute!(tx, "DELETE FROM team WHERE tenant = $1 AND id = $2", tenant.uuid(), team.id.uuid())?;
    if touched == 1 { Ok(Written::removed(team)) } else { Err(Error::NotFound) }
}

async fn insert_roles(tx: &mut Tx, team: &Team) -> Result<()> {
    let tenant = tx.tenant();
    for role in &team.roles {
        execute!(
            tx,
            "INSERT INTO team_role (tenant, team, role) VALUES ($1, $2, $3)",
            tenant.uuid(),
            team.id.uuid(),
            role.name()
        )?;
    }
    Ok(())
}

async fn remove_roles(tx: &mut Tx, team: TeamId) -> Result<()> {
    let tenant = tx.tenant();
    execute!(tx, "DELETE FROM team_role WHERE tenant = $1 AND team = $2", tenant.uuid(), team.uuid())?;
    Ok(())
}

/// The teams that have this role.
pub async fn with_role(scope: &mut impl Scope, role: RoleName) -> Result<Vec<TeamId>> {
    let tenant = scope.tenant();
    let ids: Vec<(Uuid,)> = rows!(
        scope,
        "SELECT team FROM team_role WHERE tenant = $1 AND role = $2 ORDER BY team",
        tenant.uuid(),
        role.name()
    )?;
    Ok(ids.into_iter().map(|(id,)| id.into()).collect())
}

/// The teams of one person, by name.
pub async fn of_user(scope: &mut impl Scope, user: UserId) -> Result<Vec<Team>> {
    let tenant = scope.tenant();
    let teams: Vec<Row> = rows!(
        scope,
        "SELECT t.id, t.name, t.description, t.created_at FROM team_member m JOIN team t ON t.tenant = m.tenant AND t.id = m.team
         WHERE m.tenant = $1 AND m.user_id = $2 ORDER BY t.name",
        tenant.uuid(),
        user.uuid()
    )?;
    let mut found = Vec::with_capacity(teams.len());
    for team in teams {
        let roles = roles(scope, team.id).await?;
        found.push(team.with(roles));
    }
    Ok(found)
}

/// How many members a team has.
pub async fn size(scope: &mut impl Scope, team: TeamId) -> Result<i64> {
    let tenant = scope.tenant();
    let row: Option<(i64,)> = row!(
        scope,
        "SELECT count(*) FROM team_member WHERE tenant = $1 AND team = $2",
        tenant.uuid(),
        team.uuid()
    )?;
    Ok(row.map_or(0, |(number,)| number))
}

/// The members of a team, those who joined it last first.
pub async fn members(scope: &mut impl Scope, team: TeamId, before: Option<Cursor>) -> Result<Page<Member>> {
    let tenant = scope.tenant();
    let before = before.unwrap_or_else(Cursor::newest);
    let rows: Vec<ListedMemberRow> = rows!(
        scope,
        "SELECT m.id AS member_id, m.team, m.user_id, m.created_at AS member_since, u.id, u.email, u.name, u.role, u.status, u.created_at, u.time_zone
         FROM team_member m JOIN users u ON u.tenant = m.tenant AND u.id = m.user_id
         WHERE m.tenant = $1 AND m.team = $2 AND (m.created_at, m.id) < ($3, $4) ORDER BY m.created_at DESC, m.id DESC LIMIT $5",
        tenant.uuid(),
        team.uuid(),
        before.at.micros(),
        before.id,
        LIMIT + 1
    )?;
    let member = |row: ListedMemberRow| Ok(Member { member: row.member.into(), user: row.user.try_into()? });
    let rows = rows.into_iter().map(member).collect::<Result<Vec<_>>>()?;
    Ok(Page::of(rows, LIMIT, |row| Cursor { at: row.member.created_at, id: row.member.id.uuid() }))
}

/// Everybody in a team, for its end; the number of members is bounded.
pub async fn memberships(scope: &mut impl Scope, team: TeamId) -> Result<Vec<TeamMember>> {
    let tenant = scope.tenant();
    let rows: Vec<MemberRow> = rows!(
        scope,
        "SELECT id AS member_id, team, user_id, created_at AS member_since FROM team_member WHERE tenant = $1 AND team = $2 ORDER BY user_id",
        tenant.uuid(),
        team.uuid()
    )?;
    Ok(rows.into_iter().map(TeamMember::from).collect())
}

/// Every membership of one person; the number of their teams is bounded.
pub async fn memberships_of(scope: &mut impl Scope, user: UserId) -> Result<Vec<TeamMember>> {
    let tenant = scope.tenant();
    let rows: Vec<MemberRow> = rows!(
        scope,
        "SELECT id AS member_id, team, user_id, created_at AS member_since FROM team_member WHERE tenant = $1 AND user_id = $2 ORDER BY team",
        tenant.uuid(),
        user.uuid()
    )?;
    Ok(rows.into_iter().map(TeamMember::from).collect())
}

/// A person's membership of a locked team.
pub async fn membership(scope: &mut impl Scope, team: TeamId, user: UserId) -> Result<Option<TeamMember>> {
    let tenant = scope.tenant();
    let row: Option<MemberRow> = row!(
        scope,
        "SELECT id AS member_id, team, user_id, created_at AS member_since FROM team_member WHERE tenant = $1 AND team = $2 AND user_id = $3",
        tenant.uuid(),
        team.uuid(),
        user.uuid()
    )?;
    Ok(row.map(TeamMember::from))
}

/// Takes somebody into a locked team.
pub async fn add(tx: &mut Tx, member: TeamMember) -> Result<Written<TeamMember>> {
    let tenant = tx.tenant();
    execute!(
        tx,
        "INSERT INTO team_member (tenant, id, team, user_id, created_at) VALUES ($1, $2, $3, $4, $5)",
        tenant.uuid(),
        member.id.uuid(),
        member.team.uuid(),
        member.user.uuid(),
        member.created_at.micros()
    )?;
    Ok(Written::created(member))
}

/// Takes somebody out of a locked team.
pub async fn take_out(tx: &mut Tx, member: TeamMember) -> Result<Written<TeamMember>> {
    let tenant = tx.tenant();
    let touched = execute!(
        tx,
        "DELETE FROM team_member WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        member.id.uuid()
    )?;
    if touched == 1 { Ok(Written::removed(member)) } else { Err(Error::NotFound) }
}
