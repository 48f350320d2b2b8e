//! One request: what would go, what stays and why, and after the erasure what is certified.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use bailiwick_domain::{
    entity::{AuditHold, SubjectRequestState},
    ids::SubjectRequestId,
    permission::Permission,
    rule::ReadSubjects,
    subject::{BEYOND, Fate, Kind},
};
use bailiwick_ops::audit::erasure::{self, Report, Values};
use bailiwick_store::Store;

use super::list::status;
use crate::{
    access::Access,
    error::Result,
    forms::Id,
    pages::{
        audit::history,
        parts::{Badge, grouped},
    },
    shell::{Shell, Visit},
    when::When,
};

/// Values of one kind that the page shows; the file has all of them.
const OF_KIND: usize = 20;

#[derive(Template, WebTemplate)]
#[template(path = "audit/subject.html")]
pub(super) struct SubjectPage {
    shell: Shell,
    title: String,
    status: Badge,
    path: String,
    opened: When,
    goes: Vec<KindRow>,
    stays: Vec<KindRow>,
    beyond: [&'static str; 4],
    /// Why nothing can be erased at the moment.
    held: Option<String>,
    open: bool,
    may_disclose: bool,
    /// Its history; empty for whoever may not read the log.
    history: String,
}

struct KindRow {
    title: &'static str,
    count: String,
    why: &'static str,
    values: Vec<String>,
    more: bool,
}

pub(super) async fn show(
    Access(permit): Access<ReadSubjects>,
    visit: Visit,
    State(store): State<Store>,
    Id(id): Id<SubjectRequestId>,
) -> Result<SubjectPage> {
    let report = erasure::look(&store, &permit, id).await?;
    let open = report.request.state == SubjectRequestState::Open;
    let (goes, stays) = rows(&report, open);
    Ok(SubjectPage {
        shell: Shell::new(&permit, &visit, "Data-subject request")
            .under("Data-subject requests", "/audit/subjects"),
        title: format!("What is kept of {}", report.called),
        status: status(report.request.state),
        path: format!("/audit/subjects/{id}"),
        opened: When::moment(report.request.created_at),
        goes,
        stays,
        beyond: BEYOND,
        held: report.held.as_ref().map(AuditHold::refusal),
        open,
        may_disclose: open && report.values.is_some(),
        history: if permit.may(Permission::AUDIT_READ) {
            history("subject_request", id)
        } else {
            String::new()
        },
    })
}

/// What goes, or went, and what stays.
fn rows(report: &Report, open: bool) -> (Vec<KindRow>, Vec<KindRow>) {
    let (mut goes, mut stays) = (Vec::new(), Vec::new());
    for (kind, count) in &report.counts {
        let values = report.values.as_ref().map(|values| texts(values, *kind)).unwrap_or_default();
        let row = |why| KindRow {
            title: kind.title(),
            count: grouped(*count),
            why,
            more: values.len() > OF_KIND,
            values: values.iter().take(OF_KIND).cloned().collect(),
        };
        match kind.fate() {
            Fate::Goes => goes.push(row("")),
            Fate::Stays(why) => stays.push(row(why)),
        }
    }
    if !open && goes.is_empty() {
        for kind in Kind::ALL {
            if let Some(count) = report.request.erased.get(kind.name()) {
                goes.push(KindRow {
                    title: kind.title(),
                    count: grouped(*count),
                    why: "",
                    values: Vec::new(),
                    more: false,
                });
            }
        }
    }
    (goes, stays)
}

/// The values of one kind, in words.
fn texts(values: &Values, kind: Kind) -> Vec<String> {
    if kind == Kind::LogValues {
        let records =
            values.records.iter().flat_map(|record| record.values.iter().map(move |said| (record, said)));
        return records
            .map(|(record, said)| format!("{}: {} {}", record.action, said.path, said.value))
            .collect();
    }
    let lines = values.lines.iter().filter(|line| line.kind == kind);
    lines
        .map(|line| match line.detail.as_str() {
            "" => line.value.clone(),
            detail => format!("{} ({detail})", line.value),
        })
        .collect()
}
