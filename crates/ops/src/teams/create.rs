//! Making a team.

use bailiwick_domain::{
    entity::{Severity, Team, TenantKind},
    rule::UpdateTeam,
};
use bailiwick_store::{Event, Permit, Scope, Store, Tx, teams, tenants};

use super::MOST;
use crate::{
    Error, Result,
    valid::{self, Fields},
};

/// A team to be, or what one is to be called.
#[derive(Debug, Clone, Default)]
pub struct NewTeam {
    /// 1 to 100 characters, unique in the tenant.
    pub name: String,
    /// What it is there for, up to 300 characters; may be empty.
    pub description: String,
}

impl NewTeam {
    pub(super) fn parse(&self) -> Result<Self> {
        let mut fields = Fields::default();
        let name = fields.take("name", valid::name(&self.name));
        let description = fields.take("description", valid::description(&self.description));
        fields.done()?;
        let (Some(name), Some(description)) = (name, description) else { return Err(Error::NotFound) };
        Ok(Self { name, description })
    }
}

/// Makes a team without members and roles.
///
/// # Errors
/// `Invalid` by field, `Conflict` for more than [`MOST`] teams and on the platform.
pub async fn create(store: &Store, permit: &Permit<UpdateTeam>, new: NewTeam) -> Result<Team> {
    let new = new.parse()?;
    store
        .change(permit, async |tx| {
            if tenants::find(tx).await?.kind == TenantKind::Platform {
                return Err(Error::Conflict("The platform has no teams."));
            }
            // Two teams made at the same moment meet here, so that neither the limit nor a name is passed over.
            tenants::lock_policy(tx).await?;
            if teams::count(tx).await? >= MOST {
                return Err(Error::Conflict("There are a hundred teams already. Dissolve one first."));
            }
            unused_name(tx, &new.name).await?;
            let team = Team {
                id: store.new_id(),
                name: new.name.clone(),
                description: new.description.clone(),
                roles: Vec::new(),
                created_at: tx.now(),
            };
            let written = teams::insert(tx, team.clone()).await?;
            let event = Event::new("team.created", &written)?.raising(Severity::Info, "A team was created");
            Ok(tx.record(event, team))
        })
        .await
}

pub(super) async fn unused_name(tx: &mut Tx, name: &str) -> Result<()> {
    match teams::named(tx, name).await? {
        Some(_) => Err(Error::field("name", "There is a team with this name.")),
        None => Ok(()),
    }
}
