//! `bailiwick audit drill`

use std::sync::Arc;

use bailiwick_domain::entity::{Drill, DrillOutcome};
use bailiwick_ops::audit::drills::{Choice, Drills};

use crate::{
    cli,
    clock::SystemClock,
    config::{Config, Settings},
    exit::Failure,
    installation::Installation,
    jobs::supervise::describe,
    ui,
};

/// Runs one drill on a copy of every log, records each, and fails where one was overlooked.
pub(crate) fn run(args: &cli::Drill) -> Result<(), Failure> {
    let settings = Config::load(&args.configured.sources(Vec::new())?)?.settings()?;
    super::runtime()?.block_on(drill(&settings, Choice { seed: args.seed, kind: None }))
}

async fn drill(settings: &Settings, choice: Choice) -> Result<(), Failure> {
    let installation = Installation::open(settings, Arc::new(SystemClock)).await?;
    let (store, jobs) = (installation.store.clone(), Arc::clone(&installation.jobs));
    let drills = Drills::new(store, jobs, installation.signer.notary(), settings.audit.drill_every);
    let run = drills.all(choice).await;
    installation.store.close().await;
    let drills =
        run.map_err(|error| Failure::failed(format_args!("the drills ended early: {}", describe(&error))))?;
    for drill in &drills {
        print(drill);
    }
    let overlooked = drills.iter().filter(|drill| !is_well(drill)).count();
    match overlooked {
        0 => Ok(()),
        _ => Err(Failure::failed(format_args!("{overlooked} of {} drills went wrong", drills.len()))),
    }
}

fn is_well(drill: &Drill) -> bool {
    let seen = matches!(drill.outcome, DrillOutcome::Named | DrillOutcome::Noticed);
    seen && drill.is_append_only()
}

fn print(drill: &Drill) {
    ui::say(format_args!("{} ({})", drill.kind.title(), drill.target));
    ui::say(format_args!(
        "  {} in {} microseconds, {} records, seed {}",
        drill.outcome.title(),
        drill.took_micros,
        drill.records,
        drill.seed
    ));
    if !drill.found.is_empty() {
        ui::say(format_args!("  {}", drill.found));
    }
    for probe in &drill.probes {
        ui::say(format_args!("  {}: {}", probe.statement, probe.answer));
    }
}
