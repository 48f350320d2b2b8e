//! What the store knows of itself, read when somebody asks.

use bailiwick_domain::time::Timestamp;
use bailiwick_store::{PoolUsage, Store, audit};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{family::Family, gauge::Gauge},
    registry::{Registry, Unit},
};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Connections {
    state: &'static str,
}

/// A reading of the store.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    connections: PoolUsage,
    /// Nothing when the database did not answer: a nought would look like a measurement.
    lag: Option<audit::Lag>,
    now: Timestamp,
}

impl Reading {
    /// Asks the store. A database that does not answer costs the lag, never the whole scrape.
    pub(super) async fn take(store: &Store) -> Self {
        // Before the lag is asked for, which takes a connection itself.
        let connections = store.connections();
        let lag = audit::lag(store).await;
        if let Err(error) = &lag {
            tracing::warn!(%error, "the lag of the audit log cannot be read");
        }
        Self { connections, lag: lag.ok(), now: store.now() }
    }

    /// Its gauges, in a registry of their own.
    pub(super) fn registry(self) -> Registry {
        let mut registry = Registry::with_prefix("bailiwick");
        let connections = Family::<Connections, Gauge>::default();
        for (state, count) in [("in_use", self.connections.in_use), ("idle", self.connections.idle)] {
            connections.get_or_create(&Connections { state }).set(i64::from(count));
        }
        registry.register("database_connections", "Connections of the pool, by state", connections);
        let Some(lag) = self.lag else { return registry };
        let mut gauge = |name: &'static str, help: &'static str, unit: Option<Unit>, value: i64| {
            let gauge = Gauge::<i64>::default();
            gauge.set(value);
            match unit {
                Some(unit) => registry.register_with_unit(name, help, unit, gauge),
                None => registry.register(name, help, gauge),
            }
        };
        gauge(
            "audit_waiting_events",
            "Events without a place in their tree, at most 100000",
            None,
            lag.waiting,
        );
        let oldest = lag.oldest_waiting.map_or(0, |at| self.now.since(at).as_seconds().max(0));
        gauge(
            "audit_waiting_oldest",
            "Age of the oldest of them, 0 if there is none",
            Some(Unit::Seconds),
            oldest,
        );
        gauge("audit_unsigned_events", "Events in trees that no checkpoint covers yet", None, lag.unsigned);
        gauge("audit_unsigned_trees", "Trees with such events", None, lag.unsigned_trees);
        registry
    }
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::time::Span;

    use super::*;
    use crate::metrics::Metrics;

    #[test]
    fn operator_reads_how_far_the_log_is_behind() {
        let now = Timestamp::from_micros(0) + Span::hours(1);
        let lag = audit::Lag {
            waiting: 7,
            oldest_waiting: Some(now - Span::seconds(90)),
            unsigned: 12,
            unsigned_trees: 2,
        };
        let connections = PoolUsage { in_use: 3, idle: 5 };
        let text = Metrics::new().text(Some(Reading { connections, lag: Some(lag), now }));
        for line in [
            "bailiwick_database_connections{state=\"in_use\"} 3",
            "bailiwick_database_connections{state=\"idle\"} 5",
            "bailiwick_audit_waiting_events 7",
            "bailiwick_audit_waiting_oldest_seconds 90",
            "bailiwick_audit_unsigned_events 12",
            "bailiwick_audit_unsigned_trees 2",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} is not in\n{text}");
        }
        assert_eq!(text.matches("# EOF").count(), 1);
    }

    #[test]
    fn a_database_that_does_not_answer_shows_no_noughts() {
        let reading = Reading {
            connections: PoolUsage { in_use: 0, idle: 0 },
            lag: None,
            now: Timestamp::from_micros(0),
        };
        let text = Metrics::new().text(Some(reading));
        assert!(
            text.contains("bailiwick_database_connections") && !text.contains("bailiwick_audit_"),
            "{text}"
        );
    }
}
