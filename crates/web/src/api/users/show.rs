//! One user, with what they may do and why.

use axum::extract::State;
use bailiwick_domain::{
    ids::{TeamId, UserId},
    permission::Permission,
    role::RoleName,
    rule::ReadUsers,
    time::{Span, Timestamp},
};
use bailiwick_ops::{
    sign_in::{self, Waits},
    users::permissions_of,
};
use bailiwick_store::{
    Scope, Store,
    attempts::{self, TurnedAway},
    grants, teams, users,
};
use serde::Serialize;

use super::UserBody;
use crate::{access::Access, api::grants::GrantBody, error::Result, forms::Id, matching::Versioned};

#[derive(Serialize)]
pub(in crate::api) struct Body {
    #[serde(flatten)]
    user: UserBody,
    /// What departs from the role.
    grants: Vec<GrantBody>,
    /// The teams that they are in; empty for whoever may not read teams.
    teams: Vec<InTeam>,
    /// What role, teams and grants amount to, by name.
    permissions: Vec<String>,
    /// Who has to wait at the account after wrong guesses; empty as a rule. Passkeys never do, nor known devices with the right password:
    /// one that guesses wrong too often counts as unknown for a while.
    waits: Vec<Waiting>,
    /// Attempts of the last day that were turned away unseen.
    turned_away: Unseen,
}

/// Attempts that were turned away unseen, from whatever source.
#[derive(Serialize)]
struct Unseen {
    /// How many.
    attempts: i64,
    /// Sources that were told apart; unknown ones are one together.
    sources: i64,
    /// How many came from the source with the most of them.
    from_one: i64,
    /// How many came from further sources, which were not told apart.
    from_others: i64,
}

impl From<TurnedAway> for Unseen {
    fn from(TurnedAway { attempts, sources, from_one, from_others }: TurnedAway) -> Self {
        Self { attempts, sources, from_one, from_others }
    }
}

#[derive(Serialize)]
struct Waiting {
    /// What was guessed at: `password`, `totp` or `recovery`.
    factor: &'static str,
    /// How many sources wait; nothing where every unknown device does.
    sources: Option<i64>,
    /// Until when at the latest.
    until: Timestamp,
}

impl From<Waits> for Waiting {
    fn from(Waits { factor, sources, until }: Waits) -> Self {
        Self { factor, sources, until }
    }
}

#[derive(Serialize)]
struct InTeam {
    id: TeamId,
    name: String,
    roles: Vec<RoleName>,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadUsers>,
    State(store): State<Store>,
    Id(id): Id<UserId>,
) -> Result<Versioned<Body>> {
    let mut view = store.read(&permit).await?;
    let listed = users::find_listed(&mut view, id).await?;
    let held = permissions_of(&store, &mut view, &listed.user).await?;
    let grants = grants::of_user(&mut view, id).await?;
    let teams =
        if permit.may(Permission::TEAM_READ) { teams::of_user(&mut view, id).await? } else { Vec::new() };
    let waits = sign_in::waits(&mut view, id).await?;
    let lately = view.now() - Span::hours(24);
    let turned_away = attempts::turned_away_since(&mut view, id, lately).await?.into();
    Versioned::of(&mut view, &listed.user.clone(), || Body {
        waits: waits.into_iter().map(Waiting::from).collect(),
        turned_away,
        teams: teams
            .into_iter()
            .map(|team| InTeam { id: team.id, name: team.name, roles: team.roles })
            .collect(),
        user: listed.into(),
        grants: grants.into_iter().map(GrantBody::from).collect(),
        permissions: store.catalogue().names(held).into_iter().map(str::to_owned).collect(),
    })
    .await
}
