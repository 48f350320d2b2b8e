//! Questions about sessions, users and keys.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Client, Error};

/// Who is asked about.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject<'t> {
    /// Whoever shows this session, `session.…`.
    Session(&'t str),
    /// The user with this id.
    User(Uuid),
    /// Whoever shows this API key.
    Key(&'t str),
}

#[derive(Serialize)]
struct Question<'q> {
    subject: Subject<'q>,
    permissions: &'q [&'q str],
}

/// What somebody may do at the moment of the question.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Decision {
    /// Whether they may do all that was asked.
    pub allowed: bool,
    /// Who they are.
    pub subject: Who,
    /// For each permission, in the order of the question.
    pub answers: Vec<Answer>,
}

/// Who was asked about.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Who {
    /// `active`, or why they can do nothing: `unknown`, `ended`, `disabled`, `suspended`, `second_factor_missing`,
    /// `factor_not_set_up`, `passkey_not_shown`, `revoked`, `expired`.
    pub standing: String,
    /// The user; of a key, whoever made it.
    pub user: Option<Uuid>,
    /// Their own role.
    pub role: Option<String>,
    /// The session, where one was asked about.
    pub session: Option<Uuid>,
    /// The key's record, where a key was asked about.
    pub key: Option<Uuid>,
}

/// Whether one thing is allowed.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Answer {
    /// The name of the permission.
    pub permission: String,
    /// Whether it is theirs.
    pub allowed: bool,
    /// Why: `role`, `team`, `grant` or `scope`; `denied`, `not_given`, `out_of_scope`, `maker_lacks`, `unknown_permission` or `subject`.
    pub reason: String,
}

#[derive(Serialize)]
struct Shown<'q> {
    session: &'q str,
}

/// What a session is (after RFC 7662).
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Introspection {
    /// Whether it opens anything.
    pub active: bool,
    /// `active`, or why it does not.
    pub standing: String,
    /// Its id; nothing of what follows is there where it is not active.
    pub session: Option<Uuid>,
    /// Whose it is.
    pub user: Option<Uuid>,
    /// Their own role.
    pub role: Option<String>,
    /// How they signed in, such as `password_totp` or `passkey`.
    pub signed_in_by: Option<String>,
    /// When they signed in (RFC 3339).
    pub signed_in_at: Option<String>,
    /// When it ends unless it is used before.
    pub idle_until: Option<String>,
    /// When it ends whatever happens.
    pub ends_at: Option<String>,
}

impl Client {
    /// Whether somebody may do these things, 1 to 200, each with the reason.
    ///
    /// # Errors
    /// [`Error`], where there is no answer: then nothing is allowed.
    pub async fn authorize(&self, subject: Subject<'_>, permissions: &[&str]) -> Result<Decision, Error> {
        self.post("/v1/authorize", &Question { subject, permissions }).await
    }

    /// What a session is.
    ///
    /// # Errors
    /// [`Error`], where there is no answer.
    pub async fn introspect(&self, session: &str) -> Result<Introspection, Error> {
        self.post("/v1/sessions/introspect", &Shown { session }).await
    }
}
