//! Streams of the audit log: what leaves, how often, in which order, and that nobody waits for it.

use std::sync::{Arc, Mutex};

use bailiwick_domain::{
    entity::{StreamFault, StreamFilter, StreamState},
    ids::StreamId,
    role::Role,
    rule::{Me, PlaceStream, RotateStreamSecret, UpdateStreams, UpdateTeam},
    stream::{Contents, Leaf, Parcel},
    time::Span,
};
use bailiwick_mail::WebhookSecret;
use bailiwick_ops::{
    Error,
    audit::stream::{self, Beginning, Created, NewPlace, NewStream, Update, Worker},
    step_up::{Answer, Outcome},
    teams::{self, NewTeam},
};
use bailiwick_proof::leaf_hash;
use bailiwick_store::{
    Job,
    audit::stream::{self as stored, Listed, Work},
    statements,
};
use bailiwick_stream::{Delivering, Place, Sink, Sinks};
use bailiwick_testkit::{Actor, Db, Tenant, both_databases};

use crate::{
    raised::raised,
    support::{times, verified},
};

/// How the other side takes what arrives.
#[derive(Clone, Copy)]
enum Mood {
    Takes,
    Fails(StreamFault),
    /// It takes no record of this action.
    Refuses(&'static str),
    /// It never answers.
    Hangs,
}

/// Another side in memory, whatever the place.
#[derive(Clone)]
struct Desk {
    mood: Arc<Mutex<Mood>>,
    taken: Arc<Mutex<Vec<Parcel>>>,
    /// How often each parcel was tried, by its id; and with how many secrets the last one was signed.
    tried: Arc<Mutex<Vec<String>>>,
    secrets: Arc<Mutex<usize>>,
}

impl Desk {
    fn new() -> Self {
        Self {
            mood: Arc::new(Mutex::new(Mood::Takes)),
            taken: Arc::default(),
            tried: Arc::default(),
            secrets: Arc::default(),
        }
    }

    fn is(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    fn parcels(&self) -> Vec<Parcel> {
        self.taken.lock().unwrap().clone()
    }

    fn leaves(&self) -> Vec<Leaf> {
        self.parcels().iter().flat_map(|parcel| parcel.leaves().to_vec()).collect()
    }

    fn tried(&self) -> Vec<String> {
        self.tried.lock().unwrap().clone()
    }

    fn worker(&self, db: &Db) -> Worker {
        Worker::new(db.store.clone(), db.jobs(), Arc::new(self.clone()))
    }
}

impl Sinks for Desk {
    fn open(&self, place: &Place, secrets: Vec<WebhookSecret>) -> Result<Box<dyn Sink>, StreamFault> {
        assert!(place.origin().starts_with("https://"), "{place:?}");
        *self.secrets.lock().unwrap() = secrets.len();
        Ok(Box::new(self.clone()))
    }
}

impl Sink for Desk {
    fn deliver<'a>(&'a self, parcel: &'a Parcel) -> Delivering<'a> {
        Box::pin(async move {
            self.tried.lock().unwrap().push(parcel.id());
            let mood = *self.mood.lock().unwrap();
            match mood {
                Mood::Takes => {}
                Mood::Fails(fault) => return Err(fault),
                Mood::Refuses(action) if parcel.leaves().iter().any(|leaf| leaf.action == action) => {
                    return Err(StreamFault::Refused);
                }
                Mood::Refuses(_) => {}
                Mood::Hangs => std::future::pending().await,
            }
            self.taken.lock().unwrap().push(parcel.clone());
            Ok(())
        })
    }
}

fn webhook(path: &str) -> NewPlace {
    NewPlace {
        kind: "webhook".into(),
        url: format!("https://siem.example.com/{path}"),
        ..NewPlace::default()
    }
}

/// An owner whose session is not over: the first one, and another once time has passed.
async fn owner(acme: &Tenant) -> Actor {
    let first = acme.owner();
    if first.try_permit::<Me>().await.is_ok() { first } else { acme.user(Role::TenantOwner).await }
}

async fn create(acme: &Tenant, name: &str, filter: StreamFilter, from: Beginning) -> Created {
    let permit = owner(acme).await.permit::<UpdateStreams>().await;
    let new = NewStream { name: name.into(), place: webhook("hook"), filter, from };
    stream::create(&acme.db.store, &permit, new).await.unwrap()
}

async fn start(acme: &Tenant, id: StreamId) {
    let owner = owner(acme).await;
    let permit = owner.permit::<PlaceStream>().await;
    owner.confirmed(async |answer| stream::start(&acme.db.store, &permit, id, answer).await).await.unwrap();
}

/// A stream of everything from the first record on.
async fn started(acme: &Tenant) -> StreamId {
    let id = create(acme, "Desk", StreamFilter::default(), Beginning::Index(0)).await.stream.id;
    start(acme, id).await;
    id
}

/// Something that leaves one record.
async fn change(acme: &Tenant, name: &str) {
    let permit = owner(acme).await.permit::<UpdateTeam>().await;
    teams::create(&acme.db.store, &permit, NewTeam { name: name.into(), ..NewTeam::default() })
        .await
        .unwrap();
}

async fn found(acme: &Tenant, id: StreamId) -> Listed {
    stored::find(&mut acme.db.store.read(&acme.job()).await.unwrap(), id).await.unwrap()
}

/// Everything that is due is carried to its end.
async fn run(worker: &mut Worker, db: &Db) -> usize {
    db.settle().await;
    worker.round().await.unwrap() + worker.finish().await.unwrap()
}

both_databases! {
    async fn every_record_arrives_once_in_order_with_what_ties_it_to_the_log(db: Db) {
        let acme = db.tenant("acme").await;
        let id = started(&acme).await;
        // Records of one moment have no order among themselves.
        db.clock.advance(Span::seconds(1));
        change(&acme, "Night").await;
        let (desk, before) = (Desk::new(), db.store.now());
        let mut worker = desk.worker(&db);
        let arrived = run(&mut worker, &db).await;
        let leaves = desk.leaves();
        assert_eq!(leaves.len(), arrived);
        assert!(leaves.iter().map(|leaf| leaf.index).eq(0..i64::try_from(arrived).unwrap()), "each once, in order");
        for leaf in &leaves {
            assert_eq!(leaf.hash, leaf_hash(leaf.octets.as_ref().unwrap().as_bytes()).to_string());
            let event: serde_json::Value = serde_json::from_str(leaf.octets.as_ref().unwrap()).unwrap();
            assert_eq!((event["prev"].as_str(), event["action"].as_str()), (leaf.previous.as_deref(), Some(leaf.action.as_str())));
        }
        assert!(leaves.iter().any(|leaf| leaf.previous.is_some()) && leaves.last().unwrap().action == "team.created");
        let size = found(&acme, id).await.progress.tree_size;
        assert!(desk.parcels().iter().all(|parcel| parcel.tree_size == size && parcel.now >= before));
        assert_eq!(run(&mut worker, &db).await, 0, "nothing is sent twice");
        change(&acme, "Day").await;
        assert_eq!(run(&mut worker, &db).await, 1);
        assert_eq!(found(&acme, id).await.progress.lag(), 0);
        verified(&db).await;
    }

    async fn filter_lets_through_what_it_names_and_the_rest_counts_as_sent(db: Db) {
        let acme = db.tenant("acme").await;
        let only = StreamFilter { action: Some("team.".into()), ..StreamFilter::default() };
        let id = create(&acme, "Teams", only, Beginning::Index(0)).await.stream.id;
        start(&acme, id).await;
        let desk = Desk::new();
        let mut worker = desk.worker(&db);
        assert_eq!(run(&mut worker, &db).await, 0);
        assert_eq!(found(&acme, id).await.progress.lag(), 0);
        change(&acme, "Night").await;
        assert_eq!(run(&mut worker, &db).await, 1);
        let permit = acme.owner().permit::<UpdateStreams>().await;
        let update = Update { name: "Teams".into(), filter: StreamFilter { outcome: Some("denied".into()), ..StreamFilter::default() } };
        stream::update(&db.store, &permit, id, update).await.unwrap();
        change(&acme, "Day").await;
        assert_eq!(run(&mut worker, &db).await, 0);
    }

    async fn crash_between_delivery_and_cursor_sends_the_same_parcel_again(db: Db) {
        let acme = db.tenant("acme").await;
        let id = started(&acme).await;
        db.settle().await;
        let permit = db.jobs().permit(Job::Streams, acme.id());
        let claimed = stored::claim(&db.store, &permit, id).await.unwrap().unwrap();
        let Work::Leaves { first, upto, ref leaves, .. } = claimed.work else { panic!("records") };
        let handed_on = Contents::Leaves { first, upto, leaves: leaves.clone() };
        // It was handed on, and then the process was gone. More is recorded meanwhile.
        drop(claimed);
        change(&acme, "Night").await;
        let desk = Desk::new();
        let mut worker = desk.worker(&db);
        assert_eq!(run(&mut worker, &db).await, 0, "the stream is still somebody's");
        db.clock.advance(Span::minutes(5));
        run(&mut worker, &db).await;
        let again = desk.parcels().remove(0);
        assert_eq!(again.contents, handed_on);
        assert_eq!(again.id(), format!("{id}_{first}_{upto}"));
        // What came meanwhile has the next turn.
        run(&mut worker, &db).await;
        assert_eq!(desk.leaves().len(), usize::try_from(found(&acme, id).await.progress.tree_size).unwrap());
    }

    async fn whoever_was_too_slow_settles_nothing(db: Db) {
        let acme = db.tenant("acme").await;
        let id = started(&acme).await;
        db.settle().await;
        let permit = db.jobs().permit(Job::Streams, acme.id());
        let slow = stored::claim(&db.store, &permit, id).await.unwrap().unwrap();
        db.clock.advance(Span::minutes(5));
        let quick = stored::claim(&db.store, &permit, id).await.unwrap().unwrap();
        assert!(stored::claim(&db.store, &permit, id).await.unwrap().is_none(), "it is taken");
        assert!(!stored::arrived(&db.store, &permit, &slow, db.store.now()).await.unwrap());
        assert!(!stored::postponed(&db.store, &permit, &slow, StreamFault::Unreachable, db.store.now()).await.unwrap());
        assert_eq!(found(&acme, id).await.progress.next_leaf, 0);
        assert!(stored::arrived(&db.store, &permit, &quick, db.store.now()).await.unwrap());
        assert!(found(&acme, id).await.progress.next_leaf > 0);
    }

    async fn two_processes_send_every_record_once(db: Db) {
        let acme = db.tenant("acme").await;
        started(&acme).await;
        for number in 0..5 {
            change(&acme, &format!("Team {number}")).await;
        }
        db.settle().await;
        let desk = Desk::new();
        let other = db.another_if_several().await;
        let mut workers = [desk.worker(&db), Worker::new(other, db.jobs(), Arc::new(desk.clone()))];
        let [one, two] = &mut workers;
        let (first, second) = tokio::join!(one.round(), two.round());
        first.unwrap();
        second.unwrap();
        let (first, second) = tokio::join!(one.finish(), two.finish());
        let arrived = first.unwrap() + second.unwrap();
        let mut indexes: Vec<_> = desk.leaves().iter().map(|leaf| leaf.index).collect();
        indexes.sort_unstable();
        assert!(indexes.iter().copied().eq(0..i64::try_from(arrived).unwrap()), "{indexes:?}");
    }

    async fn dead_sink_costs_a_change_nothing(db: Db) {
        let acme = db.tenant("acme").await;
        change(&acme, "Warm").await;
        let cost = async |name: &str| {
            let permit = acme.owner().permit::<UpdateTeam>().await;
            let before = statements();
            teams::create(&db.store, &permit, NewTeam { name: name.into(), ..NewTeam::default() }).await.unwrap();
            statements() - before
        };
        let alone = cost("Alone").await;
        let id = started(&acme).await;
        let desk = Desk::new();
        desk.is(Mood::Fails(StreamFault::Unreachable));
        let mut worker = desk.worker(&db);
        run(&mut worker, &db).await;
        assert_eq!(found(&acme, id).await.progress.attempts, 1);
        assert_eq!(cost("Failing").await, alone);
        desk.is(Mood::Hangs);
        db.clock.advance(Span::seconds(5));
        db.settle().await;
        assert_eq!(worker.round().await.unwrap(), 0, "the round does not wait for it");
        while desk.tried().len() < 2 {
            tokio::task::yield_now().await;
        }
        assert_eq!(cost("Hanging").await, alone);
        // A second stream is carried beside the one that hangs.
        desk.is(Mood::Takes);
        let beside = create(&acme, "Beside", StreamFilter::default(), Beginning::Index(0)).await.stream.id;
        start(&acme, beside).await;
        db.settle().await;
        worker.round().await.unwrap();
        while found(&acme, beside).await.progress.next_leaf == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(found(&acme, id).await.progress.next_leaf, 0, "the other one still waits");
    }

    async fn refused_record_is_left_behind_and_arrives_when_it_is_sent_again(db: Db) {
        let acme = db.tenant("acme").await;
        let id = started(&acme).await;
        change(&acme, "Night").await;
        let desk = Desk::new();
        desk.is(Mood::Refuses("team.created"));
        let mut worker = desk.worker(&db);
        for _ in 0..6 {
            run(&mut worker, &db).await;
            db.clock.advance(Span::hours(1));
        }
        let progress = found(&acme, id).await.progress;
        assert_eq!((progress.dead, progress.lag(), progress.fault), (1, 0, None));
        assert_eq!(times(&db, &acme, "audit_stream.dead_lettered").await, 1);
        let (dead, more) = stored::dead_letters(&mut db.store.read(&acme.job()).await.unwrap(), id, None).await.unwrap();
        assert_eq!((dead.len(), dead[0].attempts, dead[0].fault, more), (1, 5, Some(StreamFault::Refused), None));
        assert!(!desk.leaves().iter().any(|leaf| leaf.index == dead[0].leaf_index));
        assert!(desk.leaves().iter().any(|leaf| leaf.action == "audit_stream.dead_lettered"), "which is a record as well");
        desk.is(Mood::Takes);
        let permit = owner(&acme).await.permit::<UpdateStreams>().await;
        stream::replay(&db.store, &permit, id, dead[0].leaf_index).await.unwrap();
        run(&mut worker, &db).await;
        assert!(desk.leaves().iter().any(|leaf| leaf.index == dead[0].leaf_index));
        assert_eq!(found(&acme, id).await.progress.dead, 0);
        assert!(matches!(stream::replay(&db.store, &permit, id, 1_000_000).await, Err(Error::Invalid(_))));
        assert!(matches!(stream::replay(&db.store, &permit, id, -1).await, Err(Error::Invalid(_))));
    }

    async fn what_tells_of_a_dead_letter_makes_no_other(db: Db) {
        let acme = db.tenant("acme").await;
        let id = started(&acme).await;
        let desk = Desk::new();
        let mut worker = desk.worker(&db);
        run(&mut worker, &db).await;
        change(&acme, "Night").await;
        desk.is(Mood::Fails(StreamFault::Refused));
        for _ in 0..6 {
            run(&mut worker, &db).await;
            db.clock.advance(Span::hours(1));
        }
        assert_eq!(times(&db, &acme, "audit_stream.dead_lettered").await, 1);
        desk.is(Mood::Refuses("audit_stream.dead_lettered"));
        for _ in 0..8 {
            run(&mut worker, &db).await;
            db.clock.advance(Span::hours(1));
        }
        assert_eq!(times(&db, &acme, "audit_stream.dead_lettered").await, 1);
        assert_eq!(found(&acme, id).await.progress.dead, 2);
    }

    async fn sink_that_refuses_everything_is_given_up(db: Db) {
        let acme = db.tenant("acme").await;
        let id = started(&acme).await;
        for number in 0..25 {
            change(&acme, &format!("Team {number}")).await;
        }
        let desk = Desk::new();
        desk.is(Mood::Fails(StreamFault::Refused));
        let mut worker = desk.worker(&db);
        for _ in 0..200 {
            run(&mut worker, &db).await;
            db.clock.advance(Span::minutes(2));
        }
        let listed = found(&acme, id).await;
        assert_eq!((listed.stream.state, listed.progress.dead), (StreamState::Disabled, stream::DEAD_IN_A_ROW));
        let tried = desk.tried().len();
        db.clock.advance(Span::days(1));
        run(&mut worker, &db).await;
        assert_eq!(desk.tried().len(), tried, "nothing leaves any more");
        let permit = owner(&acme).await.permit::<UpdateStreams>().await;
        desk.is(Mood::Takes);
        stream::resume(&db.store, &permit, id).await.unwrap();
        run(&mut worker, &db).await;
        assert_eq!(found(&acme, id).await.progress.lag(), 0, "it goes on where it was");
    }

    async fn nothing_leaves_for_a_place_that_nobody_has_confirmed(db: Db) {
        let acme = db.tenant("acme").await;
        let made = create(&acme, "Desk", StreamFilter::default(), Beginning::Index(0)).await;
        assert!(made.secret.as_ref().is_some_and(|secret| secret.parse::<WebhookSecret>().is_ok()));
        assert!(!format!("{made:?}").contains("whsec_"));
        let (desk, id, owner) = (Desk::new(), made.stream.id, acme.owner());
        let mut worker = desk.worker(&db);
        assert_eq!((run(&mut worker, &db).await, desk.tried().len()), (0, 0));
        let permit = owner.permit::<UpdateStreams>().await;
        for refused in [stream::try_out(&db.store, &permit, id).await, stream::resume(&db.store, &permit, id).await, stream::pause(&db.store, &permit, id).await] {
            assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
        }
        let sensitive = owner.permit::<PlaceStream>().await;
        let Outcome::Asked(asked) = stream::start(&db.store, &sensitive, id, None).await.unwrap() else { panic!("a code") };
        assert!(asked.sentence.contains("https://siem.example.com") && !asked.sentence.contains("hook"), "{}", asked.sentence);
        let answer = Answer { id: asked.id, code: owner.mailed_code(asked.id).await };
        // Somebody leads it elsewhere before the code comes back.
        let other = acme.user(Role::TenantOwner).await;
        let theirs = other.permit::<PlaceStream>().await;
        let place = webhook("elsewhere");
        other.confirmed(async |answer| stream::move_to(&db.store, &theirs, id, &place, answer).await).await.unwrap();
        assert!(!matches!(stream::start(&db.store, &sensitive, id, Some(answer)).await, Ok(Outcome::Done(_))));
    }

    async fn new_place_needs_a_code_of_its_own_and_keeps_the_way_it_came(db: Db) {
        let acme = db.tenant("acme").await;
        let id = started(&acme).await;
        let desk = Desk::new();
        run(&mut desk.worker(&db), &db).await;
        let (owner, before) = (acme.owner(), found(&acme, id).await);
        let permit = owner.permit::<PlaceStream>().await;
        let place = webhook("other/T0KEN");
        let Outcome::Asked(asked) = stream::move_to(&db.store, &permit, id, &place, None).await.unwrap() else { panic!("a code") };
        assert_eq!(found(&acme, id).await.stream, before.stream);
        let answer = Answer { id: asked.id, code: owner.mailed_code(asked.id).await };
        let other = webhook("third");
        let refused = stream::move_to(&db.store, &permit, id, &other, Some(answer)).await.unwrap();
        assert!(matches!(refused, Outcome::Refused(_)), "a code is for one place");
        owner.confirmed(async |answer| stream::move_to(&db.store, &permit, id, &place, answer).await).await.unwrap();
        let after = found(&acme, id).await;
        assert!(after.stream.place != before.stream.place && after.progress.next_leaf == before.progress.next_leaf);
        assert!(matches!(stream::move_to(&db.store, &permit, id, &place, None).await, Err(Error::Conflict(_))));
        for url in ["http//x", "ftp://siem.example.com", "https://user:word@siem.example.com"] {
            let wrong = NewPlace { url: url.into(), ..webhook("") };
            assert!(matches!(stream::move_to(&db.store, &permit, id, &wrong, None).await, Err(Error::Invalid(_))), "{url}");
        }
    }

    async fn two_secrets_sign_for_a_day_and_then_one(db: Db) {
        let acme = db.tenant("acme").await;
        let id = started(&acme).await;
        let (desk, owner) = (Desk::new(), acme.owner());
        let mut worker = desk.worker(&db);
        run(&mut worker, &db).await;
        assert_eq!(*desk.secrets.lock().unwrap(), 1);
        let mut known = Vec::new();
        for _ in 0..2 {
            let permit = owner.permit::<RotateStreamSecret>().await;
            let made = owner.confirmed(async |answer| stream::rotate(&db.store, &permit, id, answer).await).await.unwrap();
            known.push(made.secret.unwrap().to_string());
            run(&mut worker, &db).await;
            assert_eq!(*desk.secrets.lock().unwrap(), 2, "never more than two");
        }
        assert_ne!(known[0], known[1]);
        db.clock.advance(stream::OVERLAP);
        change(&acme, "Night").await;
        run(&mut worker, &db).await;
        assert_eq!(*desk.secrets.lock().unwrap(), 1);
    }

    async fn test_arrives_whether_the_stream_is_paused_or_not(db: Db) {
        let acme = db.tenant("acme").await;
        let id = started(&acme).await;
        let permit = acme.owner().permit::<UpdateStreams>().await;
        stream::pause(&db.store, &permit, id).await.unwrap();
        let desk = Desk::new();
        let mut worker = desk.worker(&db);
        for (mood, fault) in [(Mood::Takes, None), (Mood::Fails(StreamFault::Forbidden), Some(StreamFault::Forbidden))] {
            desk.is(mood);
            stream::try_out(&db.store, &permit, id).await.unwrap();
            assert!(found(&acme, id).await.progress.test_waits);
            run(&mut worker, &db).await;
            let progress = found(&acme, id).await.progress;
            assert!(!progress.test_waits && progress.tested_at.is_some());
            assert_eq!((progress.test_fault, progress.next_leaf, progress.attempts), (fault, 0, 0));
        }
        assert_eq!(desk.parcels()[0].contents, Contents::Test { number: 1 });
        assert_eq!(desk.tried(), [format!("{id}_test_1"), format!("{id}_test_2")]);
    }

    async fn every_turn_of_a_stream_is_told(db: Db) {
        let acme = db.tenant("acme").await;
        let (desk, first) = (Desk::new(), acme.owner());
        let mut worker = desk.worker(&db);
        let id = started(&acme).await;
        assert_eq!(raised(&acme, "audit_stream.started").await, 1);
        let permit = first.permit::<UpdateStreams>().await;
        stream::update(&db.store, &permit, id, Update { name: "Desk two".into(), ..Update::default() }).await.unwrap();
        assert_eq!(raised(&acme, "audit_stream.changed").await, 1);
        let (sensitive, place) = (first.permit::<PlaceStream>().await, webhook("other"));
        first.confirmed(async |answer| stream::move_to(&db.store, &sensitive, id, &place, answer).await).await.unwrap();
        assert_eq!(raised(&acme, "audit_stream.moved").await, 1);
        // The answered code has outdated the permit from before.
        let permit = first.permit::<UpdateStreams>().await;
        stream::pause(&db.store, &permit, id).await.unwrap();
        assert_eq!(raised(&acme, "audit_stream.paused").await, 1);
        stream::resume(&db.store, &permit, id).await.unwrap();
        assert_eq!(raised(&acme, "audit_stream.resumed").await, 1);
        stream::replay(&db.store, &permit, id, 0).await.unwrap();
        assert_eq!(raised(&acme, "audit_stream.replayed").await, 1);
        let rotates = first.permit::<RotateStreamSecret>().await;
        first.confirmed(async |answer| stream::rotate(&db.store, &rotates, id, answer).await).await.unwrap();
        assert_eq!(raised(&acme, "audit_stream.secret_rotated").await, 1);
        desk.is(Mood::Fails(StreamFault::Postponed));
        for _ in 0..3 {
            run(&mut worker, &db).await;
            db.clock.advance(stream::TOLD_AFTER);
        }
        assert_eq!(raised(&acme, "audit_stream.failing").await, 1);
        desk.is(Mood::Takes);
        run(&mut worker, &db).await;
        assert_eq!(raised(&acme, "audit_stream.recovered").await, 1);
        change(&acme, "Night").await;
        desk.is(Mood::Refuses("team.created"));
        for _ in 0..6 {
            run(&mut worker, &db).await;
            db.clock.advance(Span::hours(1));
        }
        assert_eq!(raised(&acme, "audit_stream.dead_lettered").await, 1);
        change(&acme, "Day").await;
        desk.is(Mood::Fails(StreamFault::Unreachable));
        for _ in 0..3 {
            run(&mut worker, &db).await;
            db.clock.advance(stream::GIVEN_UP_AFTER);
        }
        assert_eq!(raised(&acme, "audit_stream.disabled").await, 1);
        let permit = owner(&acme).await.permit::<UpdateStreams>().await;
        stream::resume(&db.store, &permit, id).await.unwrap();
        desk.is(Mood::Fails(StreamFault::Gone));
        run(&mut worker, &db).await;
        assert_eq!(found(&acme, id).await.stream.state, StreamState::Disabled, "whoever is gone is not asked again");
        stream::remove(&db.store, &permit, id).await.unwrap();
        assert_eq!(raised(&acme, "audit_stream.removed").await, 1);
        assert!(matches!(stream::remove(&db.store, &permit, id).await, Err(Error::NotFound)));
        verified(&db).await;
    }
}
