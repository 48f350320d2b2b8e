//! Every hold, newest first; lifted ones stay as evidence.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use bailiwick_domain::{
    ids::{AuditHoldId, UserId},
    permission::Permission,
    rule::ReadHolds,
};
use bailiwick_store::{
    Page, Store,
    audit::hold::{self, Hold},
    users,
};
use serde::Deserialize;

use crate::{
    access::Access,
    error::Result,
    forms::Query,
    pages::{
        audit::history,
        cursor,
        parts::{Badge, Pager, address, counted},
        reach,
    },
    shell::{Shell, Visit},
    when::When,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Filter {
    before: Option<String>,
    /// This one alone.
    hold: Option<AuditHoldId>,
}

#[derive(Template, WebTemplate)]
#[template(path = "audit/holds.html")]
pub(super) struct HoldsPage {
    shell: Shell,
    may_place: bool,
    rows: Vec<HoldRow>,
    pager: Pager,
}

struct HoldRow {
    keeps: String,
    number: String,
    reason: String,
    status: Badge,
    by: String,
    placed: When,
    lifted: Option<When>,
    /// Its history.
    href: String,
    /// Where it is lifted, for whoever may do it.
    lift: Option<String>,
}

pub(super) async fn list(
    Access(permit): Access<ReadHolds>,
    visit: Visit,
    State(store): State<Store>,
    Query(filter): Query<Filter>,
) -> Result<HoldsPage> {
    let before = cursor(filter.before.as_deref())?;
    let mut view = store.read(&permit).await?;
    let page = match filter.hold {
        Some(id) => Page { items: vec![hold::find(&mut view, id).await?], next: None },
        None => hold::list(&mut view, before).await?,
    };
    let may_name = permit.may(Permission::USER_READ);
    let kept = page.items.iter().filter_map(|hold| hold.hold.scope.somebody()).filter(|_| may_name);
    let placers = page.items.iter().filter_map(|hold| hold.placed_by.map(UserId::uuid));
    let people: Vec<_> = placers.chain(kept).collect();
    let names = users::names(&mut view, &people).await?;
    let may_place = reach::opens(&visit, &permit, "/audit/holds/new");
    let may_lift = reach::opens(&visit, &permit, "/audit/holds/{hold}/lift");
    let named = |hold: &Hold| {
        let somebody = hold.hold.scope.somebody().filter(|_| may_name);
        hold.hold.scope.words_of(somebody.and_then(|id| names.get(&id)).map(String::as_str))
    };
    let row = |hold: Hold| HoldRow {
        keeps: named(&hold),
        number: hold.hold.number(),
        status: if hold.hold.lifted { Badge::new("mute", "Lifted") } else { Badge::new("warn", "Stands") },
        by: match hold.placed_by {
            Some(id) => names.get(&id.uuid()).cloned().unwrap_or_else(|| "Somebody".to_owned()),
            None => "The server".to_owned(),
        },
        placed: When::moment(hold.placed_at),
        lifted: hold.lifted_at.map(When::moment),
        href: history("audit_hold", hold.hold.id),
        lift: (may_lift && !hold.hold.lifted).then(|| format!("/audit/holds/{}/lift", hold.hold.id)),
        reason: hold.hold.reason,
    };
    let next = page.next.map(|next| address("/audit/holds", &[("before", Some(&next.to_string()))]));
    let first = (before.is_some() || filter.hold.is_some()).then(|| "/audit/holds".to_owned());
    let rows: Vec<_> = page.items.into_iter().map(row).collect();
    Ok(HoldsPage {
        shell: Shell::new(&permit, &visit, "Legal holds").under("Audit log", "/audit"),
        pager: Pager::forward(counted(rows.len(), "hold"), first, next),
        may_place,
        rows,
    })
}
