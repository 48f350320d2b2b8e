//! A clock that can be held while the demonstration's history is written, and then runs with the system's.

use std::sync::{Mutex, PoisonError};

use bailiwick_domain::{clock::Clock, time::Timestamp};

/// The system's clock, or the moment at which it is held.
pub(crate) struct DemoClock<C> {
    system: C,
    held: Mutex<Option<Timestamp>>,
}

impl<C: Clock> DemoClock<C> {
    pub(crate) const fn new(system: C) -> Self {
        Self { system, held: Mutex::new(None) }
    }

    /// Holds the clock at `at`.
    pub(crate) fn hold(&self, at: Timestamp) {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Some(at);
    }

    /// Lets the clock run with the system's.
    pub(crate) fn release(&self) {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl<C: Clock> Clock for DemoClock<C> {
    fn now(&self) -> Timestamp {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).unwrap_or_else(|| self.system.now())
    }
}
