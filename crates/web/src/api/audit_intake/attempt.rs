//! Trying the rules on an event, which is stored nowhere.

use axum::extract::State;
use bailiwick_domain::{
    change::Change,
    redaction::{Class, Detector},
    rule::SetIntake,
};
use bailiwick_ops::audit::intake::{self, Tried};
use bailiwick_store::Store;
use serde::{Deserialize, Serialize};

use crate::{
    access::Access,
    error::{Error, Result},
    forms::{Json, Problem},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Attempt {
    /// The event as text, so that what a reader of JSON would put right is seen as it is.
    event: String,
}

/// What would be recorded.
#[derive(Serialize)]
pub(in crate::api) struct TriedBody {
    changes: Vec<Change>,
    reason: Option<String>,
    redacted: Vec<NoteBody>,
}

#[derive(Serialize)]
struct NoteBody {
    pointer: String,
    class: Class,
    detector: Option<Detector>,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<SetIntake>,
    State(store): State<Store>,
    Json(attempt): Json<Attempt>,
) -> Result<Json<TriedBody>> {
    let Tried { faults, changes, notes, reason } = intake::attempt(&store, &permit, &attempt.event).await?;
    if !faults.is_empty() {
        let inside = |pointer: &str| format!("event{pointer}");
        let problems = faults.into_iter().map(|fault| Problem::new(inside(&fault.pointer), fault.text));
        return Err(Error::Invalid(problems.collect()));
    }
    let note = |note: bailiwick_domain::redaction::Note| NoteBody {
        pointer: note.pointer,
        class: note.class,
        detector: note.found,
    };
    Ok(Json(TriedBody { changes, reason, redacted: notes.into_iter().map(note).collect() }))
}
