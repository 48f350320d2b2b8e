//! Carrying one stream: take a parcel, hand it on, settle what became of it.
//!
//! A parcel is delivered at least once. A crash between handing it on and moving the stream on leads to the same parcel under the same
//! id once the lease is over; a crash before leads to another attempt, likewise.

use std::sync::Arc;

use bailiwick_domain::{
    clock::Entropy,
    entity::{DeadLetter, Entity, Severity, Stream, StreamFault, StreamKind, StreamState},
    ids::StreamId,
    rule::ByJob,
    stream::{Contents, Leaf, Parcel},
    time::{Span, Timestamp},
};
use bailiwick_mail::WebhookSecret;
use bailiwick_store::{
    Event, Permit, Store,
    audit::stream::{self, Claimed, Work},
};
use bailiwick_stream::{Place, Sinks};

use super::{ATTEMPTS, DEAD_IN_A_ROW, GIVEN_UP_AFTER, TOLD_AFTER, told};
use crate::Result;

/// The pause after the first attempt; twice as long after each further one.
const FIRST_PAUSE: Span = Span::seconds(5);
/// The longest pause between two attempts.
const LONGEST_PAUSE: Span = Span::hours(1);
/// The pause after an object that was not full: a bucket wants few large ones.
const BETWEEN_OBJECTS: Span = Span::minutes(1);

/// One stream's attempts.
pub(super) struct Attempts {
    pub(super) store: Store,
    pub(super) sinks: Arc<dyn Sinks>,
    pub(super) permit: Permit<ByJob>,
}

/// How an attempt went on.
enum Went {
    /// So many records arrived, and more wait.
    On(usize),
    /// So many records arrived, and there is nothing to do at once.
    Out(usize),
}

impl Attempts {
    /// Hands parcels on, one after the other, up to `most`, until one does not arrive or nothing waits. Returns how many records
    /// arrived.
    pub(super) async fn carry(&self, id: StreamId, most: usize) -> Result<usize> {
        let mut arrived = 0;
        for _ in 0..most {
            let Some(claimed) = stream::claim(&self.store, &self.permit, id).await? else { break };
            match self.attempt(&claimed).await? {
                Went::On(count) => arrived += count,
                Went::Out(count) => return Ok(arrived + count),
            }
        }
        Ok(arrived)
    }

    async fn attempt(&self, claimed: &Claimed) -> Result<Went> {
        match &claimed.work {
            Work::Passed => Ok(Went::On(0)),
            Work::Test(number) => {
                let contents = Contents::Test { number: *number };
                let fault = self.hand_on(claimed, contents, 0).await.err();
                stream::tested(&self.store, &self.permit, claimed, fault).await?;
                Ok(Went::On(0))
            }
            Work::Leaves { first, upto, tree_size, leaves } => {
                let contents = Contents::Leaves { first: *first, upto: *upto, leaves: leaves.clone() };
                match self.hand_on(claimed, contents, *tree_size).await {
                    Ok(()) => self.arrived(claimed, leaves.len()).await,
                    Err(fault) => self.failed(claimed, *upto, leaves, fault).await,
                }
            }
        }
    }

    async fn hand_on(
        &self,
        claimed: &Claimed,
        contents: Contents,
        tree_size: i64,
    ) -> std::result::Result<(), StreamFault> {
        let place = Place::from_bytes(claimed.place.as_bytes()).map_err(|_| StreamFault::Unusable)?;
        let secrets = claimed.secrets.iter().map(|secret| {
            let text = secret.as_str().ok_or(StreamFault::Unusable)?;
            text.parse::<WebhookSecret>().map_err(|_| StreamFault::Unusable)
        });
        let secrets = secrets.collect::<std::result::Result<Vec<_>, _>>()?;
        let parcel = Parcel {
            tenant: self.permit.tenant().ok_or(StreamFault::Unusable)?,
            stream: claimed.stream.id,
            tree_size,
            now: self.store.now(),
            contents,
        };
        let sink = self.sinks.open(&place, secrets)?;
        sink.deliver(&parcel).await
    }

    /// Moves the stream on. The first parcel that arrives after somebody was told of a failure leaves a record of that.
    async fn arrived(&self, claimed: &Claimed, count: usize) -> Result<Went> {
        let now = self.store.now();
        let (full, objects) = (claimed.is_full(), claimed.kind() == StreamKind::S3);
        let next = if objects && !full { now + BETWEEN_OBJECTS } else { now };
        let went = if full { Went::On(count) } else { Went::Out(count) };
        if !claimed.stream.failing {
            stream::arrived(&self.store, &self.permit, claimed, next).await?;
            return Ok(went);
        }
        self.store
            .change(&self.permit, async |tx| {
                let before = stream::lock(tx, claimed.stream.id).await?;
                let after = Stream { failing: false, ..before.clone() };
                if !stream::arrive(tx, claimed, next).await? {
                    return Err(bailiwick_store::Error::Busy.into());
                }
                let written = stream::replace(tx, before, after).await?;
                let event = told("audit_stream.recovered", &written, Severity::Info, "delivers again")?;
                Ok::<_, crate::Error>(tx.record(event, ()))
            })
            .await?;
        Ok(went)
    }

    async fn failed(
        &self,
        claimed: &Claimed,
        upto: i64,
        leaves: &[Leaf],
        fault: StreamFault,
    ) -> Result<Went> {
        let now = self.store.now();
        if fault.is_of_the_records() {
            match leaves {
                // Not all of them need be at fault: the first half goes by itself.
                [first, .., _] => {
                    let middle = leaves.get(leaves.len() / 2).map_or(first.index + 1, |leaf| leaf.index);
                    stream::halved(&self.store, &self.permit, claimed, fault, middle).await?;
                    return Ok(Went::On(0));
                }
                [leaf] if claimed.attempt >= ATTEMPTS => {
                    return self.bury(claimed, leaf, fault, now).await;
                }
                _ => {}
            }
        }
        let next = now + jittered(pause(claimed.attempt), self.store.entropy());
        let failing = claimed.failing_since.map_or(Span::seconds(0), |since| now.since(since));
        if fault == StreamFault::Gone || failing >= GIVEN_UP_AFTER {
            self.settle(claimed, fault, next, Ending::GivenUp).await?;
        } else if failing >= TOLD_AFTER && !claimed.stream.failing {
            self.settle(claimed, fault, next, Ending::Told).await?;
        } else {
            stream::postponed(&self.store, &self.permit, claimed, fault, next).await?;
        }
        tracing::warn!(stream = %claimed.stream.id, upto, fault = fault.name(), attempt = claimed.attempt, "a parcel of a stream did not arrive");
        Ok(Went::Out(0))
    }

    /// Leaves a record behind that the other side does not take, and gives the stream up where it takes nothing at all.
    async fn bury(&self, claimed: &Claimed, leaf: &Leaf, fault: StreamFault, now: Timestamp) -> Result<Went> {
        let letter = DeadLetter {
            stream: claimed.stream.id,
            leaf_index: leaf.index,
            event: leaf.event,
            attempts: claimed.attempt,
            fault,
            at: now,
        };
        let last = claimed.dead_in_a_row + 1 >= DEAD_IN_A_ROW;
        // What tells of a dead letter makes no other, or they would never end.
        if leaf.entity_type == DeadLetter::KIND && !last {
            stream::bury_quietly(&self.store, &self.permit, claimed, letter).await?;
            return Ok(Went::On(0));
        }
        self.store
            .change(&self.permit, async |tx| {
                let before = stream::lock(tx, claimed.stream.id).await?;
                let written = stream::bury(tx, claimed, letter.clone()).await?;
                let event =
                    Event::new("audit_stream.dead_lettered", &written)?.because(fault.sentence()).raising(
                        Severity::Warning,
                        "A stream of the audit log left a record behind that was refused",
                    );
                if last {
                    let after = Stream { state: StreamState::Disabled, failing: true, ..before.clone() };
                    let written = stream::replace(tx, before, after).await?;
                    let said = "was stopped: the other side refuses every record";
                    let disabled = told("audit_stream.disabled", &written, Severity::High, said)?;
                    tx.also(disabled.because(fault.sentence()));
                }
                Ok::<_, crate::Error>(tx.record(event, ()))
            })
            .await?;
        Ok(if last { Went::Out(0) } else { Went::On(0) })
    }

    /// Puts the stream back, and tells somebody.
    async fn settle(
        &self,
        claimed: &Claimed,
        fault: StreamFault,
        next: Timestamp,
        ending: Ending,
    ) -> Result<()> {
        self.store
            .change(&self.permit, async |tx| {
                let before = stream::lock(tx, claimed.stream.id).await?;
                if !stream::fail(tx, claimed, fault, next).await? {
                    return Err(bailiwick_store::Error::Busy.into());
                }
                let state = if ending == Ending::GivenUp && before.state == StreamState::Active {
                    StreamState::Disabled
                } else {
                    before.state
                };
                let after = Stream { state, failing: true, ..before.clone() };
                let written = stream::replace(tx, before, after).await?;
                let (action, said) = match ending {
                    Ending::Told => ("audit_stream.failing", "has delivered nothing for hours"),
                    Ending::GivenUp => ("audit_stream.disabled", "was stopped: nothing can be delivered"),
                };
                let event = told(action, &written, Severity::High, said)?.because(fault.sentence());
                Ok::<_, crate::Error>(tx.record(event, ()))
            })
            .await
    }
}

/// Why somebody is told.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// It goes on, and has failed for long.
    Told,
    /// It does not go on.
    GivenUp,
}

/// The longest pause after the attempt with this number.
fn pause(attempt: i64) -> Span {
    let doublings = u32::try_from(attempt.saturating_sub(1)).unwrap_or(u32::MAX).min(16);
    let seconds = FIRST_PAUSE.as_seconds().saturating_mul(1 << doublings);
    Span::seconds(seconds.min(LONGEST_PAUSE.as_seconds()))
}

/// From half of a pause to all of it, so that streams which failed together do not come back together.
fn jittered(pause: Span, entropy: &dyn Entropy) -> Span {
    let mut octet = [0];
    entropy.fill(&mut octet);
    let [octet] = octet;
    let half = pause.as_seconds() / 2;
    Span::seconds(pause.as_seconds() - half * i64::from(octet) / 255)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Always(u8);
    impl Entropy for Always {
        fn fill(&self, out: &mut [u8]) {
            out.fill(self.0);
        }
    }

    #[test]
    fn attempts_grow_rarer_up_to_every_hour() {
        let seconds: Vec<_> = (1..=12).map(|attempt| pause(attempt).as_seconds()).collect();
        assert_eq!(seconds, [5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600]);
        assert_eq!(pause(i64::MAX), LONGEST_PAUSE);
    }

    #[test]
    fn a_pause_is_never_shorter_than_half() {
        for (octet, seconds) in [(0, 40), (255, 20), (128, 30)] {
            assert_eq!(jittered(Span::seconds(40), &Always(octet)).as_seconds(), seconds, "{octet}");
        }
    }
}
