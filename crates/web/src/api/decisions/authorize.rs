//! Whether a session, a user or a key may do one thing or up to two hundred, each with the reason.

use axum::extract::State;
use bailiwick_domain::{
    ids::{ApiKeyId, SessionId, UserId},
    permission::Reason,
    role::RoleName,
    rule::CheckAccess,
    time::Timestamp,
};
use bailiwick_ops::decisions::{self, About};
use bailiwick_store::{Store, subjects::Standing};
use serde::{Deserialize, Serialize};

use crate::{access::Access, error::Result, forms::Json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Question {
    subject: Whom,
    /// Names, 1 to 200.
    permissions: Vec<String>,
}

/// Who is asked about, in one of three ways.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Whom {
    /// A session, by its token as a program shows it, or as a cookie holds it.
    Session(String),
    /// A user, by id.
    User(UserId),
    /// An API key, whole.
    Key(String),
}

#[derive(Serialize)]
pub(in crate::api) struct DecidedBody {
    /// Whether all of it is allowed.
    allowed: bool,
    subject: SubjectBody,
    /// In the order of the question.
    answers: Vec<AnswerBody>,
    /// The moment of the decision, which is worth nothing later.
    at: Timestamp,
}

#[derive(Serialize)]
struct SubjectBody {
    /// `active`, or why nothing is allowed.
    standing: &'static str,
    /// Who it is; of a key, whoever made it.
    user: Option<UserId>,
    role: Option<RoleName>,
    session: Option<SessionId>,
    key: Option<ApiKeyId>,
}

#[derive(Serialize)]
struct AnswerBody {
    permission: String,
    allowed: bool,
    /// `role`, `team`, `grant` or `scope`; `denied`, `not_given`, `out_of_scope`, `maker_lacks`, `unknown_permission` or `subject`.
    reason: &'static str,
    /// The role that gives it, where one does.
    role: Option<RoleName>,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<CheckAccess>,
    State(store): State<Store>,
    Json(question): Json<Question>,
) -> Result<Json<DecidedBody>> {
    let about = match &question.subject {
        Whom::Session(token) => About::Session(token),
        Whom::User(id) => About::User(*id),
        Whom::Key(key) => About::Key(key),
    };
    let decided = decisions::authorize(&store, &permit, about, &question.permissions).await?;
    let subject = decided.subject;
    let answer = |(permission, reason): (String, Reason)| AnswerBody {
        permission,
        allowed: reason.allows(),
        reason: reason.name(),
        role: reason.role(),
    };
    Ok(Json(DecidedBody {
        allowed: subject.standing == Standing::Active && decided.reasons.iter().all(|reason| reason.allows()),
        subject: SubjectBody {
            standing: subject.standing.name(),
            user: subject.user,
            role: subject.role(),
            session: subject.session.as_ref().map(|session| session.id),
            key: subject.key,
        },
        answers: question.permissions.into_iter().zip(decided.reasons).map(answer).collect(),
        at: decided.at,
    }))
}
