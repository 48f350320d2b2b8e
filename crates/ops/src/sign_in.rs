//! Signing in and out. Every answer to a wrong guess is the same, whatever was wrong with it.

mod again;
mod again_passkey;
pub(crate) mod attempts;
mod code;
pub(crate) mod device;
mod locks;
mod passkey;
pub(crate) mod session;
mod stop;
mod unlock;
mod waits;

use bailiwick_domain::{
    entity::{Password as StoredHash, SignInMethod, TenantStatus, User, UserStatus},
    ids::{TenantId, UserId},
    rule::SignIn,
};
use bailiwick_store::{Event, Permit, Scope, Store, Tx, accounts, tenants, users};
use bailiwick_vault::{
    password::{Password, PasswordError, PasswordHasher, StoredPassword, Verdict},
    token::SessionToken,
};

use crate::{Error, Result};
use attempts::{Attempts, Guess, Stop};

pub use again::{Proofs, again, proofs};
pub use again_passkey::{again_passkey, again_passkey_begin};
pub use code::{code, recovery};
pub use locks::LockEnds;
pub use passkey::{Asked, passkey, passkey_begin};
pub use session::sign_out;
pub use unlock::unlock;
pub use waits::{Waits, waits};

/// Organisations of one address that are tried at most.
pub(crate) const TENANTS: usize = 8;

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
/// the same work is done as for one: as many hashes and as many statements, so that neither the answer nor its time tells
/// whether there is an account. It does tell of how many organisations a person is: each has a hash of its own, which takes
/// its own time. A wrong guess that is looked at leaves a record besides, which takes a moment more; there are only a few of
/// those until whoever guesses has to wait.
pub async fn password(
    store: &Store,
    hasher: &PasswordHasher,
    permit: &Permit<SignIn>,
    email: &str,
    password: String,
) -> Result<Step> {
    let password = Password::presented(password).map_err(|_| wrong(store))?;
    // PostgreSQL takes no U+0000 in a text. Nobody has an address with one, so it may go: nobody is found either way.
    let email = email.trim().to_lowercase().replace('\0', " ");
    let mut tenants = tenants::of_address(store, &email).await?;
    if tenants.is_empty() {
        // One that there is not.
        tenants.push(store.new_id());
    }
    for tenant in tenants.into_iter().take(TENANTS) {
        let inside = permit.enter(tenant);
        let account = account(store, &inside, tenant, &email).await?;
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
    Err(wrong(store))
}

fn wrong(store: &Store) -> Error {
    let rule = waits::rule(&store.sign_in_limits());
    Error::field("password", format!("The address or the password is not right. {rule}"))
}

/// The work of a verification and nothing else; its verdict is always a mismatch.
async fn idle(hasher: &PasswordHasher, password: &Password) -> Result<()> {
    let _: Verdict = hasher.verify(password, None).await.map_err(Error::Password)?;
    Ok(())
}

/// What an attempt is aimed at.
struct Account {
    /// Nothing where there is nobody, and where they may not sign in at all.
    user: Option<User>,
    /// Nothing for somebody who has not set a password yet: none is right, and each try is a wrong guess like any other.
    hash: Option<StoredPassword>,
}

/// The account of an address in one tenant. As much is read whether there is one or not.
async fn account(store: &Store, permit: &Permit<SignIn>, tenant: TenantId, email: &str) -> Result<Account> {
    let mut view = store.read(permit).await?;
    debug_assert_eq!(view.tenant(), tenant);
    let served = match tenants::find(&mut view).await {
        Ok(found) => found.status == TenantStatus::Active,
        Err(bailiwick_store::Error::NotFound) => false,
        Err(error) => return Err(error.into()),
    };
    let user = users::by_email(&mut view, email).await?;
    let id = user.as_ref().map_or_else(|| store.new_id(), |user| user.id);
    let stored = accounts::password(&mut view, id).await?;
    let user = user.filter(|user| served && user.status == UserStatus::Active);
    let hash = stored.filter(|_| user.is_some()).map(|stored| StoredPassword::from_stored(stored.hash));
    Ok(Account { user, hash })
}

async fn check(
    store: &Store,
    hasher: &PasswordHasher,
    permit: &Permit<SignIn>,
    account: Account,
    password: &Password,
) -> Result<Step> {
    let attempts = match &account.user {
        Some(user) => Attempts::of(store, permit, user, Guess::Password),
        None => Attempts::nowhere(store, permit, store.new_id(), Guess::Password),
    };
    // Side by side: whoever is over the limit waits as long as for any wrong password, and nobody waits for both.
    let (looked, verdict) = tokio::join!(attempts.look(), hasher.verify(password, account.hash.as_ref()));
    let verdict = match (looked, verdict) {
        (Ok(()), verdict) => verdict.map_err(Error::Password)?,
        // Whether it was the right one makes no difference then, nor what is wrong with the stored hash.
        (Err(limited), Ok(_) | Err(PasswordError::Stored)) => return Err(limited),
        (Err(_), Err(error)) => return Err(Error::Password(error)),
    };
    match (verdict, &account.user) {
        (Verdict::Match { needs_rehash }, Some(user)) => {
            let verified = Verified { password, hash: account.hash.as_ref(), needs_rehash };
            accept(store, hasher, permit, user, verified).await
        }
        (Verdict::Mismatch, Some(_)) => {
            attempts.refuse().await?;
            Err(wrong(store))
        }
        (_, None) => Err(wrong(store)),
    }
}

/// Whether the hash that a password was verified against is the person's still.
async fn is_stored(tx: &mut Tx, user: UserId, verified: Option<&StoredPassword>) -> Result<bool> {
    let now = accounts::password(tx, user).await?;
    Ok(now.is_some_and(|now| verified.is_some_and(|verified| now.hash == verified.as_str())))
}

/// A password that was found right, and by which hash.
struct Verified<'a> {
    password: &'a Password,
    hash: Option<&'a StoredPassword>,
    needs_rehash: bool,
}

/// Opens the session, unless the account was disabled, the password replaced or the guesses used up while it was hashed.
async fn accept(
    store: &Store,
    hasher: &PasswordHasher,
    permit: &Permit<SignIn>,
    user: &User,
    verified: Verified<'_>,
) -> Result<Step> {
    let rehashed = match verified.needs_rehash {
        false => None,
        true => match hasher.hash(verified.password).await {
            // The old hash is as good as it was; the next sign-in renews it.
            Err(PasswordError::Busy) => None,
            hash => Some(hash.map_err(Error::Password)?),
        },
    };
    let accepted: Result<Result<Step>, Stop> = store
        .change(permit, async |tx| {
            let user = users::lock(tx, user.id).await?;
            if user.status != UserStatus::Active {
                return Err(wrong(store).into());
            }
            let attempts = Attempts::of(store, permit, &user, Guess::Password);
            if let Some(limited) = attempts.limited(tx).await? {
                return Ok(limited.map(Err));
            }
            // Whoever knows the password of before comes too late: it opens nothing, and does not come back as a new hash.
            if !is_stored(tx, user.id, verified.hash).await? {
                return Err(wrong(store).into());
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
    let attempts = Attempts::of(store, permit, user, Guess::Password);
    attempts.told(accepted.map_err(Error::from).and_then(|accepted| accepted))
}
