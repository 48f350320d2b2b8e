//! Searches that people keep.

use bailiwick_domain::{
    ids::UserId,
    role::Role,
    rule::{DeleteUser, KeepSearches, ReadAudit},
    time::Span,
};
use bailiwick_ops::{
    Error, deletion,
    saved_searches::{self, MOST, NewSearch},
};
use bailiwick_testkit::{Actor, Db, both_databases};

use crate::support::{log, verified};

fn search(name: &str, query: &str, shared: bool) -> NewSearch {
    NewSearch { name: name.into(), query: query.into(), shared }
}

async fn names(db: &Db, actor: &Actor) -> Vec<(String, UserId)> {
    let permit = actor.permit::<ReadAudit>().await;
    let mut view = db.store.read(&permit).await.unwrap();
    let found = saved_searches::visible(&mut view, &permit).await.unwrap();
    found.into_iter().map(|search| (search.name, search.user)).collect()
}

both_databases! {
    async fn responder_keeps_searches_and_shares_some(db: Db) {
        let acme = db.tenant("acme").await;
        let (owner, auditor) = (acme.owner(), acme.user(Role::Auditor).await);
        let permit = owner.permit::<KeepSearches>().await;
        let shared = saved_searches::keep(&db.store, &permit, search("Refused", "outcome:( denied |failed )", true)).await.unwrap();
        assert_eq!(shared.query, "outcome:(denied|failed)", "in its canonical text");
        let own = saved_searches::keep(&db.store, &permit, search("Mine", "actor:me@acme.example", false)).await.unwrap();
        let theirs = saved_searches::keep(&db.store, &auditor.permit::<KeepSearches>().await, search("Refused", "", true)).await.unwrap();
        assert_eq!(names(&db, &owner).await, [("Mine".to_owned(), owner.id()), ("Refused".to_owned(), owner.id()), ("Refused".to_owned(), auditor.id())]);
        assert_eq!(names(&db, &auditor).await, [("Refused".to_owned(), auditor.id()), ("Refused".to_owned(), owner.id())]);

        let mut view = db.store.read(&auditor.permit::<ReadAudit>().await).await.unwrap();
        let reader = auditor.permit::<ReadAudit>().await;
        assert!(matches!(saved_searches::find(&mut view, &reader, own.id).await, Err(Error::NotFound)), "kept to oneself");
        assert_eq!(saved_searches::find(&mut view, &reader, shared.id).await.unwrap(), shared);
        drop(view);

        // What is recorded in one millisecond stands in no particular order.
        db.clock.advance(Span::seconds(1));
        let changed = saved_searches::change(&db.store, &permit, own.id, search("Mine", "actor:me@acme.example", true)).await.unwrap();
        assert!(changed.shared && changed.created_at == own.created_at);
        assert!(matches!(saved_searches::change(&db.store, &permit, own.id, search("Mine", "actor:me@acme.example", true)).await, Err(Error::Conflict(_))));
        db.clock.advance(Span::seconds(1));
        saved_searches::remove(&db.store, &permit, own.id).await.unwrap();
        assert_eq!(names(&db, &auditor).await.len(), 2);
        for id in [theirs.id, own.id] {
            assert!(matches!(saved_searches::remove(&db.store, &permit, id).await, Err(Error::NotFound)));
            assert!(matches!(saved_searches::change(&db.store, &permit, id, search("Other", "", false)).await, Err(Error::NotFound)));
        }
        let actions: Vec<_> = log(&db, &acme).await.into_iter().filter(|(action, outcome)| action.starts_with("saved_search.") && outcome == "ok").map(|(action, _)| action).collect();
        assert_eq!(actions, ["saved_search.created", "saved_search.created", "saved_search.created", "saved_search.changed", "saved_search.removed"]);
        verified(&db).await;
    }

    async fn responder_is_told_what_is_wrong_with_a_search(db: Db) {
        let acme = db.tenant("acme").await;
        let permit = acme.owner().permit::<KeepSearches>().await;
        let Err(Error::Invalid(wrong)) = saved_searches::keep(&db.store, &permit, search("", "outcome:good", false)).await else { panic!("it is kept") };
        let wrong: Vec<_> = wrong.iter().map(|wrong| (wrong.field, wrong.text.as_str())).collect();
        assert!(wrong.len() == 2 && wrong[0].0 == "name" && wrong[1].0 == "query" && wrong[1].1.starts_with("Column 9: "), "{wrong:?}");
        saved_searches::keep(&db.store, &permit, search("Refused", "outcome:denied", false)).await.unwrap();
        let Err(Error::Invalid(wrong)) = saved_searches::keep(&db.store, &permit, search("Refused", "outcome:ok", false)).await else { panic!("the name is taken") };
        assert_eq!(wrong[0].field, "name");
    }

    async fn nobody_keeps_more_searches_than_the_limit_even_at_once(db: Db) {
        let acme = db.tenant("acme").await;
        let owner = acme.owner();
        let permit = owner.permit::<KeepSearches>().await;
        for number in 1..MOST {
            saved_searches::keep(&db.store, &permit, search(&format!("Search {number}"), "", false)).await.unwrap();
        }
        let keep = |name: &'static str| {
            let owner = owner.clone();
            let store = db.store.clone();
            async move {
                let permit = owner.permit::<KeepSearches>().await;
                saved_searches::keep(&store, &permit, search(name, "", false)).await
            }
        };
        let (one, two, three) = tokio::join!(keep("One"), keep("Two"), keep("Three"));
        let kept = [&one, &two, &three].iter().filter(|kept| kept.is_ok()).count();
        assert_eq!(kept, 1, "{one:?} {two:?} {three:?}");
        assert_eq!(names(&db, &owner).await.len(), usize::try_from(MOST).unwrap());
    }

    async fn deleted_person_leaves_no_search_behind(db: Db) {
        let acme = db.tenant("acme").await;
        let auditor = acme.user(Role::Auditor).await;
        saved_searches::keep(&db.store, &auditor.permit::<KeepSearches>().await, search("Theirs", "outcome:denied", true)).await.unwrap();
        let owner = acme.owner();
        let permit = owner.permit::<DeleteUser>().await;
        owner.confirmed(async |answer| deletion::delete(&db.store, &permit, auditor.id(), answer).await).await.unwrap();
        assert!(names(&db, &acme.owner()).await.is_empty());
        verified(&db).await;
    }
}
