//! A mailbox in memory, for demonstrations and tests.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use super::{Sending, Transport};
use crate::Message;

/// Messages kept at most; the oldest leaves first.
const LIMIT: usize = 200;

/// A message that arrived.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Its place in the order of arrival, from 1.
    pub number: u64,
    /// The message.
    pub message: Arc<Message>,
}

/// Keeps what is sent in memory, where anybody who may read it finds it. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Mailbox(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    arrived: u64,
    kept: VecDeque<Kept>,
}

impl Mailbox {
    /// What was sent, the newest first.
    pub fn messages(&self) -> Vec<Kept> {
        self.lock().kept.iter().rev().cloned().collect()
    }

    /// The message with this number, if it is still kept.
    pub fn message(&self, number: u64) -> Option<Kept> {
        self.lock().kept.iter().find(|kept| kept.number == number).cloned()
    }

    fn take(&self, message: Message) {
        let mut inner = self.lock();
        inner.arrived += 1;
        let number = inner.arrived;
        inner.kept.push_back(Kept { number, message: Arc::new(message) });
        if inner.kept.len() > LIMIT {
            inner.kept.pop_front();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        // Between any two of its calls the list is whole, so a panic elsewhere leaves it so.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Transport for Mailbox {
    fn send<'a>(&'a self, message: &'a Message) -> Sending<'a> {
        Box::pin(async move {
            self.take(message.clone());
            Ok(())
        })
    }
}
