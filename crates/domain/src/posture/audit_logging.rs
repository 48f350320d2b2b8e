//! Audit logging.

use super::{
    AppendOnly, Audit, CHECKPOINT_LATE_SECONDS, Fix, Status,
    control::{Evidence, Findings},
    text::{age, number},
};

pub(super) fn findings(state: &Audit) -> Findings {
    let implementation = "Domain changes write tenant-scoped audit records".to_owned();
    let mut actions: Vec<String> = storage_action(state).into_iter().collect();
    if sequencing_late(state) {
        actions.push("bring the signed checkpoints up to date".to_owned());
    }
    let mut failures = Vec::new();
    if state.last_verification.is_some_and(|verification| !verification.ok) {
        failures.push("Find out why the last verification of the audit log failed".to_owned());
    }
    Findings {
        id: "audit_logging",
        label: "Audit logging",
        evidence: evidence(state, &implementation),
        implementation,
        verb: "",
        actions,
        failures,
        fix: Fix::Audit,
    }
}

/// One action, because storage that can be altered makes an archive of it worthless and the other way round: all three
/// parts close it.
fn storage_action(state: &Audit) -> Option<String> {
    let storage = (state.append_only != AppendOnly::EnforcedBySeparateOwner)
        .then_some("production append-only storage");
    let jobs = match (state.archive_job, state.retention_job) {
        (false, false) => Some("export retention jobs"),
        (false, true) => Some("an export job"),
        (true, false) => Some("a retention job"),
        (true, true) => None,
    };
    match (storage, jobs) {
        (Some(storage), Some(jobs)) => Some(format!("add {storage} and {jobs}")),
        (Some(part), None) | (None, Some(part)) => Some(format!("add {part}")),
        (None, None) => None,
    }
}

/// Records that wait for a checkpoint for long are records that could still be removed unnoticed, and most of all where
/// none was ever signed.
fn sequencing_late(state: &Audit) -> bool {
    state.longest_wait.is_some_and(|wait| wait > CHECKPOINT_LATE_SECONDS)
}

fn evidence(state: &Audit, implementation: &str) -> Vec<Evidence> {
    vec![
        Evidence::new(format!("{implementation} ({})", number(state.events, "event")), Status::Pass),
        Evidence::new("Sensitive audit fields are redacted before persistence", Status::Pass),
        Evidence::new("Audit records include SHA-256 event hashes", Status::Pass),
        Evidence::either(
            state.append_only == AppendOnly::EnforcedBySeparateOwner,
            "Append-only: another role owns the audit tables",
            "Append-only: triggers refuse changes, but the server's own account owns the audit tables",
        ),
        Evidence::either(state.archive_job, "Archive job: on", "Archive job: off"),
        Evidence::either(state.retention_job, "Retention job: on", "Retention job: off"),
        checkpoint(state),
        verification(state),
    ]
}

fn checkpoint(state: &Audit) -> Evidence {
    let late = sequencing_late(state);
    let oldest = match state.longest_wait {
        Some(wait) if late => format!(", the oldest for {}", age(wait)),
        _ => String::new(),
    };
    let waiting = format!("{} waiting{oldest}", number(state.unsequenced, "event"));
    let (text, status) = match state.last_checkpoint_age {
        None => (format!("No checkpoint has been signed yet; {waiting}"), Status::Unknown),
        Some(seconds) => {
            (format!("The last signed checkpoint is {} old; {waiting}", age(seconds)), Status::Pass)
        }
    };
    Evidence::new(text, if late { Status::Warning } else { status })
}

fn verification(state: &Audit) -> Evidence {
    match state.last_verification {
        None => Evidence::new("The audit log has not been verified yet", Status::Unknown),
        Some(last) if last.ok => Evidence {
            at: Some(last.at),
            ..Evidence::new("The last verification found every record in place", Status::Pass)
        },
        Some(last) => {
            Evidence { at: Some(last.at), ..Evidence::new("The last verification failed", Status::Fail) }
        }
    }
}
