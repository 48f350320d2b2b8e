//! One request: what would go, what stays and why, and after the erasure what is certified.

use std::collections::BTreeMap;

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use bailiwick_domain::{
    entity::SubjectRequestState,
    ids::SubjectRequestId,
    permission::Permission,
    rule::ReadSubjects,
    subject::{BEYOND, Fate, Kind},
};
use bailiwick_ops::audit::erasure::{self, Report, Values};
use bailiwick_store::{Store, audit::subject::Record};

use super::list::status;
use crate::{
    access::Access,
    error::Result,
    forms::Id,
    pages::{
        audit::history,
        parts::{Badge, address, grouped},
        reach,
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
    /// Where the hold stands that does not allow it.
    hold: Option<String>,
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
    let (goes, stays) = if open { rows(&report) } else { certified(&report) };
    let hold = report.held.as_ref().and_then(|held| {
        reach::link(&visit, &permit, "/audit/holds", || {
            address("/audit/holds", &[("hold", Some(&held.id.to_string()))])
        })
    });
    Ok(SubjectPage {
        shell: Shell::new(&permit, &visit, "Data-subject request")
            .under("Data-subject requests", "/audit/subjects"),
        title: format!("What {} kept of {}", if open { "is" } else { "was" }, report.called),
        status: status(report.request.state),
        path: format!("/audit/subjects/{id}"),
        opened: When::moment(report.request.created_at),
        goes,
        stays,
        beyond: BEYOND,
        held: report.refusal,
        hold,
        open,
        may_disclose: open && report.values.is_some(),
        history: if permit.may(Permission::AUDIT_READ) {
            history("subject_request", id)
        } else {
            String::new()
        },
    })
}

/// What goes, and what stays.
fn rows(report: &Report) -> (Vec<KindRow>, Vec<KindRow>) {
    let (mut goes, mut stays) = (Vec::new(), Vec::new());
    for (kind, count) in &report.counts {
        let values = report.values.as_ref().map(|values| texts(values, *kind)).unwrap_or_default();
        let row = |why| KindRow {
            title: kind.title(),
            count: grouped(*count),
            why,
            // Of records fewer may have been read than there are.
            more: values.len() > OF_KIND || (*kind == Kind::LogValues && *count > whole(values.len())),
            values: values.iter().take(OF_KIND).cloned().collect(),
        };
        match kind.fate() {
            Fate::Goes => goes.push(row("")),
            Fate::Stays(why) => stays.push(row(why)),
        }
    }
    (goes, stays)
}

/// What went and what stayed, as the certificate has it; before it can be read, what the request itself says.
fn certified(report: &Report) -> (Vec<KindRow>, Vec<KindRow>) {
    let none = BTreeMap::new();
    let (erased, kept) = match &report.certified {
        Some(certificate) => (&certificate.erased, &certificate.kept),
        None => (&report.request.erased, &none),
    };
    let listed = |counts: &BTreeMap<String, i64>| -> Vec<KindRow> {
        let known = Kind::ALL.iter().filter_map(|kind| Some((*kind, *counts.get(kind.name())?)));
        let row = |(kind, count): (Kind, i64)| KindRow {
            title: kind.title(),
            count: grouped(count),
            why: match kind.fate() {
                Fate::Goes => "",
                Fate::Stays(why) => why,
            },
            values: Vec::new(),
            more: false,
        };
        known.map(row).collect()
    };
    (listed(erased), listed(kept))
}

fn whole(values: usize) -> i64 {
    i64::try_from(values).unwrap_or(i64::MAX)
}

/// The values of one kind, in words.
fn texts(values: &Values, kind: Kind) -> Vec<String> {
    if kind == Kind::LogValues {
        // One line for each record, as they are counted.
        let line = |record: &Record| {
            let said: Vec<_> =
                record.values.iter().map(|said| format!("{} {}", said.path, said.value)).collect();
            if said.is_empty() {
                record.action.clone()
            } else {
                format!("{}: {}", record.action, said.join(", "))
            }
        };
        return values.records.iter().map(line).collect();
    }
    let lines = values.lines.iter().filter(|line| line.kind == kind);
    lines
        .map(|line| match line.detail.as_str() {
            "" => line.value.clone(),
            detail => format!("{} ({detail})", line.value),
        })
        .collect()
}
