//! What became of an export, in words.

use bailiwick_domain::{entity::ExportState, time::Timestamp};
use bailiwick_store::audit::export::Listed;

use crate::pages::parts::{Badge, counted, grouped};

/// What became of it at this moment: a file whose time is over is gone, whether or not the job has been there.
pub(super) fn badge(listed: &Listed, now: Timestamp) -> Badge {
    match listed.export.state {
        ExportState::Waiting if listed.looked_at.is_none() => Badge::new("info", "Waiting"),
        ExportState::Waiting => Badge::new("info", "Being written"),
        ExportState::Done if is_there(listed, now) => Badge::new("ok", "Ready"),
        ExportState::Done | ExportState::Removed => Badge::new("mute", "Gone"),
        ExportState::Failed => Badge::new("bad", "Failed"),
    }
}

/// Whether there is a file to download.
pub(super) fn is_there(listed: &Listed, now: Timestamp) -> bool {
    listed.export.state == ExportState::Done && now < listed.export.expires_at
}

/// How far it has come, or how large it is.
pub(super) fn extent(listed: &Listed) -> String {
    match (listed.export.records, listed.looked_at) {
        (Some(records), _) => {
            let size = listed.export.octets.map(|octets| format!(", {}", size(octets))).unwrap_or_default();
            format!("{}{size}", counted(records, "record"))
        }
        (None, Some((looked_at, of))) if listed.export.state == ExportState::Waiting => {
            let percent = looked_at.saturating_mul(100).checked_div(of).unwrap_or(100);
            format!("{}, {percent}% of the log looked at", counted(listed.written, "record"))
        }
        _ => String::new(),
    }
}

/// Octets as people read them: `812 bytes`, `14 kB`, `2,310 MB`.
fn size(octets: i64) -> String {
    match octets {
        ..10_000 => counted(octets, "byte"),
        10_000..10_000_000 => format!("{} kB", grouped(octets / 1_000)),
        _ => format!("{} MB", grouped(octets / 1_000_000)),
    }
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn person_reads_how_large_a_file_is() {
        for (octets, text) in
            [(1, "1 byte"), (9_999, "9,999 bytes"), (14_200, "14 kB"), (2_310_000_000, "2,310 MB")]
        {
            assert_eq!(size(octets), text);
        }
    }
}
