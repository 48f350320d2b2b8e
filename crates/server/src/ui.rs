//! What people read on a terminal. The only module that writes to the standard streams; everything else is logged.

use std::{
    fmt::Display,
    io::{self, IsTerminal, Write},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Writes a line to standard output.
pub(crate) fn say(text: impl Display) {
    // Whoever read the output may be gone (`bailiwick man | head`), and then there is nobody to tell.
    let _ = writeln!(io::stdout().lock(), "{text}");
}

/// Writes `text` to standard output as it is.
pub(crate) fn print(text: &[u8]) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text).and_then(|()| out.flush());
}

/// Writes a line to standard error.
pub(crate) fn complain(text: impl Display) {
    let _ = writeln!(io::stderr().lock(), "bailiwick: {text}");
}

/// A bar for work of `total` steps; nothing is drawn where nobody looks.
pub(crate) fn progress(what: &'static str) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
    }
    let bar = ProgressBar::new(0).with_message(what);
    // The template is fixed, so it can only fail while it is being written.
    match ProgressStyle::with_template("{msg} {bar:32} {human_pos}/{human_len} ({per_sec}, {eta} left)") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// Asks for a line on the terminal; nothing where nobody sits at one.
pub(crate) fn ask(question: &str) -> Option<String> {
    if !io::stdin().is_terminal() {
        return None;
    }
    let _ = write!(io::stderr().lock(), "{question}: ");
    let mut line = String::new();
    io::stdin().read_line(&mut line).ok()?;
    Some(line.trim().to_owned()).filter(|line| !line.is_empty())
}
