//! One role: what its holders use, and the form that takes away what they do not.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use bailiwick_domain::{
    permission::Permission,
    role::RoleName,
    rule::{ReadRoles, Rule},
};
use bailiwick_ops::unused::{self, RoleUses};
use bailiwick_store::{Permit, Store};

use super::line::{self, LineRow};
use crate::{
    access::Access,
    error::Result,
    forms::{Field, Id, Problem},
    pages::parts::counted,
    shell::{Shell, Visit},
};

/// What somebody holds or a role has, with its use. Also shown again when taking something away was refused.
#[derive(Template, WebTemplate)]
#[template(path = "unused/show.html")]
pub(super) struct ShowPage {
    pub(super) shell: Shell,
    pub(super) problems: Vec<Problem>,
    pub(super) title: String,
    pub(super) sentence: String,
    pub(super) recorded: String,
    /// What else there is to say.
    pub(super) notes: Vec<String>,
    /// Where the form is sent; nothing for whoever may take nothing away here.
    pub(super) action: Option<String>,
    /// What the narrower copy of a built-in role is called.
    pub(super) label: Option<Field>,
    pub(super) button: &'static str,
    pub(super) rows: Vec<LineRow>,
    pub(super) unused: usize,
}

pub(super) async fn show(
    Access(permit): Access<ReadRoles>,
    visit: Visit,
    State(store): State<Store>,
    Id(role): Id<RoleName>,
) -> Result<ShowPage> {
    let found = unused::of_role(&store, &permit, role, line::measured(&visit)).await?;
    Ok(page(&store, &permit, &visit, &found, "", Vec::new()))
}

/// The page of a role; `label` is what was typed for a copy of it.
pub(super) fn page<R: Rule>(
    store: &Store,
    permit: &Permit<R>,
    visit: &Visit,
    found: &RoleUses,
    label: &str,
    problems: Vec<Problem>,
) -> ShowPage {
    let to = format!("/access/unused/roles/{}", found.role);
    let custom = found.role.custom().is_some();
    let owner = found.role.is_owner();
    let may = if custom {
        permit.may(Permission::ROLE_UPDATE)
    } else {
        !owner
            && !found.role.platform()
            && permit.may(Permission::ROLE_CREATE)
            && permit.may(Permission::USER_ASSIGN_ROLE)
    };
    let rows: Vec<_> =
        found.lines.iter().map(|line| line::row(store.catalogue(), line, *permit.permissions())).collect();
    let unused = rows.iter().filter(|row| row.unused).count();
    let mut notes = Vec::new();
    if owner {
        notes.push("An owner keeps every permission, so that there is somebody to give each.".to_owned());
    } else if found.role.platform() {
        notes.push("The platform has its built-in roles alone: nothing is taken from them.".to_owned());
    } else if !custom {
        notes.push(
            "A built-in role stays as it is. What is narrower is a copy of it, to which its people and teams move; \
             open invitations to it stay, and so do you if you hold it."
                .to_owned(),
        );
    }
    let suggested = if label.is_empty() { format!("{} (narrower)", found.label) } else { label.to_owned() };
    let error = problems.iter().find(|problem| problem.field == "label").map(|problem| problem.text.clone());
    let action = if custom { "narrow" } else { "copy" };
    ShowPage {
        shell: Shell::new(permit, visit, found.label.clone()).under("Unused permissions", "/access/unused"),
        title: found.label.clone(),
        sentence: format!(
            "What {} used of this role, directly or through a team.",
            counted(found.holders.users, "holder")
        ),
        recorded: line::recorded(found.recording, visit.now()),
        notes,
        label: (may && !custom && unused > 0)
            .then(|| Field { error, ..Field::new("label", "Name of the narrower role").value(suggested) }),
        action: (may && unused > 0).then(|| format!("{to}/{action}")),
        button: if custom { "Take away" } else { "Make a narrower copy" },
        rows,
        unused,
        problems,
    }
}
