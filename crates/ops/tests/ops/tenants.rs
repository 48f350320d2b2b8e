//! Tenants.

use bailiwick_domain::{
    entity::TenantKind,
    role::Role,
    rule::{ByJob, CreateTenant, ReadTenants, SuspendTenant},
};
use bailiwick_ops::{
    Error,
    tenants::{self, NewOwner, NewTenant},
};
use bailiwick_store::{Actor as Who, Permit, users};
use bailiwick_testkit::both_databases;

use crate::support::{log, verified};

fn customer(slug: &str) -> NewTenant {
    NewTenant {
        slug: slug.into(),
        name: "Acme Pty Ltd".into(),
        region: "local".into(),
        key_brand: None,
        owner: NewOwner { email: "owner@acme.example".into(), name: "Olive".into() },
    }
}

both_databases! {
    async fn operator_creates_a_customer_together_with_its_owner(db: Db) {
        let platform = db.platform().await;
        let permit = platform.owner().permit::<CreateTenant>().await;
        let (tenant, owner) = tenants::create(&db.store, &permit, customer("acme")).await.unwrap();
        assert_eq!((tenant.kind, owner.role), (TenantKind::Customer, Role::TenantOwner));
        let job: Permit<ByJob> = db.store.gate().job(bailiwick_store::Job::Load, tenant.id);
        let mut view = db.store.read(&job).await.unwrap();
        assert_eq!(users::find(&mut view, owner.id).await.unwrap(), owner);
        drop(view);
        // It is the customer's log that tells who made it.
        let inside = permit.step_into(tenant.id);
        assert!(matches!(inside.actor(), Who::Operator { id, .. } if *id == platform.owner().id()));
        verified(&db).await;
    }

    async fn name_that_is_taken_leaves_nothing_behind_but_the_record(db: Db) {
        let platform = db.platform().await;
        let permit = platform.owner().permit::<CreateTenant>().await;
        tenants::create(&db.store, &permit, customer("acme")).await.unwrap();
        let outcome = tenants::create(&db.store, &permit, customer("acme")).await;
        assert!(matches!(&outcome, Err(Error::Invalid(fields)) if fields[0].field == "slug"), "{outcome:?}");
        let page = bailiwick_store::tenants::list(&db.store, &platform.owner().permit::<ReadTenants>().await, None).await.unwrap();
        assert_eq!(page.items.iter().map(|tenant| tenant.slug.as_str()).collect::<Vec<_>>(), ["platform", "acme"]);
        assert!(log(&db, &platform).await.contains(&("request.refused".into(), "failed".into())), "in the operator's own log");
        verified(&db).await;
    }

    async fn what_cannot_be_a_tenant_is_told_by_its_fields_and_makes_none(db: Db) {
        let platform = db.platform().await;
        let permit = platform.owner().permit::<CreateTenant>().await;
        let wrong = NewTenant {
            slug: "Ac me".into(),
            name: String::new(),
            region: "mars".into(),
            key_brand: Some("NO".into()),
            owner: NewOwner { email: "nobody".into(), name: String::new() },
        };
        let outcome = tenants::create(&db.store, &permit, wrong).await;
        let Err(Error::Invalid(fields)) = outcome else { panic!("{outcome:?}") };
        let mut named: Vec<_> = fields.iter().map(|field| field.field).collect();
        named.sort_unstable();
        assert_eq!(named, ["key_brand", "name", "owner_email", "owner_name", "region", "slug"]);
        let page = bailiwick_store::tenants::list(&db.store, &platform.owner().permit::<ReadTenants>().await, None).await.unwrap();
        assert_eq!(page.items.len(), 1);
    }

    async fn platform_itself_is_not_suspended(db: Db) {
        let platform = db.platform().await;
        let permit = platform.owner().permit::<SuspendTenant>().await;
        let outcome = tenants::suspend(&db.store, &permit, platform.id(), "a slip of the mouse").await;
        assert!(matches!(outcome, Err(Error::Conflict(_))), "{outcome:?}");
        let acme = db.tenant("acme").await;
        assert!(matches!(tenants::suspend(&db.store, &permit, acme.id(), "").await, Err(Error::Invalid(_))), "not without a reason");
        tenants::suspend(&db.store, &permit, acme.id(), "unpaid for a year").await.unwrap();
        assert!(matches!(tenants::suspend(&db.store, &permit, acme.id(), "unpaid for a year").await, Err(Error::Conflict(_))));
    }
}
