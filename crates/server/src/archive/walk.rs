//! `bailiwick audit verify --archive`: with the files and the public keys, and nothing else.

use std::path::Path;

use bailiwick_proof::{archive::SegmentWalk, checkpoint::VerifierKey};

use super::{check, place};
use crate::{exit::Failure, jobs::supervise::describe, ui};

/// Checks every segment of every tenant, and names the first that does not hold.
///
/// # Errors
/// A failure with the segment and what is wrong with it; also where there is none at all.
pub(crate) fn verify(folder: &Path, keys: &[VerifierKey]) -> Result<(), Failure> {
    let unreadable =
        |error: std::io::Error| Failure::failed(format_args!("the archive cannot be read: {error}"));
    let (mut events, mut tenants) = (0_u64, 0_u64);
    for tenant in check::tenants(folder).map_err(unreadable)? {
        let own = folder.join(&tenant);
        let segments = place::segments(&own).map_err(unreadable)?;
        let Some(first) = segments.first().map(|name| name.first) else { continue };
        let mut walk = SegmentWalk::default();
        for name in &segments {
            let refused = |what: String| {
                Failure::failed(format_args!(
                    "the archive does not verify\ntenant {tenant}, segment {}: {what}",
                    name.folder()
                ))
            };
            let checked = check::segment(&own.join(name.folder()), keys, &mut walk)
                .map_err(|error| refused(describe(&error)))?;
            if checked.manifest.tenant != tenant {
                return Err(refused("it is of another tenant".to_owned()));
            }
        }
        let size = walk.edge().map_or(0, bailiwick_proof::tree::Frontier::size);
        let last = size.saturating_sub(1);
        ui::say(format_args!("{tenant}: {} segments, leaves {first} to {last}", segments.len()));
        if first > 0 {
            ui::say(format_args!("  what lies before leaf {first} is not in this archive"));
        }
        events += size.saturating_sub(first);
        tenants += 1;
    }
    // Of nothing there is nothing to say that holds: it may be the wrong folder, or one from which all was taken.
    if tenants == 0 {
        return Err(Failure::failed("there is no segment of an archive in this folder"));
    }
    ui::say(format_args!("Every segment holds: {events} events, {tenants} tenants."));
    Ok(())
}
