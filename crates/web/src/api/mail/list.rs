//! Letters, newest first.

use axum::extract::State;
use bailiwick_domain::{
    entity::{MailFault, MailKind, MailState},
    ids::MailId,
    rule::ReadMail,
    time::Timestamp,
};
use bailiwick_store::{
    Store,
    mail::{self, Listed},
};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    access::Access,
    api::{After, List},
    error::Result,
    forms::Json,
};

/// A letter as the API shows it.
#[derive(Serialize)]
pub(in crate::api) struct MailBody {
    id: MailId,
    kind: MailKind,
    about: Uuid,
    to: String,
    state: MailState,
    attempts: i64,
    fault: Option<MailFault>,
    created_at: Timestamp,
    next_attempt_at: Option<Timestamp>,
    settled_at: Option<Timestamp>,
}

impl From<Listed> for MailBody {
    fn from(letter: Listed) -> Self {
        let waits = letter.mail.state == MailState::Waiting;
        Self {
            id: letter.mail.id,
            kind: letter.mail.kind,
            about: letter.mail.about,
            to: letter.mail.to,
            state: letter.mail.state,
            attempts: letter.attempts,
            fault: letter.fault,
            created_at: letter.mail.created_at,
            next_attempt_at: waits.then_some(letter.next_attempt_at),
            settled_at: letter.mail.settled_at,
        }
    }
}

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadMail>,
    State(store): State<Store>,
    After(before): After,
) -> Result<Json<List<MailBody>>> {
    let mut view = store.read(&permit).await?;
    let page = mail::list(&mut view, None, before).await?;
    Ok(List::page(page, MailBody::from))
}
