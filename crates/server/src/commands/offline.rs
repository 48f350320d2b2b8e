//! `bailiwick audit verify` of an evidence bundle, a receipt or an entity's history, and what an archive is held to: without a database, a network or a configuration.

use std::{
    fmt::Display,
    fs,
    io::Read,
    path::{Path, PathBuf},
};

use bailiwick_domain::time::Timestamp;
use bailiwick_proof::{
    bundle::{self, MAX_BUNDLE_BYTES, Selection},
    checkpoint::{
        Checkpoint, CosignerKey, LogName, MAX_NOTE_BYTES, Of, SignedNote, Trust, VerifierKey, Vouched,
    },
    completeness::Page,
    receipt::{About, Disclosed, MAX_RECEIPT_BYTES},
};

use crate::{
    cli,
    exit::{Failure, Refusal},
    ui,
};

/// Octets of a history that are read at most.
const HISTORY: u64 = 256 * 1024 * 1024;

/// Whom the command line says to believe.
pub(crate) fn trust(args: &cli::Verify) -> Result<Trust, Failure> {
    let wrong = |what: &str, error: &dyn Display| {
        let remedy = "copy the whole key, from its name to the end";
        Failure::Asked(Refusal::new(format_args!("{what}: {error}"), remedy))
    };
    let logs =
        args.key.iter().map(|text| text.parse::<VerifierKey>().map_err(|error| wrong("--key", &error)));
    let witnesses = args
        .witness
        .iter()
        .map(|text| text.parse::<CosignerKey>().map_err(|error| wrong("--witness", &error)));
    let (logs, witnesses): (Vec<_>, Vec<_>) =
        (logs.collect::<Result<_, _>>()?, witnesses.collect::<Result<_, _>>()?);
    let quorum = args.quorum.unwrap_or(witnesses.len());
    Ok(Trust { logs, witnesses, quorum })
}

/// Says no where the checkpoint is of another log than the one that is asked for: one key signs those of all tenants.
fn is_of(log: Option<&str>, vouched: &Vouched) -> Result<(), Failure> {
    let origin = &vouched.checkpoint.origin;
    let fits = log.is_none_or(|log| {
        origin.strip_prefix(log).is_some_and(|rest| rest.is_empty() || rest.starts_with("/epoch/"))
    });
    if fits {
        Ok(())
    } else {
        Err(not(&format_args!("it is of another log than the one you named: {origin}")))
    }
}

/// Whose log a checkpoint is of, in words.
fn whose(vouched: &Vouched) -> String {
    match LogName::parse(&vouched.checkpoint.origin) {
        Some(LogName { of: Of::Tenant { tenant, .. }, .. }) => format!("the log of the tenant {tenant}"),
        _ => "the log".to_owned(),
    }
}

/// Checks a receipt and says what it proves.
pub(crate) fn receipt(path: &Path, trust: &Trust, log: Option<&str>) -> Result<(), Failure> {
    let octets = read(path, MAX_RECEIPT_BYTES as u64)?;
    let receipt = Disclosed::parse(&octets).map_err(|error| not(&error))?;
    let (vouched, about) = receipt.verify(trust).map_err(|error| not(&error))?;
    is_of(log, &vouched)?;
    match about {
        About::Event(event) => {
            ui::say(format_args!("The event {} is in {}.", event.id, whose(&vouched)));
            let (entity, actor) = (event.entity, event.actor);
            ui::say(format_args!(
                "  {} ({}) of {} {}, revision {}",
                event.action, event.outcome, entity.kind, entity.id, entity.revision
            ));
            let who = actor.id.map(|id| format!(" {id}")).unwrap_or_default();
            ui::say(format_args!("  by {}{who}, recorded at {}", actor.kind, event.recorded_at));
        }
        About::Head(head) => {
            ui::say("The head of the log is in the tree of heads.");
            ui::say(format_args!("  {} events, epoch {}, root {}", head.size, head.epoch, head.root));
        }
    }
    ui::say(format_args!("  leaf {}", receipt.receipt.index));
    for committed in receipt.committed() {
        match receipt.values.iter().find(|value| value.commit == committed.commit) {
            Some(value) => ui::say(format_args!("  {}: {}", committed.path, value.value)),
            None => ui::say(format_args!("  {}: hidden", committed.path)),
        }
    }
    signed(&vouched);
    Ok(())
}

/// Checks an evidence bundle and says what it proves.
pub(crate) fn bundle(path: &Path, trust: &Trust, log: Option<&str>) -> Result<(), Failure> {
    let octets = read(path, MAX_BUNDLE_BYTES as u64)?;
    let bundle = bundle::read(&octets).map_err(|error| not(&error))?;
    let proven = bundle.verify(trust).map_err(|findings| not(&findings))?;
    is_of(log, &proven.vouched)?;
    let manifest = &proven.manifest;
    let (records, whose) = (manifest.records.len(), whose(&proven.vouched));
    ui::say(format_args!("The bundle is whole: {records} records, each in {whose}."));
    match &manifest.of {
        Selection::Search(line) if line.is_empty() => ui::say("  every record of the log"),
        Selection::Search(line) => ui::say(format_args!("  what this search found: {line}")),
        Selection::Entity { kind, id, revisions } => {
            ui::say(format_args!("  the history of {kind} {id} without a gap, revisions 1 to {revisions}"));
        }
    }
    if let Some((zone, meant)) = manifest.meant.as_deref().and_then(|meant| meant.split_once(' ')) {
        ui::say(format_args!("  which meant, by the clocks of {zone}: {meant}"));
    }
    ui::say(format_args!("  made at {}", manifest.made));
    ui::say(format_args!(
        "  {} personal values disclosed, each the recorded one; {} hidden",
        proven.disclosed, proven.hidden
    ));
    signed(&proven.vouched);
    Ok(())
}

/// Opens checkpoints that were kept elsewhere, each of a tenant's log.
pub(crate) fn checkpoints(
    paths: &[PathBuf],
    trust: &Trust,
    log: Option<&str>,
) -> Result<Vec<Checkpoint>, Failure> {
    let open = |path: &PathBuf| {
        let wrong = |error: &dyn Display| not(&format_args!("{}: {error}", path.display()));
        let octets = read(path, MAX_NOTE_BYTES as u64)?;
        let note = SignedNote::parse(&octets).map_err(|error| wrong(&error))?;
        let vouched = trust.open(&note).map_err(|error| wrong(&error))?;
        is_of(log, &vouched)?;
        let name = LogName::parse(&vouched.checkpoint.origin);
        if matches!(name, Some(LogName { of: Of::Tenant { .. }, .. })) {
            Ok(vouched.checkpoint)
        } else {
            Err(wrong(&"it is not the checkpoint of a tenant's log"))
        }
    };
    paths.iter().map(open).collect()
}

/// Checks the history of an entity and says what it proves.
pub(crate) fn completeness(
    paths: &[impl AsRef<Path>],
    trust: &Trust,
    log: Option<&str>,
) -> Result<(), Failure> {
    let mut pages = Vec::new();
    for path in paths {
        let octets = read(path.as_ref(), HISTORY)?;
        // One file may hold several answers, one after the other.
        for page in serde_json::Deserializer::from_slice(&octets).into_iter::<Page>() {
            pages.push(page.map_err(|error| not(&format!("{}: {error}", path.as_ref().display())))?);
        }
    }
    let (complete, vouched) = Page::verify(&pages, trust).map_err(|error| not(&error))?;
    is_of(log, &vouched)?;
    ui::say(format_args!(
        "The history of {} {} has no gap: revisions 1 to {}, the newest of them in the log.",
        complete.kind, complete.id, complete.revisions
    ));
    signed(&vouched);
    Ok(())
}

fn signed(vouched: &Vouched) {
    let checkpoint = &vouched.checkpoint;
    ui::say(format_args!("  {}, signed at {} events", checkpoint.origin, checkpoint.size));
    for witness in &vouched.witnesses {
        let micros = i64::try_from(witness.seconds).ok().and_then(|seconds| seconds.checked_mul(1_000_000));
        let at = micros.map_or_else(|| "?".to_owned(), |micros| Timestamp::from_micros(micros).to_string());
        ui::say(format_args!("  cosigned by {} at {at}", witness.name));
    }
    if vouched.witnesses.is_empty() {
        ui::say("  no cosignature was asked for: nobody but the log itself vouches for this");
    }
}

fn read(path: &Path, most: u64) -> Result<Vec<u8>, Failure> {
    let failed = |error: std::io::Error| {
        let remedy = "name a file that this account may read";
        Failure::Asked(Refusal::new(format_args!("{}: {error}", path.display()), remedy))
    };
    if !fs::metadata(path).map_err(failed)?.is_file() {
        return Err(failed(std::io::Error::other("it is no regular file")));
    }
    let mut octets = Vec::new();
    fs::File::open(path).and_then(|file| file.take(most + 1).read_to_end(&mut octets)).map_err(failed)?;
    if octets.len() as u64 > most {
        Err(failed(std::io::Error::other("it is too large")))
    } else {
        Ok(octets)
    }
}

fn not(error: &dyn Display) -> Failure {
    Failure::failed(format_args!("it does not verify\n{error}"))
}
