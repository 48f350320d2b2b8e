//! How long records are kept, and what was taken.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use bailiwick_domain::{entity::AuditRetirement, retention::FLOOR_DAYS, rule::ReadRetention};
use bailiwick_store::{Store, audit::retention};

use super::kept;
use crate::{
    access::Access,
    error::Result,
    pages::{
        audit::history,
        parts::{address, counted, grouped},
        reach,
    },
    shell::{Shell, Visit},
    when::When,
};

/// Takings that are listed.
const SHOWN: i64 = 50;

#[derive(Template, WebTemplate)]
#[template(path = "audit/retention/show.html")]
pub(super) struct RetentionPage {
    shell: Shell,
    may_change: bool,
    floor: i64,
    classes: Vec<ClassRow>,
    taken: String,
    rows: Vec<TakingRow>,
    /// The history of these settings.
    history: Option<String>,
}

struct ClassRow {
    class: String,
    kept: String,
    change: String,
}

struct TakingRow {
    records: String,
    classes: String,
    leaves: String,
    href: String,
    at: When,
    /// Where the segment is asked back.
    back: Option<String>,
}

pub(super) async fn show(
    Access(permit): Access<ReadRetention>,
    visit: Visit,
    State(store): State<Store>,
) -> Result<RetentionPage> {
    let mut view = store.read(&permit).await?;
    let days = retention::days(&mut view).await?;
    let takings = retention::retirements(&mut view, SHOWN).await?;
    let taken = retention::retired(&mut view).await?;
    let may_restore = reach::opens(&visit, &permit, "/audit/restores/new");
    let row = |taking: AuditRetirement| TakingRow {
        records: counted(taking.records, "record"),
        classes: classes(&taking),
        leaves: format!("{} to {}", grouped(taking.first_leaf), grouped(taking.last_leaf)),
        href: history("audit_retirement", taking.id),
        at: When::moment(taking.retired_at),
        back: may_restore
            .then(|| address("/audit/restores/new", &[("segment", Some(&taking.segment.to_string()))])),
    };
    let tenant = permit.tenant();
    Ok(RetentionPage {
        shell: Shell::new(&permit, &visit, "Retention").under("Audit log", "/audit"),
        may_change: reach::opens(&visit, &permit, "/audit/retention/change"),
        floor: FLOOR_DAYS,
        classes: days
            .into_iter()
            .map(|(class, days)| ClassRow {
                kept: kept(days),
                change: address(
                    "/audit/retention/change",
                    &[("class", Some(&class)), ("days", Some(&days.to_string()))],
                ),
                class,
            })
            .collect(),
        taken: counted(taken, "record"),
        rows: takings.into_iter().map(row).collect(),
        history: tenant.map(|tenant| history("audit_retention", tenant)),
    })
}

fn classes(taking: &AuditRetirement) -> String {
    let each = taking.classes.iter().map(|(class, records)| format!("{class}: {}", grouped(*records)));
    each.collect::<Vec<_>>().join(", ")
}
