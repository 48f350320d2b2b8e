#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use proptest::prelude::*;

use super::*;
use crate::entropy::SeededEntropy;
use crate::secret::assert_hidden;

fn hasher(cost: PasswordCost, permits: usize) -> PasswordHasher {
    PasswordHasher::new(cost, NonZeroUsize::new(permits).unwrap(), Arc::new(SeededEntropy::new(101)))
}

fn password(text: &str) -> Password {
    Password::presented(text.to_owned()).unwrap()
}

#[tokio::test]
async fn user_signs_in_with_the_password_they_chose_and_no_other() {
    let hasher = hasher(PasswordCost::INSECURE, 1);
    let stored = hasher.hash(&password("correct horse battery")).await.unwrap();
    let right = hasher.verify(&password("correct horse battery"), Some(&stored)).await.unwrap();
    assert_eq!(right, Verdict::Match { needs_rehash: false });
    for wrong in ["correct horse batterY", "correct horse battery ", "", "correct"] {
        assert_eq!(hasher.verify(&password(wrong), Some(&stored)).await.unwrap(), Verdict::Mismatch);
    }
    assert_ne!(
        stored,
        hasher.hash(&password("correct horse battery")).await.unwrap(),
        "each hash has its own salt"
    );
}

#[tokio::test]
async fn default_cost_is_the_documented_one() {
    let hasher = hasher(PasswordCost::default(), 1);
    let stored = hasher.hash(&password("correct horse battery")).await.unwrap();
    assert!(stored.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", stored.as_str());
}

#[tokio::test]
async fn another_implementations_hash_is_verified() {
    // From the test suite of the reference implementation: password "password", salt "somesalt".
    let reference = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
    let stored = StoredPassword::from_stored(reference.to_owned());
    let hasher = hasher(PasswordCost::INSECURE, 1);
    let verdict = hasher.verify(&password("password"), Some(&stored)).await.unwrap();
    assert_eq!(verdict, Verdict::Match { needs_rehash: true });
}

#[tokio::test]
async fn a_hash_at_another_cost_asks_to_be_renewed() {
    let old = hasher(PasswordCost::INSECURE, 1).hash(&password("correct horse battery")).await.unwrap();
    let now = hasher(PasswordCost::default(), 1);
    let verdict = now.verify(&password("correct horse battery"), Some(&old)).await.unwrap();
    assert_eq!(verdict, Verdict::Match { needs_rehash: true });
}

#[tokio::test]
async fn each_parameter_that_changed_asks_for_a_new_hash_stronger_or_not() {
    let set = |memory_kib, passes, lanes| PasswordCost::new(memory_kib, passes, lanes).unwrap();
    let chosen = password("correct horse battery");
    let old = hasher(set(8 * 1024, 5, 1), 1).hash(&chosen).await.unwrap();
    for (cost, needs_rehash) in [
        (set(8 * 1024, 5, 1), false),
        (set(9 * 1024, 5, 1), true),
        (set(8 * 1024, 6, 1), true),
        (set(8 * 1024, 5, 2), true),
        (set(7 * 1024, 5, 1), true),
    ] {
        let verdict = hasher(cost, 1).verify(&chosen, Some(&old)).await.unwrap();
        assert_eq!(verdict, Verdict::Match { needs_rehash }, "{cost:?}");
    }
}

#[tokio::test]
async fn a_password_may_be_set_that_is_neither_known_nor_easy_to_guess() {
    let about = || About {
        name: "Olive Marlowe".into(),
        email: "olive@quillhaven.example".into(),
        organisation: "Quillhaven".into(),
    };
    let hasher = hasher(PasswordCost::INSECURE, 1);
    let weakness =
        async |hasher: &PasswordHasher, text: &str| hasher.weakness(&password(text), about()).await;
    assert_eq!(weakness(&hasher, "seven quiet lanterns").await, Ok(None));
    assert_eq!(weakness(&hasher, "Correct Horse Battery Staple").await, Ok(Some(Weakness::Compromised)));
    assert!(matches!(weakness(&hasher, "olivemarlowe").await, Ok(Some(Weakness::Guessable(_)))));
    // printf 'seven quiet lanterns' | openssl sha1
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list");
    std::fs::write(&path, "B83715511A8085583BB2F84E2352E3253A61E42D:3\n").unwrap();
    let hasher = hasher.refusing(CompromisedList::open(&path).unwrap());
    assert_eq!(weakness(&hasher, "seven quiet lanterns").await, Ok(Some(Weakness::Compromised)));
    assert_eq!(weakness(&hasher, "eight quiet lanterns").await, Ok(None));
    std::fs::write(&path, "").unwrap();
    let gone = weakness(&hasher, "eight quiet lanterns").await;
    assert!(
        matches!(gone, Err(PasswordError::List(_))),
        "what cannot be looked up is not let through: {gone:?}"
    );
}

#[test]
fn two_passwords_are_compared_whole() {
    assert!(password("seven quiet lanterns").is(&password("seven quiet lanterns")));
    assert!(!password("seven quiet lanterns").is(&password("seven quiet lantern")));
    assert!(!password("seven quiet lanterns").is(&password("Seven quiet lanterns")));
}

#[tokio::test]
async fn an_unknown_account_never_matches_and_costs_the_same_work() {
    let cost = PasswordCost::default();
    let hasher = hasher(cost, 1);
    assert_eq!(hasher.verify(&password("anything at all"), None).await.unwrap(), Verdict::Mismatch);
    let stored = hasher.hash(&password("correct horse battery")).await.unwrap();
    let (known, unknown) = (Target::parse(&stored, &cost).unwrap(), Target::nobody(&cost).unwrap());
    assert_eq!(known.params, unknown.params);
    assert_eq!(known.salt.len(), unknown.salt.len());
    // Even an output that equals the stand-in does not make an account.
    let mut collision = Target::nobody(&PasswordCost::INSECURE).unwrap();
    let params = PasswordCost::INSECURE.params().unwrap();
    let mut memory = Memory::of(&PasswordCost::INSECURE);
    collision.expected = *memory.hash(&params, b"guess", &collision.salt).unwrap();
    assert_eq!(collision.verify(&mut memory, b"guess").unwrap(), Verdict::Mismatch);
}

#[tokio::test]
async fn a_stored_hash_that_is_foreign_or_ruinous_is_refused() {
    let hasher = hasher(PasswordCost::INSECURE, 1);
    let salt_and_output = "c29tZXNhbHRzb21lc2FsdA$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
    for bad in [
        String::new(),
        "hunter2".to_owned(),
        format!("$argon2i$v=19$m=256,t=2,p=1${salt_and_output}"),
        format!("$argon2d$v=19$m=256,t=2,p=1${salt_and_output}"),
        format!("$argon2id$v=16$m=256,t=2,p=1${salt_and_output}"),
        format!("$argon2id$m=256,t=2,p=1${salt_and_output}"),
        format!("$argon2id$v=19$m=4194304,t=2,p=1${salt_and_output}"),
        format!("$argon2id$v=19$m=256,t=100000,p=1${salt_and_output}"),
        "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ".to_owned(),
        "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR".to_owned(),
    ] {
        let stored = StoredPassword::from_stored(bad.clone());
        let error = hasher.verify(&password("password"), Some(&stored)).await.unwrap_err();
        assert_eq!(error, PasswordError::Stored, "{bad}");
    }
}

#[test]
fn length_is_bounded_in_characters_below_and_bytes_above() {
    assert_eq!(Password::chosen("elevenchars".to_owned()).unwrap_err(), PasswordError::TooShort);
    assert!(Password::chosen("twelve chars".to_owned()).is_ok());
    assert!(Password::chosen("é".repeat(12)).is_ok());
    assert_eq!(Password::chosen("é".repeat(11)).unwrap_err(), PasswordError::TooShort);
    assert!(Password::presented("x".repeat(1024)).is_ok());
    assert_eq!(Password::presented("x".repeat(1025)).unwrap_err(), PasswordError::TooLong);
    assert_eq!(Password::chosen("é".repeat(513)).unwrap_err(), PasswordError::TooLong);
    assert!(Password::presented(String::new()).is_ok());
}

#[test]
fn debug_shows_no_password() {
    assert_hidden(&password("correct horse battery"), b"correct horse battery");
    let stored = StoredPassword::from_stored("$argon2id$v=19$m=256,t=2,p=1$c29t$nf65".to_owned());
    assert_hidden(&stored, b"$argon2id");
}

/// Work that tells when it has begun, and goes on until it is let go.
struct Held {
    began: tokio::sync::mpsc::Receiver<()>,
    go: std::sync::mpsc::SyncSender<()>,
    most: Arc<AtomicUsize>,
    callers: Vec<tokio::task::JoinHandle<Result<(), PasswordError>>>,
}

impl Held {
    /// So many callers, each of whom has come as far as it can before anything is let go.
    async fn new(hasher: &Arc<PasswordHasher>, callers: usize) -> Self {
        let (begin, began) = tokio::sync::mpsc::channel(callers);
        let (go, wait) = std::sync::mpsc::sync_channel::<()>(callers);
        let wait = Arc::new(std::sync::Mutex::new(wait));
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let free = hasher.places.available_permits();
        let handles = (0..callers).map(|_| {
            let (hasher, running, most) = (Arc::clone(hasher), Arc::clone(&running), Arc::clone(&most));
            let (begin, wait) = (begin.clone(), Arc::clone(&wait));
            tokio::spawn(async move {
                let work = move |_: &mut Memory| {
                    most.fetch_max(running.fetch_add(1, SeqCst) + 1, SeqCst);
                    begin.blocking_send(()).unwrap();
                    wait.lock().unwrap().recv().unwrap();
                    running.fetch_sub(1, SeqCst);
                    Ok(())
                };
                hasher.run(work).await
            })
        });
        let callers: Vec<_> = handles.collect();
        while hasher.places.available_permits() > free.saturating_sub(callers.len()) {
            tokio::task::yield_now().await;
        }
        Self { began, go, most, callers }
    }
}

#[tokio::test]
async fn of_two_hundred_callers_no_more_than_the_permitted_number_are_served_at_once() {
    let hasher = Arc::new(hasher(PasswordCost::INSECURE, 2));
    let mut held = Held::new(&hasher, 200).await;
    for _ in 0..2 {
        held.began.recv().await.unwrap();
    }
    assert_eq!(hasher.permits.available_permits(), 0);
    assert_eq!(hasher.places.available_permits(), WAITING + 2 - 200, "the others wait");
    for _ in 2..200 {
        assert!(held.began.try_recv().is_err(), "nobody begins before somebody has ended");
        held.go.send(()).unwrap();
        held.began.recv().await.unwrap();
    }
    for _ in 0..2 {
        held.go.send(()).unwrap();
    }
    for caller in held.callers {
        caller.await.unwrap().unwrap();
    }
    assert_eq!(held.most.load(SeqCst), 2);
    assert_eq!(hasher.places.available_permits(), WAITING + 2);
}

#[tokio::test]
async fn whoever_comes_after_the_last_who_may_wait_is_told_at_once() {
    let hasher = Arc::new(hasher(PasswordCost::INSECURE, 1));
    let held = Held::new(&hasher, 1 + WAITING).await;
    let password = password("correct horse battery");
    assert_eq!(hasher.verify(&password, None).await, Err(PasswordError::Busy));
    assert_eq!(hasher.hash(&password).await, Err(PasswordError::Busy));
    for caller in held.callers.iter().skip(1 + WAITING / 2) {
        caller.abort();
    }
    for _ in 0..=WAITING {
        held.go.send(()).unwrap();
    }
    for caller in held.callers {
        let _ = caller.await;
    }
    assert_eq!(hasher.places.available_permits(), 1 + WAITING, "whoever gave up waiting left their place");
    assert_eq!(hasher.verify(&password, None).await, Ok(Verdict::Mismatch));
}

#[tokio::test]
async fn giving_up_does_not_let_more_work_in_than_permitted() {
    let hasher = Arc::new(hasher(PasswordCost::INSECURE, 1));
    let (release, wait) = std::sync::mpsc::sync_channel::<()>(1);
    let (began, begin) = tokio::sync::oneshot::channel();
    let caller = tokio::spawn({
        let hasher = Arc::clone(&hasher);
        async move {
            let work = move |_: &mut Memory| {
                began.send(()).unwrap();
                wait.recv().map_err(|_| PasswordError::Stopped)
            };
            hasher.run(work).await
        }
    });
    begin.await.unwrap();
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    assert_eq!(hasher.permits.available_permits(), 0, "the work is still going on");
    release.send(()).unwrap();
    hasher.run(|_| Ok(())).await.unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn arbitrary_stored_text_is_read_without_a_panic(text in "(\\$argon2id\\$v=19\\$)?[ -~]{0,60}") {
        let stored = StoredPassword::from_stored(text);
        let _ = Target::parse(&stored, &PasswordCost::INSECURE);
    }
}
