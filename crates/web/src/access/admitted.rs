//! A permit on its way from where a request was admitted to its handler.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use bailiwick_domain::rule::Rule;
use bailiwick_store::Permit;

/// The permit of a request, for the handler that declares its rule. It is taken out once.
pub(crate) struct Admitted<R>(Arc<Mutex<Option<Permit<R>>>>);

impl<R: Rule> Admitted<R> {
    pub(crate) fn new(permit: Permit<R>) -> Self {
        Self(Arc::new(Mutex::new(Some(permit))))
    }

    pub(super) fn take(self) -> Option<Permit<R>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl<R> Clone for Admitted<R> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<R> fmt::Debug for Admitted<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Admitted(…)")
    }
}
