//! Tenants.

use bailiwick_domain::{
    entity::TenantKind,
    role::Role,
    rule::{CreateTenant, ReadTenants, SignIn, SuspendTenant},
    time::Span,
};
use bailiwick_ops::{
    Error, enrolment,
    sign_in::Step,
    tenants::{self, NewOwner, NewTenant, OwnerInvited},
};
use bailiwick_store::{Actor as Who, users};
use bailiwick_testkit::{Db, both_databases};
use bailiwick_vault::token::EnrolmentToken;

use crate::{
    raised::links,
    support::{HOME, log, records, verified},
};

fn customer(slug: &str) -> NewTenant {
    NewTenant {
        slug: slug.into(),
        name: "Acme Pty Ltd".into(),
        region: "local".into(),
        key_brand: None,
        owner: NewOwner { email: "owner@acme.example".into(), name: "Olive".into() },
    }
}

/// The link in the letter that arrives now.
async fn mailed(db: &Db) -> EnrolmentToken {
    EnrolmentToken::parse(&links(db, "/enrol/").await.remove(0)).unwrap()
}

async fn enter(db: &Db, token: &EnrolmentToken) -> Result<Step, Error> {
    let permit = db.nobody::<SignIn>(HOME).await;
    enrolment::complete(&db.store, &db.hasher, &permit, token, "a password of my own".into()).await
}

both_databases! {
    async fn operator_creates_a_customer_together_with_its_owner(db: Db) {
        let platform = db.platform().await;
        let permit = platform.owner().permit::<CreateTenant>().await;
        let OwnerInvited { tenant, owner, .. } = tenants::create(&db.store, &permit, customer("acme")).await.unwrap();
        assert_eq!((tenant.kind, owner.role), (TenantKind::Customer, Role::TenantOwner.into()));
        let mut view = db.store.read(&db.job(tenant.id)).await.unwrap();
        assert_eq!(users::find(&mut view, owner.id).await.unwrap(), owner);
        drop(view);
        // It is the customer's log that tells who made it.
        let inside = permit.step_into(tenant.id);
        assert!(matches!(inside.actor(), Who::Operator { id, .. } if *id == platform.owner().id()));
        let recorded = records(&db, tenant.id).await;
        let mut actions: Vec<_> = recorded.iter().map(|row| row.action.as_str()).collect();
        actions.sort_unstable();
        assert_eq!(actions, ["enrolment.created", "mail.written", "policy.created", "tenant.created", "user.created"]);
        assert!(recorded.iter().all(|row| row.actor_kind == "operator" && row.actor_id == Some(platform.owner().id().uuid())));
        enter(&db, &mailed(&db).await).await.unwrap();
        verified(&db).await;
    }

    async fn operator_issues_another_link_until_the_owner_has_a_password(db: Db) {
        let platform = db.platform().await;
        let permit = platform.owner().permit::<CreateTenant>().await;
        let made = tenants::create(&db.store, &permit, customer("acme")).await.unwrap();
        let first = mailed(&db).await;
        db.clock.advance(Span::hours(25));
        assert!(matches!(enter(&db, &first).await, Err(Error::Conflict(_))), "it has lapsed");
        let renewed = tenants::renew_owner_link(&db.store, &permit, made.tenant.id).await.unwrap();
        let second = mailed(&db).await;
        tenants::renew_owner_link(&db.store, &permit, made.tenant.id).await.unwrap();
        let third = mailed(&db).await;
        assert_eq!(renewed.owner.id, made.owner.id);
        assert!(matches!(enter(&db, &second).await, Err(Error::Conflict(_))), "only the newest works");
        let Step::Done(_) = enter(&db, &third).await.unwrap() else { panic!() };
        let outcome = tenants::renew_owner_link(&db.store, &permit, made.tenant.id).await;
        assert!(matches!(outcome, Err(Error::Conflict(_))), "{outcome:?}");
        let recorded = records(&db, made.tenant.id).await;
        let issued: Vec<_> = recorded.iter().filter(|row| row.action == "enrolment.created").map(|row| row.actor_kind.as_str()).collect();
        assert_eq!(issued, ["operator"; 3]);
        verified(&db).await;
    }

    async fn link_used_and_renewed_at_once_leaves_one_way_in(db: Db) {
        let platform = db.platform().await;
        let permit = platform.owner().permit::<CreateTenant>().await;
        let made = tenants::create(&db.store, &permit, customer("acme")).await.unwrap();
        let link = mailed(&db).await;
        let (used, renewed) = tokio::join!(enter(&db, &link), tenants::renew_owner_link(&db.store, &permit, made.tenant.id));
        // Whichever came first, the other found out.
        assert!(used.is_ok() != renewed.is_ok(), "{used:?} {renewed:?}");
        verified(&db).await;
    }

    async fn letter_with_a_dead_link_stays_here_and_letters_have_a_bound(db: Db) {
        let platform = db.platform().await;
        let permit = platform.owner().permit::<CreateTenant>().await;
        let made = tenants::create(&db.store, &permit, customer("acme")).await.unwrap();
        for _ in 1..db.store.outbox().per_recipient {
            tenants::renew_owner_link(&db.store, &permit, made.tenant.id).await.unwrap();
        }
        let outcome = tenants::renew_owner_link(&db.store, &permit, made.tenant.id).await;
        assert!(matches!(outcome, Err(Error::Limited { .. })), "{outcome:?}");
        let arrived = links(&db, "/enrol/").await;
        assert_eq!(arrived.len(), 1, "the newest alone");
        enter(&db, &EnrolmentToken::parse(&arrived[0]).unwrap()).await.unwrap();
        verified(&db).await;
    }

    async fn platforms_owner_and_nobodys_tenant_get_no_link(db: Db) {
        let platform = db.platform().await;
        let permit = platform.owner().permit::<CreateTenant>().await;
        let outcome = tenants::renew_owner_link(&db.store, &permit, platform.id()).await;
        assert!(matches!(outcome, Err(Error::Conflict(_))), "{outcome:?}");
        let outcome = tenants::renew_owner_link(&db.store, &permit, db.store.new_id()).await;
        assert!(matches!(outcome, Err(Error::NotFound)), "{outcome:?}");
        let entered = db.tenant("globex").await;
        let outcome = tenants::renew_owner_link(&db.store, &permit, entered.id()).await;
        assert!(matches!(outcome, Err(Error::Conflict(_))), "{outcome:?}");
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
        let outcome = tenants::suspend(&db.store, &permit, platform.id(), "a slip of the mouse", None).await;
        assert!(matches!(outcome, Err(Error::Conflict(_))), "{outcome:?}");
        let acme = db.tenant("acme").await;
        assert!(matches!(tenants::suspend(&db.store, &permit, acme.id(), "", None).await, Err(Error::Invalid(_))), "not without a reason");
        platform.suspend(acme.id()).await;
        assert!(matches!(tenants::suspend(&db.store, &permit, acme.id(), "unpaid for a year", None).await, Err(Error::Conflict(_))));
    }
}
