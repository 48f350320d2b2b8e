//! The form with which days are set for a class.

use askama::Template;
use askama_web::WebTemplate;
use bailiwick_domain::{
    retention::{FLOOR_DAYS, MOST_DAYS},
    rule::ChangeRetention,
};
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
    class: Option<String>,
    days: Option<String>,
}

#[derive(Template, WebTemplate)]
#[template(path = "audit/retention/change.html")]
pub(super) struct ChangePage {
    shell: Shell,
    problems: Vec<Problem>,
    class: Field,
    days: Field,
    reason: Field,
}

pub(super) async fn change(
    Access(permit): Access<ChangeRetention>,
    visit: Visit,
    Query(given): Query<Given>,
) -> ChangePage {
    let page = page(&permit, &visit);
    ChangePage {
        class: page.class.value(given.class.unwrap_or_default()),
        days: page.days.value(given.days.unwrap_or_default()),
        ..page
    }
}

/// The empty form.
pub(super) fn page(permit: &Permit<ChangeRetention>, visit: &Visit) -> ChangePage {
    ChangePage {
        shell: Shell::new(permit, visit, "How long records are kept").under("Retention", "/audit/retention"),
        problems: Vec::new(),
        class: Field::new("class", "Class of actions")
            .hint("An action or what it begins with: session, or session.ended."),
        days: Field::new("days", "Days")
            .hint(format!("{FLOOR_DAYS} to {MOST_DAYS}. Leave it empty to keep these records for good.")),
        reason: Field::new("reason", "Reason").hint("It stands in the log."),
    }
}

impl ChangePage {
    /// The form as it was filled in, with what is wrong beside each field.
    pub(super) fn again(self, typed: &Typed, problems: Vec<Problem>) -> Self {
        let fields = [self.class.named(), self.days.named(), self.reason.named()];
        Self {
            class: self.class.again(typed, &problems),
            days: self.days.again(typed, &problems),
            reason: self.reason.again(typed, &problems),
            problems: in_order(problems, &fields),
            ..self
        }
    }
}
