//! What a user has beside their role: single grants and denials, and teams.

use bailiwick_domain::{
    entity::{Effect, Grant, Team},
    time::Timestamp,
};

use super::overrides::{DAYS, FOR_GOOD};
use crate::{
    forms::{Choice, Select},
    pages::{
        parts::{Badge, counted},
        titles::Titles,
    },
    when::When,
};

/// A grant or denial, also one that is over.
pub(super) struct GrantRow {
    pub(super) permission: String,
    pub(super) effect: Badge,
    pub(super) reason: String,
    pub(super) since: When,
    pub(super) until: Option<When>,
}

impl GrantRow {
    pub(super) fn of(grant: &Grant, now: Timestamp) -> Self {
        Self {
            permission: grant.permission.clone(),
            effect: match grant.effect {
                _ if grant.is_over(now) => Badge::new("mute", "Over"),
                Effect::Grant => Badge::new("ok", "Granted"),
                Effect::Deny => Badge::new("bad", "Denied"),
            },
            reason: grant.reason.clone(),
            since: When::day(grant.created_at),
            until: grant.expires_at.map(When::moment),
        }
    }
}

/// A team that the user is in.
pub(super) struct TeamLink {
    pub(super) name: String,
    pub(super) href: String,
    pub(super) roles: String,
}

impl TeamLink {
    pub(super) fn of(team: &Team, titles: &Titles) -> Self {
        let roles: Vec<_> = team.roles.iter().map(|role| titles.of(*role)).collect();
        Self {
            name: team.name.clone(),
            href: format!("/teams/{}", team.id),
            roles: if roles.is_empty() { "No roles".to_owned() } else { roles.join(", ") },
        }
    }
}

/// For how long what is granted or denied counts.
pub(super) fn lasts() -> Select {
    let days = DAYS.iter().map(|days| Choice::new(days.to_string(), counted(*days, "day")));
    Select::new(
        "lasts",
        "New grants and denials last",
        [Choice::new(FOR_GOOD, "For good")].into_iter().chain(days),
        FOR_GOOD,
    )
    .hint("What has an end has no effect from that moment on.")
}
