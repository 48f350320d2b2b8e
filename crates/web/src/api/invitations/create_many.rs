//! Inviting many at once: 200 with what became of each row, in their order. A row that is refused undoes no other.

use axum::extract::State;
use bailiwick_domain::{rule::Invite, time::Timestamp};
use bailiwick_ops::invitations::{self, MOST, Row};
use bailiwick_store::Store;
use serde::{Deserialize, Serialize};

use super::InvitationBody;
use crate::{
    access::Access,
    api::List,
    error::{Error, Result},
    forms::{Json, Problem},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct NewInvitations {
    /// 1 to 100.
    invitations: Vec<NewRow>,
    /// As the policy says, if not given.
    expires_at: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewRow {
    email: String,
    role: String,
}

/// What became of a row: one of the two.
#[derive(Serialize)]
pub(in crate::api) struct Outcome {
    email: String,
    invitation: Option<InvitationBody>,
    refusal: Option<String>,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<Invite>,
    State(store): State<Store>,
    Json(new): Json<NewInvitations>,
) -> Result<Json<List<Outcome>>> {
    if !(1..=MOST).contains(&new.invitations.len()) {
        return Err(Error::Invalid(vec![Problem::new("invitations", "Give 1 to 100 invitations.")]));
    }
    let rows = new.invitations.into_iter().enumerate();
    let rows = rows.map(|(at, row)| Row { line: at + 1, email: row.email, role: Some(row.role) }).collect();
    let answered = invitations::create_many(&store, &permit, rows, "", new.expires_at).await?;
    Ok(List::whole(answered.into_iter().map(|row| {
        let (invitation, refusal) = match row.outcome {
            Ok(invitation) => (Some(InvitationBody::at(invitation.created_at, invitation)), None),
            Err(text) => (None, Some(text)),
        };
        Outcome { email: row.row.email, invitation, refusal }
    })))
}
