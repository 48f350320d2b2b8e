//! Passwords that people choose: judged in one place, changed by whoever knows the present one, and replaced by a mailed
//! link where it is forgotten.

mod change;
mod choose;
mod first;
mod letter;
pub mod reset;

use bailiwick_domain::{entity::PasswordReset, ids::UserId};
use bailiwick_store::{Event, Scope, Tx, password_resets};

pub use change::{NewPassword, change};
pub(crate) use choose::{about, choose, long_enough};
pub use first::set_first;

use crate::{Result, enrolment};

/// Ends every link with which a locked user's password could be set: once it is set, an older link has lost its point, and
/// whoever still holds one would undo what was done.
async fn withdraw_links(tx: &mut Tx, user: UserId, why: &'static str) -> Result<()> {
    withdraw_resets(tx, user, why).await?;
    enrolment::withdraw(tx, user, why).await
}

/// Ends a locked user's links for a forgotten password, and takes back the letters that have not left yet.
async fn withdraw_resets(tx: &mut Tx, user: UserId, why: &'static str) -> Result<()> {
    let now = tx.now();
    for before in password_resets::live_of(tx, user).await? {
        let after = PasswordReset { expires_at: now, ..before.clone() };
        let written = password_resets::replace(tx, before, after).await?;
        let withdrawn = Event::new("password_reset.withdrawn", &written)?.because(why);
        tx.also(withdrawn);
    }
    letter::withdraw_links(tx, user).await
}
