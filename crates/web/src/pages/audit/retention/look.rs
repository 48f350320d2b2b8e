//! What would go now, and what stays and why: nothing goes by looking.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use bailiwick_domain::rule::ReadRetention;
use bailiwick_store::{
    Store,
    audit::retention::{self, Extent, Look},
};
use serde::Deserialize;

use crate::{
    access::Access,
    error::Result,
    forms::{Field, Problem, Query},
    pages::parts::{address, counted, grouped},
    retained::{LOOKED_AT, tried},
    shell::{Shell, Visit},
};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// A class whose days are tried, and are not set.
    class: Option<String>,
    days: Option<String>,
    from: Option<i64>,
}

#[derive(Template, WebTemplate)]
#[template(path = "audit/retention/look.html")]
struct LookPage {
    shell: Shell,
    problems: Vec<Problem>,
    class: Field,
    days: Field,
    looked_at: String,
    /// Why there are no rows.
    nothing: &'static str,
    rows: Vec<ClassRow>,
    segments: Vec<SegmentRow>,
    holds: Vec<HoldRow>,
    next: Option<String>,
}

struct ClassRow {
    class: String,
    due: String,
    held: String,
    not_archived: String,
    open_block: String,
    rights: String,
}

struct SegmentRow {
    leaves: String,
    due: String,
    held: String,
}

struct HoldRow {
    number: String,
    keeps: String,
}

pub(super) async fn look(
    Access(permit): Access<ReadRetention>,
    visit: Visit,
    State(store): State<Store>,
    Query(asked): Query<Asked>,
) -> Result<Response> {
    let mut view = store.read(&permit).await?;
    let mut days = retention::days(&mut view).await?;
    let class = asked.class.as_deref().map(str::trim).unwrap_or_default();
    let typed = asked.days.as_deref().map(str::trim);
    let problems = match typed.map(str::parse::<i64>).transpose() {
        Ok(to) => tried(&mut view, &mut days, class, to).await?,
        Err(_) => vec![Problem::new("days", "Enter a number of days.")],
    };
    let found = if problems.is_empty() {
        retention::look(&mut view, &days, asked.from.unwrap_or(0).max(0), LOOKED_AT).await?
    } else {
        Look::default()
    };
    let next = found.next.map(|from| {
        let from = from.to_string();
        let given = [
            ("class", Some(class).filter(|class| !class.is_empty())),
            ("days", typed),
            ("from", Some(from.as_str())),
        ];
        address("/audit/retention/look", &given)
    });
    let error = |name: &str| {
        problems.iter().find(|problem| problem.field == name).map(|problem| problem.text.clone())
    };
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = LookPage {
        shell: Shell::new(&permit, &visit, "What would go").under("Retention", "/audit/retention"),
        class: Field {
            error: error("class"),
            ..Field::new("class", "Class to try, such as session").value(class)
        },
        days: Field { error: error("days"), ..Field::new("days", "Days").value(typed.unwrap_or_default()) },
        problems,
        nothing: match &found {
            _ if days.is_empty() => "No class has days set.",
            Look { next: Some(_), .. } => {
                "None of the records that were looked at is older than the days of its class."
            }
            _ => "No record is older than the days of its class.",
        },
        looked_at: counted(found.looked_at, "record"),
        rows: found.classes.iter().map(|(class, count)| row(class, count)).collect(),
        segments: found.segments.iter().map(segment).collect(),
        holds: found
            .holds
            .iter()
            .map(|(hold, records)| HoldRow {
                number: hold.uuid().simple().to_string().get(24..).unwrap_or_default().to_owned(),
                keeps: counted(*records, "record"),
            })
            .collect(),
        next,
    };
    Ok((status, page).into_response())
}

fn row(class: &str, count: &retention::Class) -> ClassRow {
    ClassRow {
        class: class.to_owned(),
        due: grouped(count.due),
        held: grouped(count.held),
        not_archived: grouped(count.not_archived),
        open_block: grouped(count.open_block),
        rights: grouped(count.rights),
    }
}

fn segment(extent: &Extent) -> SegmentRow {
    SegmentRow {
        leaves: format!("{} to {}", grouped(extent.first), grouped(extent.size - 1)),
        due: grouped(extent.due),
        held: grouped(extent.held),
    }
}
