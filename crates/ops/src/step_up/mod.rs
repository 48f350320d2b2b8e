//! Sensitive changes: each takes a one-time code that is sent to the person who asks, and is good for exactly this change.
//!
//! Asking runs the change and undoes it; what it would have written goes into the letter in words, and its digest into the
//! record that the code belongs to. Answering uses the code up and runs the change again, and the store compares. Whatever is
//! wrong with an answer (the code, its age, its use, the thing that changed meanwhile), there is one answer to it.

mod ask;
mod words;

use bailiwick_domain::{
    entity::{MailChannel, SensitiveAction},
    ids::StepUpId,
    rule::{Rule, Sensitive},
    time::Timestamp,
    zone::Zone,
};
use bailiwick_store::{
    Error as StoreError, Permit, Recorded, Store, Tx,
    step_up::{self, Planned, Verdict},
};
use bailiwick_vault::step_up::Code;

pub use ask::{PER_HOUR, WINDOW};

use crate::{Error, Result, mail::Recipient};

/// What everybody reads whose answer does not lead to the change.
pub const WRONG: &str = "This code does not work for this change. Check it, or send another one.";

/// A code that is given back.
#[derive(Clone)]
pub struct Answer {
    /// Which request it belongs to.
    pub id: StepUpId,
    /// What was typed.
    pub code: String,
}

/// The code is a secret.
impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A sensitive change that waits for its code.
#[derive(Debug, Clone)]
pub struct Asked {
    /// What the answer has to name.
    pub id: StepUpId,
    /// What is to be done.
    pub action: SensitiveAction,
    /// The same with the name of what it is done to: `Suspend the organisation Example Care`.
    pub sentence: String,
    /// What it means in words, and what would change, one line each.
    pub difference: Vec<String>,
    /// The first groups of the change's digest, as they stand in the letter.
    pub digest: String,
    /// Where the code was sent, as much of the address or number as its owner needs to recognise it.
    pub sent_to: String,
    /// How it was sent.
    pub channel: MailChannel,
    /// When the code ceases to work; nothing where it is not known whether there is one that does.
    pub expires_at: Option<Timestamp>,
}

/// How far a sensitive change has come.
#[derive(Debug)]
pub enum Outcome<T> {
    /// It is done.
    Done(T),
    /// A code was sent.
    Asked(Asked),
    /// The code does not work for it; see [`WRONG`]. Nothing was changed and nothing was sent.
    Refused(Asked),
}

impl<T> Outcome<T> {
    /// The same with something else made of what is done.
    pub(crate) fn map<U>(self, made: impl FnOnce(T) -> U) -> Outcome<U> {
        match self {
            Self::Done(value) => Outcome::Done(made(value)),
            Self::Asked(asked) => Outcome::Asked(asked),
            Self::Refused(asked) => Outcome::Refused(asked),
        }
    }
}

/// What the person reads of a change before its difference.
pub(crate) struct Told {
    /// What people call the thing that it is done to.
    pub(crate) name: String,
    /// What it means, one sentence each, short enough for a line of a letter (120 characters).
    pub(crate) effects: Vec<String>,
}

/// One sensitive change: who asks, where they are at home, and where the change happens.
pub(crate) struct Change<'a, R> {
    pub(crate) store: &'a Store,
    /// The permit as the gate gave it.
    pub(crate) home: &'a Permit<R>,
    /// The same, or one stepped into a customer.
    pub(crate) inside: &'a Permit<R>,
}

impl<R: Sensitive> Change<'_, R> {
    /// Asks for a code, or runs `work` with the one that came back. `told` puts into words what is to be done.
    pub(crate) async fn confirmed<T>(
        &self,
        answer: Option<Answer>,
        told: impl FnOnce(&T) -> Told,
        work: impl AsyncFnOnce(&mut Tx) -> Result<Recorded<T>> + Clone,
    ) -> Result<Outcome<T>> {
        let Some(answer) = answer else {
            let (planned, value) = self.store.rehearse(self.inside, work).await?;
            return Ok(Outcome::Asked(self.ask(&planned, told(&value)).await?));
        };
        let verdict =
            step_up::answer(self.store, self.home, answer.id, Code::parse(&answer.code).as_ref()).await?;
        if let Verdict::Right(approved) = verdict {
            match self.store.change_approved(self.inside, approved, work.clone()).await {
                // Another change than the one that the code was for.
                Err(Error::Store(StoreError::Unapproved)) => {}
                outcome => return outcome.map(Outcome::Done),
            }
        }
        let (planned, value) = self.store.rehearse(self.inside, work).await?;
        let caller = self.home.caller().ok_or(ask::NO_PERSON)?;
        let mut view = self.store.read(self.home).await?;
        let to = Recipient::of_codes(self.store, &mut view, &caller.user).await?;
        drop(view);
        Ok(Outcome::Refused(shown(answer.id, &planned, told(&value), &self.zone(), &to)))
    }
}

impl<R: Rule> Change<'_, R> {
    /// The time zone of whoever asks.
    fn zone(&self) -> Zone {
        self.home.caller().and_then(|caller| caller.user.time_zone.clone()).unwrap_or_default()
    }
}

/// What the person reads of a change, before it is said until when its code works.
fn shown<R: Sensitive>(id: StepUpId, planned: &Planned<R>, told: Told, zone: &Zone, to: &Recipient) -> Asked {
    let Told { name, effects } = told;
    Asked {
        id,
        action: R::ACTION,
        sentence: format!("{} {name}", R::ACTION.title()),
        difference: effects.into_iter().chain(words::difference(planned.events(), zone)).collect(),
        digest: words::groups(planned.digest()),
        sent_to: to.masked(),
        channel: to.channel,
        expires_at: None,
    }
}
