//! One person: what they use, and the form that takes away what they do not.

use axum::extract::State;
use bailiwick_domain::{
    ids::UserId,
    permission::Permission,
    rule::{ReadAudit, Rule},
};
use bailiwick_ops::unused::{self, PersonUses};
use bailiwick_store::{Actor, Permit, Store};

use super::{line, of_role::ShowPage};
use crate::{
    access::Access,
    error::Result,
    forms::{Id, Problem},
    shell::{Shell, Visit},
};

pub(super) async fn show(
    Access(permit): Access<ReadAudit>,
    visit: Visit,
    State(store): State<Store>,
    Id(id): Id<UserId>,
) -> Result<ShowPage> {
    let found = unused::of_person(&store, &permit, id, line::measured(&visit)).await?;
    Ok(page(&store, &permit, &visit, &found, Vec::new()))
}

/// The page of a person.
pub(super) fn page<R: Rule>(
    store: &Store,
    permit: &Permit<R>,
    visit: &Visit,
    found: &PersonUses,
    problems: Vec<Problem>,
) -> ShowPage {
    let to = format!("/access/unused/users/{}", found.user.id);
    let own = matches!(permit.actor(), Actor::User { id, .. } if *id == found.user.id);
    let rows: Vec<_> =
        found.lines.iter().map(|line| line::row(store.catalogue(), line, *permit.permissions())).collect();
    let unused = rows.iter().filter(|row| row.unused).count();
    let theirs = found
        .lines
        .iter()
        .map(|line| line.permission)
        .collect::<bailiwick_domain::permission::PermissionSet>();
    let above = !theirs.is_subset(*permit.permissions());
    let mut notes = vec![
        "What a role or a team gives is taken from one person by a denial; a grant to them alone ends."
            .to_owned(),
    ];
    if own {
        notes.push("Somebody else has to take something from you.".to_owned());
    } else if above {
        notes.push("This person holds permissions that you do not have.".to_owned());
    }
    let may = permit.may(Permission::USER_GRANT) && !own && !above;
    ShowPage {
        shell: Shell::new(permit, visit, found.user.name.clone())
            .under("Unused permissions", "/access/unused")
            .under("People", "/access/unused/users"),
        title: found.user.name.clone(),
        sentence: "What this person used of what they can do.".to_owned(),
        recorded: line::recorded(found.recording, visit.now()),
        notes,
        label: None,
        action: (may && unused > 0).then(|| format!("{to}/narrow")),
        button: "Take away",
        rows,
        unused,
        problems,
    }
}
