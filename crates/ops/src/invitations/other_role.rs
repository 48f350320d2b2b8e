//! Another role for an invitation that waits, because its role is removed.

use bailiwick_domain::{entity::Invitation, ids::InvitationId, role::RoleName};
use bailiwick_store::{Scope, Store, Tx, Written, invitations};
use bailiwick_vault::token::InvitationToken;

use super::letter;
use crate::{Result, mail};

/// Gives an open invitation another role, and tells the invited by a letter with a new link: nobody joins into a role that they
/// never read of. The links before stop working, and a letter with one of them that has not left stays here.
///
/// Nothing where it was answered in the meantime.
pub(crate) async fn give_other_role(
    store: &Store,
    tx: &mut Tx,
    id: InvitationId,
    role: RoleName,
) -> Result<Option<Written<Invitation>>> {
    let token = InvitationToken::generate(&tx.tenant().bytes(), store.entropy());
    let Some(written) = invitations::set_role(tx, id, role, &token.hash()).await? else { return Ok(None) };
    // By the clock it may be over, before the job has recorded that.
    if let Some(after) = written.entity().filter(|after| tx.now() < after.expires_at) {
        mail::withdraw(tx, id.uuid()).await?;
        letter::role_changed(store, tx, after, &token).await?;
    }
    Ok(Some(written))
}
