//! `bailiwick documents verify`

use std::sync::Arc;

use bailiwick_ops::documents::check_all;

use crate::{
    cli,
    clock::SystemClock,
    config::{Config, Settings},
    exit::Failure,
    installation::{self, Installation},
    jobs::supervise::describe,
    ui,
};

/// Reads every version of every document again, names each that is not what was stored, and records it.
pub(crate) fn verify(args: &cli::VerifyDocuments) -> Result<(), Failure> {
    let settings = Config::load(&args.configured.sources(Vec::new())?)?.settings()?;
    super::runtime()?.block_on(check(&settings))
}

async fn check(settings: &Settings) -> Result<(), Failure> {
    let installation = Installation::open(settings, Arc::new(SystemClock)).await?;
    let (mut read, mut octets, mut damaged) = (0_u64, 0_u64, 0_u64);
    let cabinet = installation::cabinet(settings, &installation.clock)?;
    let checked = check_all(&installation.store, &installation.jobs, &cabinet, |found| {
        read += 1;
        octets = octets.saturating_add(found.version.octets.unsigned_abs());
        if let Some(error) = &found.error {
            damaged += 1;
            ui::say(format_args!("{error} (tenant {})", found.tenant));
        }
    });
    let checked = checked.await;
    installation.store.close().await;
    checked.map_err(|error| {
        Failure::failed(format_args!("the documents could not be read to their end: {}", describe(&error)))
    })?;
    match damaged {
        0 => {
            ui::say(format_args!("Every version is what was stored: {read} versions, {octets} octets."));
            Ok(())
        }
        _ => Err(Failure::failed(format_args!("{damaged} of {read} versions are not what was stored"))),
    }
}
