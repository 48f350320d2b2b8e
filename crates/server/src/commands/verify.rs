//! `bailiwick audit verify`

use std::sync::Arc;

use bailiwick_store::audit::{Report, VerifyError, note_verification, verify_all};

use crate::{
    cli,
    clock::SystemClock,
    config::{Config, Settings},
    exit::Failure,
    installation::{self, Ground, database, signing},
    jobs::supervise::describe,
    ui,
};

/// Checks every record, names the first that does not fit, and notes the outcome for the posture.
pub(crate) fn run(args: &cli::Configured) -> Result<(), Failure> {
    let settings = Config::load(&args.sources(Vec::new())?)?.settings()?;
    super::runtime()?.block_on(verify(&settings))
}

async fn verify(settings: &Settings) -> Result<(), Failure> {
    let region = installation::region(settings)?;
    let ground = Ground::open(region, Arc::new(SystemClock))?;
    let key = signing::open(settings, &*ground.provider).await?;
    // A database that was set back is a finding here, not a refusal, so the checkpoints are not checked beforehand.
    let (store, jobs) = database::open(settings, region, &ground).await?;
    database::check_schema(&store).await?;
    let signer = installation::signer(settings, &store, key)?;
    let bar = ui::progress("Verifying");
    let outcome = verify_all(&store, &signer, |progress| {
        bar.set_length(progress.total);
        bar.set_position(progress.events);
    });
    let outcome = outcome.await;
    bar.finish_and_clear();
    // What was found stands whether or not it can be noted, for example in a database that is only read.
    if let Err(error) = note_verification(&store, &jobs, &outcome).await {
        ui::complain(format_args!("the outcome was not noted for the posture: {}", describe(&error)));
    }
    store.close().await;
    match outcome {
        Ok(reports) => {
            print(&reports);
            Ok(())
        }
        Err(error @ VerifyError::Store(_)) => {
            Err(Failure::failed(format_args!("the verification could not be finished: {}", describe(&error))))
        }
        Err(VerifyError::Sign(error)) => {
            let refusal = installation::checkpoints(&error);
            Err(Failure::failed(format_args!("the audit log does not verify\n{refusal}")))
        }
        Err(finding) => {
            Err(Failure::failed(format_args!("the audit log does not verify\n{}", describe(&finding))))
        }
    }
}

fn print(reports: &[Report]) {
    for Report { slug, tenant, verified, signed } in reports {
        ui::say(format_args!("{slug} ({tenant})"));
        ui::say(format_args!(
            "  {} events ({} waiting for a place), {} entities, {} tiles, {} checkpoints",
            verified.events, verified.waiting, verified.entities, verified.tiles, verified.checkpoints
        ));
        ui::say(format_args!("  root {} of {} leaves", verified.root, verified.size));
        match signed {
            Some(size) => ui::say(format_args!("  signed up to leaf {size} outside the database")),
            None => ui::say("  not signed yet: nothing outside the database vouches for this log"),
        }
    }
    let events: u64 = reports.iter().map(|report| report.verified.events).sum();
    let tenants =
        if reports.len() == 1 { "1 tenant".to_owned() } else { format!("{} tenants", reports.len()) };
    ui::say(format_args!("Every record fits: {events} events, {tenants}."));
}
