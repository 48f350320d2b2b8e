//! Security events by what became of them.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use bailiwick_domain::{
    entity::{SecurityEvent, Triage},
    permission::Permission,
    rule::ReadSecurityEvents,
};
use bailiwick_store::{Cursor, Result as Stored, Scope, Store, View, security_events};
use serde::Deserialize;

use crate::{
    access::Access,
    error::Result,
    forms::Query,
    pages::{
        audit::about,
        cursor,
        parts::{Pager, Tab, address, counted},
        rows::SecurityEventRow,
    },
    shell::{Shell, Visit},
    when::When,
};

/// Events on one page.
const ROWS: usize = 50;
/// Events looked at for one page, so that a page of a rare kind costs no more than this; the next page goes on from there.
const LOOKED_AT: usize = 1000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Filter {
    status: Option<Status>,
    before: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Open,
    Acknowledged,
    Resolved,
    All,
}

impl Status {
    const ALL: [Self; 4] = [Self::Open, Self::Acknowledged, Self::Resolved, Self::All];

    /// The label of its tab, and its name in the address; open ones need none.
    const fn names(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Open => ("Open", None),
            Self::Acknowledged => ("Acknowledged", Some("acknowledged")),
            Self::Resolved => ("Resolved", Some("resolved")),
            Self::All => ("All", Some("all")),
        }
    }

    fn holds(self, triage: Triage) -> bool {
        match self {
            Self::Open => triage == Triage::Open,
            Self::Acknowledged => triage == Triage::Acknowledged,
            Self::Resolved => triage == Triage::Resolved,
            Self::All => true,
        }
    }

    fn href(self, before: Option<&str>) -> String {
        address("/security/events", &[("status", self.names().1), ("before", before)])
    }
}

#[derive(Template, WebTemplate)]
#[template(path = "security/events.html")]
pub(super) struct SecurityEventsPage {
    shell: Shell,
    tabs: Vec<Tab>,
    rows: Vec<SecurityEventRow>,
    pager: Pager,
}

pub(super) async fn events(
    Access(permit): Access<ReadSecurityEvents>,
    visit: Visit,
    State(store): State<Store>,
    Query(filter): Query<Filter>,
) -> Result<SecurityEventsPage> {
    let status = filter.status.unwrap_or(Status::Open);
    let before = cursor(filter.before.as_deref())?;
    let mut view = store.read(&permit).await?;
    let (found, next) = find(&mut view, status, before).await?;
    let (sees_records, may_triage) =
        (permit.may(Permission::AUDIT_READ), permit.may(Permission::SECURITY_EVENT_TRIAGE));
    let records: Vec<_> = found.iter().map(|event| event.audit_event).collect();
    let about = about(&mut view, &permit, &records).await?;
    let now = view.now();
    let row = |event: &SecurityEvent| {
        let about = about.get(&event.audit_event);
        let row = match may_triage {
            true => SecurityEventRow::with_triage(event, about, sees_records),
            false => SecurityEventRow::of(event, about, sees_records),
        };
        SecurityEventRow { at: When::ago(event.at, now), ..row }
    };
    let shown = counted(found.len(), "event");
    let tab = |tab: Status| Tab {
        label: tab.names().0,
        href: tab.href(None),
        current: tab == status,
        count: String::new(),
    };
    Ok(SecurityEventsPage {
        shell: Shell::new(&permit, &visit, "Security events").under("Security controls", "/security"),
        tabs: Status::ALL.map(tab).into(),
        rows: found.iter().map(row).collect(),
        pager: Pager::forward(
            if next.is_some() { format!("{shown} on this page, older ones follow") } else { shown },
            before.map(|_| status.href(None)),
            next.map(|next| status.href(Some(&next.to_string()))),
        ),
    })
}

/// The newest events of this status, and where to look on.
async fn find(
    view: &mut View,
    status: Status,
    mut before: Option<Cursor>,
) -> Stored<(Vec<SecurityEvent>, Option<Cursor>)> {
    let mut found = Vec::new();
    for _ in 0..LOOKED_AT / ROWS {
        let page = security_events::list(view, before, i64::try_from(ROWS).unwrap_or(i64::MAX)).await?;
        let mut left = page.items.into_iter();
        while let Some(event) = left.next() {
            if !status.holds(event.triage) {
                continue;
            }
            let here = Cursor { at: event.at, id: event.id.uuid() };
            found.push(event);
            if found.len() == ROWS {
                let more = left.len() > 0 || page.next.is_some();
                return Ok((found, more.then_some(here)));
            }
        }
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    Ok((found, before))
}
