//! Inviting an address.

use bailiwick_domain::{
    entity::{Invitation, InvitationState, Severity, TenantKind},
    rule::Invite,
    time::{Span, Timestamp},
};
use bailiwick_mail::Address;
use bailiwick_store::{Actor, Event, Permit, Scope, Store, invitations, tenants, users};
use bailiwick_vault::token::InvitationToken;

use super::{
    inviter::{inviter, may_answer_for_another},
    letter,
};
use crate::{
    Error, Result,
    mail::within_limits,
    roles::named_set,
    valid::{self, Fields, owner_by_person, within},
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

/// Invites an address, and writes it a letter. One pending invitation per address; the role holds no more than the inviter
/// has. An owner is invited by a person, never by a key.
pub async fn create(store: &Store, permit: &Permit<Invite>, new: NewInvitation) -> Result<Invitation> {
    let mut fields = Fields::default();
    let email = fields.take("email", valid::email(&new.email).and_then(deliverable));
    let role = fields.take("role", valid::role(&new.role, false).or_else(|_| valid::role(&new.role, true)));
    fields.done()?;
    let (Some(email), Some(role)) = (email, role) else { return Err(Error::NotFound) };
    owner_by_person(permit, role)?;
    let system = matches!(permit.actor(), Actor::System(_));
    if let (Some(built_in), false) = (role.built_in(), system) {
        within(store.catalogue().role_set(built_in), *permit.permissions())?;
    }
    store
        .change(permit, async |tx| {
            if role.platform() != (tenants::find(tx).await?.kind == TenantKind::Platform) {
                return Err(Error::field("role", "Choose one of the roles."));
            }
            if users::by_email(tx, &email).await?.is_some() {
                return Err(Error::field("email", "Somebody with this address is here already."));
            }
            // Two invitations of one address at the same moment: the tenant's policy row is the meeting point.
            let policy = tenants::lock_policy(tx).await?;
            // Of a role that the tenant made, only the store knows what it holds; from here on it stays so.
            let wanted = named_set(tx, role).await?;
            if !system {
                within(wanted, *permit.permissions())?;
            }
            if invitations::pending_for(tx, &email).await?.is_some() {
                return Err(Error::field("email", "This address has an invitation waiting."));
            }
            let expires_at = new.expires_at.unwrap_or(tx.now() + Span::days(policy.invitation_days));
            if expires_at <= tx.now() || expires_at > tx.now() + Span::days(90) {
                return Err(Error::field("expires_at", "Choose an end within the next 90 days."));
            }
            may_answer_for_another(tx, inviter(permit.actor())).await?;
            within_limits(store, tx, &email).await?;
            let invitation = Invitation {
                id: store.new_id(),
                email: email.clone(),
                role,
                invited_by: inviter(permit.actor()),
                state: InvitationState::Open,
                sends: 1,
                sent_at: tx.now(),
                reminded_at: None,
                created_at: tx.now(),
                expires_at,
            };
            let token = InvitationToken::generate(&tx.tenant().bytes(), store.entropy());
            let written = invitations::insert(tx, invitation.clone(), &token.hash()).await?;
            letter::invite(store, tx, permit, &invitation, &token).await?;
            let event = Event::new("user.invited", &written)?
                .raising(Severity::Info, format!("{} invitation created", role.title()));
            Ok(tx.record(event, invitation))
        })
        .await
}

/// An address that a letter can be put into an envelope for.
fn deliverable(email: String) -> std::result::Result<String, &'static str> {
    match email.parse::<Address>() {
        Ok(_) => Ok(email),
        Err(_) => Err("No letter can be sent to this address."),
    }
}
