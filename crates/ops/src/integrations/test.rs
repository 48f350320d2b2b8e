//! Testing an integration. That it is tested, and with which configuration, is recorded before a value leaves; how it went, after.

use bailiwick_domain::{
    entity::{IntegrationFault, IntegrationHealth, Severity},
    ids::IntegrationId,
    rule::Writes,
    time::Span,
};
use bailiwick_store::{Event, Permit, Scope, Store, integrations};

use super::{Outside, configuration, definition, outside::Target, target::target};
use crate::{Error, Result};

/// The server tests what is in use again after so long.
pub(super) const AGAIN: Span = Span::hours(1);
/// A test that has not ended after so long has been cut off.
const CUT_OFF: Span = Span::minutes(1);

/// A test that has begun.
struct Begun {
    number: i64,
    target: std::result::Result<Target, IntegrationFault>,
}

/// Tries the other side, outside of every transaction and in a bounded time, and notes how it went.
///
/// # Errors
/// `NotFound` for one that is not there, or is removed meanwhile; `Conflict` while another test of it is under way. That the other side
/// does not answer as it should is no error, but the outcome.
pub async fn test<R: Writes>(
    store: &Store,
    permit: &Permit<R>,
    outside: &Outside,
    id: IntegrationId,
) -> Result<IntegrationHealth> {
    let begun = begin(store, permit, outside, id).await?;
    let fault = match begun.target {
        Ok(target) => outside.look(target).await.err(),
        Err(fault) => Some(fault),
    };
    end(store, permit, id, begun.number, fault).await
}

async fn begin<R: Writes>(
    store: &Store,
    permit: &Permit<R>,
    outside: &Outside,
    id: IntegrationId,
) -> Result<Begun> {
    store
        .change(permit, async |tx| {
            let integration = integrations::lock(tx, id).await?;
            let before = integrations::health(tx, id).await?;
            let under_way = before.is_some_and(|health| {
                health.tested_at.is_none() && tx.now().since(health.begun_at) < CUT_OFF
            });
            if under_way {
                return Err(Error::Conflict("A test is under way. Wait for its end."));
            }
            let config = configuration(tx, id).await?;
            let target = target(tx, definition(integration.provider)?, &config, outside).await?;
            let next_at = tx.now() + AGAIN;
            let written = integrations::running(tx, id, next_at).await?;
            let number = written.entity().map_or(0, |health| health.tests);
            let event = Event::new("integration.test_began", &written)?;
            Ok(tx.record(event, Begun { number, target }))
        })
        .await
}

async fn end<R: Writes>(
    store: &Store,
    permit: &Permit<R>,
    id: IntegrationId,
    number: i64,
    fault: Option<IntegrationFault>,
) -> Result<IntegrationHealth> {
    store
        .change(permit, async |tx| {
            let integration = integrations::lock(tx, id).await?;
            let written = integrations::ran(tx, id, number, fault).await?;
            let after = written.entity().cloned().ok_or(Error::NotFound)?;
            let mut event = Event::new("integration.tested", &written)?;
            if let Some(fault) = fault {
                event = event.because(fault.sentence());
            }
            // Once, and not every hour: the page says how often it failed since.
            if integration.enabled && after.failures == 1 {
                let title = &definition(integration.provider)?.title;
                event = event.raising(
                    Severity::Warning,
                    format!("An integration that is in use does not work ({title})"),
                );
            }
            Ok(tx.record(event, after))
        })
        .await
}
