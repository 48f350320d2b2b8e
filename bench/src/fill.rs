//! Filling a tenant: people, keys and a log, through the store's own writes.

use std::ops::Range;

use bailiwick_domain::{
    entity::{ApiKey, Factor, FactorKind, FactorState, KeyEnvironment, User, UserStatus},
    ids::{ApiKeyId, UserId},
    network::AllowList,
    role::Role,
    rule::{ByJob, UpdateUser},
};
use bailiwick_store::{Error, Event, Permit, Scope, Store, Tx, accounts, api_keys, audit, bench, users};
use bailiwick_vault::{
    api_key::{ApiKey as Secret, Brand, Environment},
    totp::TotpSecret,
};

use crate::{
    Result,
    stage::{Open, Tenant},
};

/// Rows in one transaction.
const CHUNK: usize = 500;
/// Events in one transaction.
const EVENTS: usize = 2000;
/// One event in so many raises a security event.
const RAISE: usize = 500;

/// Makes `count` users, of whom seven in ten have an authenticator.
pub(crate) async fn people(open: &Open, tenant: &Tenant, count: usize) -> Result<Vec<User>> {
    let (store, job) = (&open.store, open.job(tenant));
    let mut people = Vec::with_capacity(count);
    for begin in (0..count).step_by(CHUNK) {
        let numbers = begin..(begin + CHUNK).min(count);
        people.extend(some_people(store, &job, numbers).await?);
    }
    Ok(people)
}

async fn some_people(store: &Store, job: &Permit<ByJob>, numbers: Range<usize>) -> Result<Vec<User>> {
    let made = store
        .change(job, async |tx| {
            let mut made = Vec::with_capacity(numbers.len());
            let mut last = None;
            for number in numbers {
                let user = person(store, tx, number);
                let created = Event::new("user.created", &users::insert(tx, user.clone()).await?)?;
                last.replace(created).into_iter().for_each(|event| tx.also(event));
                if number % 10 < 7 {
                    let secret = TotpSecret::generate(store.entropy());
                    let factor = authenticator(store, tx, &user);
                    let enrolled = accounts::insert_factor(tx, factor, Some(&secret)).await?;
                    let enrolled = Event::new("factor.enrolled", &enrolled)?;
                    last.replace(enrolled).into_iter().for_each(|event| tx.also(event));
                }
                made.push(user);
            }
            let last = last.ok_or(Error::Unrecorded)?;
            Ok::<_, Error>(tx.record(last, made))
        })
        .await?;
    Ok(made)
}

fn person(store: &Store, tx: &Tx, number: usize) -> User {
    User {
        id: store.new_id(),
        email: format!("person{number}@bench.example"),
        name: format!("Person {number}"),
        role: Role::SupportCoordinator.into(),
        status: UserStatus::Active,
        created_at: tx.now(),
        time_zone: None,
    }
}

fn authenticator(store: &Store, tx: &Tx, user: &User) -> Factor {
    Factor {
        id: store.new_id(),
        user: user.id,
        kind: FactorKind::Totp,
        name: "Authenticator app".to_owned(),
        state: FactorState::Verified,
        last_step: 0,
        created_at: tx.now(),
        verified_at: Some(tx.now()),
    }
}

/// Makes `count` API keys without an end.
pub(crate) async fn keys(open: &Open, tenant: &Tenant, count: usize) -> Result<()> {
    let (store, job) = (&open.store, open.job(tenant));
    for begin in (0..count).step_by(CHUNK) {
        store
            .change(&job, async |tx| {
                let mut last = None;
                for number in begin..(begin + CHUNK).min(count) {
                    let (created, ..) = key(store, tx, format!("Key {number}"), None, "user:read").await?;
                    last.replace(created).into_iter().for_each(|event| tx.also(event));
                }
                let last = last.ok_or(Error::Unrecorded)?;
                Ok::<_, Error>(tx.record(last, ()))
            })
            .await?;
    }
    Ok(())
}

/// Makes a key with which a program records events, and gives its text.
#[cfg(feature = "page")]
pub(crate) async fn recording_key(open: &Open, tenant: &Tenant) -> Result<String> {
    Ok(key_of(open, tenant, None, "audit:write").await?.1)
}

/// Makes a key with one scope, in the name of its maker where it has one, and gives its text beside its id.
#[cfg(feature = "page")]
pub(crate) async fn key_of(
    open: &Open,
    tenant: &Tenant,
    maker: Option<UserId>,
    scope: &str,
) -> Result<(ApiKeyId, String)> {
    let (store, job) = (&open.store, open.job(tenant));
    let (id, key) = store
        .change(&job, async |tx| {
            let (created, id, secret) = key(store, tx, "Product".to_owned(), maker, scope).await?;
            Ok::<_, Error>(tx.record(created, (id, secret)))
        })
        .await?;
    Ok((id, key.expose().to_owned()))
}

async fn key(
    store: &Store,
    tx: &mut Tx,
    name: String,
    maker: Option<UserId>,
    scope: &str,
) -> Result<(Event, ApiKeyId, Secret), Error> {
    let secret = Secret::generate(&Brand::default(), Environment::Live, None, store.entropy());
    let key = ApiKey {
        id: store.new_id(),
        name,
        prefix: secret.display_prefix().to_owned(),
        environment: KeyEnvironment::Live,
        scopes: vec![scope.to_owned()],
        networks: AllowList::default(),
        created_by: maker,
        owner: maker,
        replaces: None,
        rotating: false,
        created_at: tx.now(),
        expires_at: None,
        revoked_at: None,
    };
    let id = key.id;
    let created = Event::new("api_key.created", &api_keys::insert(tx, key, &secret.hash()).await?)?;
    Ok((created, id, secret))
}

/// Lets the tenant's log grow to `size` events, then places and signs them.
pub(crate) async fn log(open: &Open, tenant: &Tenant, people: &mut [User], size: u64) -> Result<()> {
    // A rule that asks for no proof of the last minutes: the log may have grown for longer than that.
    let permit = open.permit::<UpdateUser>(tenant).await?;
    let mut there = events(open, tenant).await?;
    let mut place = 0;
    while there < size {
        let count = usize::try_from(size - there).unwrap_or(EVENTS).min(EVENTS).min(people.len());
        if place + count > people.len() {
            place = 0;
        }
        let Some(chosen) = people.get_mut(place..place + count) else { break };
        bench::append(&open.store, &permit, chosen, RAISE).await?;
        place += count;
        there += count as u64;
        if there % 100_000 < EVENTS as u64 {
            open.settle().await?;
            println!("        {there} events");
        }
    }
    open.settle().await?;
    open.sign().await
}

async fn events(open: &Open, tenant: &Tenant) -> Result<u64> {
    open.settle().await?;
    let mut view = open.store.read(&open.job(tenant)).await?;
    Ok(audit::total(&mut view).await?.unsigned_abs())
}
