//! Making a stream. Nothing leaves by it before its place is confirmed.

use bailiwick_domain::{
    entity::{Stream, StreamFilter, StreamKind, StreamState},
    rule::UpdateStreams,
    time::Span,
};
use bailiwick_mail::WebhookSecret;
use bailiwick_store::{
    Event, Permit, Scope, Store, Tx,
    audit::{self, stream},
    tenants,
};
use zeroize::Zeroizing;

use super::NewPlace;
use crate::{
    Error, Result,
    valid::{self, Fields},
};

/// What is said of a place that is not in the log.
pub(super) const OUTSIDE: &str = "Enter the index of a record in the log, from 0.";

/// Where a stream begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Beginning {
    /// With what is recorded from now on.
    #[default]
    Now,
    /// With this record, and everything after it.
    Index(i64),
}

/// A stream to be.
#[derive(Clone, Debug, Default)]
pub struct NewStream {
    /// 1 to 100 characters, unique in the tenant.
    pub name: String,
    /// Where it leads.
    pub place: NewPlace,
    /// Which records leave by it; empty parts are none.
    pub filter: StreamFilter,
    /// Where it begins.
    pub from: Beginning,
}

/// A stream that was made.
pub struct Created {
    /// The stream, whose place nobody has confirmed.
    pub stream: Stream,
    /// What it signs with, this once; nothing where nothing is signed.
    pub secret: Option<Zeroizing<String>>,
}

/// The secret is one.
impl std::fmt::Debug for Created {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Created").field("stream", &self.stream).finish_non_exhaustive()
    }
}

/// Makes a stream. Nothing leaves by it before its place is confirmed: see [`start`](super::start()).
///
/// # Errors
/// `Invalid` by field; `Conflict` for more than [`stream::MOST`] streams.
pub async fn create(store: &Store, permit: &Permit<UpdateStreams>, new: NewStream) -> Result<Created> {
    let mut fields = Fields::default();
    let name = fields.take("name", valid::name(&new.name));
    let place = new.place.parse(&mut fields);
    let filter = filter(&new.filter, &mut fields);
    if matches!(new.from, Beginning::Index(index) if index < 0) {
        fields.refuse("from", OUTSIDE);
    }
    fields.done()?;
    let (Some(name), Some(place), Some(filter)) = (name, place, filter) else { return Err(Error::NotFound) };
    store
        .change(permit, async |tx| {
            // Two streams made at the same moment meet here, so that neither the limit nor a name is passed over.
            tenants::lock_policy(tx).await?;
            if stream::count(tx).await? >= stream::MOST {
                return Err(Error::Conflict("There are twenty streams already. Remove one first."));
            }
            unused_name(tx, &name).await?;
            let secret =
                (place.kind == StreamKind::Webhook).then(|| WebhookSecret::generate(store.entropy()));
            let made = Stream {
                id: store.new_id(),
                name: name.clone(),
                kind: place.kind,
                origin: place.origin.clone(),
                place: place.tag(tx),
                filter: filter.clone(),
                state: StreamState::Proposed,
                secret: i64::from(secret.is_some()),
                replayed_from: None,
                tests: 0,
                failing: false,
                created_at: tx.now(),
            };
            let size = audit::total(tx).await?;
            let next = match new.from {
                Beginning::Now => size,
                Beginning::Index(index) if index <= size => index,
                Beginning::Index(_) => return Err(Error::field("from", OUTSIDE)),
            };
            let written = stream::insert(tx, made.clone(), &place.octets, next).await?;
            if let Some(secret) = &secret {
                stream::add_secret(tx, made.id, 1, secret.as_bytes(), Span::seconds(0)).await?;
            }
            let event = Event::new("audit_stream.created", &written)?;
            Ok(tx.record(event, Created { stream: made, secret }))
        })
        .await
}

/// A filter without empty parts.
pub(super) fn filter(typed: &StreamFilter, fields: &mut Fields) -> Option<StreamFilter> {
    let part = |text: &Option<String>| {
        text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let filter = StreamFilter {
        action: part(&typed.action),
        entity_type: part(&typed.entity_type),
        outcome: part(&typed.outcome),
    };
    let word = |text: &Option<String>| {
        text.as_deref().is_none_or(|text| {
            text.len() <= 100
                && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c))
        })
    };
    let mut fits = true;
    if !word(&filter.action) {
        fields.refuse("action", "Enter the beginning of an action, such as user. or invitation.created.");
        fits = false;
    }
    if !word(&filter.entity_type) {
        fields.refuse("entity_type", "Enter a kind of thing, such as user.");
        fits = false;
    }
    if !filter.outcome.as_deref().is_none_or(|outcome| ["ok", "denied", "failed"].contains(&outcome)) {
        fields.refuse("outcome", "Choose one of the outcomes.");
        fits = false;
    }
    fits.then_some(filter)
}

pub(super) async fn unused_name(tx: &mut Tx, name: &str) -> Result<()> {
    if stream::named(tx, name).await? {
        return Err(Error::field("name", "There is a stream with this name."));
    }
    Ok(())
}
