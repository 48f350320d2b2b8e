#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use super::*;

fn pack(json: serde_json::Value) -> PackPermissions {
    serde_json::from_value(json).unwrap()
}

fn one(name: &str) -> serde_json::Value {
    serde_json::json!({"name": name, "group": "G", "description": "D."})
}

fn refused(json: serde_json::Value) -> CatalogueError {
    Catalogue::new(&[pack(json)]).unwrap_err()
}

#[test]
fn pack_permissions_follow_the_built_in_ones() {
    let ndis = pack(
        serde_json::json!({"pack": "ndis", "key_brand": "cndis", "permissions": [one("plan:read"), one("plan:write")],
        "roles": {"auditor": ["plan:read"]}}),
    );
    let catalogue = Catalogue::new(&[ndis]).unwrap();
    let (read, write) = (catalogue.find("plan:read").unwrap(), catalogue.find("plan:write").unwrap());
    assert_eq!(usize::from(read.index()), BUILT_IN.len());
    assert_eq!(usize::from(write.index()), BUILT_IN.len() + 1);
    assert_eq!(catalogue.name(write), "plan:write");
    assert_eq!(catalogue.definition(read).unwrap().origin, Origin::Pack("ndis".into()));
    assert_eq!(catalogue.find("user:read"), Some(Permission::USER_READ));
    assert_eq!(catalogue.key_brand(), Some("cndis"));
    let auditor = catalogue.role_set(Role::Auditor);
    assert!(auditor.contains(read) && !auditor.contains(write));
    assert!(catalogue.role_set(Role::TenantOwner).contains(write));
    assert!(!catalogue.role_set(Role::PlatformOwner).contains(read));
    assert_eq!(catalogue.groups().last().unwrap().0, "G");
}

#[test]
fn a_wildcard_is_refused_wherever_it_stands() {
    for name in ["*", "*:*", "plan:*", "*:read", "pl*n:read"] {
        let error = refused(serde_json::json!({"pack": "p", "permissions": [one(name)]}));
        assert_eq!(error, CatalogueError::Wildcard { pack: "p".into(), name: name.into() });
    }
    let error = refused(
        serde_json::json!({"pack": "p", "permissions": [one("plan:read")], "roles": {"auditor": ["plan:*"]}}),
    );
    assert!(matches!(error, CatalogueError::NotItsOwn { name, .. } if name == "plan:*"));
    assert_eq!(Catalogue::built_in().parse_set(["user:*"]), Err(UnknownPermission("user:*".into())));
}

#[test]
fn a_pack_cannot_widen_a_role_beyond_its_own_permissions() {
    let escalate = |role: &str, name: &str| {
        refused(serde_json::json!({"pack": "p", "permissions": [one("plan:read")], "roles": {role: [name]}}))
    };
    let own = CatalogueError::NotItsOwn { pack: "p".into(), role: Role::Auditor, name: "user:delete".into() };
    assert_eq!(escalate("auditor", "user:delete"), own);
    assert!(matches!(escalate("auditor", "plan:write"), CatalogueError::NotItsOwn { .. }));
    let platform = CatalogueError::PlatformRole { pack: "p".into(), role: Role::PlatformSupport };
    assert_eq!(escalate("platform_support", "plan:read"), platform);
}

#[test]
fn a_pack_cannot_redefine_a_permission() {
    for name in ["user:read", "tenant:delete", "plan:read"] {
        let error = refused(serde_json::json!({"pack": "p", "permissions": [one("plan:read"), one(name)]}));
        assert_eq!(error, CatalogueError::Duplicate { pack: "p".into(), name: name.into() });
    }
    let first = pack(serde_json::json!({"pack": "a", "key_brand": "aa", "permissions": [one("plan:read")]}));
    let again = pack(serde_json::json!({"pack": "b", "permissions": [one("plan:read")]}));
    let brand = pack(serde_json::json!({"pack": "b", "key_brand": "bb", "permissions": []}));
    assert!(
        matches!(Catalogue::new(&[first.clone(), again]), Err(CatalogueError::Duplicate { pack, .. }) if pack == "b")
    );
    assert!(
        matches!(Catalogue::new(&[first, brand]), Err(CatalogueError::SecondBrand { brand, .. }) if brand == "aa")
    );
}

#[test]
fn malformed_packs_are_refused() {
    assert!(matches!(
        refused(serde_json::json!({"pack": "p", "permissions": [one("Plan:read")]})),
        CatalogueError::BadName { .. }
    ));
    for name in ["", "P", "a_b", "seventeen_letters", "aaaaaaaaaaaaaaaaa"] {
        assert_eq!(
            refused(serde_json::json!({"pack": name, "permissions": []})),
            CatalogueError::BadPackName(name.into())
        );
        let brand = serde_json::json!({"pack": "p", "key_brand": name, "permissions": []});
        assert_eq!(refused(brand), CatalogueError::BadPackName(name.into()));
    }
    for json in [
        serde_json::json!({"pack": "p", "permissions": [], "extra": 1}),
        serde_json::json!({"pack": "p", "permissions": [{"name": "a:b", "group": "G", "description": "D.", "platform": true}]}),
        serde_json::json!({"pack": "p", "permissions": [], "roles": {"superuser": []}}),
        serde_json::json!({"pack": "p"}),
    ] {
        assert!(serde_json::from_value::<PackPermissions>(json.clone()).is_err(), "{json}");
    }
}

#[test]
fn the_catalogue_ends_at_two_hundred_and_fifty_six() {
    let names = |count: usize| (0..count).map(|n| one(&format!("thing{n}:read"))).collect::<Vec<_>>();
    let room = 256 - BUILT_IN.len();
    let full = Catalogue::new(&[pack(serde_json::json!({"pack": "p", "permissions": names(room)}))]).unwrap();
    assert_eq!(full.iter().count(), 256);
    assert_eq!(
        full.name(full.find(&format!("thing{}:read", room - 1)).unwrap()),
        format!("thing{}:read", room - 1)
    );
    assert_eq!(
        refused(serde_json::json!({"pack": "p", "permissions": names(room + 1)})),
        CatalogueError::Full("p".into())
    );
}

#[test]
fn names_and_sets_translate_both_ways() {
    let catalogue = Catalogue::built_in();
    let set = catalogue.parse_set(["audit:read", "user:read"]).unwrap();
    assert_eq!(set, PermissionSet::of(&[Permission::USER_READ, Permission::AUDIT_READ]));
    assert_eq!(catalogue.names(set), ["user:read", "audit:read"]);
    assert_eq!(catalogue.parse_set(["user:read", "user:fly"]), Err(UnknownPermission("user:fly".into())));
    let everything = catalogue.tenant_permissions().union(catalogue.platform_permissions());
    assert_eq!(everything.len() as usize, BUILT_IN.len());
    assert!(catalogue.tenant_permissions().intersection(catalogue.platform_permissions()).is_empty());
}
