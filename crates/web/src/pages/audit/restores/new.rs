//! The form with which a segment is asked back.

use askama::Template;
use askama_web::WebTemplate;
use bailiwick_domain::rule::RestoreSegment;
use bailiwick_ops::audit::restore::MOST_DAYS;
use bailiwick_store::Permit;
use serde::Deserialize;

use crate::{
    access::Access,
    forms::{Field, Problem, Query, Typed, in_order},
    shell::{Shell, Visit},
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Given {
    segment: Option<i64>,
}

#[derive(Template, WebTemplate)]
#[template(path = "audit/restores/new.html")]
pub(super) struct NewRestorePage {
    shell: Shell,
    problems: Vec<Problem>,
    segment: Field,
    days: Field,
    reason: Field,
}

pub(super) async fn new(
    Access(permit): Access<RestoreSegment>,
    visit: Visit,
    Query(given): Query<Given>,
) -> NewRestorePage {
    let page = page(&permit, &visit);
    let segment = given.segment.map(|segment| segment.to_string()).unwrap_or_default();
    NewRestorePage { segment: page.segment.value(segment), ..page }
}

/// The form with seven days.
pub(super) fn page(permit: &Permit<RestoreSegment>, visit: &Visit) -> NewRestorePage {
    NewRestorePage {
        shell: Shell::new(permit, visit, "Bring a segment back")
            .under("Back from the archive", "/audit/restores"),
        problems: Vec::new(),
        segment: Field::new("segment", "Segment")
            .hint("The size of the tree at its end, as the page of the archive leads here with it."),
        days: Field::new("days", "For how many days").value("7").hint(format!("1 to {MOST_DAYS}.")),
        reason: Field::new("reason", "Reason").hint("It stands in the log."),
    }
}

impl NewRestorePage {
    /// The form as it was filled in, with what is wrong beside each field.
    pub(super) fn again(self, typed: &Typed, problems: Vec<Problem>) -> Self {
        let fields = [self.segment.named(), self.days.named(), self.reason.named()];
        Self {
            segment: self.segment.again(typed, &problems),
            days: self.days.again(typed, &problems),
            reason: self.reason.again(typed, &problems),
            problems: in_order(problems, &fields),
            ..self
        }
    }
}
