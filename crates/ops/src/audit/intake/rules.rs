//! Setting what is never stored.

use bailiwick_domain::{
    entity::{EventRules, Severity},
    redaction::{Detector, Redaction},
    rule::SetIntake,
};
use bailiwick_store::{Actor, Event, Permit, Store, intake};

use crate::{Error, Result, valid::Fields};

/// Rules as they are typed.
#[derive(Debug, Clone, Default)]
pub struct NewRules {
    /// One a line: `secret`, `personal` or `drop`, and a path.
    pub rules: String,
    /// Names of the detectors that look at every text.
    pub detectors: Vec<String>,
}

/// Sets the rules. Events that are stored from then on follow them; what was stored before stays as it is.
///
/// # Errors
/// `Invalid` by field, `Conflict` where nothing would change, and for a key that would have less hidden.
pub async fn set_rules(store: &Store, permit: &Permit<SetIntake>, new: NewRules) -> Result<EventRules> {
    let mut fields = Fields::default();
    let rules = Redaction::rules(&new.rules)
        .map_err(|bad| fields.refuse("rules", format!("Line {}: {}", bad.line, bad.what)))
        .unwrap_or_default();
    if new.detectors.iter().any(|name| name.parse::<Detector>().is_err()) {
        fields.refuse("detectors", "Choose among the detectors.");
    }
    fields.done()?;
    // In their own order and each once, however they were sent.
    let chosen = |detector: &&Detector| new.detectors.iter().any(|name| name == detector.name());
    let detectors: Vec<_> = Detector::ALL.iter().filter(chosen).copied().collect();
    let redaction = Redaction { rules, detectors };
    store
        .change(permit, async |tx| {
            let before = intake::lock(tx).await?;
            if before.redaction == redaction {
                return Err(Error::Conflict("It is so already."));
            }
            let goes = |before: &Redaction| {
                before.rules.iter().any(|rule| !redaction.rules.contains(rule))
                    || before.detectors.iter().any(|detector| !redaction.detectors.contains(detector))
            };
            // A key that sends events does not decide that less of them is hidden.
            if matches!(permit.actor(), Actor::Key { .. }) && goes(&before.redaction) {
                return Err(Error::Conflict("A key cannot take away what hides values. Sign in to do it."));
            }
            let detail = format!(
                "What is never stored of the product's events was changed: {} rules, {} detectors",
                redaction.rules.len(),
                redaction.detectors.len()
            );
            let after = EventRules { redaction, ..before.clone() };
            let written = intake::replace(tx, before, after.clone()).await?;
            let event = Event::new("event_rules.changed", &written)?.raising(Severity::Warning, detail);
            Ok(tx.record(event, after))
        })
        .await
}
