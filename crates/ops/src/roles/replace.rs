//! Giving whoever has one role another one: people and teams, each with its record.

use bailiwick_domain::{
    entity::{Severity, Team, User},
    ids::{TeamId, UserId},
    role::RoleName,
    rule::Rule,
};
use bailiwick_mail::{Line, News};
use bailiwick_store::{Event, Permit, Store, Tx, sessions, teams, users};

use super::words;
use crate::{
    Result,
    notices::{by, tell},
    users::{nobody_above, permissions_of},
};

/// One role instead of another, and why.
pub(crate) struct Replacement<'a, R> {
    pub(crate) store: &'a Store,
    pub(crate) permit: &'a Permit<R>,
    pub(crate) from: RoleName,
    pub(crate) to: RoleName,
    pub(crate) why: &'a str,
}

impl<R: Rule> Replacement<'_, R> {
    /// Whether the person had the role, and has the other one now; nobody above the actor.
    pub(crate) async fn of_user(&self, tx: &mut Tx, id: UserId) -> Result<bool> {
        let before = users::lock(tx, id).await?;
        // Somebody gave them another one at the same moment.
        if before.role != self.from {
            return Ok(false);
        }
        nobody_above(permissions_of(self.store, tx, &before).await?, *self.permit.permissions())?;
        let after = User { role: self.to, ..before.clone() };
        let detail = format!("Role {} became role {}", before.role.title(), after.role.title());
        let title = Line::of(&words(tx, after.role).await?.0);
        tell(self.store, tx, &after, News::RoleChanged { by: by(self.permit), role: title }).await?;
        let event = Event::new("user.role_changed", &users::replace(tx, before, after).await?)?;
        tx.also(event.because(self.why).raising(Severity::Info, detail));
        sessions::outdate(tx, id).await?;
        Ok(true)
    }

    /// Gives a team that has the role the other one.
    pub(crate) async fn of_team(&self, tx: &mut Tx, id: TeamId) -> Result<()> {
        let before = teams::lock(tx, id).await?;
        let mut given: Vec<_> = before.roles.iter().copied().filter(|role| *role != self.from).collect();
        if !given.contains(&self.to) {
            given.push(self.to);
        }
        given.sort_by(|a, b| a.name().cmp(b.name()));
        let after = Team { roles: given, ..before.clone() };
        let event = Event::new("team.roles_changed", &teams::replace(tx, before, after).await?)?;
        tx.also(event.because(self.why));
        sessions::outdate_members(tx, id).await?;
        Ok(())
    }
}
