//! A server's part in remembering keys, as in the running service.

use std::time::Duration;

use bailiwick_store::{Store, key_cache::KeyNode};
use tokio::{
    task::JoinHandle,
    time::{sleep, timeout},
};

use crate::Result;

/// How long until it has to remember.
const PATIENCE: Duration = Duration::from_secs(10);

/// A server that hears of what others change, until it is dropped.
pub(crate) struct Listening(JoinHandle<()>);

impl Listening {
    /// Begins, and returns once keys are remembered; on SQLite at once.
    pub(crate) async fn begin(store: &Store) -> Result<Self> {
        let mut node = KeyNode::new(store.clone());
        let listening = Self(tokio::spawn(async move {
            loop {
                if let Err(error) = node.round().await {
                    eprintln!("a server does not hear of changed keys: {error}");
                    sleep(Duration::from_millis(100)).await;
                }
            }
        }));
        let remembers = async {
            while !store.remembers_keys() {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, remembers).await.map_err(|_| "the server never came to remember keys")?;
        Ok(listening)
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.0.abort();
    }
}
