//! How far the log is archived, and how the archive is checked without this server.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use bailiwick_domain::{
    rule::ReadAudit,
    time::{Span, Timestamp},
};
use bailiwick_store::{
    Scope,
    audit::archive::{self, Due, Segment},
};

use crate::{
    access::Access,
    error::Result,
    pages::{
        parts::{Badge, Pager, address, counted, grouped},
        reach,
    },
    shell::{Shell, Visit},
    state::AppState,
    when::When,
};

/// Segments that are listed at most.
const SHOWN: i64 = 50;

/// How old the first record that is not archived may be: an hour until its segment is due, and another one for whatever went wrong.
const LATE: Span = Span::hours(2);

#[derive(Template, WebTemplate)]
#[template(path = "audit/archive.html")]
pub(super) struct ArchivePage {
    shell: Shell,
    status: Badge,
    sentence: &'static str,
    archived: String,
    behind: String,
    /// When the first record was recorded that is not in the archive.
    oldest: Option<When>,
    command: String,
    rows: Vec<SegmentRow>,
    pager: Pager,
}

struct SegmentRow {
    /// Where it is asked back; nothing for whoever may not.
    back: Option<String>,
    leaves: String,
    size: String,
    digest: String,
    at: When,
}

pub(super) async fn archive(
    Access(permit): Access<ReadAudit>,
    visit: Visit,
    State(state): State<AppState>,
) -> Result<ArchivePage> {
    let mut view = state.store.read(&permit).await?;
    let (segments, count) = archive::segments(&mut view, SHOWN).await?;
    let due = archive::due(&mut view).await?;
    let now = view.now();
    let (status, sentence) = standing(count, due.as_ref(), now);
    let may_restore = reach::opens(&visit, &permit, "/audit/restores/new");
    let row = |segment: &Segment| SegmentRow {
        back: may_restore
            .then(|| address("/audit/restores/new", &[("segment", Some(&segment.size.to_string()))])),
        leaves: format!("{} to {}", grouped(segment.first), grouped(segment.size - 1)),
        size: counted(segment.octets, "byte"),
        digest: segment.digest.to_string(),
        at: When::moment(segment.written_at),
    };
    Ok(ArchivePage {
        shell: Shell::new(&permit, &visit, "Archive").under("Audit log", "/audit"),
        status,
        sentence,
        archived: counted(segments.first().map_or(0, |segment| segment.size), "record"),
        behind: counted(due.as_ref().map_or(0, |due| due.size - due.first), "record"),
        oldest: due.map(|due| When::ago(due.oldest, now)),
        command: format!("bailiwick audit verify --archive DIR --key \"{}\"", state.verifier),
        rows: segments.iter().map(row).collect(),
        pager: Pager::forward(counted(count, "segment"), None, None),
    })
}

/// What the numbers mean.
fn standing(segments: i64, due: Option<&Due>, now: Timestamp) -> (Badge, &'static str) {
    let late = due.is_some_and(|due| due.oldest + LATE <= now);
    match (segments, late) {
        (0, false) => (
            Badge::new("mute", "Empty"),
            "Nothing is archived yet. A segment is written once its first record is an hour old.",
        ),
        (0, true) => (
            Badge::new("warn", "No archive"),
            "Nothing is archived. The operator sets audit.archive or audit.archive_bucket, or finds in the server's log why the job fails.",
        ),
        (_, true) => (
            Badge::new("bad", "Behind"),
            "The archive is behind by more than an hour. The operator finds in the server's log why the job fails; nothing is lost meanwhile.",
        ),
        (_, false) => (
            Badge::new("ok", "Up to date"),
            "Everything older than an hour lies in the archive, and was read back from there.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::{role::Role, time::Span};
    use bailiwick_testkit::both_databases;

    use crate::pages::browser::Browser;

    both_databases! {
        async fn auditor_sees_that_nothing_is_archived_and_when_that_is_too_long(db: Db) {
            let acme = db.tenant("acme").await;
            let auditor = acme.user(Role::Auditor).await;
            db.sign().await;
            let page = Browser::of(&auditor).get("/audit/archive").await;
            assert!(page.status == 200 && page.shows("Empty") && page.shows("--archive DIR"), "{}", page.body);
            db.clock.advance(Span::hours(2));
            let later = acme.user(Role::Auditor).await;
            assert!(Browser::of(&later).get("/audit/archive").await.shows("No archive"));
            let mut planner = Browser::of(&acme.user(Role::PlanManager).await);
            assert_eq!(planner.get("/audit/archive").await.status, 403);
        }
    }
}
