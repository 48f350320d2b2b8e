//! Asking for a segment.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::rule::RestoreSegment;
use bailiwick_ops::audit::restore;
use bailiwick_store::Store;
use serde::Deserialize;

use super::new::page;
use crate::{
    access::Access,
    error::Result,
    forms::{Form, Problem},
    pages::refused::Refused,
    shell::{Message, SeeOther, Visit},
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RestoreForm {
    segment: String,
    days: String,
    reason: String,
}

impl RestoreForm {
    fn numbers(&self) -> std::result::Result<(i64, i64), Vec<Problem>> {
        let mut problems = Vec::new();
        let mut number = |field: &'static str, text: &str| -> i64 {
            text.trim().parse().unwrap_or_else(|_| {
                problems.push(Problem::new(field, "Enter a number."));
                0
            })
        };
        let numbers = (number("segment", &self.segment), number("days", &self.days));
        if problems.is_empty() { Ok(numbers) } else { Err(problems) }
    }
}

pub(super) async fn ask(
    Access(permit): Access<RestoreSegment>,
    visit: Visit,
    State(store): State<Store>,
    form: Form<RestoreForm>,
) -> Result<Response> {
    let refused = match form.values.and_then(|values| Ok((values.numbers()?, values))) {
        Err(problems) => Refused::unread(problems, &[]),
        Ok(((segment, days), values)) => {
            match restore::ask(&store, &permit, segment, days, &values.reason).await {
                Ok(_) => {
                    return Ok(SeeOther::to("/audit/restores").tell(Message::RestoreAsked).into_response());
                }
                Err(bailiwick_ops::Error::NotFound) => {
                    let problem = Problem::new("segment", "The archive has no such segment.");
                    Refused::unread(vec![problem], &[])
                }
                Err(error) => Refused::by(error, &[])?,
            }
        }
    };
    Ok((refused.status, page(&permit, &visit).again(&form.typed, refused.problems)).into_response())
}
