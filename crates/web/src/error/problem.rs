//! An error as problem JSON for programs (RFC 9457).

use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{
    entity::{MailChannel, SensitiveAction},
    ids::{RequestId, StepUpId},
    time::Timestamp,
};
use serde::Serialize;

use super::Error;

#[derive(Serialize)]
struct Body<'e> {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: &'e str,
    instance: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Item<'e>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    step_up: Option<StepUpBody<'e>>,
}

/// What a person has to confirm, and how the code for it is named.
#[derive(Serialize)]
struct StepUpBody<'e> {
    id: StepUpId,
    action: SensitiveAction,
    sentence: &'e str,
    difference: &'e [String],
    digest: &'e str,
    sent_to: &'e str,
    channel: MailChannel,
    expires_at: Option<Timestamp>,
}

/// One member of `errors`, as in RFC 9457 §3: a JSON pointer in its fragment form, and what is wrong there.
#[derive(Serialize)]
struct Item<'e> {
    pointer: String,
    detail: &'e str,
}

/// Renders the problem.
pub(crate) fn problem(error: &Error, request: RequestId) -> Response {
    let public = error.public();
    let problems = error.problems();
    let body = Body {
        r#type: format!("urn:bailiwick:problem:{}", public.code),
        title: public.title,
        status: error.status().as_u16(),
        detail: public.detail,
        instance: format!("urn:uuid:{request}"),
        errors: problems
            .iter()
            .map(|problem| Item { pointer: problem.pointer(), detail: &problem.text })
            .collect(),
        step_up: match error {
            Error::StepUpRequired(asked) => Some(StepUpBody {
                id: asked.id,
                action: asked.action,
                sentence: &asked.sentence,
                difference: &asked.difference,
                digest: &asked.digest,
                sent_to: &asked.sent_to,
                channel: asked.channel,
                expires_at: asked.expires_at,
            }),
            _ => None,
        },
    };
    let json = serde_json::to_string(&body).unwrap_or_default();
    (error.status(), error.headers(), [(header::CONTENT_TYPE, "application/problem+json")], json)
        .into_response()
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use axum::body::to_bytes;

    use super::*;
    use crate::forms::Problem;

    async fn rendered(error: Error) -> serde_json::Value {
        let id = RequestId::from_str("0193a7c2-7b1e-7000-8000-000000000001").unwrap();
        let response = problem(&error, id);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
        serde_json::from_slice(&to_bytes(response.into_body(), 10_000).await.unwrap()).unwrap()
    }

    #[tokio::test]
    async fn program_reads_each_field_that_is_wrong() {
        let problems = vec![
            Problem::new("scopes/0", "This is not a permission."),
            Problem::new("", "Two fields contradict."),
        ];
        insta::assert_json_snapshot!(rendered(Error::Invalid(problems)).await);
    }

    #[tokio::test]
    async fn the_cause_of_an_internal_error_stays_inside() {
        let body = rendered(Error::Internal("password=hunter2 at 10.0.0.3".into())).await;
        insta::assert_json_snapshot!(body);
        assert!(!body.to_string().contains("hunter2"));
    }
}
