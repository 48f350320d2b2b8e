//! What a session is: whether it is good, whose it is, since when, by what they signed in, and when it ends.

use axum::extract::State;
use bailiwick_domain::{
    entity::SignInMethod,
    ids::{SessionId, UserId},
    permission::Permission,
    role::RoleName,
    rule::CheckAccess,
    time::Timestamp,
};
use bailiwick_ops::decisions;
use bailiwick_store::{Store, subjects::Standing};
use serde::{Deserialize, Serialize};

use crate::{access::Access, error::Result, forms::Json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Token {
    /// As a program shows it, or as a cookie holds it.
    session: String,
}

/// After RFC 7662: what is not active says no more than why.
#[derive(Serialize)]
pub(in crate::api) struct IntrospectedBody {
    active: bool,
    /// `active`, or why it is not.
    standing: &'static str,
    #[serde(flatten)]
    session: Option<SessionBody>,
}

#[derive(Serialize)]
struct SessionBody {
    session: SessionId,
    user: UserId,
    role: Option<RoleName>,
    /// For whoever may see users.
    name: Option<String>,
    email: Option<String>,
    signed_in_by: SignInMethod,
    signed_in_at: Timestamp,
    last_seen_at: Timestamp,
    /// Ends then unless it is used before.
    idle_until: Timestamp,
    /// Ends then whatever happens.
    ends_at: Timestamp,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<CheckAccess>,
    State(store): State<Store>,
    Json(token): Json<Token>,
) -> Result<Json<IntrospectedBody>> {
    let subject = decisions::introspect(&store, &permit, &token.session).await?;
    let active = subject.standing == Standing::Active;
    let role = subject.role();
    let person = subject.person.filter(|_| permit.may(Permission::USER_READ));
    let (name, email) = person.map(|person| (person.name, person.email)).unzip();
    let session = subject.session.filter(|_| active).map(|session| SessionBody {
        session: session.id,
        user: session.user,
        role,
        name,
        email,
        signed_in_by: session.method,
        signed_in_at: session.created_at,
        last_seen_at: session.last_seen_at,
        idle_until: session.idle_until,
        ends_at: session.absolute_until,
    });
    Ok(Json(IntrospectedBody { active, standing: subject.standing.name(), session }))
}
