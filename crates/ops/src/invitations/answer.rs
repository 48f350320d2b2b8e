//! Answering an invitation, by whoever holds its link.
//!
//! A link that does not work gets one answer whatever is wrong with it. Where the link was once real, the attempt is
//! recorded in the organisation's log; where it never was, there is nothing to record it under, since the organisation
//! in it is only claimed. Either way the request counts among those answered 409.

use bailiwick_domain::{
    entity::{
        Invitation, InvitationState, InvitationStatus, Password as StoredHash, Severity, SignInMethod,
        TenantStatus, User,
    },
    ids::{TenantId, UserId},
    mfa::{Held, Standing},
    rule::SignIn,
};
use bailiwick_store::{Event, Permit, Scope, Store, Tx, accounts, invitations, tenants, users};
use bailiwick_vault::{
    password::{About, PasswordHasher},
    token::{InvitationToken, SessionToken},
};

use super::inviter::stands;
use crate::{
    Error, Result, mail,
    passwords::choose,
    roles,
    sign_in::{
        Step,
        session::{leave_elsewhere, open_session},
    },
    users::insert_as,
    valid::{self, Fields},
};

/// What everybody reads whose link does not work.
pub const DEAD: &str = "This invitation does not work any more. Ask whoever invited you for another one.";

/// An invitation as the invited person sees it.
#[derive(Debug, Clone)]
pub struct Invited {
    /// The invitation.
    pub invitation: Invitation,
    /// The organisation's name.
    pub organisation: String,
    /// What people call the role.
    pub role: String,
    /// What its holders are there for; may be empty.
    pub purpose: String,
    /// Whether whoever joins without a passkey has to set one up before anything else.
    pub needs_passkey: bool,
}

/// What somebody fills in to join.
#[derive(Clone)]
pub struct Joining {
    /// Their name.
    pub name: String,
    /// The password they choose.
    pub password: String,
}

/// The invitation that a link leads to, while it can be answered. Looking uses nothing up.
pub async fn look(
    store: &Store,
    permit: &Permit<SignIn>,
    token: &InvitationToken,
) -> Result<Option<Invited>> {
    let permit = permit.enter(TenantId::from_bytes(token.tenant()));
    let mut view = store.read(&permit).await?;
    let Some(invitation) = invitations::by_token(&mut view, &token.hash()).await? else { return Ok(None) };
    let tenant = tenants::find(&mut view).await?;
    let open = invitation.status(view.now()) == InvitationStatus::Pending
        && tenant.status == TenantStatus::Active
        && stands(store, &mut view, &invitation).await?;
    let (role, purpose) = roles::words(&mut view, invitation.role).await?;
    let now = view.now();
    let asked = tenants::policy(&mut view).await?.asked(&[invitation.role]);
    let needs_passkey = asked.standing(Held::Own, now, now) == Standing::Below;
    Ok(open.then_some(Invited { invitation, organisation: tenant.name, role, purpose, needs_passkey }))
}

/// Joins: makes the user in the role of the invitation, sets the password and signs in. Exactly one of several at once.
///
/// Arriving by the mailed link is what verifies the address. Whoever invited must still be able to give the role: an
/// invitation hands on what its inviter has, and is worth nothing once they have it no more.
pub async fn accept(
    store: &Store,
    hasher: &PasswordHasher,
    permit: &Permit<SignIn>,
    token: &InvitationToken,
    joining: Joining,
) -> Result<SessionToken> {
    let tenant = TenantId::from_bytes(token.tenant());
    let inside = permit.enter(tenant);
    let Some(invited) = look(store, &inside, token).await? else {
        return Err(refuse(store, &inside, token).await?);
    };
    let mut fields = Fields::default();
    let name = fields.take("name", valid::called(&joining.name));
    let Invited { invitation, organisation, .. } = invited;
    let about = About { name: joining.name, email: invitation.email, organisation };
    let password = match choose(hasher, "password", joining.password, about).await {
        Ok(password) => Some(password),
        Err(Error::Invalid(problems)) => {
            for problem in problems {
                fields.refuse(problem.field, problem.text);
            }
            None
        }
        Err(error) => return Err(error),
    };
    fields.done()?;
    let (Some(name), Some(password)) = (name, password) else { return Err(Error::Conflict(DEAD)) };
    let hash = hasher.hash(&password).await.map_err(Error::Password)?;
    let session = store
        .change(&inside, async |tx| {
            let user = joined(store, tx, token, store.new_id(), name).await?;
            let written = accounts::set_password(
                tx,
                StoredHash { user: user.id, hash: hash.as_str().to_owned(), changed_at: tx.now() },
            )
            .await?;
            let set = Event::new("password.set", &written)?;
            tx.also(set);
            let opened = open_session(store, tx, &inside, &user, SignInMethod::Enrolment).await?;
            // Somebody who has just joined has no authenticator whose code could be missing.
            Ok::<_, Error>(opened.map(|step| match step {
                Step::Done(session) | Step::SecondFactor(session) => session,
            }))
        })
        .await?;
    leave_elsewhere(store, permit, tenant).await;
    Ok(session)
}

/// Makes the user of an invitation, which is accepted with it, within a change. Somebody still has to give them a way to
/// sign in.
pub(super) async fn joined(
    store: &Store,
    tx: &mut Tx,
    token: &InvitationToken,
    id: UserId,
    name: String,
) -> Result<User> {
    // Whoever comes second waits here, and then finds the invitation answered.
    let before = locked_with_inviter(tx, token).await?;
    let served = tenants::find(tx).await?.status == TenantStatus::Active;
    let taken = users::by_email(tx, &before.email).await?.is_some();
    let stands = stands(store, tx, &before).await?;
    if before.status(tx.now()) != InvitationStatus::Pending || !served || taken || !stands {
        return Err(Error::Conflict(DEAD));
    }
    let after = Invitation { state: InvitationState::Accepted, ..before.clone() };
    let written = invitations::replace(tx, before, after.clone()).await?;
    let accepted = Event::new("invitation.accepted", &written)?
        .raising(Severity::Info, format!("{} joined by invitation", after.role.title()));
    tx.also(accepted);
    mail::withdraw(tx, after.id.uuid()).await?;
    let (created, user) = insert_as(tx, id, after.email, name, after.role).await?;
    tx.also(created);
    Ok(user)
}

/// Declines. The invitation is over; the person can be invited anew.
pub async fn decline(store: &Store, permit: &Permit<SignIn>, token: &InvitationToken) -> Result<()> {
    let inside = permit.enter(TenantId::from_bytes(token.tenant()));
    if look(store, &inside, token).await?.is_none() {
        return Err(refuse(store, &inside, token).await?);
    }
    store
        .change(&inside, async |tx| {
            let before = locked(tx, token).await?;
            if before.status(tx.now()) != InvitationStatus::Pending {
                return Err(Error::Conflict(DEAD));
            }
            let after = Invitation { state: InvitationState::Declined, ..before.clone() };
            let written = invitations::replace(tx, before, after.clone()).await?;
            mail::withdraw(tx, after.id.uuid()).await?;
            let event = Event::new("invitation.declined", &written)?
                .raising(Severity::Info, format!("{} invitation declined", after.role.title()));
            Ok(tx.record(event, ()))
        })
        .await
}

/// The answer to a link that does not work, recorded where the link was once real.
///
/// # Errors
/// The server's own faults.
pub async fn refuse(store: &Store, permit: &Permit<SignIn>, token: &InvitationToken) -> Result<Error> {
    let inside = permit.enter(TenantId::from_bytes(token.tenant()));
    let mut view = store.read(&inside).await?;
    let was_real = invitations::was_real(&mut view, &token.hash()).await?;
    drop(view);
    if !was_real {
        return Ok(Error::Conflict(DEAD));
    }
    let refused: Result<()> = store.change(&inside, async |_| Err(Error::Conflict(DEAD))).await;
    Ok(refused.err().unwrap_or(Error::Conflict(DEAD)))
}

/// The invitation with this token, locked; gone if it was sent again in the meantime.
async fn locked(tx: &mut Tx, token: &InvitationToken) -> Result<Invitation> {
    match invitations::lock_by_token(tx, &token.hash()).await {
        Err(bailiwick_store::Error::NotFound) => Err(Error::Conflict(DEAD)),
        found => Ok(found?),
    }
}

/// As [`locked`], with the inviter locked before it: what they may give stays as it is until this is over.
///
/// The person first, as where their invitations are taken back with their rights.
async fn locked_with_inviter(tx: &mut Tx, token: &InvitationToken) -> Result<Invitation> {
    let found = invitations::by_token(tx, &token.hash()).await?.ok_or(Error::Conflict(DEAD))?;
    if let Some(inviter) = found.invited_by {
        users::lock(tx, inviter).await?;
    }
    let before = locked(tx, token).await?;
    if before.invited_by == found.invited_by { Ok(before) } else { Err(Error::Conflict(DEAD)) }
}
