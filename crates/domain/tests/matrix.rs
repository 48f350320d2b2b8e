//! The permission matrix: who may do what, reviewed as a table.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::fmt::Write;

use bailiwick_domain::{
    catalogue::{Catalogue, PackPermissions},
    permission::{Permission, PermissionSet},
    role::Role,
};

fn catalogue() -> Catalogue {
    let pack: PackPermissions =
        serde_json::from_str(include_str!("../../../packs/ndis/permissions.json")).unwrap();
    Catalogue::new(&[pack]).unwrap()
}

fn verbs(set: PermissionSet) -> impl Iterator<Item = String> {
    let catalogue = catalogue();
    set.iter().map(move |permission| catalogue.name(permission).split_once(':').unwrap().1.to_owned())
}

#[test]
fn matrix_is_the_reviewed_one() {
    let catalogue = catalogue();
    let mut table = String::new();
    let row = |table: &mut String, name: &str, cells: Vec<&str>| {
        let cells: String = cells.iter().map(|cell| format!(" {cell:<11}")).collect();
        writeln!(table, "{}", format!("{name:<28}{cells}").trim_end()).unwrap();
    };
    for line in 0..2 {
        let word = |role: &Role| role.title().split(' ').nth(line).unwrap_or("");
        let short = |word: &'static str| word.get(..11).unwrap_or(word);
        row(&mut table, "", Role::ALL.iter().map(|role| short(word(role))).collect());
    }
    for (group, members) in catalogue.groups() {
        writeln!(table, "{group}").unwrap();
        for (permission, definition) in members {
            let cell = |role: &Role| if catalogue.role_set(*role).contains(permission) { "x" } else { "." };
            row(&mut table, &format!("  {}", definition.name), Role::ALL.iter().map(cell).collect());
        }
    }
    let totals: Vec<String> =
        Role::ALL.iter().map(|role| catalogue.role_set(*role).len().to_string()).collect();
    row(
        &mut table,
        &format!("{} permissions", catalogue.iter().count()),
        totals.iter().map(String::as_str).collect(),
    );
    insta::assert_snapshot!(table);
}

#[test]
fn tenant_owner_holds_everything_within_the_tenant_and_nothing_beyond() {
    let catalogue = catalogue();
    assert_eq!(catalogue.role_set(Role::TenantOwner), catalogue.tenant_permissions());
    for role in Role::ALL.into_iter().filter(|role| !role.platform()) {
        let held = catalogue.role_set(role);
        assert!(held.is_subset(catalogue.tenant_permissions()), "{role} reaches beyond its tenant");
    }
}

#[test]
fn platform_owner_holds_every_platform_permission_and_no_product_permission() {
    let catalogue = catalogue();
    let held = catalogue.role_set(Role::PlatformOwner);
    assert!(catalogue.platform_permissions().is_subset(held));
    let built_in = Catalogue::built_in();
    for role in Role::ALL.into_iter().filter(|role| role.platform()) {
        let everything = built_in.tenant_permissions().union(built_in.platform_permissions());
        assert!(catalogue.role_set(role).is_subset(everything), "{role} reaches into the product");
        assert!(catalogue.role_set(role).is_subset(held), "{role} holds more than its owner");
    }
}

#[test]
fn auditor_changes_nothing() {
    let catalogue = catalogue();
    let held = catalogue.role_set(Role::Auditor);
    assert!(held.contains(Permission::AUDIT_VERIFY) && held.contains(Permission::AUDIT_EXPORT));
    for verb in verbs(held) {
        assert!(["read", "verify", "export"].contains(&verb.as_str()), "an auditor may {verb}");
    }
}

#[test]
fn platform_support_changes_nothing() {
    assert!(verbs(catalogue().role_set(Role::PlatformSupport)).all(|verb| verb == "read"));
}

#[test]
fn operations_manager_may_invite_those_who_do_the_work_and_nobody_above() {
    let catalogue = catalogue();
    let manager = catalogue.role_set(Role::OperationsManager);
    assert!(catalogue.role_set(Role::PlanManager).is_subset(manager));
    assert!(catalogue.role_set(Role::SupportCoordinator).is_subset(manager));
    for above in [Role::TenantOwner, Role::Auditor, Role::Developer] {
        assert!(!catalogue.role_set(above).is_subset(manager), "{above}");
    }
}

#[test]
fn only_owners_hand_out_roles_and_permissions() {
    let catalogue = catalogue();
    for role in Role::ALL {
        let owner = matches!(role, Role::TenantOwner | Role::PlatformOwner);
        for permission in [
            Permission::USER_ASSIGN_ROLE,
            Permission::USER_GRANT,
            Permission::USER_UPDATE,
            Permission::FACTOR_RESET,
            Permission::POLICY_UPDATE,
        ] {
            assert_eq!(catalogue.role_set(role).contains(permission), owner, "{role} {permission:?}");
        }
    }
}
