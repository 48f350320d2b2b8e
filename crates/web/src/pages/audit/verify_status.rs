//! How far the log is signed, and how anybody can check it without this server.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use bailiwick_domain::{rule::ReadAudit, time::Timestamp};
use bailiwick_proof::checkpoint::{Checkpoint, SignedNote};
use bailiwick_store::{Scope, audit};

use crate::{
    access::Access,
    error::Result,
    pages::parts::{Badge, counted, grouped},
    shell::{Shell, Visit},
    state::AppState,
    when::When,
};

/// Verifies every log with the settings of the server, and so with the key that the page shows. The file is the one that
/// `serve` was given; a test of the server runs this line.
const COMMAND: &str = "bailiwick audit verify --config bailiwick.toml";

#[derive(Template, WebTemplate)]
#[template(path = "audit/status.html")]
pub(super) struct StatusPage {
    shell: Shell,
    status: Badge,
    sentence: String,
    /// Records in the tree.
    size: String,
    /// Records that wait for their place in it.
    waiting: usize,
    checkpoint: Option<Signed>,
    /// The public key as C2SP signed-note writes one: name, key id, algorithm and key, all of it.
    verifier: String,
    command: &'static str,
}

struct Signed {
    log: String,
    size: String,
    root: String,
    signed: When,
    ago: When,
    /// The key's name and id, as the note's signature line has them.
    signer: String,
    note: String,
}

pub(super) async fn verify_status(
    Access(permit): Access<ReadAudit>,
    visit: Visit,
    State(state): State<AppState>,
) -> Result<StatusPage> {
    let mut view = state.store.read(&permit).await?;
    let size = audit::total(&mut view).await?;
    let waiting = audit::just_now(&mut view).await?.len();
    let newest = audit::newest_checkpoint(&mut view).await?;
    let now = view.now();
    let (status, sentence) = standing(size, newest.as_ref().map(|newest| newest.size));
    Ok(StatusPage {
        shell: Shell::new(&permit, &visit, "Verify").under("Audit log", "/audit"),
        status,
        sentence,
        size: grouped(size),
        waiting,
        checkpoint: newest.and_then(|newest| signed(newest, now)),
        verifier: state.verifier.to_string(),
        command: COMMAND,
    })
}

/// What the newest checkpoint covers of the tree.
fn standing(size: i64, signed: Option<i64>) -> (Badge, String) {
    match signed {
        None => (
            Badge::new("info", "Not signed yet"),
            "The first checkpoint is signed within a moment of the first record.".to_owned(),
        ),
        Some(signed) if signed > size => (
            Badge::new("bad", "Rolled back"),
            format!(
                "{} were signed, but the database holds {}. Stop, and compare with a backup.",
                counted(signed, "record"),
                grouped(size)
            ),
        ),
        Some(signed) if signed == size => (
            Badge::new("ok", "Signed to the end"),
            format!("The newest checkpoint covers all {}.", counted(size, "record")),
        ),
        Some(signed) => (
            Badge::new("info", "Signing"),
            format!("The newest checkpoint covers {} of {}.", grouped(signed), counted(size, "record")),
        ),
    }
}

fn signed(newest: audit::Signed, now: Timestamp) -> Option<Signed> {
    let note = SignedNote::parse(newest.note.as_bytes()).ok()?;
    let checkpoint = Checkpoint::parse(note.text()).ok()?;
    let signer = note.signatures().first().map(|line| format!("{}+{}", line.name, hex::encode(line.key_id)));
    Some(Signed {
        log: checkpoint.origin,
        size: grouped(i64::try_from(checkpoint.size).unwrap_or(i64::MAX)),
        root: checkpoint.root.to_string(),
        signed: When::instant(newest.at),
        ago: When::ago(newest.at, now),
        signer: signer.unwrap_or_default(),
        note: newest.note,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auditor_sees_a_database_that_went_backwards() {
        let kind = |size, signed| standing(size, signed).0.kind;
        assert_eq!(
            (kind(5, Some(5)), kind(6, Some(5)), kind(4, Some(5)), kind(4, None)),
            ("ok", "info", "bad", "info")
        );
        assert_eq!(
            standing(4, Some(5)).1,
            "5 records were signed, but the database holds 4. Stop, and compare with a backup."
        );
    }
}
