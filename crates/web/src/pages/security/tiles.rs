//! The three tiles beside the score.

use bailiwick_domain::posture::{ROTATION_WINDOW_DAYS, Snapshot};

use crate::pages::parts::counted;

/// A figure that leads to the list behind it.
pub(super) struct Tile {
    pub(super) label: &'static str,
    pub(super) value: String,
    pub(super) note: String,
    pub(super) kind: &'static str,
    pub(super) status: &'static str,
    pub(super) href: &'static str,
}

pub(super) fn tiles(snapshot: &Snapshot) -> Vec<Tile> {
    vec![users(snapshot), invitations(snapshot), keys(snapshot)]
}

fn users(snapshot: &Snapshot) -> Tile {
    let verified = snapshot.users_verified_factor;
    let verb = if verified == 1 { "has a verified MFA factor" } else { "have verified MFA factors" };
    Tile {
        label: "Active users",
        value: snapshot.active_users.to_string(),
        note: format!("{verified} {verb}"),
        kind: "info",
        status: "Info",
        href: "/users",
    }
}

fn invitations(snapshot: &Snapshot) -> Tile {
    let pending = snapshot.pending_invitations;
    let (kind, status, note) = if pending == 0 {
        ("ok", "Clear", "Nobody is waited for")
    } else {
        ("warn", "Warning", "Follow up before expiry")
    };
    Tile {
        label: "Pending invites",
        value: pending.to_string(),
        note: note.to_owned(),
        kind,
        status,
        href: "/invitations",
    }
}

fn keys(snapshot: &Snapshot) -> Tile {
    let ending = snapshot.keys_expiring;
    let (kind, status) = if ending == 0 { ("ok", "Clear") } else { ("warn", "Warning") };
    let verb = if ending == 1 { "expires" } else { "expire" };
    let note = format!("{} {verb} within {ROTATION_WINDOW_DAYS} days", counted(ending, "key"));
    Tile { label: "API keys", value: snapshot.keys_total.to_string(), note, kind, status, href: "/api-keys" }
}

#[cfg(test)]
mod tests {
    use super::{super::sample, *};

    #[test]
    fn owner_reads_the_figures_of_the_requirement() {
        let tiles = tiles(&sample::snapshot());
        let read: Vec<_> =
            tiles.iter().map(|tile| (tile.value.as_str(), tile.note.as_str(), tile.status)).collect();
        assert_eq!(
            read,
            [
                ("8", "6 have verified MFA factors", "Info"),
                ("2", "Follow up before expiry", "Warning"),
                ("3", "1 key expires within 30 days", "Warning"),
            ]
        );
    }

    #[test]
    fn tiles_calm_down_when_nothing_is_open() {
        let calm = Snapshot {
            pending_invitations: 0,
            keys_expiring: 0,
            keys_without_end: 1,
            users_verified_factor: 1,
            ..sample::snapshot()
        };
        let tiles = tiles(&calm);
        assert_eq!(tiles.iter().map(|tile| tile.kind).collect::<Vec<_>>(), ["info", "ok", "ok"]);
        assert_eq!(tiles[0].note, "1 has a verified MFA factor");
    }
}
