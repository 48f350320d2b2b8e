//! Invitations: creating and taking back. The token goes to the mailbox alone; whoever invites never sees it.

use bailiwick_domain::{
    entity::{Invitation, InvitationState, InvitationStatus, Severity},
    ids::InvitationId,
    role::Role,
    rule::{Invite, RevokeInvitation},
    time::{Span, Timestamp},
};
use bailiwick_store::{Actor, Event, Permit, Scope, Store, invitations, tenants, users};
use bailiwick_vault::token::InvitationToken;

use crate::{
    Error, Result,
    valid::{self, Fields, within},
};

/// An invitation to be.
#[derive(Debug, Clone)]
pub struct NewInvitation {
    /// Who is invited.
    pub email: String,
    /// The role they will have.
    pub role: String,
    /// When it lapses; after the policy's number of days if not given.
    pub expires_at: Option<Timestamp>,
}

/// Invites an address. One pending invitation per address; the role holds no more than the inviter has.
pub async fn create(store: &Store, permit: &Permit<Invite>, new: NewInvitation) -> Result<Invitation> {
    let mut fields = Fields::default();
    let email = fields.take("email", valid::email(&new.email));
    let role = fields.take("role", valid::role(&new.role, false).or_else(|_| valid::role(&new.role, true)));
    fields.done()?;
    let (Some(email), Some(role)) = (email, role) else { return Err(Error::NotFound) };
    if !matches!(permit.actor(), Actor::System(_)) {
        within(store.catalogue().role_set(role), *permit.permissions())?;
    }
    store
        .change(permit, async |tx| {
            if role.platform()
                != (tenants::find(tx).await?.kind == bailiwick_domain::entity::TenantKind::Platform)
            {
                return Err(Error::field("role", "Choose one of the roles."));
            }
            if users::by_email(tx, &email).await?.is_some() {
                return Err(Error::field("email", "Somebody with this address is here already."));
            }
            // Two invitations of one address at the same moment: the tenant's policy row is the meeting point.
            let policy = tenants::lock_policy(tx).await?;
            if invitations::pending_for(tx, &email).await?.is_some() {
                return Err(Error::field("email", "This address has an invitation waiting."));
            }
            let expires_at = new.expires_at.unwrap_or(tx.now() + Span::days(policy.invitation_days));
            if expires_at <= tx.now() || expires_at > tx.now() + Span::days(90) {
                return Err(Error::field("expires_at", "Choose an end within the next 90 days."));
            }
            let invited_by = match permit.actor() {
                Actor::User { id, .. } => Some(*id),
                _ => None,
            };
            let invitation = Invitation {
                id: store.new_id(),
                email: email.clone(),
                role,
                invited_by,
                state: InvitationState::Open,
                created_at: tx.now(),
                expires_at,
            };
            let token = InvitationToken::generate(&tx.tenant().bytes(), store.entropy());
            let written = invitations::insert(tx, invitation.clone(), &token.hash()).await?;
            let event = Event::new("user.invited", &written)?
                .raising(Severity::Info, format!("{} invitation created", role.title()));
            Ok(tx.record(event, invitation))
        })
        .await
}

/// Takes a pending invitation back: its link stops working at once.
pub async fn revoke(
    store: &Store,
    permit: &Permit<RevokeInvitation>,
    id: InvitationId,
) -> Result<Invitation> {
    store
        .change(permit, async |tx| {
            let before = invitations::lock(tx, id).await?;
            match before.status(tx.now()) {
                InvitationStatus::Pending | InvitationStatus::Expired => {}
                InvitationStatus::Accepted => {
                    return Err(Error::Conflict("The invitation was accepted; disable the user instead."));
                }
                InvitationStatus::Revoked => {
                    return Err(Error::Conflict("The invitation was taken back already."));
                }
            }
            let after = Invitation { state: InvitationState::Revoked, ..before.clone() };
            let written = invitations::replace(tx, before, after.clone()).await?;
            let event = Event::new("invitation.revoked", &written)?
                .raising(Severity::Info, format!("{} invitation revoked", after.role.title()));
            Ok(tx.record(event, after))
        })
        .await
}

/// The roles that this permit may invite to: those that hold no more than its holder has.
pub fn invitable(
    store: &Store,
    held: bailiwick_domain::permission::PermissionSet,
    platform: bool,
) -> Vec<Role> {
    let fits = |role: &Role| role.platform() == platform && store.catalogue().role_set(*role).is_subset(held);
    Role::ALL.iter().copied().filter(fits).collect()
}
