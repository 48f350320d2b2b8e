//! What is written to the invited person.

use bailiwick_domain::{entity::Invitation, rule::Rule};
use bailiwick_mail::{InvitationLetter, Letter, Line, LinkPath};
use bailiwick_store::{Permit, Store, Tx, tenants, users};
use bailiwick_vault::token::InvitationToken;

use crate::{Result, mail, roles};

/// Writes the letter with the link.
pub(super) async fn invite<R: Rule>(
    store: &Store,
    tx: &mut Tx,
    permit: &Permit<R>,
    invitation: &Invitation,
    token: &InvitationToken,
) -> Result<()> {
    let inviter = permit.caller().map(|caller| Line::of(&caller.user.name));
    let letter = Letter::Invitation(content(tx, invitation, inviter, token).await?);
    mail::write(store, tx, &letter, invitation.id.uuid(), &invitation.email, invitation.expires_at).await
}

/// Writes the reminder, with a link of its own.
pub(super) async fn remind(
    store: &Store,
    tx: &mut Tx,
    invitation: &Invitation,
    token: &InvitationToken,
) -> Result<()> {
    let inviter = match invitation.invited_by {
        Some(id) => Some(Line::of(&users::find(tx, id).await?.name)),
        None => None,
    };
    let letter = Letter::InvitationReminder(content(tx, invitation, inviter, token).await?);
    mail::write(store, tx, &letter, invitation.id.uuid(), &invitation.email, invitation.expires_at).await
}

/// Writes that the invitation is for another role, with a link of its own. No limit on letters holds it back, as with every letter
/// that tells somebody of another role.
pub(super) async fn role_changed(
    store: &Store,
    tx: &mut Tx,
    invitation: &Invitation,
    token: &InvitationToken,
) -> Result<()> {
    let letter = Letter::InvitationChanged(content(tx, invitation, None, token).await?);
    mail::write(store, tx, &letter, invitation.id.uuid(), &invitation.email, invitation.expires_at).await
}

async fn content(
    tx: &mut Tx,
    invitation: &Invitation,
    inviter: Option<Line>,
    token: &InvitationToken,
) -> Result<InvitationLetter> {
    let path = LinkPath::parse(format!("/join/{}", token.expose().as_str()));
    Ok(InvitationLetter {
        organisation: Line::of(&tenants::find(tx).await?.name),
        role: Line::of(&roles::words(tx, invitation.role).await?.0),
        inviter,
        path: path.map_err(bailiwick_store::Error::vault)?,
        expires_at: invitation.expires_at,
    })
}
