//! `bailiwick man`

use std::{fs, path::Path};

use clap::CommandFactory;
use clap_mangen::Man;

use crate::{cli::Cli, exit::Failure, ui};

/// Prints the manual page, or writes those of all commands into `folder`.
pub(crate) fn run(folder: Option<&Path>) -> Result<(), Failure> {
    match folder {
        Some(folder) => {
            let failed = |error| Failure::failed(format_args!("{}: {error}", folder.display()));
            fs::create_dir_all(folder).map_err(failed)?;
            clap_mangen::generate_to(Cli::command(), folder).map_err(failed)
        }
        None => {
            let mut page = Vec::new();
            Man::new(Cli::command()).render(&mut page).map_err(Failure::failed)?;
            ui::print(&page);
            Ok(())
        }
    }
}
