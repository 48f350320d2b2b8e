//! `bailiwick audit verify`

use std::sync::Arc;

use bailiwick_domain::time::Timestamp;
use bailiwick_proof::checkpoint::EpochStatement;
use bailiwick_store::{
    Store,
    audit::{
        HeadsReport, Missing, Progress, Report, Verdict, VerifyError, note_verification, verify_everything,
        verify_index,
    },
};

use super::offline;
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
pub(crate) fn run(args: &cli::Verify) -> Result<(), Failure> {
    if let Some(path) = &args.bundle {
        return offline::bundle(path, &offline::trust(args)?, args.log.as_deref());
    }
    if let Some(path) = &args.receipt {
        return offline::receipt(path, &offline::trust(args)?, args.log.as_deref());
    }
    if !args.completeness.is_empty() {
        return offline::completeness(&args.completeness, &offline::trust(args)?, args.log.as_deref());
    }
    if let Some(folder) = &args.archive {
        let trust = offline::trust(args)?;
        let kept = offline::checkpoints(&args.checkpoint, &trust, args.log.as_deref())?;
        return crate::archive::verify(folder, &trust.logs, &kept);
    }
    let settings = Config::load(&args.configured.sources(Vec::new())?)?.settings()?;
    super::runtime()?.block_on(verify(&settings, args.index))
}

async fn verify(settings: &Settings, index: bool) -> Result<(), Failure> {
    let region = installation::region(settings)?;
    let ground = Ground::open(region, Arc::new(SystemClock)).await?;
    let key = signing::open(settings, &ground.roots()).await?;
    // A database that was set back is a finding here, not a refusal, so the checkpoints are not checked beforehand.
    let (store, jobs) = database::open(settings, region, &ground).await?;
    database::check_schema(&store).await?;
    let signer = installation::signer(settings, &store, key)?;
    let bar = ui::progress("Verifying");
    let outcome = verify_everything(&store, &signer, |progress| {
        bar.set_length(progress.total);
        bar.set_position(progress.events);
    });
    let outcome = outcome.await;
    bar.finish_and_clear();
    // What was found stands whether or not it can be noted, for example in a database that is only read.
    let (outcome, heads) = match outcome {
        Ok(Verdict { reports, heads }) => (Ok(reports), heads),
        Err(error) => (Err(error), None),
    };
    if let Err(error) = note_verification(&store, &jobs, &outcome).await {
        ui::complain(format_args!("the outcome was not noted for the posture: {}", describe(&error)));
    }
    // Of a log that does not hold there is nothing to hold the index against.
    let index = if index && outcome.is_ok() { Some(index_of(&store).await) } else { None };
    store.close().await;
    match outcome {
        Ok(reports) => {
            print(&reports);
            tree_of_heads(heads.as_ref(), &store);
            index.map_or(Ok(()), said_of_index)
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

async fn index_of(store: &Store) -> Result<(), VerifyError> {
    let bar = ui::progress("Search index");
    let checked = verify_index(store, |Progress { events, total }| {
        bar.set_length(total);
        bar.set_position(events);
    });
    let checked = checked.await;
    bar.finish_and_clear();
    checked
}

fn said_of_index(checked: Result<(), VerifyError>) -> Result<(), Failure> {
    match checked {
        Ok(()) => {
            ui::say(format_args!("The search index fits every record."));
            Ok(())
        }
        Err(error @ VerifyError::Store(_)) => Err(Failure::failed(format_args!(
            "the search index could not be checked to its end: {}",
            describe(&error)
        ))),
        Err(finding) => Err(Failure::failed(format_args!(
            "the search index does not fit the log\n{}",
            describe(&finding)
        ))),
    }
}

fn print(reports: &[Report]) {
    for Report { slug, tenant, verified, signed, epochs } in reports {
        ui::say(format_args!("{slug} ({tenant})"));
        ui::say(format_args!(
            "  {} events ({} waiting for a place), {} entities, {} tiles, {} checkpoints",
            verified.events, verified.waiting, verified.entities, verified.tiles, verified.checkpoints
        ));
        if verified.retired > 0 {
            ui::say(format_args!(
                "  of {} events only what is left after the retention: the archive holds them",
                verified.retired
            ));
        }
        ui::say(format_args!("  root {} of {} leaves", verified.root, verified.size));
        match signed {
            Some(size) => ui::say(format_args!("  signed up to leaf {size} outside the database")),
            None => ui::say("  not signed yet: nothing outside the database vouches for this log"),
        }
        epochs.iter().for_each(epoch);
    }
    let events: u64 = reports.iter().map(|report| report.verified.events).sum();
    let tenants =
        if reports.len() == 1 { "1 tenant".to_owned() } else { format!("{} tenants", reports.len()) };
    ui::say(format_args!("Every record fits: {events} events, {tenants}."));
}

/// An earlier loss that was owned up to. It stays known for ever.
fn epoch(statement: &EpochStatement) {
    let moment = |seconds: Option<u64>| {
        let micros = i64::try_from(seconds?).ok()?.checked_mul(1_000_000)?;
        Some(Timestamp::from_micros(micros))
    };
    let EpochStatement { kept, signed, .. } = statement;
    let missing = Missing {
        kept: kept.size,
        signed: signed.size,
        kept_at: moment(kept.seconds),
        signed_at: moment(signed.seconds),
    };
    let number = statement.epoch();
    let before = number.saturating_sub(1);
    ui::say(format_args!("  epoch {before} ended at {} events signed; {missing}", signed.size));
    ui::say(format_args!("  epoch {number} goes on from {} events", kept.size));
}

fn tree_of_heads(heads: Option<&HeadsReport>, store: &Store) {
    let Some(HeadsReport { size, tenants, note }) = heads else { return };
    ui::say(format_args!("tree of heads: {size} heads, and each of its {tenants} logs is there"));
    for witness in store.witnesses().witnesses {
        match witness.cosigned_note(note) {
            Some(_) => ui::say(format_args!("  cosigned by {}", witness.name())),
            None => ui::say(format_args!("  not cosigned by {}", witness.name())),
        }
    }
}
