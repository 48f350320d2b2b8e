//! Every permission that a user could have, and where each stands.

use std::collections::HashMap;

use bailiwick_domain::{
    catalogue::Catalogue,
    entity::{Effect, Grant},
    permission::{Permission, PermissionSet},
};

/// A heading of the catalogue.
pub(super) struct PermissionGroup {
    pub(super) name: String,
    /// Whether it is shown unfolded: where something departs from the role.
    pub(super) open: bool,
    pub(super) effective: usize,
    pub(super) overrides: usize,
    pub(super) rows: Vec<PermissionRow>,
}

/// One permission.
pub(super) struct PermissionRow {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) from_role: bool,
    /// `role`, `grant` or `deny`.
    pub(super) choice: &'static str,
    pub(super) effective: bool,
    /// Whether the viewer lacks it and may therefore not set it.
    pub(super) locked: bool,
}

/// The groups of the catalogue for a user to whom role and teams give `roles`, as somebody sees them who holds `held`. Of `grants`
/// those that are over are left out.
pub(super) fn groups(
    catalogue: &Catalogue,
    platform: bool,
    roles: PermissionSet,
    grants: &[Grant],
    effective: PermissionSet,
    held: PermissionSet,
) -> Vec<PermissionGroup> {
    let possible = catalogue.tenant_permissions();
    let possible = if platform { possible.union(catalogue.platform_permissions()) } else { possible };
    let effects: HashMap<&str, Effect> =
        grants.iter().map(|grant| (grant.permission.as_str(), grant.effect)).collect();
    let row = |permission: Permission| PermissionRow {
        name: catalogue.name(permission).to_owned(),
        description: catalogue
            .definition(permission)
            .map(|definition| definition.description.to_string())
            .unwrap_or_default(),
        from_role: roles.contains(permission),
        choice: effects.get(catalogue.name(permission)).map_or("role", |effect| effect.name()),
        effective: effective.contains(permission),
        locked: !held.contains(permission),
    };
    let group = |(name, members): (&str, Vec<_>)| {
        let members = members.into_iter().map(|(permission, _)| permission);
        let rows: Vec<_> = members.filter(|permission| possible.contains(*permission)).map(row).collect();
        let overrides = rows.iter().filter(|row| row.choice != "role").count();
        let effective = rows.iter().filter(|row| row.effective).count();
        PermissionGroup { name: name.to_owned(), open: overrides > 0, effective, overrides, rows }
    };
    catalogue.groups().into_iter().map(group).filter(|group| !group.rows.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::{
        ids::{GrantId, UserId},
        permission::effective,
        role::Role,
        time::Timestamp,
    };

    use super::*;

    #[test]
    fn owner_sees_what_departs_from_the_role() {
        let catalogue = Catalogue::built_in();
        let now = Timestamp::from_micros(0);
        let id = UserId::from_bytes([1; 16]);
        let denied = Grant {
            id: GrantId::from_bytes([2; 16]),
            user: id,
            permission: "audit:export".into(),
            effect: Effect::Deny,
            reason: "r".into(),
            created_at: now,
            expires_at: None,
            ended_at: None,
        };
        let denials = PermissionSet::empty().with(Permission::AUDIT_EXPORT);
        let auditor = catalogue.role_set(Role::Auditor);
        let theirs = effective(auditor, PermissionSet::empty(), denials);
        let held = catalogue
            .role_set(Role::TenantOwner)
            .difference(PermissionSet::empty().with(Permission::AUDIT_HOLD));
        let groups = groups(&catalogue, false, auditor, &[denied], theirs, held);
        assert!(
            groups.iter().all(|group| group.name != "Platform"),
            "a customer's person cannot hold what is the platform's"
        );
        let audit = groups.iter().find(|group| group.name == "Audit log").unwrap();
        assert!(audit.open && audit.overrides == 1);
        let row = |name: &str| audit.rows.iter().find(|row| row.name == name).unwrap();
        let export = row("audit:export");
        assert_eq!(
            (export.from_role, export.choice, export.effective, export.locked),
            (true, "deny", false, false)
        );
        assert!(row("audit:hold").locked && row("audit:read").effective);
    }
}
