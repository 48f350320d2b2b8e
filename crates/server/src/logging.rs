//! Log lines on standard error, and what a panic leaves behind.

use std::{any::Any, io, panic, sync::OnceLock, thread};

use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::{EnvFilter, fmt};

use crate::{
    config::{LogFormat, LogLevel},
    ui,
};

/// Lines that wait for whoever reads standard error, at most. Later ones are lost and counted.
const MOST_WAITING: usize = 8_192;

/// Counts what was lost; there is one log in a process, as there is one standard error.
static LOST: OnceLock<ErrorCounter> = OnceLock::new();

/// The way out of the log's lines. What waits is written when it goes, unless nobody reads.
#[must_use = "lines that wait are lost without it"]
pub(crate) struct Lines {
    /// Held for its end.
    _writer: WorkerGuard,
}

/// Lines that were not written because nobody read standard error in time.
pub(crate) fn lost() -> usize {
    LOST.get().map_or(0, ErrorCounter::dropped_lines)
}

/// Sends log lines to standard error from here on. Only the first call in a process has an effect.
///
/// They are written by a thread of their own: a pipe that nobody reads holds up no request.
pub(crate) fn begin(format: LogFormat, level: LogLevel) -> Lines {
    // Libraries log what passes through them, headers and addresses too, so their debug lines are never let out.
    // The filter goes by the beginning of the name, so it takes in every crate of ours.
    // What is wrong with an answer of a passkey is recorded as an attempt; the library's lines would let strangers fill the log.
    let filter =
        EnvFilter::new(format!("warn,webauthn_rs=off,webauthn_rs_core=off,bailiwick={}", level.word()));
    let (writer, guard) =
        NonBlockingBuilder::default().buffered_lines_limit(MOST_WAITING).lossy(true).finish(io::stderr());
    let counted = writer.error_counter();
    let lines = fmt().with_env_filter(filter).with_writer(writer);
    let begun = match format {
        LogFormat::Text => lines.with_ansi(io::IsTerminal::is_terminal(&io::stderr())).try_init(),
        LogFormat::Json => lines.json().flatten_event(true).with_span_list(false).try_init(),
    };
    if begun.is_ok() {
        drop(LOST.set(counted));
    }
    Lines { _writer: guard }
}

/// From here on a panic leaves its place in the log, or on standard error before there is one, and nothing that may be
/// secret.
pub(crate) fn tame_panics() {
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        let said = said(info.payload());
        if tracing::dispatcher::has_been_set() {
            tracing::error!(place, said, thread = thread::current().name(), "a part of the program panicked");
        } else {
            ui::complain(format_args!("a defect of the program, please report it: {said} at {place}"));
        }
    }));
}

/// What a panic said, if that was written into the program; anything put together at run time may hold a secret.
fn said(payload: &(dyn Any + Send)) -> &'static str {
    payload.downcast_ref::<&'static str>().copied().unwrap_or("not shown")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
    use super::*;

    #[test]
    fn nobody_finds_in_the_log_what_a_panic_put_together() {
        let secret = String::from("hunter2");
        let payload = panic::catch_unwind(|| panic!("cannot open {secret}")).unwrap_err();
        assert_eq!(said(&*payload), "not shown");
        let payload = panic::catch_unwind(|| panic!("the queue is empty")).unwrap_err();
        assert_eq!(said(&*payload), "the queue is empty");
    }
}
