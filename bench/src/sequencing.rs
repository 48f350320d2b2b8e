//! The sequencer beside a load, as in the running service.

use bailiwick_store::{Error, Store, audit::Sequencer};
use tokio::{
    sync::oneshot,
    task::JoinHandle,
    time::{Duration, sleep},
};

use crate::Result;

/// The service's pause between two rounds.
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
            loop {
                sequencer.run().await?;
                tokio::select! {
                    () = sleep(EVERY) => {}
                    _ = &mut stopped => break,
                }
            }
            let drained = sequencer.drain().await;
            // For whoever sequences next, without waiting for the end of a connection.
            sequencer.release().await;
            drained
        });
        Self { stop, task }
    }

    /// Ends once every event has its place.
    pub(crate) async fn end(self) -> Result<()> {
        drop(self.stop);
        Ok(self.task.await??)
    }
}
