//! Why somebody has a permission, as people read it: through what, since when, and who gave it.

use bailiwick_domain::{
    past::{Reason, Step},
    rule::Rule,
    time::Timestamp,
};
use bailiwick_ops::explorer::{self, State};
use bailiwick_store::{Permit, Scope};

use crate::{
    error::Result,
    pages::{audit::actors, parts::Badge},
    when::When,
};

/// One reason.
pub(super) struct ReasonRow {
    /// Through what, or that it is denied.
    pub(super) words: String,
    pub(super) denies: bool,
    /// The records behind it, the last one that it took first; none for whoever may not read the log, and where it has none.
    pub(super) steps: Vec<StepRow>,
}

/// One record on the way to a permission.
pub(super) struct StepRow {
    pub(super) words: &'static str,
    pub(super) at: When,
    pub(super) by: String,
    pub(super) href: String,
}

/// What reasons are put into words with.
pub(super) struct Words<'a> {
    people: actors::Names,
    names: &'a explorer::Names,
    now: Timestamp,
}

impl<'a> Words<'a> {
    /// Looks up who did what these reasons name.
    pub(super) async fn of<R: Rule>(
        scope: &mut impl Scope,
        permit: &Permit<R>,
        names: &'a explorer::Names,
        reasons: &[&Reason],
    ) -> Result<Self> {
        let now = scope.now();
        let mut ids: Vec<(&str, uuid::Uuid)> = Vec::new();
        for reason in reasons {
            for step in &reason.steps {
                ids.extend(step.origin.who.id.map(|id| (step.origin.who.kind.as_str(), id)));
            }
        }
        ids.sort_unstable();
        ids.dedup();
        // Operators are the platform's people: they have no name here.
        ids.retain(|(kind, _)| matches!(*kind, "user" | "api_key"));
        Ok(Self { people: actors::Names::of(scope, permit, &ids).await?, names, now })
    }

    /// A reason and what takes the permission away, in words.
    pub(super) fn rows(&self, reasons: &[Reason], denial: Option<&Reason>) -> Vec<ReasonRow> {
        reasons.iter().chain(denial).map(|reason| self.row(reason)).collect()
    }

    fn row(&self, reason: &Reason) -> ReasonRow {
        let words =
            reason.source.map_or_else(|| "Denied to them".to_owned(), |source| self.names.source(source));
        let mut steps: Vec<&Step> = reason.steps.iter().collect();
        steps.sort_by_key(|step| std::cmp::Reverse(step.origin.at));
        ReasonRow {
            words,
            denies: reason.source.is_none(),
            steps: steps.into_iter().map(|step| self.step(step)).collect(),
        }
    }

    fn step(&self, step: &Step) -> StepRow {
        let who = &step.origin.who;
        StepRow {
            words: step.kind.words(),
            at: When::ago(step.origin.at, self.now),
            // It stands within a sentence: “role given 3 days ago by …”.
            by: match who.kind.as_str() {
                "user" | "api_key" => self.people.actor(&who.kind, who.id, None).name,
                "system" => "the server".to_owned(),
                "operator" => "an operator of the platform".to_owned(),
                _ => "nobody known".to_owned(),
            },
            href: format!("/audit/events/{}", step.origin.event),
        }
    }
}

/// Whether somebody can use a permission, as a badge.
pub(super) fn badge(state: State) -> Badge {
    match state {
        State::Able => Badge::new("ok", "Can"),
        State::Denied => Badge::new("bad", "Denied"),
        State::Disabled => Badge::new("mute", "Disabled"),
    }
}
