//! A PostgreSQL database for each test, cloned from a migrated template.
//!
//! The server is the one named by `BAILIWICK_TEST_POSTGRES`; `cargo xtask test` starts it, and `cargo xtask postgres`
//! starts one for the inner loop. Each test runs in a process of its own, so what tests share lies on the server: the
//! roles and the templates, made once under an advisory lock. A template appears under its name only when it is
//! complete, so that finding it is enough to clone it.
//!
//! SQL runs through `psql`, because the driver belongs to the store alone.
//!
//! ```no_run
//! # async fn example() {
//! use bailiwick_testkit::postgres;
//!
//! let database = postgres::migrated("store schema 1", async |owner_url| {
//!     // migrate the database at `owner_url`
//! #   let _ = owner_url;
//! })
//! .await;
//! # let _ = database.app_url();
//! # }
//! ```

mod address;
mod psql;

use std::hash::{BuildHasher, DefaultHasher, Hash, Hasher, RandomState};

use crate::postgres::address::Address;
use crate::postgres::psql::{Failure, Session, quote, run};

/// The role that owns the databases and migrates them.
pub const OWNER: &str = "bailiwick_owner";
/// The role the service signs in with: a member of [`APPLICATION`] and nothing more.
pub const SERVICE: &str = "bailiwick_service";
/// The role that holds the service's privileges; nobody signs in with it.
pub const APPLICATION: &str = "bailiwick_app";

/// Advisory lock under which roles and templates are made.
const LOCK: i64 = 0x6261_696c_6977_6963;

/// A database of one test, dropped with it.
#[derive(Debug)]
pub struct TestDatabase {
    name: String,
    owner_url: String,
    app_url: String,
    superuser_url: String,
    server: Address,
}

impl TestDatabase {
    /// Its name on the server.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The address for the role that owns it: for migrations, and for nothing else.
    #[must_use]
    pub fn owner_url(&self) -> &str {
        &self.owner_url
    }

    /// The address for the role of the service.
    #[must_use]
    pub fn app_url(&self) -> &str {
        &self.app_url
    }

    /// The address for a superuser, who may tamper with anything.
    #[must_use]
    pub fn superuser_url(&self) -> &str {
        &self.superuser_url
    }

    /// The host and port of the server.
    #[must_use]
    pub fn host(&self) -> &str {
        self.server.host()
    }

    /// The service's address behind another host and port, such as a [`Proxy`](crate::Proxy)'s.
    #[must_use]
    pub fn app_url_behind(&self, host: &str) -> String {
        self.server.with(SERVICE, &self.name).behind(host.to_owned()).to_string()
    }

    fn named(server: Address, name: String) -> Self {
        let address = |role: &str| server.with(role, &name).to_string();
        Self {
            owner_url: address(OWNER),
            app_url: address(SERVICE),
            superuser_url: address(server.user()),
            name,
            server,
        }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        // Best effort: the whole server is temporary, and a test that failed must report its own failure.
        let _ = run(&self.server, &format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
    }
}

/// A database of its own for the calling test, migrated as `migrate` does it.
///
/// `key` names the template and must change whenever the outcome of `migrate` does (put a digest of the migrations in
/// it): a server that outlives a change of the code would serve the old template otherwise. `migrate` receives the
/// owner's address and runs at most once per server and key. What belongs to the database rather than to what is in it
/// (`ALTER DATABASE … SET`, `GRANT … ON DATABASE`) is not cloned.
///
/// # Panics
///
/// When no server is named, or it refuses.
#[allow(clippy::panic, reason = "a test without its database must fail, and loudly")]
pub async fn migrated(key: &str, migrate: impl AsyncFnOnce(&str)) -> TestDatabase {
    let server = Address::from_environment();
    let template = template_name(key);
    match clone(&server, Some(&template)) {
        Ok(database) => return database,
        Err(failure) if failure.is_missing_database() => {}
        Err(failure) => panic!("{failure}"),
    }
    make_template(&server, &template, migrate).await;
    clone(&server, Some(&template)).unwrap_or_else(|failure| panic!("{failure}"))
}

/// Makes the template of that key unless it is there, and returns its name for [`create_database`].
///
/// See [`migrated`], which most tests want.
///
/// # Panics
///
/// When no server is named, or it refuses.
pub async fn template(key: &str, migrate: impl AsyncFnOnce(&str)) -> String {
    let name = template_name(key);
    make_template(&Address::from_environment(), &name, migrate).await;
    name
}

/// Creates a database, as a clone of `template` or empty.
///
/// # Panics
///
/// When no server is named, or it refuses.
#[allow(clippy::panic, reason = "a test without its database must fail, and loudly")]
#[must_use]
pub fn create_database(template: Option<&str>) -> TestDatabase {
    let server = Address::from_environment();
    if template.is_none() {
        // A clone's roles are there, since the template has them. An empty database may be the first of the server.
        let mut session = Session::open(&server).unwrap_or_else(|failure| panic!("{failure}"));
        prepare_roles(&mut session, &server).unwrap_or_else(|failure| panic!("{failure}"));
    }
    clone(&server, template).unwrap_or_else(|failure| panic!("{failure}"))
}

fn clone(server: &Address, template: Option<&str>) -> Result<TestDatabase, Failure> {
    let name = format!("bailiwick_test_{:016x}", RandomState::new().build_hasher().finish());
    let source = template.map(|template| format!(" TEMPLATE {template}")).unwrap_or_default();
    run(server, &format!("CREATE DATABASE {name} OWNER {OWNER}{source}"))?;
    Ok(TestDatabase::named(server.clone(), name))
}

#[allow(clippy::panic, reason = "a test without its database must fail, and loudly")]
async fn make_template(server: &Address, name: &str, migrate: impl AsyncFnOnce(&str)) {
    // The session holds the lock while others wait for it; it is released with the session, however that ends.
    let mut session = Session::open(server).unwrap_or_else(|failure| panic!("{failure}"));
    let unfinished = begin_template(&mut session, server, name).unwrap_or_else(|failure| panic!("{failure}"));
    let Some(unfinished) = unfinished else { return };
    migrate(&server.with(OWNER, &unfinished).to_string()).await;
    finish_template(&mut session, &unfinished, name).unwrap_or_else(|failure| panic!("{failure}"));
}

/// Creates the database to migrate, or nothing when another process has finished the template.
fn begin_template(session: &mut Session, server: &Address, name: &str) -> Result<Option<String>, Failure> {
    prepare_roles(session, server)?;
    if session.run(&format!("SELECT 1 FROM pg_database WHERE datname = {}", quote(name)))? == "1" {
        return Ok(None);
    }
    let unfinished = format!("{name}_unfinished");
    session.run(&format!("DROP DATABASE IF EXISTS {unfinished} WITH (FORCE)"))?;
    session.run(&format!("CREATE DATABASE {unfinished} OWNER {OWNER}"))?;
    Ok(Some(unfinished))
}

/// Publishes a migrated database as a template, which nobody can connect to any more.
fn finish_template(session: &mut Session, unfinished: &str, name: &str) -> Result<(), Failure> {
    session.run(&format!("ALTER DATABASE {unfinished} WITH ALLOW_CONNECTIONS false"))?;
    session.run(&format!(
        "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE datname = {}",
        quote(unfinished)
    ))?;
    session.run(&format!("ALTER DATABASE {unfinished} RENAME TO {name}")).map(drop)
}

/// Takes the lock, which the session keeps, and makes the roles that are missing.
///
/// Their password is the superuser's own: the processes of one run know it, and it is a new one for each run.
fn prepare_roles(session: &mut Session, server: &Address) -> Result<(), Failure> {
    session.run(&format!("SELECT pg_advisory_lock({LOCK})"))?;
    let password =
        server.password().map(|password| format!(" PASSWORD {}", quote(password))).unwrap_or_default();
    for (role, powers) in [
        (APPLICATION, "NOLOGIN NOBYPASSRLS".to_owned()),
        (OWNER, format!("LOGIN CREATEROLE NOBYPASSRLS{password}")),
        (SERVICE, format!("LOGIN NOBYPASSRLS IN ROLE {APPLICATION}{password}")),
    ] {
        if session.run(&format!("SELECT 1 FROM pg_roles WHERE rolname = {}", quote(role)))? != "1" {
            session.run(&format!("CREATE ROLE {role} {powers}"))?;
        }
    }
    Ok(())
}

fn template_name(key: &str) -> String {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    format!("bailiwick_template_{:016x}", hasher.finish())
}
