//! Signals that ask for the end.
//!
//! They only set a flag. Whoever waits for a child looks at it, so every exit runs the destructors that stop what was
//! started.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::stop::{Context, Result, Stop};

static ASKED: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// Starts to notice SIGINT, SIGTERM and SIGHUP.
pub(crate) fn listen() -> Result<()> {
    let asked = ASKED.get_or_init(Arc::default);
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(asked))
            .context(|| format!("cannot listen for signal {signal}"))?;
    }
    Ok(())
}

/// Whether the end was asked for.
pub(crate) fn asked() -> bool {
    ASKED.get().is_some_and(|asked| asked.load(Ordering::Relaxed))
}

/// Fails with [`Stop::Interrupted`] once the end was asked for.
pub(crate) fn check() -> Result<()> {
    if asked() { Err(Stop::Interrupted) } else { Ok(()) }
}
