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
mod tried;
mod unanswered;
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
use tried::{Tried, foremost};

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

/// Checks an address and a password, in whichever organisation: see [`password_in`].
pub async fn password(
    store: &Store,
    hasher: &PasswordHasher,
    permit: &Permit<SignIn>,
    email: &str,
    password: String,
) -> Result<Step> {
    password_in(store, hasher, permit, None, email, password).await
}

/// Checks an address and a password, in the organisation that is asked for or in any.
///
/// The address may belong to several organisations. All of them are looked at before anything is noted in one: a password that is
/// right in any is no wrong guess at the others. Where it is right in several and none was asked for, the one is entered that knows
/// the browser, then the one that was entered last.
///
/// Without any organisation the same work is done as for one: as many hashes and as many statements, so that neither the answer
/// nor its time tells whether there is an account. It does tell of how many organisations a person is: each has a hash of its own,
/// which takes its own time. A wrong guess that is looked at leaves a record besides, which takes a moment more; there are only a
/// few of those until whoever guesses has to wait.
///
/// # Errors
/// `Invalid`, with one sentence whatever was wrong: also for an organisation that the address is unknown in, which costs as much
/// as an address that is unknown everywhere.
pub async fn password_in(
    store: &Store,
    hasher: &PasswordHasher,
    permit: &Permit<SignIn>,
    organisation: Option<TenantId>,
    email: &str,
    password: String,
) -> Result<Step> {
    let password = Password::presented(password).map_err(|_| wrong(store))?;
    // PostgreSQL takes no U+0000 in a text. Nobody has an address with one, so it may go: nobody is found either way.
    let email = email.trim().to_lowercase().replace('\0', " ");
    let mut tenants = tenants::of_address(store, &email).await?;
    tenants.retain(|tenant| organisation.is_none_or(|asked| asked == *tenant));
    if tenants.is_empty() {
        // One that there is not.
        tenants.push(store.new_id());
    }
    let (mut right, mut wrongs) = (Vec::new(), Vec::new());
    for tenant in tenants.into_iter().take(TENANTS) {
        let inside = permit.enter(tenant);
        let account = account(store, &inside, tenant, &email).await?;
        let tried = Tried::at(store, hasher, inside, account, &password).await?;
        if tried.is_right() {
            right.push(tried);
        } else {
            wrongs.push(tried);
        }
    }
    let entered = match foremost(store, right).await? {
        Some(tried) => tried.enter(store, hasher, &password).await,
        None => {
            for tried in wrongs {
                tried.note(store).await?;
            }
            Err(wrong(store))
        }
    };
    match entered {
        Ok((step, tenant)) => {
            session::leave_elsewhere(store, permit, tenant).await;
            Ok(step)
        }
        // One answer for both: another one to whoever is over the limit would tell that there is an account.
        Err(Error::Invalid(_) | Error::Limited { .. }) => Err(wrong(store)),
        Err(error) => Err(error),
    }
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
    // Nothing of it is sealed, and the keys of an organisation that is not there would be looked for each time.
    let mut view = store.read_keyless(permit).await?;
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
