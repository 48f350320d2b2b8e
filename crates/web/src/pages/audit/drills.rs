//! The tamper drills: what was done to copies of the log, what verification said, and having one run.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use bailiwick_domain::{
    entity::{Drill, DrillOutcome, Probe},
    rule::{RunDrill, VerifyAudit},
    time::Timestamp,
};
use bailiwick_ops::audit::drills::{self, Choice};
use bailiwick_store::{Scope, Store, audit};
use serde::Deserialize;

use crate::{
    access::Access,
    error::Result,
    forms::Query,
    pages::{
        cursor,
        parts::{Badge, Pager, address, counted, grouped},
    },
    shell::{Message, SeeOther, Shell, Visit},
    state::AppState,
    when::When,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Filter {
    before: Option<String>,
}

#[derive(Template, WebTemplate)]
#[template(path = "audit/drills.html")]
pub(super) struct DrillsPage {
    shell: Shell,
    /// What the database said in the newest drill; empty before the first.
    probes: Vec<Probe>,
    rows: Vec<DrillRow>,
    pager: Pager,
}

struct DrillRow {
    done: &'static str,
    target: String,
    outcome: Badge,
    found: String,
    records: String,
    took: String,
    seed: i64,
    at: When,
}

pub(super) async fn list(
    Access(permit): Access<VerifyAudit>,
    visit: Visit,
    State(store): State<Store>,
    Query(filter): Query<Filter>,
) -> Result<DrillsPage> {
    let before = cursor(filter.before.as_deref())?;
    let mut view = store.read(&permit).await?;
    let page = audit::drills(&mut view, before).await?;
    let now = view.now();
    let shown = counted(page.items.len(), "drill");
    let next = page.next.map(|next| address("/audit/drills", &[("before", Some(&next.to_string()))]));
    Ok(DrillsPage {
        shell: Shell::new(&permit, &visit, "Tamper drills").under("Audit log", "/audit"),
        probes: page.items.first().map(|drill| drill.probes.clone()).unwrap_or_default(),
        rows: page.items.into_iter().map(|drill| row(drill, now)).collect(),
        pager: Pager::forward(
            if next.is_some() { format!("{shown} on this page, older ones follow") } else { shown },
            before.map(|_| "/audit/drills".to_owned()),
            next,
        ),
    })
}

pub(super) async fn run(Access(permit): Access<RunDrill>, State(state): State<AppState>) -> Result<SeeOther> {
    let drill = drills::run(&state.store, &permit, &state.notary, Choice::default()).await?;
    let message = match drill.outcome {
        _ if !drill.is_append_only() => Message::DrillFailed,
        DrillOutcome::Named => Message::DrillNamed,
        DrillOutcome::Noticed => Message::DrillNoticed,
        DrillOutcome::Missed | DrillOutcome::Unsound => Message::DrillFailed,
    };
    Ok(SeeOther::to("/audit/drills").tell(message))
}

fn row(drill: Drill, now: Timestamp) -> DrillRow {
    let kind = match drill.outcome {
        DrillOutcome::Named => "ok",
        DrillOutcome::Noticed => "warn",
        DrillOutcome::Missed | DrillOutcome::Unsound => "bad",
    };
    DrillRow {
        done: drill.kind.title(),
        target: drill.target,
        outcome: Badge::new(kind, drill.outcome.title()),
        found: drill.found,
        records: counted(drill.records, "record"),
        took: took(drill.took_micros),
        seed: drill.seed,
        at: When::ago(drill.at, now),
    }
}

/// `0.4 ms`, `12 ms`, `1,204 ms`.
fn took(micros: i64) -> String {
    match micros {
        ..10_000 => format!("{}.{} ms", micros / 1000, micros % 1000 / 100),
        _ => format!("{} ms", grouped(micros / 1000)),
    }
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::role::Role;
    use bailiwick_testkit::both_databases;

    use super::*;
    use crate::pages::browser::Browser;

    #[test]
    fn auditor_reads_how_long_a_verification_took() {
        for (micros, text) in
            [(0, "0.0 ms"), (430, "0.4 ms"), (9_999, "9.9 ms"), (12_345, "12 ms"), (1_204_000, "1,204 ms")]
        {
            assert_eq!(took(micros), text);
        }
    }

    both_databases! {
        async fn auditor_has_it_proven_and_reads_the_words_of_the_database(db: Db) {
            let acme = db.tenant("acme").await;
            db.sign().await;
            let mut auditor = Browser::of(&acme.user(Role::Auditor).await);
            assert!(auditor.get("/audit/drills").await.page().contains("No drill yet"));
            let status = auditor.get("/audit/verify").await.page();
            assert!(status.contains("action=\"/audit/drills\""), "{status}");
            assert_eq!(auditor.post("/audit/drills", &[]).await.led(), (303, "/audit/drills"));
            let page = auditor.get("/audit/drills").await.page();
            let words = match db.kind() {
                bailiwick_store::DatabaseKind::Sqlite => "audit_event is append-only",
                bailiwick_store::DatabaseKind::Postgres => "permission denied for table audit_event",
            };
            assert!(page.contains(words) && page.contains("DELETE FROM audit_event"), "{page}");
            assert!(page.contains("Named</span>") || page.contains("Noticed</span>"), "{page}");
            assert!(page.contains("behind the last full tile") && !page.contains("has to name it"), "{page}");
            let record = auditor.get("/audit?action=audit_drill.run").await.page();
            assert!(record.contains("drill"), "{record}");
        }

        async fn coordinator_neither_sees_drills_nor_has_one_run(db: Db) {
            let acme = db.tenant("acme").await;
            let mut coordinator = Browser::of(&acme.user(Role::SupportCoordinator).await);
            assert_eq!(coordinator.get("/audit/drills").await.status, 403);
            assert_eq!(coordinator.post("/audit/drills", &[]).await.status, 403);
        }
    }
}
