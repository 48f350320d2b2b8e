//! Asking for a code.

use bailiwick_domain::{ids::StepUpId, rule::Sensitive, time::Span};
use bailiwick_mail::{Letter, Line, OneTimeCode, StepUpLetter};
use bailiwick_store::{
    Error as StoreError, Event, Scope,
    step_up::{self, Planned},
    users,
};
use bailiwick_vault::step_up::Code;

use super::{Asked, Change, Told, shown};
use crate::{
    Error, Result,
    mail::{self, Recipient},
};

/// Codes that one person may ask for within [`WINDOW`]. With five tries each, whoever holds their session guesses one of a
/// hundred million fifty times an hour.
pub const PER_HOUR: i64 = 10;
/// How far back codes count.
pub const WINDOW: Span = Span::hours(1);

pub(super) const NO_PERSON: Error = Error::Forbidden("Only a signed-in person can confirm this with a code.");

impl<R: Sensitive> Change<'_, R> {
    /// Writes the letter with a code for what was rehearsed. Codes for the same thing that were sent before end.
    ///
    /// # Errors
    /// `Limited` beyond [`PER_HOUR`], and where their phone number got as many messages as any may; where it cannot be counted, nothing is written.
    pub(super) async fn ask(&self, planned: &Planned<R>, told: Told) -> Result<Asked> {
        let seeking = self.home.seeking().ok_or(NO_PERSON)?;
        let me = self.home.caller().ok_or(NO_PERSON)?.user.id;
        let id: StepUpId = self.store.new_id();
        self.store
            .change(&seeking, async |tx| {
                // One question at a time, which makes the counts exact.
                mail::one_at_a_time(self.store, tx).await?;
                let user = users::lock(tx, me).await?;
                if step_up::asked_since(tx, me, tx.now() - WINDOW).await? >= PER_HOUR {
                    return Err(Error::Limited { retry_after_seconds: WINDOW.as_seconds() });
                }
                let to = Recipient::of_codes(self.store, tx, &user).await?;
                mail::within_number(self.store, tx, &to).await?;
                let asked = shown(id, planned, told, &self.zone(), &to);
                let code = Code::generate(self.store.entropy());
                let written = step_up::insert(tx, &seeking, id, planned, &code).await?;
                let Some(request) = written.entity().cloned() else { return Err(Error::NotFound) };
                for older in step_up::open_of(tx, me).await? {
                    let same = (older.action, older.target, older.entity_id)
                        == (request.action, request.target, request.entity_id);
                    if older.id == id || !same {
                        continue;
                    }
                    mail::withdraw(tx, older.id.uuid()).await?;
                    let ended = step_up::supersede(tx, older).await?;
                    let ended = Event::new("step_up.superseded", &ended)?;
                    tx.also(ended);
                }
                let letter = Letter::StepUpCode(StepUpLetter {
                    action: Line::of(&asked.sentence),
                    difference: asked.difference.iter().map(|line| Line::of(line)).collect(),
                    digest: Line::of(&asked.digest),
                    code: OneTimeCode::parse(code.expose()).map_err(StoreError::vault)?,
                    expires_at: request.expires_at,
                });
                mail::write_to(self.store, tx, &letter, id.uuid(), &to, request.expires_at).await?;
                let event = Event::new("step_up.asked", &written)?;
                Ok(tx.record(event, Asked { expires_at: Some(request.expires_at), ..asked }))
            })
            .await
    }
}
