//! Permissions to be ticked, by their headings.

use bailiwick_domain::{catalogue::Catalogue, permission::PermissionSet};

use crate::forms::{Problem, Typed};

/// Permissions under one heading.
pub(super) struct TickGroup {
    pub(super) name: String,
    /// Whether it is shown unfolded: where something is ticked.
    pub(super) open: bool,
    pub(super) ticked: usize,
    pub(super) rows: Vec<Tick>,
}

/// One permission.
pub(super) struct Tick {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) checked: bool,
    /// The viewer does not hold it and so cannot hand it on.
    pub(super) locked: bool,
}

/// Every permission that a role may hold of `possible`, with those of `holds` ticked, as somebody sees them who holds `held`.
pub(super) fn ticks(
    catalogue: &Catalogue,
    possible: PermissionSet,
    holds: PermissionSet,
    held: PermissionSet,
) -> Vec<TickGroup> {
    let mut groups = Vec::new();
    for (name, members) in catalogue.groups() {
        let members = members.into_iter().filter(|(permission, _)| possible.contains(*permission));
        let rows: Vec<_> = members
            .map(|(permission, definition)| Tick {
                name: definition.name.to_string(),
                description: definition.description.to_string(),
                checked: holds.contains(permission),
                locked: !held.contains(permission),
            })
            .collect();
        if !rows.is_empty() {
            groups.push(counted(TickGroup { name: name.to_owned(), open: false, ticked: 0, rows }));
        }
    }
    groups
}

/// The same as they were ticked in a form.
pub(super) fn again(mut groups: Vec<TickGroup>, typed: &Typed) -> Vec<TickGroup> {
    for row in groups.iter_mut().flat_map(|group| &mut group.rows) {
        row.checked = typed.has("permission", &row.name) && !row.locked;
    }
    groups.into_iter().map(counted).collect()
}

/// What is wrong with them.
pub(super) fn problem(problems: &[Problem]) -> Option<String> {
    problems.iter().find(|problem| problem.field == "permissions").map(|problem| problem.text.clone())
}

fn counted(group: TickGroup) -> TickGroup {
    let ticked = group.rows.iter().filter(|row| row.checked).count();
    TickGroup { ticked, open: ticked > 0, ..group }
}
