//! Invitations: creating, sending again, taking back, reminding, answering and expiring. The link goes to the mailbox alone;
//! whoever invites never sees it.

mod answer;
mod create;
mod expire;
mod inviter;
mod letter;
mod many;
mod other_role;
mod passkey;
mod remind;
mod resend;
mod revoke;
mod table;

use bailiwick_domain::{permission::PermissionSet, role::Role};
use bailiwick_store::Store;

pub use answer::{DEAD, Invited, Joining, accept, decline, look, refuse};
pub use create::{NewInvitation, create};
pub use expire::Expiries;
pub use inviter::PENDING_OF_ONE;
pub(crate) use inviter::withdraw_beyond;
pub use many::{Answered, MOST, Row, TOO_MANY_LETTERS, Unread, create_many, rows};
pub(crate) use other_role::give_other_role;
pub use passkey::{JoiningByPasskey, accept_with_passkey, passkey_begin};
pub use remind::Reminders;
pub use resend::resend;
pub use revoke::revoke;

/// The roles that this permit may invite to: those that hold no more than its holder has.
pub fn invitable(store: &Store, held: PermissionSet, platform: bool) -> Vec<Role> {
    let fits = |role: &Role| role.platform() == platform && store.catalogue().role_set(*role).is_subset(held);
    Role::ALL.iter().copied().filter(fits).collect()
}
