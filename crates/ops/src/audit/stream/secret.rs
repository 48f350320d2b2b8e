//! Another signing secret, with a one-time code. For a day both are good, so that the other side can follow.

use bailiwick_domain::{
    entity::{Severity, Stream},
    ids::StreamId,
    rule::RotateStreamSecret,
    time::Span,
};
use bailiwick_mail::WebhookSecret;
use bailiwick_store::{Permit, Store, audit::stream};
use zeroize::Zeroizing;

use super::{Created, told};
use crate::{
    Error, Result,
    step_up::{Answer, Change, Outcome, Told},
};

/// For how long the secret before still signs beside the new one.
pub const OVERLAP: Span = Span::hours(24);

/// Makes another signing secret, and gives its text this once. A code is asked for first.
///
/// # Errors
/// `Conflict` for a stream that signs nothing.
pub async fn rotate(
    store: &Store,
    permit: &Permit<RotateStreamSecret>,
    id: StreamId,
    answer: Option<Answer>,
) -> Result<Outcome<Created>> {
    let change = Change { store, home: permit, inside: permit };
    change
        .confirmed(
            answer,
            |made: &Created| Told {
                name: format!("“{}”", made.stream.name),
                effects: vec![
                    "The secret before signs beside the new one for a day, and then no more.".to_owned(),
                ],
            },
            async |tx| {
                let before = stream::lock(tx, id).await?;
                if before.secret == 0 {
                    return Err(Error::Conflict("This stream signs nothing: it has credentials of its own."));
                }
                let after = Stream { secret: before.secret + 1, ..before.clone() };
                // Not part of what is approved: it is drawn anew, and no record holds it.
                let secret: Zeroizing<String> = WebhookSecret::generate(store.entropy());
                stream::add_secret(tx, id, after.secret, secret.as_bytes(), OVERLAP).await?;
                let written = stream::replace(tx, before, after.clone()).await?;
                let said = "signs with another secret; the one before is good for another day";
                let event = told("audit_stream.secret_rotated", &written, Severity::Warning, said)?;
                Ok(tx.record(event, Created { stream: after, secret: Some(secret) }))
            },
        )
        .await
}
