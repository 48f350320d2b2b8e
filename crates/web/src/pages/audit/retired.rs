//! What is left of a record that the retention took.

use askama::Template;
use askama_web::WebTemplate;
use bailiwick_domain::{ids::EventId, rule::ReadAudit};
use bailiwick_store::{Permit, audit::retention::Stub};

use super::{history, words};
use crate::{
    pages::{
        parts::{address, grouped},
        reach,
    },
    shell::{Link, Shell, Visit},
    when::When,
};

#[derive(Template, WebTemplate)]
#[template(path = "audit/retired.html")]
pub(super) struct RetiredPage {
    shell: Shell,
    id: String,
    entity: Link,
    revision: i64,
    leaf: String,
    hash: String,
    segment: String,
    taken: When,
    /// Where the segment is asked back; nothing for whoever may not.
    back: Option<String>,
}

/// The page in the place of a record that is not in the database any more.
pub(super) fn page(permit: &Permit<ReadAudit>, visit: &Visit, id: EventId, stub: &Stub) -> RetiredPage {
    RetiredPage {
        shell: Shell::new(permit, visit, "Archived record").under("Audit log", "/audit"),
        id: id.to_string(),
        entity: Link::new(words::of_kind(&stub.entity_type), history(&stub.entity_type, stub.entity_id)),
        revision: stub.revision,
        leaf: grouped(stub.leaf_index),
        hash: stub.hash.to_string(),
        segment: format!("{} to {}", grouped(stub.first_leaf), grouped(stub.segment - 1)),
        taken: When::moment(stub.retired_at),
        back: reach::link(visit, permit, "/audit/restores/new", || {
            address("/audit/restores/new", &[("segment", Some(&stub.segment.to_string()))])
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bailiwick_domain::{
        role::Role,
        rule::{ChangeRetention, RecordEvents},
        time::Span,
    };
    use bailiwick_ops::audit::{
        ingest::{Ask, record},
        retention::{self, Retention},
    };
    use bailiwick_proof::{Hash, tree::Frontier};
    use bailiwick_store::audit::{
        self, Place, Sought,
        archive::{self, Segment},
    };
    use bailiwick_testkit::{Db, Tenant, both_databases};
    use serde_json::json;

    use crate::pages::browser::Browser;

    /// A block of records of the product, of which every one is archived and ninety days old.
    async fn aged(db: &Db) -> Tenant {
        let acme = db.tenant("acme").await;
        let owner = acme.owner();
        let event = |n: usize| json!({"key": format!("{n}"), "action": "app.plan.changed", "entity": {"type": "app.plan", "id": "PL-1"}});
        let body = json!((0..600).map(event).collect::<Vec<_>>()).to_string().into_bytes();
        let permit = owner.permit::<RecordEvents>().await;
        record(&db.store, permit, Arc::from(body), Ask { whole: true, included: false }).await.unwrap();
        db.settle().await;
        let permit = owner.permit::<ChangeRetention>().await;
        let set = owner.confirmed(async |answer| {
            retention::set(&db.store, &permit, "app.plan", Some(90), "Policy 7", answer).await
        });
        set.await.unwrap();
        db.sign().await;
        db.clock.advance(Span::days(90));
        let due = archive::due(&mut db.store.read(&acme.job()).await.unwrap()).await.unwrap().unwrap();
        let mut edge = Frontier::new();
        (0..due.size).for_each(|_| edge.push(Hash([7; 32])));
        let digest = Hash([7; 32]);
        let segment = Segment { first: 0, size: due.size, octets: 1, digest, written_at: db.store.now() };
        archive::note_segment(&db.store, &acme.job(), &segment, &edge).await.unwrap();
        acme
    }

    both_databases! {
        async fn auditor_reads_what_is_left_of_a_record_and_the_owner_is_led_to_bring_it_back(db: Db) {
            let acme = aged(&db).await;
            let sought = Sought::default().action("app.plan.changed");
            let mut view = db.store.read(&acme.job()).await.unwrap();
            let event = audit::search(&mut view, &sought, Place::Before(300)).await.unwrap().items[0].event;
            drop(view);
            let mut owner = Browser::of(&acme.user(Role::TenantOwner).await);
            let path = format!("/audit/events/{event}");
            assert!(owner.get(&path).await.shows("app.plan.changed"));
            let look = owner.get("/audit/retention/look").await;
            assert!(look.shows("By segment of the archive") && !look.shows("Nothing would go"), "{}", look.body);
            let jobs = Retention::new(db.store.clone(), db.jobs());
            let (segments, _) = jobs.due(acme.id(), 0).await.unwrap();
            assert!(jobs.take(acme.id(), segments[0]).await.unwrap() > 400);
            db.sign().await;

            let left = owner.get(&path).await;
            assert!(left.status == 200 && left.shows("Archived record") && left.shows("Bring its segment back"), "{}", left.body);
            assert!(!left.shows("app.plan.changed"));
            // Its history is what is left of it, and is handed out whole or not at all.
            let plan = left.between("/audit/entities/app.plan/", "\"").unwrap();
            let thing = owner.get(&format!("/audit/entities/app.plan/{plan}")).await;
            assert!(thing.status == 200 && thing.shows("In part") && !thing.shows("Not complete"), "{}", thing.body);
            let history = [("q", ""), ("type", "app.plan"), ("id", plan.as_str()), ("disclose", "")];
            let bundle = owner.post("/audit/bundle", &history).await;
            assert!(bundle.status == 409 && bundle.shows("The archive alone holds part of this history"), "{}", bundle.body);
            let mut auditor = Browser::of(&acme.user(Role::Auditor).await);
            let left = auditor.get(&path).await;
            assert!(left.status == 200 && left.shows("Archived record") && !left.shows("Bring its segment back"), "{}", left.body);
            assert!(owner.get("/audit/retention").await.shows("app.plan: "));
            let new = owner.get(&format!("/audit/restores/new?segment={}", segments[0].size)).await;
            assert!(new.status == 200 && new.shows(&segments[0].size.to_string()), "{}", new.body);
            let segment = segments[0].size.to_string();
            let fields = [("segment", segment.as_str()), ("days", "7"), ("reason", "It is looked into.")];
            assert_eq!(owner.post("/audit/restores", &fields).await.led(), (303, "/audit/restores"));
            let list = owner.get("/audit/restores").await;
            assert!(list.shows("On its way") && list.shows("It is looked into."), "{}", list.body);
            let end = list.between("href=\"/audit/restores/", "/end\"").unwrap();
            let end = format!("/audit/restores/{end}/end");
            assert!(owner.get(&end).await.shows("Let the segment go?"));
            assert_eq!(owner.post(&end, &[]).await.led(), (303, "/audit/restores"));
            assert!(owner.get("/audit/restores").await.shows("Over"));
            assert_eq!(owner.get(&end).await.status, 409);
        }
    }
}
