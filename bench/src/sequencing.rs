//! The sequencer beside a load, as in the running service.

use bailiwick_store::{Error, Store, audit::Sequencer};
use tokio::{
    sync::oneshot,
    task::JoinHandle,
    time::{Duration, interval},
};

use crate::Result;

/// How often the service gives committed events their places.
const EVERY: Duration = Duration::from_millis(100);

/// A sequencer at work.
pub(crate) struct Sequencing {
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), Error>>,
}

impl Sequencing {
    /// Lets one begin.
    pub(crate) fn begin(store: &Store) -> Self {
        let mut sequencer = Sequencer::new(store.clone());
        let (stop, mut stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(async move {
            let mut every = interval(EVERY);
            loop {
                tokio::select! {
                    _ = every.tick() => sequencer.run().await.map(drop)?,
                    _ = &mut stopped => return sequencer.drain().await,
                }
            }
        });
        Self { stop, task }
    }

    /// Ends once every event has its place.
    pub(crate) async fn end(self) -> Result<()> {
        drop(self.stop);
        Ok(self.task.await??)
    }
}
