//! `bailiwick completions SHELL`

use clap::CommandFactory;
use clap_complete::Shell;

use crate::{cli::Cli, ui};

/// Prints the completions.
pub(crate) fn run(shell: Shell) {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "bailiwick", &mut script);
    ui::print(&script);
}
