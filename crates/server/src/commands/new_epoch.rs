//! `bailiwick audit new-epoch`

use std::sync::Arc;

use bailiwick_domain::ids::TenantId;
use bailiwick_ops::audit::epochs::{self, NoEpoch};
use bailiwick_store::{
    Job, Store,
    audit::{Missing, epoch::EpochRefused},
    tenants,
};

use crate::{
    cli,
    clock::SystemClock,
    config::{Config, Settings},
    exit::{Failure, Refusal},
    installation::{self, Ground, database, signing},
    jobs::supervise::describe,
    ui,
};

/// Begins another epoch of one tenant's log.
pub(crate) fn run(args: &cli::NewEpoch) -> Result<(), Failure> {
    let settings = Config::load(&args.configured.sources(Vec::new())?)?.settings()?;
    super::runtime()?.block_on(begin(&settings, args))
}

async fn begin(settings: &Settings, args: &cli::NewEpoch) -> Result<(), Failure> {
    let region = installation::region(settings)?;
    let ground = Ground::open(region, Arc::new(SystemClock)).await?;
    let key = signing::open(settings, &ground.roots()).await?;
    // A database that was set back is why this is asked for, so the checkpoints are not checked beforehand.
    let (store, jobs) = database::open(settings, region, &ground).await?;
    database::check_schema(&store).await?;
    let signer = installation::signer(settings, &store, key)?;
    let tenant = find(&store, &args.tenant).await?;
    let begun = epochs::begin(&store, &signer, &jobs.permit(Job::Console, tenant), &args.reason).await;
    store.close().await;
    let plan = begun.map_err(|error| refused(&error))?;
    let (kept, signed) = (plan.statement.kept.size, plan.statement.signed.size);
    let missing = Missing { kept, signed, kept_at: None, signed_at: None };
    ui::say(format_args!("Epoch {} of the log of tenant {tenant} begins from {kept} events.", plan.epoch));
    ui::say(format_args!("Of the {signed} events that were signed, {missing}."));
    ui::say(
        "The last checkpoint of the old epoch stays beside the new one as evidence; tell your witnesses.",
    );
    Ok(())
}

async fn find(store: &Store, named: &str) -> Result<TenantId, Failure> {
    let known = tenants::named(store, named).await.map_err(|error| Failure::failed(describe(&error)))?;
    known.ok_or_else(|| {
        let remedy = "give the short name or the id of an organisation";
        Failure::Asked(Refusal::new(format_args!("there is no tenant {named:?}"), remedy))
    })
}

fn refused(error: &NoEpoch) -> Failure {
    match error {
        NoEpoch::Refused(EpochRefused::Sign(error)) => Failure::Refused(installation::checkpoints(error)),
        NoEpoch::Refused(EpochRefused::Store(error)) => Failure::failed(describe(error)),
        NoEpoch::Refused(error) => {
            Failure::Refused(Refusal::new(error, "`bailiwick audit verify` says how the log stands"))
        }
        NoEpoch::Ops(error) => {
            Failure::Asked(Refusal::new(describe(error), "give a reason of 3 to 500 characters"))
        }
    }
}
