//! `bailiwick audit verify --archive`: with the files and the public keys, and nothing else.

use std::{fmt::Display, io, path::Path};

use bailiwick_proof::{
    archive::SegmentWalk,
    checkpoint::{Checkpoint, LogName, Of, VerifierKey},
};

use super::{
    check,
    inventory::{Holding, Root},
    place::Name,
};
use crate::{exit::Failure, jobs::supervise::describe, ui};

/// Checks every segment of every tenant, names the first that does not hold, and says what was found of each tenant. Each log
/// has to reach as far as the checkpoints of it that were kept elsewhere.
///
/// # Errors
/// A failure with the segment and what is wrong with it, or that it is not there; also where there is none at all.
pub(crate) fn verify(folder: &Path, keys: &[VerifierKey], kept: &[Checkpoint]) -> Result<(), Failure> {
    let root = Root::of(folder).map_err(unreadable)?;
    if let Some(refusal) = root.misplaced(folder) {
        return Err(Failure::Asked(refusal));
    }
    // Of nothing there is nothing to say that holds: it may be the wrong folder, or one from which all was taken.
    if root.tenants.is_empty() {
        return Err(Failure::failed("there is no segment of an archive in this folder"));
    }
    let lost =
        kept.iter().find(|kept| kept.size > 0 && !root.tenants.iter().any(|tenant| is_of(kept, tenant)));
    if let Some(Checkpoint { origin, size, .. }) = lost {
        let signed = counted(*size, "event");
        return Err(not(&format_args!("of the log {origin} nothing is here, and it was signed at {signed}")));
    }
    root.strange.iter().for_each(|name| strange(name));
    let (mut events, mut open) = (0_u64, 0_u64);
    for tenant in &root.tenants {
        let own: Vec<&Checkpoint> = kept.iter().filter(|kept| is_of(kept, tenant)).collect();
        open += u64::from(own.is_empty());
        events += one(folder, tenant, keys, &own)?;
    }
    let tenants = counted(root.tenants.len() as u64, "tenant");
    ui::say(format_args!("Every segment holds: {}, {tenants}.", counted(events, "event")));
    if open > 0 {
        ui::say(
            "Segments that are missing at the end of a log, and whole tenants, are seen only against a checkpoint that was kept: --checkpoint FILE.",
        );
    }
    Ok(())
}

/// Checks the segments of one tenant. Returns how many events are in them.
fn one(folder: &Path, tenant: &str, keys: &[VerifierKey], kept: &[&Checkpoint]) -> Result<u64, Failure> {
    let own = folder.join(tenant);
    let holding = Holding::of(&own).map_err(unreadable)?;
    let refused = |name: Name, what: &dyn Display| {
        not(&format_args!("tenant {tenant}, segment {}: {what}", name.folder()))
    };
    if let Some(name) = holding.partial.iter().find(|name| !holding.covers(**name)) {
        return Err(refused(
            *name,
            &"its manifest is missing: it was taken away, or a server is writing the segment or was stopped while it did",
        ));
    }
    let Some(Name { first, .. }) = holding.complete.first().copied() else {
        return Err(not(&format_args!("tenant {tenant}: there is no segment in its folder")));
    };
    let mut walk = SegmentWalk::default();
    kept.iter().for_each(|kept| walk.hold_to((*kept).clone()));
    for name in &holding.complete {
        let checked = check::segment(&own.join(name.folder()), keys, &mut walk)
            .map_err(|error| refused(*name, &describe(&error)))?;
        if checked.manifest.tenant != tenant {
            return Err(refused(*name, &"it is of another tenant"));
        }
        if (checked.manifest.first_leaf, checked.manifest.size) != (name.first, name.size) {
            return Err(refused(*name, &"its folder has the name of another one"));
        }
    }
    let size = walk.edge().map_or(0, bailiwick_proof::tree::Frontier::size);
    if let Some(Checkpoint { size: signed, .. }) = kept.iter().find(|kept| kept.size > size) {
        let missing = counted(signed.saturating_sub(size), "event");
        return Err(not(&format_args!(
            "tenant {tenant}: it ends behind leaf {}, and the checkpoint was signed at {}: {missing} at the end are missing, or not archived yet",
            size.saturating_sub(1),
            counted(*signed, "event")
        )));
    }
    let events = size.saturating_sub(first);
    let segments = counted(holding.complete.len() as u64, "segment");
    ui::say(format_args!(
        "{tenant}: {segments}, {}, leaves {first} to {}",
        counted(events, "event"),
        size.saturating_sub(1)
    ));
    if first > 0 {
        ui::say(format_args!("  what lies before leaf {first} is not in this archive"));
    }
    for (Checkpoint { size, .. }, met) in walk.kept() {
        let said = if *met { "has the root of" } else { "reaches beyond, and could not be compared with," };
        ui::say(format_args!("  it {said} the checkpoint of {}", counted(*size, "event")));
    }
    for name in &holding.partial {
        let name = name.folder();
        ui::say(format_args!(
            "  {name} has no manifest and does not count; its leaves lie in other segments"
        ));
    }
    holding.strange.iter().for_each(|name| strange(&format!("{tenant}/{name}")));
    Ok(events)
}

fn is_of(kept: &Checkpoint, tenant: &str) -> bool {
    matches!(LogName::parse(&kept.origin), Some(LogName { of: Of::Tenant { tenant: of, .. }, .. }) if of == tenant)
}

fn strange(name: &str) {
    ui::say(format_args!("{name} is no part of an archive and was not looked at"));
}

fn counted(number: u64, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

fn unreadable(error: io::Error) -> Failure {
    Failure::failed(format_args!("the archive cannot be read: {error}"))
}

fn not(what: &dyn Display) -> Failure {
    Failure::failed(format_args!("the archive does not verify\n{what}"))
}
