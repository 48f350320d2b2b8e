//! Setting the new password.

use bailiwick_domain::{
    entity::{Password as StoredHash, PasswordReset, Severity, SignInMethod, TenantStatus, User, UserStatus},
    ids::TenantId,
    rule::SignIn,
};
use bailiwick_store::{Event, Permit, Scope, Store, Tx, accounts, devices, password_resets, tenants, users};
use bailiwick_vault::{
    password::{About, PasswordHasher},
    token::PasswordResetToken,
};

use super::{DEAD, Forgotten, look, refuse};
use crate::{
    Error, Result,
    passwords::{
        choose,
        letter::{self, Way},
        withdraw_links,
    },
    sessions::{Because, end_because},
    sign_in::{
        Step,
        session::{leave_elsewhere, open_session},
    },
};

/// Replaces the password and signs the person in. Exactly one of several at once.
///
/// A link stands for the password and for nothing more: whoever has proven an authenticator is asked for its code first
/// (OWASP ASVS 5.0, 6.4.3). Every session of the person ends, every other link dies, and a letter tells them.
///
/// # Errors
/// `Conflict` for a link that does not work, whatever is wrong with it; `Invalid` names `password`, and leaves the link as it
/// is.
pub async fn complete(
    store: &Store,
    hasher: &PasswordHasher,
    permit: &Permit<SignIn>,
    token: &PasswordResetToken,
    password: String,
) -> Result<Step> {
    let tenant = TenantId::from_bytes(token.tenant());
    let inside = permit.enter(tenant);
    let Some(forgotten) = look(store, &inside, token).await? else {
        return Err(refuse(store, &inside, token).await?);
    };
    let Forgotten { user, organisation } = forgotten;
    let about = About { name: user.name, email: user.email, organisation };
    let password = choose(hasher, "password", password, about).await?;
    let hash = hasher.hash(&password).await.map_err(Error::Password)?;
    let step = store
        .change(&inside, async |tx| {
            // Whoever comes second waits here, and then finds the link used.
            let (user, before) = locked(tx, token).await?;
            let after = PasswordReset { used_at: Some(tx.now()), ..before.clone() };
            let written = password_resets::replace(tx, before, after).await?;
            let used = Event::new("password_reset.used", &written)?;
            tx.also(used);
            let new = StoredHash { user: user.id, hash: hash.as_str().to_owned(), changed_at: tx.now() };
            let written = accounts::set_password(tx, new).await?;
            let set = Event::new("password.reset", &written)?
                .raising(Severity::Warning, format!("{} replaced a forgotten password", user.role.title()));
            tx.also(set);
            end_because(tx, user.id, None, Because::PasswordReset).await?;
            withdraw_links(tx, user.id, "the password was replaced by a link").await?;
            devices::forget_all(tx, user.id, None).await?;
            letter::changed(store, tx, &user, Way::Link).await?;
            open_session(store, tx, &inside, &user, SignInMethod::Enrolment).await
        })
        .await?;
    leave_elsewhere(store, permit, tenant).await;
    Ok(step)
}

/// The locked user and link, while both and the organisation are as they have to be.
///
/// The user before the link, the order in which another link is made.
async fn locked(tx: &mut Tx, token: &PasswordResetToken) -> Result<(User, PasswordReset)> {
    const GONE: Error = Error::Conflict(DEAD);
    let found = password_resets::by_token(tx, &token.hash()).await?.ok_or(GONE)?;
    let user = users::lock(tx, found.user).await?;
    let before = password_resets::lock_by_token(tx, &token.hash()).await?;
    let served = tenants::find(tx).await?.status == TenantStatus::Active;
    if !before.is_live(tx.now()) || user.status != UserStatus::Active || !served {
        return Err(GONE);
    }
    Ok((user, before))
}
