//! Lists in pages: no row twice, none left out, however many were made at one and the same moment.

use std::collections::BTreeSet;

use bailiwick_domain::{
    role::Role,
    rule::{ByJob, CreateApiKey, Invite, ReadTenants},
    time::Span,
};
use bailiwick_ops::{
    api_keys::NewApiKey,
    invitations::NewInvitation,
    tenants::{NewOwner, NewTenant},
};
use bailiwick_store::{Cursor, Page, Permit, Result, api_keys, invitations, security_events, tenants, users};
use bailiwick_testkit::both_databases;
use uuid::Uuid;

/// Walks through all pages, sending each cursor through its text form as a link does.
async fn walk<T>(
    mut page: impl AsyncFnMut(Option<Cursor>) -> Result<Page<T>>,
    id: impl Fn(&T) -> Uuid,
) -> Vec<Uuid> {
    let (mut ids, mut next) = (Vec::new(), None);
    loop {
        let got = page(next).await.unwrap();
        ids.extend(got.items.iter().map(&id));
        match got.next {
            Some(cursor) => next = Some(cursor.to_string().parse().unwrap()),
            None => return ids,
        }
    }
}

#[track_caller]
fn each_once(ids: &[Uuid], expected: usize) {
    assert_eq!(ids.len(), expected);
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), expected);
}

both_databases! {
    async fn lists_of_more_than_two_pages_hold_every_row_once(db: Db) {
        let acme = db.tenant("acme").await;
        let (invite, create) = (acme.owner().permit::<Invite>().await, acme.owner().permit::<CreateApiKey>().await);
        for n in 0..105 {
            // Three moments in all.
            if n % 35 == 0 {
                db.clock.advance(Span::seconds(1));
            }
            acme.add(Role::Auditor).await;
            let new = NewInvitation { email: format!("n{n}@acme.example"), role: "auditor".into(), expires_at: None };
            bailiwick_ops::invitations::create(&db.store, &invite, new).await.unwrap();
            let new = NewApiKey { name: format!("Key {n}"), scopes: vec!["user:read".into()], expires_at: None, tag: None, ..NewApiKey::default() };
            bailiwick_ops::api_keys::create(&db.store, &create, new).await.unwrap();
        }
        let permit: Permit<ByJob> = acme.job();
        let mut view = db.store.read(&permit).await.unwrap();
        let ids = walk(async |next| users::list(&mut view, next).await, |row| row.user.id.uuid()).await;
        each_once(&ids, 106);
        assert_eq!(ids[0], acme.owner().id().uuid(), "oldest first");
        let ids = walk(async |next| invitations::list(&mut view, next).await, |row| row.id.uuid()).await;
        each_once(&ids, 105);
        let ids = walk(async |next| api_keys::list(&mut view, next).await, |row| row.id.uuid()).await;
        each_once(&ids, 105);
        // Two security events for each: an invitation and a key.
        let ids = walk(async |next| security_events::list(&mut view, next, 7).await, |row| row.id.uuid()).await;
        each_once(&ids, 210);
    }

    async fn row_that_comes_in_between_moves_no_other(db: Db) {
        let acme = db.tenant("acme").await;
        let invite = acme.owner().permit::<Invite>().await;
        let add = async |n: usize| {
            let new = NewInvitation { email: format!("n{n}@acme.example"), role: "auditor".into(), expires_at: None };
            bailiwick_ops::invitations::create(&db.store, &invite, new).await.unwrap().id.uuid()
        };
        let mut made = Vec::new();
        for n in 0..60 {
            made.push(add(n).await);
        }
        let permit: Permit<ByJob> = acme.job();
        let first = invitations::list(&mut db.store.read(&permit).await.unwrap(), None).await.unwrap();
        db.clock.advance(Span::seconds(1));
        add(60).await;
        let second = invitations::list(&mut db.store.read(&permit).await.unwrap(), first.next).await.unwrap();
        let ids: Vec<_> = first.items.iter().chain(&second.items).map(|row| row.id.uuid()).collect();
        each_once(&ids, 60);
        assert!(made.iter().all(|id| ids.contains(id)));
    }

    async fn operator_lists_every_tenant_once(db: Db) {
        let platform = db.platform().await;
        let job: Permit<ByJob> = platform.job();
        for n in 0..105 {
            let new = NewTenant {
                slug: format!("customer-{n}"),
                name: format!("Customer {n}"),
                region: "local".into(),
                key_brand: None,
                owner: NewOwner { email: format!("owner@customer-{n}.example"), name: "Olive".into() },
            };
            bailiwick_ops::tenants::create_as(&db.store, &job, bailiwick_domain::entity::TenantKind::Customer, new).await.unwrap();
        }
        let permit = platform.owner().permit::<ReadTenants>().await;
        let ids = walk(async |next| tenants::list(&db.store, &permit, next).await, |row| row.id.uuid()).await;
        each_once(&ids, 106);
    }
}

#[test]
fn cursor_is_read_back_and_anything_else_refused() {
    let cursor = Cursor { at: bailiwick_testkit::START, id: Uuid::from_u128(7) };
    assert_eq!(cursor.to_string().parse(), Ok(cursor));
    for text in [
        "",
        ".",
        "1",
        "1.",
        ".1",
        "x.00000000000000000000000000000007",
        "1.7",
        "1.00000000000000000000000000000007.2",
    ] {
        assert!(text.parse::<Cursor>().is_err(), "{text:?}");
    }
}
