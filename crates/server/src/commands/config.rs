//! `bailiwick config …`

use crate::{
    cli,
    config::{Config, reference, show},
    exit::Failure,
    ui,
};

/// Prints the configuration in force, or the reference.
pub(crate) fn run(which: &cli::Config) -> Result<(), Failure> {
    match which {
        cli::Config::Show(configured) => {
            let config = Config::load(&configured.sources(Vec::new())?)?;
            ui::print(show(&config).as_bytes());
        }
        cli::Config::Reference => ui::print(reference().as_bytes()),
    }
    Ok(())
}
