//! Log lines on standard error, and what a panic leaves behind.

use std::{any::Any, io, panic, thread};

use tracing_subscriber::{EnvFilter, fmt};

use crate::{
    config::{LogFormat, LogLevel},
    ui,
};

/// Sends log lines to standard error from here on. Only the first call in a process has an effect.
pub(crate) fn begin(format: LogFormat, level: LogLevel) {
    // Libraries log what passes through them, headers and addresses too, so their debug lines are never let out.
    // The filter goes by the beginning of the name, so it takes in every crate of ours.
    // What is wrong with an answer of a passkey is recorded as an attempt; the library's lines would let strangers fill the log.
    let filter =
        EnvFilter::new(format!("warn,webauthn_rs=off,webauthn_rs_core=off,bailiwick={}", level.word()));
    let lines = fmt().with_env_filter(filter).with_writer(io::stderr);
    let begun = match format {
        LogFormat::Text => lines.with_ansi(io::IsTerminal::is_terminal(&io::stderr())).try_init(),
        LogFormat::Json => lines.json().flatten_event(true).with_span_list(false).try_init(),
    };
    drop(begun);
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
