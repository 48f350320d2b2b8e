//! Password hashing: Argon2id (RFC 9106) off the request threads, a bounded number at a time; and what speaks
//! against a password that somebody chooses.
//!
//! Each hash takes 19 MiB and some 30 ms by intent, so an unbounded number at once is a denial of service.
//! The permits of [`PasswordHasher`] are the bound; a caller that gives up waiting does not free the permit
//! of work already begun. Those who wait for a permit are bounded, too ([`WAITING`]): whoever comes after them
//! is told at once, and not after a time in which nobody waits any more. Judging a chosen password counts as
//! such work: it takes some milliseconds, and may read a disk. Behind the permits stand threads of their own,
//! each of which keeps its memory and stands back behind what answers requests.

mod compromised;
mod cost;
mod memory;
mod strength;
mod threads;

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Params, Version};
pub use compromised::{CompromisedList, ListError};
pub use cost::{CostError, PasswordCost};
pub use strength::About;
use subtle::ConstantTimeEq;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};
use zeroize::Zeroizing;

use self::memory::Memory;
use self::threads::Threads;
use crate::entropy::{Entropy, draw};

/// The fewest characters (Unicode scalar values) of a chosen password; OWASP ASVS 5.0, 6.2.1 asks for 8 and
/// advises more.
pub const SHORTEST: usize = 12;
/// The most bytes of UTF-8 of any password. Longer input is refused before it is hashed.
pub const LONGEST: usize = 1024;
/// The most pieces of work that wait for a permit. Half of the requests that the server takes in at once, so that those who
/// sign in never keep everybody else out; at the default cost the last of them waits some four seconds on two cores.
pub const WAITING: usize = 256;

const SALT: usize = 16;
const OUTPUT: usize = 32;

/// A password as typed. Neither trimmed nor normalised: what was set is what is asked for.
pub struct Password(Arc<Zeroizing<String>>);

impl Password {
    /// A password being set: long enough, and not too long. Whether it is easy to guess or known is for
    /// [`PasswordHasher::weakness`] to say.
    ///
    /// # Errors
    /// [`PasswordError::TooShort`], [`PasswordError::TooLong`].
    pub fn chosen(text: String) -> Result<Self, PasswordError> {
        let password = Self::presented(text)?;
        if password.0.chars().count() < SHORTEST {
            return Err(PasswordError::TooShort);
        }
        Ok(password)
    }

    /// A password being checked: only not too long, so that a rule made stricter locks nobody out.
    ///
    /// # Errors
    /// [`PasswordError::TooLong`].
    pub fn presented(text: String) -> Result<Self, PasswordError> {
        let text = Zeroizing::new(text);
        if text.len() > LONGEST {
            return Err(PasswordError::TooLong);
        }
        Ok(Self(Arc::new(text)))
    }

    /// Whether both are the same text, in a time that depends on their lengths alone.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// A password hash as it is stored, in the PHC string format. Not a secret, yet nothing for a log.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredPassword(String);

impl StoredPassword {
    /// Takes a hash from where it was stored; it is read when a password is verified against it.
    #[must_use]
    pub const fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The text to store, such as `$argon2id$v=19$m=19456,t=2,p=1$…$…`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for StoredPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoredPassword(…)")
    }
}

/// What a verification found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// The password is right.
    Match {
        /// The stored hash was made at another cost than today's: store [`PasswordHasher::hash`] of the same
        /// password.
        needs_rehash: bool,
    },
    /// The password is wrong, or there is no such account; the caller cannot tell which, nor can a
    /// stop-watch.
    Mismatch,
}

/// What speaks against a chosen password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Weakness {
    /// It is among those that were leaked elsewhere (OWASP ASVS 5.0, 6.2.4 and 6.2.12).
    Compromised,
    /// It is easy to guess (OWASP ASVS 5.0, 6.2.11); why, in sentences for whoever chose it, or nothing.
    Guessable(String),
}

/// Hashes, verifies and judges passwords, a bounded number at a time.
pub struct PasswordHasher {
    cost: PasswordCost,
    permits: Arc<Semaphore>,
    /// One for each piece of work that runs or waits.
    places: Arc<Semaphore>,
    /// At most as many as there are permits.
    threads: Threads,
    entropy: Arc<dyn Entropy>,
    list: Option<Arc<CompromisedList>>,
    hashes: AtomicU64,
    house: Arc<[String]>,
}

impl PasswordHasher {
    /// How many hashes at once are a good choice here: one processor is left to the requests that need no hash.
    ///
    /// A crowd that signs in is answered as fast on two processors as with a hash on each, since what follows a hash (the
    /// commit) has a processor meanwhile; `docs/PERFORMANCE.md` has what other requests notice of it.
    #[must_use]
    pub fn usual_permits() -> NonZeroUsize {
        let processors = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        NonZeroUsize::new(processors.get() - 1).unwrap_or(NonZeroUsize::MIN)
    }

    /// A hasher that runs at most `permits` hashes at once, with at most [`WAITING`] waiting behind them;
    /// [`Self::usual_permits`] is a good choice.
    ///
    /// As many threads as ever had work at once stay until it is dropped, each with the memory of one hash.
    #[must_use]
    pub fn new(cost: PasswordCost, permits: NonZeroUsize, entropy: Arc<dyn Entropy>) -> Self {
        let permits = permits.get().min(Semaphore::MAX_PERMITS - WAITING);
        let places = Arc::new(Semaphore::new(permits + WAITING));
        let threads = Threads::new(permits, Memory::of(&cost));
        let permits = Arc::new(Semaphore::new(permits));
        let (house, hashes) = (Arc::default(), AtomicU64::new(0));
        Self { cost, permits, places, threads, entropy, list: None, hashes, house }
    }

    /// The same, which also finds the passwords of this list compromised.
    #[must_use]
    pub fn refusing(self, list: CompromisedList) -> Self {
        Self { list: Some(Arc::new(list)), ..self }
    }

    /// The same, which also finds passwords guessable that lean on these words: names of the installation's own, such as of its
    /// projects and departments.
    #[must_use]
    pub fn knowing(self, words: &[String]) -> Self {
        Self { house: strength::house(words).into(), ..self }
    }

    /// How many hashes were asked for so far, of accounts and of nobody's: they are what an attempt costs.
    #[must_use]
    pub fn hashes(&self) -> u64 {
        self.hashes.load(Ordering::Relaxed)
    }

    /// What speaks against a password that a person known by `about` chooses; nothing where it may be set.
    ///
    /// # Errors
    /// [`PasswordError::List`] when the list of compromised passwords cannot be read any more: then nobody can
    /// say that the password is none of them. [`PasswordError::Busy`], [`PasswordError::Stopped`].
    pub async fn weakness(
        &self,
        password: &Password,
        about: About,
    ) -> Result<Option<Weakness>, PasswordError> {
        let (password, list, house) = (Arc::clone(&password.0), self.list.clone(), Arc::clone(&self.house));
        self.run(move |_| {
            if compromised::is_well_known(&password) {
                return Ok(Some(Weakness::Compromised));
            }
            if let Some(list) = list
                && list.holds(&password).map_err(PasswordError::List)?
            {
                return Ok(Some(Weakness::Compromised));
            }
            Ok(strength::guessable(&password, &about, &house).map(Weakness::Guessable))
        })
        .await
    }

    /// Hashes a password under a new salt.
    ///
    /// # Errors
    /// [`PasswordError::Memory`], [`PasswordError::Busy`], [`PasswordError::Stopped`].
    pub async fn hash(&self, password: &Password) -> Result<StoredPassword, PasswordError> {
        self.hashes.fetch_add(1, Ordering::Relaxed);
        let (params, salt) = (self.cost.params()?, draw::<SALT>(self.entropy.as_ref()));
        let password = Arc::clone(&password.0);
        self.run(move |memory| {
            let output = memory.hash(&params, password.as_bytes(), &salt)?;
            stored(&params, &salt, output.as_slice())
        })
        .await
    }

    /// Verifies a password against the stored hash of an account, or against nothing when there is no such
    /// account.
    ///
    /// Without an account the same work is done and [`Verdict::Mismatch`] follows, so that the time taken
    /// does not tell who has an account. (An account whose hash still has another cost takes that cost's time
    /// until it is rehashed.)
    ///
    /// # Errors
    /// [`PasswordError::Stored`] when the stored text is not a hash this program makes;
    /// [`PasswordError::Memory`], [`PasswordError::Busy`], [`PasswordError::Stopped`].
    pub async fn verify(
        &self,
        password: &Password,
        stored: Option<&StoredPassword>,
    ) -> Result<Verdict, PasswordError> {
        self.hashes.fetch_add(1, Ordering::Relaxed);
        let target = match stored {
            Some(stored) => Target::parse(stored, &self.cost)?,
            None => Target::nobody(&self.cost)?,
        };
        let password = Arc::clone(&password.0);
        self.run(move |memory| target.verify(memory, password.as_bytes())).await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Memory) -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let place = self.place()?;
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| PasswordError::Stopped)?;
        // Held by the work and not by the waiting future: dropping that does not stop a hash that has begun.
        self.threads.run((permit, place), work).await
    }

    /// A place among those who are served or wait, if there is one.
    fn place(&self) -> Result<OwnedSemaphorePermit, PasswordError> {
        Arc::clone(&self.places).try_acquire_owned().map_err(|error| match error {
            TryAcquireError::NoPermits => PasswordError::Busy,
            TryAcquireError::Closed => PasswordError::Stopped,
        })
    }
}

impl fmt::Debug for PasswordHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordHasher").field("cost", &self.cost).finish_non_exhaustive()
    }
}

/// The PHC string of what Argon2id, in its present version, made of a password under this salt.
fn stored(params: &Params, salt: &[u8], output: &[u8]) -> Result<StoredPassword, PasswordError> {
    let phc = || -> argon2::password_hash::Result<PasswordHash> {
        Ok(PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(params)?,
            salt: Some(Salt::new(salt)?),
            hash: Some(Output::new(output)?),
        })
    };
    // Unreachable for a salt and an output of this program's lengths.
    phc().map(|hash| StoredPassword(hash.to_string())).map_err(|_| PasswordError::Stored)
}

/// What a password is verified against.
struct Target {
    params: Params,
    salt: Vec<u8>,
    expected: [u8; OUTPUT],
    needs_rehash: bool,
    exists: bool,
}

impl Target {
    fn parse(stored: &StoredPassword, cost: &PasswordCost) -> Result<Self, PasswordError> {
        let hash = PasswordHash::new(&stored.0).map_err(|_| PasswordError::Stored)?;
        let current =
            hash.algorithm == Algorithm::Argon2id.ident() && hash.version == Some(Version::V0x13.into());
        let params = Params::try_from(&hash).map_err(|_| PasswordError::Stored)?;
        // A row that asked for a terabyte would otherwise be a way to stop the server.
        if !current || !cost::acceptable(&params) {
            return Err(PasswordError::Stored);
        }
        let salt = hash.salt.ok_or(PasswordError::Stored)?.to_vec();
        let output = hash.hash.ok_or(PasswordError::Stored)?;
        let expected = output.as_bytes().try_into().map_err(|_| PasswordError::Stored)?;
        let needs_rehash = !cost.is_of(&params) || salt.len() < SALT;
        Ok(Self { params, salt, expected, needs_rehash, exists: true })
    }

    fn nobody(cost: &PasswordCost) -> Result<Self, PasswordError> {
        Ok(Self {
            params: cost.params()?,
            salt: vec![0; SALT],
            expected: [0; OUTPUT],
            needs_rehash: false,
            exists: false,
        })
    }

    fn verify(self, memory: &mut Memory, password: &[u8]) -> Result<Verdict, PasswordError> {
        let output = memory.hash(&self.params, password, &self.salt)?;
        let equal = bool::from(output.ct_eq(&self.expected));
        Ok(if equal & self.exists {
            Verdict::Match { needs_rehash: self.needs_rehash }
        } else {
            Verdict::Mismatch
        })
    }
}

/// Why a password was not hashed or verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Fewer than [`SHORTEST`] characters.
    #[error("a password has at least {SHORTEST} characters")]
    TooShort,
    /// More than [`LONGEST`] bytes.
    #[error("a password has at most {LONGEST} bytes")]
    TooLong,
    /// The stored text is not an Argon2id hash at a cost this program accepts.
    #[error("the stored password hash cannot be read")]
    Stored,
    /// There was no memory for the hash, or no thread.
    #[error("not enough memory to hash a password")]
    Memory,
    /// [`WAITING`] others wait already. Nothing was done, and nothing was found out about the password.
    #[error("too many passwords wait to be hashed")]
    Busy,
    /// The list of compromised passwords cannot be searched.
    #[error("the list of compromised passwords cannot be searched: {0}")]
    List(#[source] ListError),
    /// The work ended without an answer.
    #[error("password hashing has stopped")]
    Stopped,
}

#[cfg(test)]
mod tests;
