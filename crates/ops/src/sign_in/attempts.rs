//! Attempts at an account, counted, and how many are let through.
//!
//! Guesses are limited for each source, so that nobody can lock another person out. Codes are limited for each account too:
//! whoever guesses them has the password already, and six digits do not stand against many sources.

use bailiwick_domain::{
    entity::{Attempt, AttemptOutcome, Session, Severity, User},
    ids::{AttemptId, SessionId, TenantId, UserId},
    rule::{SignIn, Writes},
    time::{Span, Timestamp},
};
use bailiwick_store::{Event, Permit, Public, Recorded, Scope, Store, Tx, attempts, users};

use crate::{Error, Result};

/// Wrong guesses from one source at one account and factor before it has to wait, and wrong codes that end the session
/// which waits for one.
pub(crate) const GUESSES: i64 = 5;
/// How far back wrong guesses of one source count.
const WINDOW: Span = Span::minutes(15);
/// Wrong codes at one account from all sources together before no code is taken for a while.
///
/// NIST SP 800-63B-4 (3.2.2) allows no more than 100 consecutive failures at an account. Half of it within an hour is far
/// beyond what a person mistypes, and leaves whoever has the password and any number of addresses a chance of 150 in a
/// million in that hour: three codes are good at a time.
const CODES: i64 = 50;
/// How far back wrong codes at an account count.
const CODES_WINDOW: Span = Span::hours(1);

const PASSWORD: &str = "password";
const CODE: &str = "totp";
/// Every factor that is guessed at. A passkey never keeps anybody waiting.
const FACTORS: [&str; 2] = [PASSWORD, CODE];

/// What is guessed at.
#[derive(Clone, Copy)]
pub(crate) enum Guess<'a> {
    Password,
    /// The password of whoever is signed in, asked for once more in this session. It counts with those of signing in.
    Current(SessionId),
    /// A one-time code, for which this session waits.
    Code(&'a Session),
    /// A passkey, which is not guessed: a wrong one is noted, and never keeps out the right one.
    Passkey,
}

impl Guess<'_> {
    const fn factor(self) -> &'static str {
        match self {
            Self::Password | Self::Current(_) => PASSWORD,
            Self::Code(_) => CODE,
            Self::Passkey => "passkey",
        }
    }
}

/// Why an attempt leaves its transaction without anything written.
pub(crate) enum Stop {
    /// Over a limit, as the log says already. Saying it each time would let a guesser flood the log.
    Unsaid(Error),
    /// As every operation fails.
    Failed(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<bailiwick_store::Error> for Stop {
    fn from(error: bailiwick_store::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl From<Stop> for Error {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Unsaid(error) | Stop::Failed(error) => error,
        }
    }
}

impl Public for Stop {
    fn code(&self) -> Option<&'static str> {
        match self {
            Self::Unsaid(_) => None,
            Self::Failed(error) => error.code(),
        }
    }
}

/// Whether another attempt is let through.
enum Limit {
    Open,
    /// This source has guessed wrong too often, and nothing says so yet.
    Reached,
    /// Over a limit that the log tells of.
    Said(Error),
}

/// The attempts of one source at one account with one factor.
pub(crate) struct Attempts<'a, R: Writes = SignIn> {
    store: &'a Store,
    permit: &'a Permit<R>,
    user: &'a User,
    guess: Guess<'a>,
}

impl<'a, R: Writes> Attempts<'a, R> {
    pub(crate) const fn of(
        store: &'a Store,
        permit: &'a Permit<R>,
        user: &'a User,
        guess: Guess<'a>,
    ) -> Self {
        Self { store, permit, user, guess }
    }

    /// Refuses whoever is over the limit before any work is done for them. What is counted here may be one behind:
    /// [`limited`](Self::limited) decides.
    pub(crate) async fn look(&self) -> Result<()> {
        let mut view = self.store.read(self.permit).await?;
        let limit = self.limit(&mut view).await?;
        drop(view);
        match limit {
            Limit::Open => Ok(()),
            Limit::Said(error) => Err(error),
            Limit::Reached => self.turn_away().await,
        }
    }

    /// The answer to whoever is over the limit, in a transaction that has locked the user, which makes the count exact.
    ///
    /// The first one of the window leaves with its record, the others leave nothing.
    pub(crate) async fn limited(&self, tx: &mut Tx) -> Result<Option<Recorded<Error>>, Stop> {
        match self.limit(tx).await? {
            Limit::Open => Ok(None),
            Limit::Said(error) => Err(Stop::Unsaid(error)),
            Limit::Reached => {
                let text = format!("Too many wrong guesses at a {} account", self.user.role.title());
                let event = self.event(tx, AttemptOutcome::Limited).await?.raising(Severity::Warning, text);
                Ok(Some(tx.record(event, limited(WINDOW))))
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
                users::lock(tx, self.user.id).await?;
                if let Some(limited) = self.limited(tx).await? {
                    return Ok(limited.map(Err));
                }
                let event = self.refused(tx).await?;
                Ok(tx.record(event, Ok(())))
            })
            .await;
        refused?
    }

    /// A wrong guess, within a change that has locked the user.
    pub(crate) async fn refused(&self, tx: &mut Tx) -> Result<Event> {
        let event = self.event(tx, AttemptOutcome::Refused).await?;
        if matches!(self.guess, Guess::Code(_)) && self.everywhere(tx).await? >= CODES {
            let text =
                format!("No code is taken for a {} account: too many were wrong", self.user.role.title());
            return Ok(event.raising(Severity::High, text));
        }
        Ok(event)
    }

    /// A right guess, within a change that has locked the user. Where this source had to wait before it, the end of that limit
    /// is recorded, too.
    pub(crate) async fn accepted(&self, tx: &mut Tx) -> Result<Event> {
        let source = self.source(tx.tenant());
        if attempts::was_limited(tx, self.user.id, self.guess.factor(), source.as_ref()).await? {
            let over = self.event(tx, AttemptOutcome::Lifted).await?;
            tx.also(over.because("the time of the limit had passed, or somebody lifted it"));
        }
        self.event(tx, AttemptOutcome::Accepted).await
    }

    /// Says in the log that this source has to wait, unless another request has said it by now.
    async fn turn_away(&self) -> Result<()> {
        let said: Result<Error, Stop> = self
            .store
            .change(self.permit, async |tx| {
                users::lock(tx, self.user.id).await?;
                let recorded = self.limited(tx).await?;
                recorded.ok_or_else(|| Stop::Unsaid(limited(WINDOW)))
            })
            .await;
        Err(said?)
    }

    async fn limit(&self, scope: &mut impl Scope) -> Result<Limit> {
        // The record of the guess that reached it says so: see `refused`.
        if matches!(self.guess, Guess::Code(_)) && self.everywhere(scope).await? >= CODES {
            return Ok(Limit::Said(limited(CODES_WINDOW)));
        }
        let (user, factor) = (self.user.id, self.guess.factor());
        let since = counted_since(scope, user, WINDOW).await?;
        let source = self.source(scope.tenant());
        if attempts::refused_since(scope, user, factor, source.as_ref(), since).await? < GUESSES {
            return Ok(Limit::Open);
        }
        let said = attempts::limited_since(scope, user, factor, source.as_ref(), since).await?;
        Ok(if said { Limit::Said(limited(WINDOW)) } else { Limit::Reached })
    }

    /// Wrong guesses at the account from all sources together that still count.
    async fn everywhere(&self, scope: &mut impl Scope) -> Result<i64> {
        let since = counted_since(scope, self.user.id, CODES_WINDOW).await?;
        Ok(attempts::refused_anywhere_since(scope, self.user.id, self.guess.factor(), since).await?)
    }

    async fn event(&self, tx: &mut Tx, outcome: AttemptOutcome) -> Result<Event> {
        let source = self.source(tx.tenant());
        let attempt = Attempt {
            id: self.store.new_id::<AttemptId>(),
            user: self.user.id,
            factor: self.guess.factor().to_owned(),
            outcome,
            at: tx.now(),
        };
        let waiting = match self.guess {
            Guess::Password | Guess::Passkey => None,
            Guess::Current(session) => Some(session),
            Guess::Code(session) => Some(session.id),
        };
        let written = attempts::insert(tx, attempt, source.as_ref(), waiting).await?;
        let [accepted, refused, limited] = match self.guess {
            // Nobody signs in by it.
            Guess::Current(_) => ["password.confirmed", "password.refused", "password.limited"],
            Guess::Password | Guess::Passkey | Guess::Code(_) => {
                ["sign_in.accepted", "sign_in.refused", "sign_in.limited"]
            }
        };
        Ok(match outcome {
            AttemptOutcome::Accepted => Event::new(accepted, &written)?,
            AttemptOutcome::Refused => Event::new(refused, &written)?.refused(),
            AttemptOutcome::Limited => Event::new(limited, &written)?.refused(),
            AttemptOutcome::Lifted => Event::new("sign_in.limit_over", &written)?,
            AttemptOutcome::Unlocked => Event::new("sign_in.unlocked", &written)?,
        })
    }

    fn source(&self, tenant: TenantId) -> Option<[u8; 32]> {
        self.permit.request().ip.map(|ip| self.store.keys().directory.ip_tag(&tenant.bytes(), ip))
    }
}

/// From when on guesses count: for a window, and not from before somebody let the person try again.
async fn counted_since(scope: &mut impl Scope, user: UserId, window: Span) -> Result<Timestamp> {
    let since = scope.now() - window;
    let unlocked = attempts::unlocked_since(scope, user, since).await?;
    Ok(unlocked.map_or(since, |at| Timestamp::from_micros(at.micros() + 1)))
}

/// That nobody, or nobody from some sources, gets any further at an account for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waits {
    /// `password` or `totp`.
    pub factor: &'static str,
    /// How many sources have to wait; nothing where all have to.
    pub sources: Option<i64>,
    /// Until when at the latest.
    pub until: Timestamp,
}

/// Who has to wait at a user's account after wrong guesses, by factor; nobody as a rule.
pub async fn waits(scope: &mut impl Scope, user: UserId) -> Result<Vec<Waits>> {
    let mut found = Vec::new();
    let since = counted_since(scope, user, WINDOW).await?;
    for factor in FACTORS {
        let waiting = attempts::waiting(scope, user, factor, GUESSES, since).await?;
        found.extend(waiting.map(|waiting| Waits {
            factor,
            sources: Some(waiting.sources),
            until: waiting.since + WINDOW,
        }));
    }
    let since = counted_since(scope, user, CODES_WINDOW).await?;
    if attempts::refused_anywhere_since(scope, user, CODE, since).await? >= CODES {
        found.push(Waits { factor: CODE, sources: None, until: scope.now() + CODES_WINDOW });
    }
    Ok(found)
}

const fn limited(window: Span) -> Error {
    Error::Limited { retry_after_seconds: window.as_seconds() }
}
