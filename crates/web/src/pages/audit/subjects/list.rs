//! The requests, newest first, and the form that opens one.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use bailiwick_domain::{
    entity::{SubjectRequest, SubjectRequestState},
    rule::{ReadSubjects, Rule},
};
use bailiwick_store::{Cursor, Permit, Store, audit::subject};
use serde::Deserialize;

use crate::{
    access::Access,
    error::Result,
    forms::{Choice, Field, Problem, Query, Select, Typed, in_order},
    pages::{
        cursor,
        parts::{Badge, Pager, address, counted},
    },
    shell::{Shell, Visit},
    when::When,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Filter {
    before: Option<String>,
}

#[derive(Template, WebTemplate)]
#[template(path = "audit/subjects.html")]
pub(super) struct SubjectsPage {
    shell: Shell,
    problems: Vec<Problem>,
    by: Select,
    value: Field,
    kind: Field,
    rows: Vec<RequestRow>,
    pager: Pager,
}

struct RequestRow {
    href: String,
    number: String,
    person: String,
    status: Badge,
    opened: When,
}

pub(super) async fn list(
    Access(permit): Access<ReadSubjects>,
    visit: Visit,
    State(store): State<Store>,
    Query(filter): Query<Filter>,
) -> Result<SubjectsPage> {
    page(&permit, &visit, &store, cursor(filter.before.as_deref())?).await
}

/// The page with an empty form.
pub(super) async fn page<R: Rule>(
    permit: &Permit<R>,
    visit: &Visit,
    store: &Store,
    before: Option<Cursor>,
) -> Result<SubjectsPage> {
    let page = subject::list(&mut store.read(permit).await?, before).await?;
    let next = page.next.map(|next| address("/audit/subjects", &[("before", Some(&next.to_string()))]));
    let rows: Vec<_> = page.items.into_iter().map(row).collect();
    let ways = [
        Choice::new("address", "An e-mail address"),
        Choice::new("person", "The id of a user, as the log shows it"),
        Choice::new("product", "An id of the product"),
    ];
    Ok(SubjectsPage {
        shell: Shell::new(permit, visit, "Data-subject requests").under("Audit log", "/audit"),
        problems: Vec::new(),
        by: Select::new("by", "Look by", ways, "address"),
        value: Field::new("value", "Address or id")
            .hint("By an address, users, invitations, letters and requests are looked through. Somebody of the product is found by their id there."),
        kind: Field::new("kind", "Kind of the product's id")
            .hint("Such as app.customer, or product for whoever acted."),
        pager: Pager::forward(
            counted(rows.len(), "request"),
            before.map(|_| "/audit/subjects".to_owned()),
            next,
        ),
        rows,
    })
}

fn row(request: SubjectRequest) -> RequestRow {
    let tail = |digits: String| digits.get(24..).unwrap_or_default().to_owned();
    RequestRow {
        href: format!("/audit/subjects/{}", request.id),
        number: tail(request.id.uuid().simple().to_string()),
        person: tail(request.person.simple().to_string()),
        status: status(request.state),
        opened: When::moment(request.created_at),
    }
}

/// How far a request has come.
pub(super) fn status(state: SubjectRequestState) -> Badge {
    match state {
        SubjectRequestState::Open => Badge::new("info", "Open"),
        SubjectRequestState::Done => Badge::new("ok", "Erased"),
    }
}

impl SubjectsPage {
    /// The form as it was filled in, with what is wrong beside each field.
    pub(super) fn again(self, typed: &Typed, problems: Vec<Problem>) -> Self {
        let fields = [self.by.named(), self.value.named(), self.kind.named()];
        Self {
            by: self.by.again(typed, &problems),
            value: self.value.again(typed, &problems),
            kind: self.kind.again(typed, &problems),
            problems: in_order(problems, &fields),
            ..self
        }
    }
}
