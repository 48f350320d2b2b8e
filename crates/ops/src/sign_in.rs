//! Signing in and out. Every answer to a wrong guess is the same, whatever was wrong with it.

mod again;
pub(crate) mod attempts;
mod code;
mod passkey;
pub(crate) mod session;
mod unlock;

use bailiwick_domain::{
    entity::{Password as StoredHash, SignInMethod, TenantStatus, User, UserStatus},
    ids::TenantId,
    rule::SignIn,
};
use bailiwick_store::{Event, Permit, Scope, Store, accounts, tenants, users};
use bailiwick_vault::{
    password::{Password, PasswordHasher, StoredPassword, Verdict},
    token::SessionToken,
};

use crate::{Error, Result};
use attempts::{Attempts, Guess, Stop};

pub use again::{Proofs, again, proofs};
pub use attempts::{Waits, waits};
pub use code::code;
pub use passkey::{Asked, passkey, passkey_begin};
pub use session::sign_out;
pub use unlock::unlock;

/// Organisations of one address that are tried at most.
pub(crate) const TENANTS: usize = 8;

const WRONG_PASSWORD: &str =
    "The address or the password is not right. After five wrong tries, wait fifteen minutes.";

/// How far a sign-in has come.
#[derive(Debug)]
pub enum Step {
    /// Signed in.
    Done(SessionToken),
    /// The password was right; a one-time code has to follow.
    SecondFactor(SessionToken),
}

/// Checks an address and a password.
///
/// The address may belong to several organisations; the first one in which the password is right is entered. Without any,
/// the same work is done as for one, so that neither the answer nor its time tells whether there is an account. It does
/// tell of how many organisations a person is: each has a hash of its own, which takes its own time.
pub async fn password(
    store: &Store,
    hasher: &PasswordHasher,
    permit: &Permit<SignIn>,
    email: &str,
    password: String,
) -> Result<Step> {
    let password = Password::presented(password).map_err(|_| wrong())?;
    let email = email.trim().to_lowercase();
    let mut tried = false;
    for tenant in tenants::of_address(store, &email).await?.into_iter().take(TENANTS) {
        let inside = permit.enter(tenant);
        let Some(account) = account(store, &inside, tenant, &email).await? else { continue };
        tried = true;
        match check(store, hasher, &inside, account, &password).await {
            Ok(step) => {
                session::leave_elsewhere(store, permit, tenant).await;
                return Ok(step);
            }
            // One answer for both: another one to whoever is over the limit would tell that there is an account.
            Err(Error::Invalid(_) | Error::Limited { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    if !tried {
        idle(hasher, &password).await?;
    }
    Err(wrong())
}

fn wrong() -> Error {
    Error::field("password", WRONG_PASSWORD)
}

/// The work of a verification and nothing else; its verdict is always a mismatch.
async fn idle(hasher: &PasswordHasher, password: &Password) -> Result<()> {
    let _: Verdict = hasher.verify(password, None).await.map_err(Error::Password)?;
    Ok(())
}

struct Account {
    user: User,
    /// Nothing for somebody who has not set a password yet: none is right, and each try is a wrong guess like any other.
    hash: Option<StoredPassword>,
}

/// The account of an address in one tenant, if it may sign in at all.
async fn account(
    store: &Store,
    permit: &Permit<SignIn>,
    tenant: TenantId,
    email: &str,
) -> Result<Option<Account>> {
    let mut view = store.read(permit).await?;
    debug_assert_eq!(view.tenant(), tenant);
    if tenants::find(&mut view).await?.status != TenantStatus::Active {
        return Ok(None);
    }
    let Some(user) = users::by_email(&mut view, email).await? else { return Ok(None) };
    if user.status != UserStatus::Active {
        return Ok(None);
    }
    let stored = accounts::password(&mut view, user.id).await?;
    Ok(Some(Account { user, hash: stored.map(|stored| StoredPassword::from_stored(stored.hash)) }))
}

async fn check(
    store: &Store,
    hasher: &PasswordHasher,
    permit: &Permit<SignIn>,
    account: Account,
    password: &Password,
) -> Result<Step> {
    let attempts = Attempts::of(store, permit, &account.user, Guess::Password);
    if let Err(limited) = attempts.look().await {
        // Whoever is over the limit waits as long as for any wrong password.
        idle(hasher, password).await?;
        return Err(limited);
    }
    let verdict = hasher.verify(password, account.hash.as_ref()).await.map_err(Error::Password)?;
    match verdict {
        Verdict::Match { needs_rehash } => {
            accept(store, hasher, permit, &account.user, password, needs_rehash).await
        }
        Verdict::Mismatch => {
            attempts.refuse().await?;
            Err(wrong())
        }
    }
}

/// Opens the session, unless the account was disabled or the guesses were used up while the password was hashed.
async fn accept(
    store: &Store,
    hasher: &PasswordHasher,
    permit: &Permit<SignIn>,
    user: &User,
    password: &Password,
    needs_rehash: bool,
) -> Result<Step> {
    let rehashed =
        if needs_rehash { Some(hasher.hash(password).await.map_err(Error::Password)?) } else { None };
    let accepted: Result<Result<Step>, Stop> = store
        .change(permit, async |tx| {
            let user = users::lock(tx, user.id).await?;
            if user.status != UserStatus::Active {
                return Err(wrong().into());
            }
            let attempts = Attempts::of(store, permit, &user, Guess::Password);
            if let Some(limited) = attempts.limited(tx).await? {
                return Ok(limited.map(Err));
            }
            if let Some(hash) = &rehashed {
                let written = accounts::set_password(
                    tx,
                    StoredHash { user: user.id, hash: hash.as_str().to_owned(), changed_at: tx.now() },
                )
                .await?;
                let event = Event::new("password.rehashed", &written)?;
                tx.also(event);
            }
            let event = attempts.accepted(tx).await?;
            tx.also(event);
            let recorded = session::open_session(store, tx, permit, &user, SignInMethod::Password).await?;
            Ok(recorded.map(Ok))
        })
        .await;
    accepted?
}
