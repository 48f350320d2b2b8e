//! How far the log is signed, and how anybody can check it without this server.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use bailiwick_domain::{
    entity::{LogRefusal, RefusalKind},
    permission::Permission,
    rule::ReadAudit,
    time::Timestamp,
};
use bailiwick_proof::checkpoint::{Checkpoint, CosignerKey, SignedNote};
use bailiwick_store::{
    Scope, View,
    audit::{
        self,
        witness::{self, Standing, Witness},
    },
};

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
    /// How many witnesses have to have cosigned.
    policy: String,
    witnesses: Vec<WitnessRow>,
    /// Alarms: signing or cosigning that was refused.
    refusals: Vec<RefusalRow>,
    /// Losses that were owned up to.
    epochs: Vec<EpochRow>,
    head: Option<HeadRow>,
    /// Whether whoever looks may have it proven.
    may_prove: bool,
}

/// A witness and how far it has come.
struct WitnessRow {
    name: String,
    key: String,
    status: Badge,
    cosigned: String,
    lag: String,
    asked: Option<When>,
}

struct RefusalRow {
    text: String,
    at: When,
}

struct EpochRow {
    text: String,
    at: When,
}

/// The newest head in the tree of heads.
struct HeadRow {
    place: String,
    at: When,
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
    let waiting = audit::just_now(&mut view, &audit::Sought::default()).await?.len();
    let newest = audit::log::checkpoint(&mut view).await?;
    let beside = Beside::read(&mut view, newest.as_ref().map_or(0, |newest| newest.size), &state).await?;
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
        policy: beside.policy,
        witnesses: beside.witnesses,
        refusals: beside.refusals,
        epochs: beside.epochs,
        head: beside.head,
        may_prove: permit.may(Permission::AUDIT_VERIFY),
    })
}

/// What else vouches for the log.
struct Beside {
    policy: String,
    witnesses: Vec<WitnessRow>,
    refusals: Vec<RefusalRow>,
    epochs: Vec<EpochRow>,
    head: Option<HeadRow>,
}

impl Beside {
    async fn read(view: &mut View, signed: i64, state: &AppState) -> Result<Self> {
        let policy = state.store.witnesses();
        let known = witness::witnesses(view).await?;
        let witnesses = policy.witnesses.iter().map(|key| {
            let found = known.iter().find(|known| known.name == key.name());
            row(key, found, signed)
        });
        let refusals = witness::refusals(view)
            .await?
            .into_iter()
            .map(|refusal| RefusalRow { text: refused(&refusal), at: When::instant(refusal.at) });
        let epochs = audit::epoch::list(view).await?.into_iter().map(|epoch| EpochRow {
            text: format!(
                "Epoch {} goes on from {}; {} signed records beyond them were lost",
                epoch.epoch,
                counted(epoch.kept, "record"),
                grouped(epoch.signed.saturating_sub(epoch.kept))
            ),
            at: When::instant(epoch.begun_at),
        });
        let head = audit::region_head(view).await?;
        Ok(Self {
            policy: policy.text(),
            witnesses: witnesses.collect(),
            refusals: refusals.collect(),
            epochs: epochs.collect(),
            head: head.map(|head| HeadRow { place: grouped(head.index), at: When::instant(head.noted_at) }),
        })
    }
}

fn row(key: &CosignerKey, found: Option<&Witness>, signed: i64) -> WitnessRow {
    let size = found.map_or(0, |found| found.size);
    let lag = signed.saturating_sub(size).max(0);
    let status = match found.map(|found| found.standing) {
        None => Badge::new("info", "Not asked yet"),
        Some(Standing::Ok) if lag == 0 => Badge::new("ok", "Cosigned"),
        Some(Standing::Ok) => Badge::new("info", "Cosigning"),
        Some(Standing::Unreachable) => Badge::new("warn", "Does not answer"),
        Some(Standing::Unknown) => Badge::new("warn", "Does not know this log"),
        Some(Standing::Refused) => Badge::new("bad", "Refused"),
    };
    WitnessRow {
        name: key.name().to_owned(),
        key: key.to_string(),
        status,
        cosigned: grouped(size),
        lag: if lag == 0 { "None".to_owned() } else { counted(lag, "record") },
        asked: found.map(|found| When::instant(found.at)),
    }
}

/// Who refused, and what they had seen.
fn refused(refusal: &LogRefusal) -> String {
    let why = match refusal.why {
        RefusalKind::Rollback => "the database held less than was signed",
        RefusalKind::Fork => "it had seen another history",
        RefusalKind::Ahead => "it had seen more than there was",
    };
    let who = if refusal.by == "signer" {
        "This server's signer did not sign".to_owned()
    } else {
        format!("The witness {} did not cosign", refusal.by)
    };
    let seen = refusal.seen.map(|seen| format!(", {} before", grouped(seen))).unwrap_or_default();
    format!("{who}: {why} ({}{seen})", counted(refusal.size, "record"))
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
