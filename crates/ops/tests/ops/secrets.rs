//! Secrets that are kept for the product: what becomes of a value, and that nobody sees it again.

use bailiwick_domain::{
    entity::{Secret, SecretStage},
    ids::SecretId,
    role::Role,
    rule::{CreateApiKey, DeleteSecret, RotateSecret, UseSecrets, WriteSecrets},
    secret::{LONGEST_VALUE, LengthClass},
    time::Span,
};
use bailiwick_ops::{
    Error,
    api_keys::{self, NewApiKey},
    secrets::{self, NewSecret, Value, Wanted},
    step_up::Outcome,
};
use bailiwick_store::{Credential, Permit, secrets as stored};
use bailiwick_testkit::{Place, Tenant, both_databases};

use crate::{
    intake::Lines,
    raised::raised,
    support::{HOME, log, request, times, verified},
};

const FIRST: &str = "marked-opensesame-4242-first-value";
const SECOND: &str = "marked-opensesame-4242-second-value";
const THIRD: &str = "marked-opensesame-4242-third-value";

async fn create(acme: &Tenant, name: &str, value: &str) -> Result<Secret, Error> {
    let permit = acme.owner().permit::<WriteSecrets>().await;
    let new = NewSecret { name: name.into(), value: Value::new(value.into()) };
    secrets::create(&acme.db.store, &permit, new).await
}

async fn stage(acme: &Tenant, id: SecretId, value: &str) -> Result<Secret, Error> {
    acme.db.clock.advance(Span::seconds(1));
    let permit = acme.owner().permit::<WriteSecrets>().await;
    secrets::stage(&acme.db.store, &permit, id, Value::new(value.into())).await
}

async fn rotate(acme: &Tenant, id: SecretId) -> Secret {
    acme.db.clock.advance(Span::seconds(1));
    let owner = acme.owner();
    let permit = owner.permit::<RotateSecret>().await;
    owner.confirmed(async |answer| secrets::rotate(&acme.db.store, &permit, id, answer).await).await.unwrap()
}

/// The permit of a key with this one scope, bound to these networks.
async fn key(acme: &Tenant, networks: &[&str]) -> Permit<UseSecrets> {
    let db = &acme.db;
    let new = NewApiKey {
        name: "Runner".into(),
        scopes: vec!["secret:use".into()],
        networks: networks.iter().map(|network| (*network).to_owned()).collect(),
        ..NewApiKey::default()
    };
    let permit = acme.owner().permit::<CreateApiKey>().await;
    let (_, secret) = api_keys::create(&db.store, &permit, new).await.unwrap();
    db.store.gate().admit(Credential::Key(secret.hash()), request(db, HOME)).await.unwrap()
}

fn wanted(name: &str) -> [Wanted; 1] {
    [Wanted { name: name.into(), stage: SecretStage::Current }]
}

fn fields<T: std::fmt::Debug>(result: Result<T, Error>) -> Vec<&'static str> {
    let Err(Error::Invalid(fields)) = result else { panic!("{result:?}") };
    fields.into_iter().map(|field| field.field).collect()
}

both_databases! {
    async fn secret_is_stored_staged_rotated_and_deleted(db: Db) {
        let acme = db.tenant("acme").await;
        let made = create(&acme, "gateway/stripe/api_key", FIRST).await.unwrap();
        assert_eq!((made.current.number, made.current.length), (1, LengthClass::From32));
        assert_eq!(made.current.stored_by, Some(acme.owner().id()));
        let staged = stage(&acme, made.id, SECOND).await.unwrap();
        let waits = staged.staged.clone().unwrap();
        assert_eq!((waits.number, staged.current.number), (2, 1));
        assert_ne!(waits.fingerprint, staged.current.fingerprint);
        let rotated = rotate(&acme, made.id).await;
        assert_eq!((rotated.current.clone(), rotated.staged.clone()), (waits, None));
        assert_eq!(rotated.previous.as_ref().map(|version| version.number), Some(1));
        // The next rotation takes what was the previous one away; a number that was taken back is not given again.
        stage(&acme, made.id, THIRD).await.unwrap();
        let permit = acme.owner().permit::<WriteSecrets>().await;
        db.clock.advance(Span::seconds(1));
        secrets::discard(&db.store, &permit, made.id).await.unwrap();
        assert!(matches!(secrets::discard(&db.store, &permit, made.id).await, Err(Error::Conflict(_))));
        let staged = stage(&acme, made.id, THIRD).await.unwrap();
        assert_eq!(staged.staged.map(|version| version.number), Some(4));
        let rotated = rotate(&acme, made.id).await;
        assert_eq!((rotated.current.number, rotated.previous.map(|version| version.number)), (4, Some(2)));
        db.clock.advance(Span::seconds(1));
        let owner = acme.owner();
        let permit = owner.permit::<DeleteSecret>().await;
        owner.confirmed(async |answer| secrets::delete(&db.store, &permit, made.id, answer).await).await.unwrap();
        let mut view = db.store.read(&acme.job()).await.unwrap();
        assert!(stored::find(&mut view, made.id).await.is_err());
        assert_eq!(stored::count(&mut view).await.unwrap(), 0);
        drop(view);
        assert_eq!(raised(&acme, "secret.created").await, 1);
        assert_eq!(raised(&acme, "secret.rotated").await, 2);
        assert_eq!(raised(&acme, "secret.deleted").await, 1);
        for (action, times_over) in [("secret.staged", 3), ("secret.discarded", 1)] {
            assert_eq!(times(&db, &acme, action).await, times_over, "{action}");
        }
        // The name is free again, and nothing of before comes back with it.
        let again = create(&acme, "gateway/stripe/api_key", FIRST).await.unwrap();
        assert_ne!(again.id, made.id);
        assert_eq!(again.current.fingerprint, made.current.fingerprint, "equal values are known again");
        verified(&db).await;
    }

    async fn what_cannot_be_stored_is_refused_by_field(db: Db) {
        let acme = db.tenant("acme").await;
        assert_eq!(fields(create(&acme, "Not A Name", "").await), ["name", "value"]);
        assert_eq!(fields(create(&acme, "a/../b", FIRST).await), ["name"]);
        let value = format!("glpat-{}", "abcdefghij0123456789");
        assert_eq!(fields(create(&acme, &value, FIRST).await), ["name"], "a value in the wrong field");
        assert_eq!(fields(create(&acme, "long", &"x".repeat(LONGEST_VALUE + 1)).await), ["value"]);
        assert_eq!(fields(create(&acme, "nul", "a\0b").await), ["value"]);
        let longest = "é".repeat(LONGEST_VALUE / 2);
        let made = create(&acme, "longest", &longest).await.unwrap();
        assert_eq!(made.current.length, LengthClass::From4096);
        assert_eq!(fields(create(&acme, "longest", FIRST).await), ["name"]);
        assert_eq!(fields(stage(&acme, made.id, &longest).await), ["value"], "a rotation to the same value is none");
        let owner = acme.owner();
        let permit = owner.permit::<RotateSecret>().await;
        let none = secrets::rotate(&db.store, &permit, made.id, None).await;
        assert!(matches!(none, Err(Error::Conflict(_))), "{none:?}");
    }

    async fn code_for_one_rotation_is_good_for_no_other_version(db: Db) {
        let acme = db.tenant("acme").await;
        let made = create(&acme, "gateway/key", FIRST).await.unwrap();
        stage(&acme, made.id, SECOND).await.unwrap();
        let owner = acme.owner();
        let permit = owner.permit::<RotateSecret>().await;
        let Outcome::Asked(asked) = secrets::rotate(&db.store, &permit, made.id, None).await.unwrap() else { panic!() };
        let text = format!("{asked:?}");
        assert!(text.contains("gateway/key") && !text.contains("opensesame"), "{text}");
        let code = owner.mailed_code(asked.id).await;
        stage(&acme, made.id, THIRD).await.unwrap();
        let answer = bailiwick_ops::step_up::Answer { id: asked.id, code };
        let refused = secrets::rotate(&db.store, &permit, made.id, Some(answer)).await.unwrap();
        assert!(matches!(refused, Outcome::Refused(_)), "{refused:?}");
        let mut view = db.store.read(&acme.job()).await.unwrap();
        assert_eq!(stored::find(&mut view, made.id).await.unwrap().secret.current.number, 1);
    }

    async fn people_and_keys_from_anywhere_get_no_value(db: Db) {
        let acme = db.tenant("acme").await;
        create(&acme, "gateway/key", FIRST).await.unwrap();
        let person = acme.user(Role::Developer).await.permit::<UseSecrets>().await;
        let key = key(&acme, &[]).await;
        for permit in [&person, &key] {
            db.clock.advance(Span::seconds(1));
            let refused = secrets::resolve(&db.store, permit, &wanted("gateway/key")).await;
            assert!(matches!(refused, Err(Error::Forbidden(_))), "{refused:?}");
        }
        let refusals = log(&db, &acme).await.into_iter().filter(|(action, _)| action == "request.refused").count();
        assert_eq!(refusals, 2, "both are recorded");
        assert_eq!(times(&db, &acme, "secret.used").await, 0);
    }

    async fn bound_key_gets_values_and_each_use_is_recorded(db: Db) {
        let acme = db.tenant("acme").await;
        let first = create(&acme, "gateway/key", FIRST).await.unwrap();
        stage(&acme, first.id, SECOND).await.unwrap();
        rotate(&acme, first.id).await;
        let other = create(&acme, "smtp/password", THIRD).await.unwrap();
        let key = key(&acme, &["203.0.113.0/24"]).await;
        let want = |name: &str, stage| Wanted { name: name.into(), stage };
        let resolve = async |wanted: Vec<Wanted>| {
            db.clock.advance(Span::seconds(1));
            secrets::resolve(&db.store, &key, &wanted).await
        };
        let current = SecretStage::Current;
        let both = resolve(vec![want("smtp/password", current), want("gateway/key", current)]).await.unwrap();
        let told: Vec<_> = both.iter().map(|one| (one.name.as_str(), one.version, one.value.as_str().unwrap())).collect();
        assert_eq!(told, [("smtp/password", 1, THIRD), ("gateway/key", 2, SECOND)], "in the order of the request");
        assert!(!format!("{both:?}").contains("opensesame"), "{both:?}");
        let before = resolve(vec![want("gateway/key", SecretStage::Previous)]).await.unwrap();
        assert_eq!(before[0].value.as_str(), Some(FIRST));
        assert_eq!(times(&db, &acme, "secret.used").await, 3);
        for wrong in [
            vec![want("gateway/key", current), want("gateway/none", current)],
            vec![want("smtp/password", SecretStage::Previous)],
            vec![want("gateway/key", current), want("gateway/key", current)],
            vec![want("Not a name", current)],
            vec![],
            (0..21).map(|number| want(&format!("a/{number}"), current)).collect(),
        ] {
            assert_eq!(fields(resolve(wrong.clone()).await), ["names"], "{wrong:?}");
        }
        assert_eq!(times(&db, &acme, "secret.used").await, 3, "all are given out, or none");
        let mut view = db.store.read(&acme.job()).await.unwrap();
        let used = stored::find(&mut view, first.id).await.unwrap().used.unwrap();
        assert_eq!((used.uses, used.version), (2, 1));
        drop(view);
        // A use between the question and the answer spoils no code.
        let owner = acme.owner();
        let permit = owner.permit::<DeleteSecret>().await;
        let Outcome::Asked(asked) = secrets::delete(&db.store, &permit, other.id, None).await.unwrap() else { panic!() };
        let code = owner.mailed_code(asked.id).await;
        resolve(vec![want("smtp/password", current)]).await.unwrap();
        let answer = bailiwick_ops::step_up::Answer { id: asked.id, code };
        let done = secrets::delete(&db.store, &permit, other.id, Some(answer)).await.unwrap();
        assert!(matches!(done, Outcome::Done(_)), "{done:?}");
        assert_eq!(times(&db, &acme, "secret_use.dropped").await, 1);
        assert_eq!(fields(resolve(vec![want("smtp/password", current)]).await), ["names"]);
        verified(&db).await;
    }

    async fn two_organisations_share_neither_names_nor_fingerprints(db: Db) {
        let (acme, other) = (db.tenant("acme").await, db.tenant("other").await);
        let ours = create(&acme, "gateway/key", FIRST).await.unwrap();
        let theirs = create(&other, "gateway/key", FIRST).await.unwrap();
        assert_ne!(ours.current.fingerprint, theirs.current.fingerprint);
        let same = create(&acme, "gateway/other", FIRST).await.unwrap();
        assert_eq!(ours.current.fingerprint, same.current.fingerprint);
        assert!(matches!(stage(&other, ours.id, SECOND).await, Err(Error::NotFound)));
        let mut view = db.store.read(&other.job()).await.unwrap();
        assert!(stored::find(&mut view, ours.id).await.is_err());
        let (listed, next) = stored::list(&mut view, None).await.unwrap();
        assert_eq!((listed.len(), next), (1, None));
    }

    async fn long_list_goes_on_behind_its_last_name(db: Db) {
        let acme = db.tenant("acme").await;
        for number in 0..53 {
            create(&acme, &format!("list/{number:02}"), FIRST).await.unwrap();
        }
        let mut view = db.store.read(&acme.job()).await.unwrap();
        let (first, next) = stored::list(&mut view, None).await.unwrap();
        let next = next.unwrap();
        assert_eq!((first.len(), next.as_str()), (50, "list/49"));
        let (rest, end) = stored::list(&mut view, Some(&next)).await.unwrap();
        let names: Vec<_> = rest.iter().map(|listed| listed.secret.name.as_str()).collect();
        assert_eq!((names, end), (vec!["list/50", "list/51", "list/52"], None));
    }

    async fn planted_values_stand_nowhere_in_the_clear(db: Db) {
        let lines = Lines::default();
        drop(tracing::subscriber::set_global_default(lines.clone()));
        tracing::info!("the capture works");
        let acme = db.tenant("acme").await;
        let made = create(&acme, "gateway/key", FIRST).await.unwrap();
        stage(&acme, made.id, SECOND).await.unwrap();
        rotate(&acme, made.id).await;
        let mut said = vec![
            format!("{:?}", Value::new(FIRST.into())),
            format!("{:?}", NewSecret { name: "x".into(), value: Value::new(FIRST.into()) }),
        ];
        // Refusals tell what is wrong, and repeat nothing; not even a value in the wrong field.
        for refused in [
            create(&acme, "gateway/key", THIRD).await,
            create(&acme, "Gateway", THIRD).await,
            stage(&acme, made.id, SECOND).await,
        ] {
            if let Err(error) = refused {
                said.push(format!("{error} {error:?}"));
            }
        }
        db.settle().await;
        let mut view = db.store.read(&acme.job()).await.unwrap();
        said.push(format!("{:?}", stored::find(&mut view, made.id).await.unwrap()));
        drop(view);
        verified(&db).await;
        let heard = lines.heard();
        assert!(heard.contains("the capture works"));
        said.push(heard);
        for text in &said {
            assert!(!text.contains("opensesame"), "{text}");
        }
        let Place::Sqlite(path) = db.place() else { return };
        let mut disk = Vec::new();
        for file in ["bailiwick.db", "bailiwick.db-wal", "bailiwick.db-shm"] {
            disk.extend(std::fs::read(path.with_file_name(file)).unwrap_or_default());
        }
        let holds = |needle: &str| disk.windows(needle.len()).any(|window| window == needle.as_bytes());
        assert!(holds("gateway/key"), "the search itself works");
        for value in [FIRST, SECOND] {
            assert!(!holds(value), "{value} stands in the files of the database");
            let digits: String = value.bytes().map(|octet| format!("{octet:02x}")).collect();
            assert!(!holds(&digits), "{value} stands there in hexadecimal digits");
        }
    }
}
