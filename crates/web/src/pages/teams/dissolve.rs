//! Dissolving a team, after a question.

use axum::extract::State;
use bailiwick_domain::{ids::TeamId, rule::UpdateTeam};
use bailiwick_ops::teams as operations;
use bailiwick_store::{Store, teams};

use crate::{
    access::Access,
    error::Result,
    forms::Id,
    pages::{confirm::ConfirmPage, parts::counted},
    shell::{Message, SeeOther, Shell, Visit},
};

pub(super) async fn ask(
    Access(permit): Access<UpdateTeam>,
    visit: Visit,
    State(store): State<Store>,
    Id(id): Id<TeamId>,
) -> Result<ConfirmPage> {
    let mut view = store.read(&permit).await?;
    let team = teams::find(&mut view, id).await?;
    let size = teams::size(&mut view, id).await?;
    let path = format!("/teams/{id}");
    Ok(ConfirmPage {
        shell: Shell::new(&permit, &visit, "Dissolve the team?")
            .under("Teams", "/teams")
            .under(team.name.clone(), path.clone()),
        question: format!("Dissolve {}?", team.name),
        sentence: "It cannot be brought back; another one can be made.".to_owned(),
        effects: vec![
            format!("{} lose at once what the team's roles give.", counted(size, "member")),
            "The team's history stays in the audit log.".to_owned(),
        ],
        danger: true,
        action: format!("{path}/dissolve"),
        hidden: Vec::new(),
        reason: None,
        button: "Dissolve team",
        cancel: path,
    })
}

pub(super) async fn dissolve(
    Access(permit): Access<UpdateTeam>,
    State(store): State<Store>,
    Id(id): Id<TeamId>,
) -> Result<SeeOther> {
    operations::dissolve(&store, &permit, id).await?;
    Ok(SeeOther::to("/teams").tell(Message::TeamDissolved))
}
