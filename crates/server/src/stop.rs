//! Being told to stop.

use std::io;

use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
};

/// Told once: stop. Cheap to clone; every holder hears it.
#[derive(Clone, Debug)]
pub(crate) struct Stop(watch::Receiver<bool>);

/// Tells the holders of a [`Stop`].
#[derive(Debug)]
pub(crate) struct Stopper(watch::Sender<bool>);

/// A pair of the two.
pub(crate) fn pair() -> (Stopper, Stop) {
    let (sender, receiver) = watch::channel(false);
    (Stopper(sender), Stop(receiver))
}

impl Stopper {
    /// Tells everybody.
    pub(crate) fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Stop {
    /// Waits until told. A stopper that is gone counts as having told.
    pub(crate) async fn told(&mut self) {
        let _ = self.0.wait_for(|told| *told).await;
    }

    /// Whether it was told.
    pub(crate) fn is_told(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }
}

/// The signals that end the server: SIGINT and SIGTERM.
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Takes the signals over from the system's defaults.
    pub(crate) fn take() -> io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// Waits for the next one and names it.
    pub(crate) async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.terminate.recv() => "SIGTERM",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn everybody_hears_that_they_are_to_stop() {
        let (stopper, stop) = pair();
        let (mut early, mut late) = (stop.clone(), stop.clone());
        assert!(!stop.is_told());
        let waiting = tokio::spawn(async move { early.told().await });
        stopper.stop();
        assert!(waiting.await.is_ok());
        late.told().await;
        assert!(stop.is_told());
    }

    #[tokio::test]
    async fn a_stopper_that_is_gone_has_told() {
        let (stopper, mut stop) = pair();
        drop(stopper);
        stop.told().await;
        assert!(stop.is_told());
    }
}
