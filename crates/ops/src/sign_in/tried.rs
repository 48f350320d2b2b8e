//! One password tried at each account of an address, before anything is noted at any of them.

use bailiwick_domain::{ids::TenantId, rule::SignIn, time::Timestamp};
use bailiwick_store::{Permit, Store, sessions};
use bailiwick_vault::password::{Password, PasswordError, PasswordHasher, Verdict};

use super::{
    Account, Step, Verified, accept,
    attempts::{Attempts, Guess, Limit},
    device, wrong,
};
use crate::{Error, Result};

/// A password that was tried at one account, with nothing noted of it yet.
pub(super) struct Tried {
    inside: Permit<SignIn>,
    account: Account,
    limit: Limit,
    /// A mismatch for whoever is over the limit, and where there is nobody.
    verdict: Verdict,
}

impl Tried {
    pub(super) async fn at(
        store: &Store,
        hasher: &PasswordHasher,
        inside: Permit<SignIn>,
        account: Account,
        password: &Password,
    ) -> Result<Self> {
        let attempts = match &account.user {
            Some(user) => Attempts::of(store, &inside, user, Guess::Password),
            None => Attempts::nowhere(store, &inside, store.new_id(), Guess::Password),
        };
        // Side by side: whoever is over the limit waits as long as for any wrong password, and nobody waits for both.
        let (limit, verdict) =
            tokio::join!(attempts.stands(), hasher.verify(password, account.hash.as_ref()));
        let (limit, verdict) = match (limit?, verdict) {
            (Limit::Open, verdict) => (Limit::Open, verdict.map_err(Error::Password)?),
            // Whether it was the right one makes no difference then, nor what is wrong with the stored hash.
            (limit, Ok(_) | Err(PasswordError::Stored)) => (limit, Verdict::Mismatch),
            (_, Err(error)) => return Err(Error::Password(error)),
        };
        Ok(Self { inside, account, limit, verdict })
    }

    pub(super) fn is_right(&self) -> bool {
        self.account.user.is_some() && matches!(self.verdict, Verdict::Match { .. })
    }

    /// Whether the person is known by this browser, and when they were last in.
    async fn rank(&self, store: &Store) -> Result<(bool, Option<Timestamp>)> {
        let Some(user) = &self.account.user else { return Ok((false, None)) };
        let mut view = store.read(&self.inside).await?;
        let from = device::whence(store, &self.inside, &mut view, user.id).await?;
        Ok((from.device.is_some(), sessions::last_opened(&mut view, user.id).await?))
    }

    /// Opens the session for a right password.
    pub(super) async fn enter(
        &self,
        store: &Store,
        hasher: &PasswordHasher,
        password: &Password,
    ) -> Result<(Step, TenantId)> {
        let (Some(user), Verdict::Match { needs_rehash }, Some(tenant)) =
            (&self.account.user, self.verdict, self.inside.tenant())
        else {
            return Err(wrong(store));
        };
        let verified = Verified { password, hash: self.account.hash.as_ref(), needs_rehash };
        Ok((accept(store, hasher, &self.inside, user, verified).await?, tenant))
    }

    /// Notes a wrong guess, or that it was one too many; nothing where there is nobody.
    pub(super) async fn note(self, store: &Store) -> Result<()> {
        let Self { inside, account, limit, .. } = self;
        let Some(user) = &account.user else { return Ok(()) };
        let attempts = Attempts::of(store, &inside, user, Guess::Password);
        let noted = match limit {
            Limit::Open => attempts.refuse().await,
            limit => attempts.meet(limit).await,
        };
        match noted {
            // Others of this source used up the guesses in the meantime.
            Ok(()) | Err(Error::Invalid(_) | Error::Limited { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// Of several organisations in which a password is right, the one that knows the browser, then the one that was entered last, then
/// the one with the first id.
pub(super) async fn foremost(store: &Store, right: Vec<Tried>) -> Result<Option<Tried>> {
    if right.len() <= 1 {
        return Ok(right.into_iter().next());
    }
    let mut foremost: Option<((bool, Option<Timestamp>), Tried)> = None;
    for tried in right {
        let rank = tried.rank(store).await?;
        if foremost.as_ref().is_none_or(|(best, _)| rank > *best) {
            foremost = Some((rank, tried));
        }
    }
    Ok(foremost.map(|(_, tried)| tried))
}
