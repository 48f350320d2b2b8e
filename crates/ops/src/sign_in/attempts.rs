//! Attempts at an account, counted, and how many are let through.
//!
//! Guesses are limited strictly for each source, with waits that grow, and loosely for each account. A device that the person
//! has signed in from is held back by neither, so that nobody can lock another person out; it has a count of its own, so that
//! whoever copied its cookie does not guess on for ever. Each factor is counted apart.

use bailiwick_domain::{
    entity::{Attempt, AttemptOutcome, Session, Severity, SignInMethod, User},
    ids::{AttemptId, SessionId, UserId},
    role::{Role, RoleName},
    rule::{SignIn, Writes},
    sign_in::SignInLimits,
    time::{Span, Timestamp},
};
use bailiwick_store::{
    Actor, Event, Permit, Recorded, Scope, Store, Tx,
    attempts::{self, Origin},
    users,
};

pub(crate) use super::stop::Stop;
use super::{
    device::{self, Whence},
    locks,
    waits::{all_counted_since, last_wait, limited, remaining},
};
use crate::{Error, Result};

pub(super) const PASSWORD: &str = "password";
pub(super) const CODE: &str = "totp";
pub(super) const RECOVERY: &str = "recovery";

/// What is guessed at.
#[derive(Clone, Copy)]
pub(crate) enum Guess<'a> {
    Password,
    /// The password of whoever is signed in, asked for once more in this session. It counts with those of signing in.
    Current(SessionId),
    /// A one-time code, for which this session waits.
    Code(&'a Session),
    /// A recovery code in its place.
    Recovery(&'a Session),
    /// A passkey, which is not guessed: a wrong one is noted, and never keeps out the right one.
    Passkey,
}

impl<'a> Guess<'a> {
    pub(super) const fn factor(self) -> &'static str {
        match self {
            Self::Password | Self::Current(_) => PASSWORD,
            Self::Code(_) => CODE,
            Self::Recovery(_) => RECOVERY,
            Self::Passkey => "passkey",
        }
    }

    /// The session in which it is guessed.
    const fn session(self) -> Option<SessionId> {
        match self {
            Self::Password | Self::Passkey => None,
            Self::Current(session) => Some(session),
            Self::Code(session) | Self::Recovery(session) => Some(session.id),
        }
    }
}

/// Wrong guesses at one account from all sources together before none is taken from an unknown device; nothing for what is
/// not guessed.
pub(super) fn bound(factor: &str, limits: &SignInLimits) -> Option<i64> {
    match factor {
        PASSWORD => Some(limits.account_passwords),
        "passkey" => None,
        _ => Some(limits.account_codes),
    }
}

/// Whether another attempt is let through.
pub(super) enum Limit {
    Open,
    /// This source has guessed wrong too often and has to wait for so long, and nothing says so yet.
    Reached(Span),
    /// Over a limit that the log tells of.
    Said(Error),
}

/// From when on wrong guesses count.
#[derive(Clone, Copy)]
struct Counted {
    /// Those of one source, or of one known device.
    one: Timestamp,
    /// Those from all sources together.
    everywhere: Timestamp,
}

/// The attempts of one source at one account with one factor.
pub(crate) struct Attempts<'a, R: Writes = SignIn> {
    store: &'a Store,
    permit: &'a Permit<R>,
    user: UserId,
    role: RoleName,
    guess: Guess<'a>,
}

impl<'a, R: Writes> Attempts<'a, R> {
    pub(crate) const fn of(
        store: &'a Store,
        permit: &'a Permit<R>,
        user: &'a User,
        guess: Guess<'a>,
    ) -> Self {
        Self { store, permit, user: user.id, role: user.role, guess }
    }

    /// Those at an account that there is not, or that nobody may sign in to: to be looked at, and to leave nothing.
    pub(super) const fn nowhere(
        store: &'a Store,
        permit: &'a Permit<R>,
        user: UserId,
        guess: Guess<'a>,
    ) -> Self {
        Self { store, permit, user, role: RoleName::BuiltIn(Role::Auditor), guess }
    }

    /// Refuses whoever is over the limit before any work is done for them. What is counted here may be one behind:
    /// [`limited`](Self::limited) decides.
    pub(crate) async fn look(&self) -> Result<()> {
        self.meet(self.stands().await?).await
    }

    /// How this source stands, with nothing written or counted yet: see [`meet`](Self::meet).
    pub(super) async fn stands(&self) -> Result<Limit> {
        // At an account that there is not, this is the only look at an organisation that there is not either: it must not show
        // in what it costs.
        let mut view = self.store.read_keyless(self.permit).await?;
        self.limit(&mut view).await
    }

    /// Records and counts that somebody over the limit is turned away; nothing for whoever is not.
    ///
    /// # Errors
    /// `Limited` for whoever is.
    pub(super) async fn meet(&self, limit: Limit) -> Result<()> {
        let looked = match limit {
            Limit::Open => Ok(()),
            Limit::Said(error) => Err(error),
            Limit::Reached(wait) => self.turn_away(wait).await,
        };
        self.told(looked)
    }

    /// Passes on what somebody is answered, and counts it where they were turned away.
    pub(crate) fn told<T>(&self, answer: Result<T>) -> Result<T> {
        if let Err(Error::Limited { .. }) = &answer {
            attempts::turned_away(self.store, self.permit, self.user, self.guess.factor());
        }
        answer
    }

    /// The answer to whoever is over the limit, in a transaction that has locked the user, which makes the count exact.
    ///
    /// The first one of a wait leaves with its record, the others leave nothing but a count: see [`told`](Self::told).
    pub(crate) async fn limited(&self, tx: &mut Tx) -> Result<Option<Recorded<Error>>, Stop> {
        match self.limit(tx).await? {
            Limit::Open => Ok(None),
            Limit::Said(error) => Err(Stop::Unsaid(error)),
            Limit::Reached(wait) => {
                let text = format!("Too many wrong guesses at a {} account", self.role.title());
                let from = device::whence(self.store, self.permit, tx, self.user).await?;
                let event =
                    self.event(tx, from, AttemptOutcome::Limited).await?.raising(Severity::Warning, text);
                Ok(Some(tx.record(event, limited(wait))))
            }
        }
    }

    /// Notes a wrong guess.
    ///
    /// # Errors
    /// `Limited` where others of this source used up the guesses in the meantime.
    pub(super) async fn refuse(&self) -> Result<()> {
        let refused: Result<Result<()>, Stop> = self
            .store
            .change(self.permit, async |tx| {
                users::lock(tx, self.user).await?;
                if let Some(limited) = self.limited(tx).await? {
                    return Ok(limited.map(Err));
                }
                let event = self.refused(tx).await?;
                Ok(tx.record(event, Ok(())))
            })
            .await;
        self.told(refused.map_err(Error::from).and_then(|refused| refused))
    }

    /// A wrong guess, within a change that has locked the user. Beside the one that uses up a bound stands what follows of it.
    pub(crate) async fn refused(&self, tx: &mut Tx) -> Result<Event> {
        let limits = tx.sign_in_limits();
        let (factor, role) = (self.guess.factor(), self.role.title());
        let from = device::whence(self.store, self.permit, tx, self.user).await?;
        let event = self.event(tx, from, AttemptOutcome::Refused).await?;
        let counted = self.counted(tx, &limits).await?;
        if let Some(bound) = bound(factor, &limits) {
            let everywhere = self.everywhere(tx, counted).await?;
            if everywhere == bound {
                locks::begin(self.store, tx, (self.user, self.role), factor).await?;
                return Ok(event);
            }
            if everywhere > bound {
                // From known devices, which lengthen it for the others.
                locks::note(tx, self.user, factor).await?;
            }
        }
        if let Some(device) = &from.device
            && let Ok(count) = i64::try_from(self.strikes(tx, Some(device), None, counted).await?.len())
            && limits.wait_after(count).is_some()
        {
            let text = format!("Too many wrong guesses from a known device of a {role} account");
            return Ok(event.raising(Severity::Warning, text));
        }
        Ok(event)
    }

    /// A right guess, within a change that has locked the user. Where this source had to wait before it, the end of that limit
    /// is recorded, too.
    pub(crate) async fn accepted(&self, tx: &mut Tx) -> Result<Event> {
        let from = device::whence(self.store, self.permit, tx, self.user).await?;
        if attempts::was_limited(tx, self.user, self.guess.factor(), from.source.as_ref()).await? {
            let over = self.event(tx, from, AttemptOutcome::Lifted).await?;
            tx.also(over.because(match from.device {
                None => "the time of the limit had passed, or somebody lifted it",
                Some(_) => "the device was known",
            }));
        }
        self.event(tx, from, AttemptOutcome::Accepted).await
    }

    /// Says in the log that this source has to wait, unless another request has said it by now.
    async fn turn_away(&self, wait: Span) -> Result<()> {
        let said: Result<Error, Stop> = self
            .store
            .change(self.permit, async |tx| {
                users::lock(tx, self.user).await?;
                let recorded = self.limited(tx).await?;
                recorded.ok_or_else(|| Stop::Unsaid(limited(wait)))
            })
            .await;
        Err(said?)
    }

    /// Everything is counted whatever comes of it: the statements say nothing of the account.
    async fn limit(&self, scope: &mut impl Scope) -> Result<Limit> {
        let limits = scope.sign_in_limits();
        let (user, factor, now) = (self.user, self.guess.factor(), scope.now());
        let whence = device::whence(self.store, self.permit, scope, self.user).await?;
        let counted = self.counted(scope, &limits).await?;
        let everywhere = self.everywhere(scope, counted).await?;
        let strikes = self.strikes(scope, None, whence.source, counted).await?;
        let since = last_wait(&limits, &strikes).map_or(now, |(at, _)| at);
        let said = attempts::limited_since(scope, user, factor, whence.source.as_ref(), since).await?;
        // A known device has a count of its own. Once that is used up, it is known no more for a while, and no worse off than
        // any other: somebody may have copied its cookie to keep the person out.
        if let Some(device) = &whence.device
            && remaining(&limits, &self.strikes(scope, Some(device), None, counted).await?, now).is_none()
        {
            return Ok(Limit::Open);
        }
        // The record of the guess that reached it says so: see `refused`.
        if !self.inside() && bound(factor, &limits).is_some_and(|bound| everywhere >= bound) {
            return Ok(Limit::Said(limited(limits.account_window)));
        }
        let Some(wait) = remaining(&limits, &strikes, now) else { return Ok(Limit::Open) };
        Ok(if said { Limit::Said(limited(wait)) } else { Limit::Reached(wait) })
    }

    /// Whether the person guesses at their own password in their own session. Others can then use up their own guesses, and
    /// not those of the account.
    fn inside(&self) -> bool {
        // Wrong ones end the session then.
        matches!(self.guess, Guess::Current(_))
            && matches!(self.permit.actor(), Actor::User { id, method, .. }
                if *id == self.user && *method != SignInMethod::PasswordOnly)
    }

    /// From when on wrong guesses count.
    async fn counted(&self, scope: &mut impl Scope, limits: &SignInLimits) -> Result<Counted> {
        let windows = [limits.remembered, limits.account_window];
        let [one, everywhere] = all_counted_since(scope, self.user, windows).await?;
        Ok(Counted { one, everywhere })
    }

    /// Wrong guesses of a known device, or else of a source, that still count.
    async fn strikes(
        &self,
        scope: &mut impl Scope,
        device: Option<&[u8; 32]>,
        source: Option<[u8; 32]>,
        counted: Counted,
    ) -> Result<Vec<Timestamp>> {
        let (user, factor, since) = (self.user, self.guess.factor(), counted.one);
        Ok(match device {
            Some(device) => attempts::strikes_of_device(scope, user, factor, device, since).await?,
            None => attempts::strikes_from(scope, user, factor, source.as_ref(), since).await?,
        })
    }

    /// Wrong guesses at the account from all sources together that still count.
    async fn everywhere(&self, scope: &mut impl Scope, counted: Counted) -> Result<i64> {
        let (user, factor) = (self.user, self.guess.factor());
        Ok(attempts::refused_anywhere_since(scope, user, factor, counted.everywhere).await?)
    }

    async fn event(&self, tx: &mut Tx, from: Whence, outcome: AttemptOutcome) -> Result<Event> {
        let attempt = Attempt {
            id: self.store.new_id::<AttemptId>(),
            user: self.user,
            factor: self.guess.factor().to_owned(),
            outcome,
            at: tx.now(),
            known_device: from.device.is_some(),
        };
        let origin = Origin {
            source: from.source.as_ref(),
            device: from.device.as_ref(),
            session: self.guess.session(),
        };
        let written = attempts::insert(tx, attempt, origin).await?;
        let [accepted, refused, limited] = match self.guess {
            // Nobody signs in by it.
            Guess::Current(_) => ["password.confirmed", "password.refused", "password.limited"],
            Guess::Password | Guess::Passkey | Guess::Code(_) | Guess::Recovery(_) => {
                ["sign_in.accepted", "sign_in.refused", "login.locked"]
            }
        };
        Ok(match outcome {
            AttemptOutcome::Accepted => Event::new(accepted, &written)?,
            AttemptOutcome::Refused => Event::new(refused, &written)?.refused(),
            AttemptOutcome::Limited => Event::new(limited, &written)?.refused(),
            AttemptOutcome::Lifted => Event::new("login.lock_over", &written)?,
            AttemptOutcome::Unlocked => Event::new("login.unlocked", &written)?,
            AttemptOutcome::Closed => Event::new("login.locked", &written)?,
            AttemptOutcome::Reopened => Event::new("login.unlocked_by_time", &written)?,
            AttemptOutcome::Unanswered => Event::new("sign_in.unanswered", &written)?,
        })
    }
}
