//! Tenant isolation, tried out: every route, every role, another tenant's real ids.
//!
//! What has to happen follows from the access table and the permission matrix; nothing of it is written down here. A
//! route is tried as soon as it exists: without data for its parameters or its body these tests fail.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
#![allow(clippy::print_stdout, reason = "the summary is part of the evidence")]

mod support;

use std::collections::BTreeSet;

use axum::http::{Method, StatusCode};
use bailiwick_domain::{
    ids::SessionId,
    permission::PermissionSet,
    role::Role,
    rule::{CreateTenant, Me, Need, SignIn},
    time::Span,
};
use bailiwick_ops::{
    factors, policy,
    sign_in::{self, Step},
    tenants::{self, NewOwner, NewTenant},
};
use bailiwick_store::{Outbox, sessions};
use bailiwick_testkit::{Actor, Db, PASSWORD, Tenant, both_databases};
use bailiwick_web::routes::AccessRow;
use support::{Answer, Caller, Service, bodies::body, full_key, stock::Stock};

/// Routes that nobody gets through with this data, and why.
const UNREACHED: &[(&str, &str, &str)] = &[
    ("GET", "/audit/subjects/{request}/certificate", "it takes a request that was answered"),
    ("GET", "/v1/audit/subjects/{request}/certificate", "it takes a request that was answered"),
    ("POST", "/account/factors/{factor}", "it takes the present code of the person's own authenticator"),
    ("POST", "/v1/me/factors/{factor}/verify", "it takes the present code of the person's own authenticator"),
    ("GET", "/account/factors/{factor}/remove", "it takes an authenticator of the person's own"),
    ("POST", "/account/factors/{factor}/remove", "it takes an authenticator of the person's own"),
    ("DELETE", "/v1/me/factors/{factor}", "it takes an authenticator of the person's own"),
    ("POST", "/account/recovery-codes", "it takes a verified factor of the person's own"),
    ("POST", "/v1/me/recovery-codes", "it takes a verified factor of the person's own"),
    ("POST", "/account/recovery-codes/file", "it takes codes that were just made"),
    ("POST", "/account/passkeys", "it takes the answer of an authenticator"),
    ("GET", "/account/passkeys/{passkey}", "it takes a passkey of the person's own"),
    ("POST", "/account/passkeys/{passkey}", "it takes a passkey of the person's own"),
    ("GET", "/account/passkeys/{passkey}/remove", "it takes a passkey of the person's own"),
    ("POST", "/account/passkeys/{passkey}/remove", "it takes a passkey of the person's own"),
    ("POST", "/join/{token}/passkey", "it takes the answer of an authenticator"),
    ("POST", "/sign-in/again/passkey", "it takes the answer of an authenticator"),
    ("POST", "/v1/me/proof/passkey", "it takes the answer of an authenticator"),
    ("POST", "/v1/me/passkeys", "it takes the answer of an authenticator"),
    ("POST", "/v1/me/enrolment/passkey", "it takes the answer of an authenticator"),
    ("POST", "/v1/me/enrolment/totp/verify", "it takes the present code of the person's own authenticator"),
    ("POST", "/v1/invitations/accept/passkey", "it takes the answer of an authenticator"),
    ("POST", "/v1/sign-in/code", "it takes the present code of the person's own authenticator"),
    ("POST", "/v1/sign-in/passkey", "it takes the answer of an authenticator"),
    ("POST", "/v1/sign-in/recovery", "it takes a recovery code of the person's own"),
    ("GET", "/v1/me/passkeys/{id}", "it takes a passkey of the person's own"),
    ("PUT", "/v1/me/passkeys/{id}/name", "it takes a passkey of the person's own"),
    ("DELETE", "/v1/me/passkeys/{id}", "it takes a passkey of the person's own"),
    ("GET", "/audit/exports/{export}/file", "nothing writes the files of these exports"),
    ("GET", "/v1/audit/exports/{id}/file", "nothing writes the files of these exports"),
    ("POST", "/account/password", "with another password nobody could be signed in again for the rest"),
    ("POST", "/account/password/first", "everybody here has a password"),
    ("POST", "/v1/me/password", "everybody here has a password"),
    ("POST", "/account/phone", "these databases belong to a server that sends no messages"),
    ("POST", "/account/phone/verify", "it takes the codes of a message and of a letter"),
    ("GET", "/account/phone/remove", "it takes a number of the person's own"),
    ("POST", "/account/phone/remove", "it takes a number of the person's own"),
    ("PUT", "/v1/me/phone", "these databases belong to a server that sends no messages"),
    ("POST", "/v1/me/phone/verify", "it takes the codes of a message and of a letter"),
    ("DELETE", "/v1/me/phone", "it takes a number of the person's own"),
    ("PUT", "/v1/me/password", "with another password nobody could be signed in again for the rest"),
    ("POST", "/access/unused/roles/{role}/copy", "nothing is unused before ninety days are recorded"),
    ("POST", "/access/unused/roles/{role}/narrow", "nothing is unused before ninety days are recorded"),
    ("POST", "/access/unused/users/{user}/narrow", "nothing is unused before ninety days are recorded"),
    ("POST", "/v1/access/unused/roles/{role}/copy", "nothing is unused before ninety days are recorded"),
    ("POST", "/v1/access/unused/roles/{role}/narrow", "nothing is unused before ninety days are recorded"),
    ("POST", "/v1/access/unused/users/{id}/narrow", "nothing is unused before ninety days are recorded"),
    ("POST", "/audit/streams/{stream}/start", "every stream here leads where somebody has confirmed"),
    ("POST", "/v1/audit/streams/{id}/start", "every stream here leads where somebody has confirmed"),
    ("POST", "/v1/secrets/resolve", "it takes a key that is bound to addresses"),
    (
        "POST",
        "/users/{user}/reset-factors",
        "the codes of the hour are used up by then; the second owner reaches it through the API",
    ),
    (
        "POST",
        "/users/{user}/delete",
        "the codes of the hour are used up by then; the second owner reaches it through the API",
    ),
    ("PUT", "/v1/documents/uploads/{upload}", "it takes octets, and where they begin in a header"),
    ("POST", "/v1/documents/uploads/{upload}/finish", "no upload here is whole"),
    ("POST", "/v1/keys/versions/{version}/destroy", "a destruction of this version waits already"),
    ("POST", "/keys/versions/{version}/destroy", "a destruction of this version waits already"),
    ("GET", "/v1/keys/destructions/{destruction}/certificate", "no key here is destroyed"),
    ("GET", "/keys/destructions/{destruction}/certificate", "no key here is destroyed"),
    ("POST", "/v1/keys/surrender", "it takes a key that nobody has revoked"),
    ("POST", "/v1/api-keys/{id}/narrow", "no key here is old enough to have scopes that it does not use"),
    ("POST", "/api-keys/{key}/narrow", "no key here is old enough to have scopes that it does not use"),
    ("GET", "/v1/api-keys/{id}/rotation", "no key here is being replaced"),
    ("GET", "/api-keys/{key}/rotate", "the key is revoked by then"),
    ("POST", "/api-keys/{key}/rotate", "the key is revoked by then"),
    ("GET", "/v1/access/holders", "it takes the name of a permission in the address"),
    ("GET", "/v1/audit/log/inclusion", "it takes a record in the address"),
    ("GET", "/v1/audit/log/tile/{level}/{tile}", "no tile is full with so few records"),
    ("GET", "/v1/audit/log/tile/{level}/{thousands}/{tile}", "no log here has so many records"),
    ("GET", "/v1/audit/log/tile/{level}/{millions}/{thousands}/{tile}", "no log here has so many records"),
    (
        "GET",
        "/v1/audit/log/tile/{level}/{millions}/{thousands}/{tile}/{width}",
        "no log here has so many records",
    ),
];

/// Somebody who tries every route.
struct Person {
    name: String,
    standing: Standing,
    held: PermissionSet,
    /// What the pages are tried on.
    own: Stock,
    /// What the API is tried on: the pages have used up the rest by then.
    own_api: Stock,
}

/// Nobody is sent as many codes in an hour as there are changes that ask for one: these owners ask before the others, and through the
/// API alone; one about streams, the second about the rest. What they removed, the others could not find.
const STREAMS: &str = "owner who asks about streams";
const SECOND: &str = "second owner";

/// Whether this person asks for that route.
fn asks(person: &str, row: &AccessRow) -> bool {
    let streams = row.path.starts_with("/v1/audit/streams");
    match person {
        STREAMS => streams && row.method != Method::DELETE,
        SECOND => row.path.starts_with("/v1/") && matches!(row.need, Need::Confirmed(_)) && !streams,
        _ => true,
    }
}

/// What a person can show.
enum Standing {
    /// Nothing.
    Nobody,
    /// A live session.
    Session(Actor),
    /// A live key.
    Key(String),
    /// A session that waits for the one-time code.
    CodeMissing(String),
    /// The session of somebody who proved long ago who they are.
    Stale(Actor),
    /// The session of somebody who is late with their second factor.
    Late(Actor),
    /// The session of somebody whose tenant was suspended after they signed in.
    Suspended(Actor),
}

/// What the rule of a route and a person's permissions amount to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    /// There is no rule to break.
    Open,
    /// The rule lets them through.
    Allowed,
    /// They have to sign in, or to prove again who they are.
    SignIn,
    /// They have to set up a second factor.
    Enrol,
    /// The rule refuses them.
    Forbidden,
}

impl Person {
    fn caller(&self) -> Caller {
        match &self.standing {
            Standing::Nobody => Caller::Nobody,
            Standing::Session(actor)
            | Standing::Suspended(actor)
            | Standing::Stale(actor)
            | Standing::Late(actor) => actor.into(),
            Standing::CodeMissing(token) => Caller::Browser(token.clone()),
            Standing::Key(key) => Caller::Program(key.clone()),
        }
    }

    fn expected(&self, row: &AccessRow) -> Expected {
        match (&self.standing, row.need) {
            (_, Need::Anyone) => Expected::Open,
            (Standing::Suspended(_), _) | (_, Need::Nobody) => Expected::Forbidden,
            (Standing::Nobody | Standing::CodeMissing(_), _) => Expected::SignIn,
            (Standing::Late(_), Need::Enrolling | Need::Proving) => Expected::Allowed,
            (Standing::Late(_), _) => Expected::Enrol,
            (Standing::Stale(_), Need::Recent) => Expected::SignIn,
            (Standing::Key(_), Need::Recent) => Expected::Forbidden,
            (_, Need::SignedIn | Need::Recent | Need::Enrolling | Need::Proving) => Expected::Allowed,
            (_, Need::Has(permission) | Need::RecentHas(permission) | Need::Confirmed(permission))
                if !self.held.contains(permission) =>
            {
                Expected::Forbidden
            }
            (Standing::Stale(_), Need::RecentHas(_)) => Expected::SignIn,
            (_, Need::Has(_) | Need::RecentHas(_) | Need::Confirmed(_)) => Expected::Allowed,
        }
    }

    fn reads_lists(&self) -> bool {
        matches!(self.standing, Standing::Session(_) | Standing::Key(_))
    }

    fn own(&self, row: &AccessRow) -> &Stock {
        if row.path.starts_with("/v1/") { &self.own_api } else { &self.own }
    }

    /// Whether the route is about the account of a person, or writes to one, which a program does not have.
    fn has_no_account_for(&self, row: &AccessRow) -> bool {
        matches!(self.standing, Standing::Key(_))
            && matches!(row.need, Need::SignedIn | Need::Enrolling | Need::Proving | Need::Confirmed(_))
    }
}

/// Embedded files have no handler.
fn is_file(row: &AccessRow) -> bool {
    row.path == "/assets/{file}"
}

fn has_parameters(row: &AccessRow) -> bool {
    row.path.contains('{')
}

/// The platform's own people find organisations, which is what they are there for.
fn is_platform(person: &Person) -> bool {
    person.own.platform
}

/// Whether a code was sent, which is as far as anybody comes with one request.
fn asks_for_a_code(answer: &Answer) -> bool {
    answer.status == StatusCode::FORBIDDEN && answer.text().contains("urn:bailiwick:problem:step-up-required")
}

fn is_refusal(answer: &Answer) -> bool {
    if asks_for_a_code(answer) {
        return false;
    }
    matches!(answer.status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) || answer.leads_to_sign_in()
}

/// Everything that the tests happen on.
struct Stage {
    db: Db,
    service: Service,
    foreign: Stock,
    /// What the platform's own people may touch: their routes are about other tenants by design.
    spare: Stock,
    /// The same with a tenant whose owner still waits for a link.
    newborn: Stock,
    /// The same with tenants that are suspended until somebody serves them again: one for the pages, one for the API.
    asleep: [Stock; 2],
    people: Vec<Person>,
}

impl Stage {
    async fn set(db: &Db) -> Self {
        // The same owner waits for a link whoever asks.
        db.store.decide_outbox(Outbox { per_recipient: 1_000, ..Outbox::default() });
        let platform = db.platform().await;
        let (acme, zenith, spare, dormant, late) = (
            db.tenant("acme").await,
            db.tenant("zenith").await,
            db.tenant("spare").await,
            db.tenant("dormant").await,
            db.tenant("late").await,
        );
        let own =
            (Box::pin(Stock::of(&acme, "acmemark")).await, Box::pin(Stock::of(&acme, "acmemark-api")).await);
        let platform_own = (
            Box::pin(Stock::of(&platform, "platformmark")).await,
            Box::pin(Stock::of(&platform, "platformmark-api")).await,
        );
        let dormant_own = (
            Box::pin(Stock::of(&dormant, "dormantmark")).await,
            Box::pin(Stock::of(&dormant, "dormantmark-api")).await,
        );
        platform.suspend(dormant.id()).await;
        let catalogue = db.store.catalogue();
        let everything = catalogue.tenant_permissions();
        let mut people = Vec::new();
        let mut add = |name: &str, standing, held, (own, own_api): (Stock, Stock)| {
            people.push(Person { name: name.to_owned(), standing, held, own, own_api });
        };
        for name in [STREAMS, SECOND] {
            add(name, Standing::Session(acme.user(Role::TenantOwner).await), everything, own.clone());
        }
        for role in Role::ALL {
            let (tenant, own) = if role.platform() { (&platform, &platform_own) } else { (&acme, &own) };
            add(
                role.title(),
                Standing::Session(tenant.user(role).await),
                catalogue.role_set(role),
                own.clone(),
            );
        }
        add("API key with every scope", Standing::Key(full_key(&acme).await), everything, own.clone());
        add("nobody", Standing::Nobody, PermissionSet::empty(), own.clone());
        add("owner whose code is missing", Standing::CodeMissing(code_missing(&acme).await), everything, own);
        let late_own =
            (Box::pin(Stock::of(&late, "latemark")).await, Box::pin(Stock::of(&late, "latemark-api")).await);
        add(
            "owner who is late with their second factor",
            Standing::Late(late_person(&late).await),
            everything,
            late_own,
        );
        add("owner of a suspended tenant", Standing::Suspended(dormant.owner()), everything, dormant_own);
        // They come last: time passes for them alone.
        let stale = db.tenant("stale").await;
        let own = (
            Box::pin(Stock::of(&stale, "stalemark")).await,
            Box::pin(Stock::of(&stale, "stalemark-api")).await,
        );
        people.push(Person {
            name: "owner who signed in long ago".to_owned(),
            standing: Standing::Stale(stale.owner()),
            held: everything,
            own: own.0,
            own_api: own.1,
        });
        // Everybody's own things are older, so that a place among another tenant's has them behind it.
        db.clock.advance(Span::seconds(1));
        let foreign = Box::pin(Stock::of(&zenith, "zenithmark")).await.without_link();
        let spare = Box::pin(Stock::of(&spare, "sparemark")).await;
        let owner = NewOwner { email: "owner@newborn.example".into(), name: "Nora Newborn".into() };
        let new = NewTenant {
            slug: "newborn".into(),
            name: "Newborn".into(),
            region: "local".into(),
            key_brand: None,
            owner,
        };
        let permit = platform.owner().permit::<CreateTenant>().await;
        let newborn = tenants::create(&db.store, &permit, new).await.unwrap();
        let newborn = Stock { id: newborn.tenant.id, ..spare.clone() };
        let asleep = [db.tenant("dozing").await.id(), db.tenant("asleep").await.id()];
        for id in asleep {
            platform.suspend(id).await;
        }
        let asleep = asleep.map(|id| Stock { id, ..spare.clone() });
        Self { db: db.clone(), service: Service::over(db), foreign, spare, newborn, asleep, people }
    }

    fn is_for_the_platform(&self, row: &AccessRow) -> bool {
        let platform = self.db.store.catalogue().platform_permissions();
        row.need.permission().is_some_and(|permission| platform.contains(permission))
    }

    /// Sends the request for `row` with the ids of `target`.
    async fn ask(&self, person: &Person, row: &AccessRow, asked_of: &Stock, serial: usize) -> Answer {
        let target = match row.path {
            path if path.ends_with("/owner-link") => &self.newborn,
            path if path.ends_with("/reactivate") => &self.asleep[usize::from(path.starts_with("/v1/"))],
            _ if self.is_for_the_platform(row) => &self.spare,
            _ => asked_of,
        };
        let mut target = target.clone();
        if std::ptr::eq(asked_of, person.own(row)) {
            target.session = self.session_to_end(person, row).await.unwrap_or(target.session);
        }
        self.service
            .send(&person.caller(), &row.method, &target.path(row.path), body(row, person.own(row), serial))
            .await
    }

    /// A session for those routes that end one: an older one was ended by the routes before.
    async fn session_to_end(&self, person: &Person, row: &AccessRow) -> Option<SessionId> {
        let own = person.own(row);
        match row.path {
            "/account/sessions/{session}/end"
            | "/account/sessions/end-others"
            | "/v1/me/sessions"
            | "/v1/me/sessions/{id}" => self.another_session(person).await,
            "/sessions/{session}/end"
            | "/v1/sessions/{id}"
            | "/users/{user}/sessions/end"
            | "/v1/users/{id}/sessions" => {
                sign_in(&self.db, &format!("{0}@{0}.example", own.marker)).await?;
                let mut view = self.db.store.read(&own.tenant.job()).await.unwrap();
                sessions::live_of(&mut view, own.user).await.unwrap().first().map(|session| session.id)
            }
            _ => None,
        }
    }

    /// A session of the person themselves in another browser.
    async fn another_session(&self, person: &Person) -> Option<SessionId> {
        let (Standing::Session(actor) | Standing::Stale(actor)) = &person.standing else { return None };
        sign_in(&self.db, &actor.user.email).await?;
        let permit = actor.try_permit::<Me>().await.ok()?;
        let bailiwick_store::Actor::User { id, session: here, .. } = *permit.actor() else { return None };
        let mut view = self.db.store.read(&permit).await.unwrap();
        let live = sessions::live_of(&mut view, id).await.unwrap();
        live.iter().map(|session| session.id).find(|session| *session != here)
    }

    /// The ids in all pages of a list; nothing for those who may not read it.
    async fn whole_list(&self, person: &Person, list: &str) -> Option<BTreeSet<String>> {
        let (mut found, mut page) = (BTreeSet::new(), list.to_owned());
        loop {
            let answer = self.service.get(&person.caller(), &page).await;
            if answer.status == StatusCode::FORBIDDEN {
                return None;
            }
            found.extend(ids(&answer));
            let Some(next) = answer.json()["next"].as_str().map(str::to_owned) else { return Some(found) };
            page = format!("{list}?cursor={next}");
        }
    }

    /// Lets the time pass that somebody needs who signed in long ago.
    fn wait_for(&self, at: usize) {
        if matches!(self.people[at].standing, Standing::Stale(_)) {
            self.db.clock.advance(Span::minutes(11));
        }
    }

    /// Signs people in again whose session the last request ended.
    async fn keep_signed_in(&mut self, at: usize) {
        let caller = self.people[at].caller();
        let (Standing::Session(actor) | Standing::Stale(actor) | Standing::Late(actor)) =
            &mut self.people[at].standing
        else {
            return;
        };
        if self.service.get(&caller, "/v1/me").await.status != StatusCode::UNAUTHORIZED {
            return;
        }
        let Some(token) = sign_in(&self.db, &actor.user.email).await else {
            panic!("{} cannot sign in again", actor.user.role)
        };
        actor.token = token;
        self.wait_for(at);
    }
}

/// The token of a new session.
async fn sign_in(db: &Db, email: &str) -> Option<String> {
    let permit = db.nobody::<SignIn>("203.0.113.7").await;
    match sign_in::password(&db.store, &db.hasher, &permit, email, PASSWORD.to_owned()).await {
        Ok(Step::Done(token)) => Some(token.expose().to_string()),
        _ => None,
    }
}

/// The session of an owner with an authenticator who has only given the password yet.
async fn code_missing(tenant: &Tenant) -> String {
    let (db, owner) = (&tenant.db, tenant.user(Role::TenantOwner).await);
    let job = tenant.job();
    let (factor, secret) = factors::totp_begin_for(&db.store, &job, owner.id()).await.unwrap();
    let code = secret.code_at(db.store.now().unix_seconds());
    factors::totp_verify_for(&db.store, &job, owner.id(), factor.id, &code).await.unwrap();
    let permit = db.nobody::<SignIn>("203.0.113.7").await;
    let step = sign_in::password(&db.store, &db.hasher, &permit, &owner.user.email, PASSWORD.to_owned())
        .await
        .unwrap();
    let Step::SecondFactor(token) = step else { panic!("an authenticator asks for its code") };
    token.expose().to_string()
}

/// An owner who should have set up a second factor by now, in a tenant that gives nobody any time.
async fn late_person(tenant: &Tenant) -> Actor {
    let owner = tenant.user(Role::TenantOwner).await;
    policy::set_grace(&tenant.db.store, &tenant.job(), 0).await.unwrap();
    owner
}

/// What is wrong with the answer to a request for another tenant's things; nothing when all is well.
fn wrong_abroad(stage: &Stage, person: &Person, row: &AccessRow, answer: &Answer) -> Option<String> {
    let text = answer.text();
    let theirs = stage.foreign.secrets();
    if answer.status.is_server_error() {
        return Some("is a fault of the server".into());
    }
    if !stage.is_for_the_platform(row) {
        // Whoever asks by an id may find it again in the answer; what they did not know must not be there.
        let betrayed = if has_parameters(row) {
            text.contains(&stage.foreign.marker)
        } else {
            theirs.iter().any(|secret| text.contains(secret))
        };
        if betrayed {
            return Some("shows another tenant's data".into());
        }
    }
    // Versions of a key are counted in every organisation alike: another's number is one's own.
    if row.path.contains("/keys/versions/") {
        return None;
    }
    let names_a_thing = has_parameters(row) && !stage.is_for_the_platform(row);
    match person.expected(row) {
        Expected::Allowed if person.has_no_account_for(row) => {
            let fits =
                !names_a_thing || matches!(answer.status, StatusCode::NOT_FOUND | StatusCode::FORBIDDEN);
            (!fits).then(|| "should find nothing, or no account".into())
        }
        Expected::Allowed if names_a_thing => {
            (answer.status != StatusCode::NOT_FOUND).then(|| "should find nothing".into())
        }
        _ => wrong_by_the_rule(person, row, answer),
    }
}

/// What is wrong with the answer by the rule alone, whoever the things belong to.
fn wrong_by_the_rule(person: &Person, row: &AccessRow, answer: &Answer) -> Option<String> {
    let (fits, should) = match person.expected(row) {
        Expected::Open => (true, "be answered"),
        Expected::SignIn => (asks_for_proof(answer), "ask for a sign-in"),
        Expected::Enrol => (
            answer.status == StatusCode::FORBIDDEN && answer.text().contains("enrol-factor")
                || answer.leads_to_enrolment(),
            "ask for a second factor to be set up",
        ),
        Expected::Forbidden => (answer.status == StatusCode::FORBIDDEN, "be forbidden"),
        // Nobody's key here is bound to addresses, and people get no values.
        Expected::Allowed if row.path == "/v1/secrets/resolve" => (is_refusal(answer), "be refused"),
        Expected::Allowed => (!is_refusal(answer) || person.has_no_account_for(row), "not be refused"),
    };
    (!fits).then(|| format!("should {should}"))
}

fn asks_for_proof(answer: &Answer) -> bool {
    answer.status == StatusCode::UNAUTHORIZED
        || answer.leads_to_sign_in()
        || answer.text().contains("urn:bailiwick:problem:reauthenticate")
}

/// What is wrong with the answer to a request for the person's own things.
fn wrong_at_home(person: &Person, row: &AccessRow, answer: &Answer) -> Option<String> {
    if answer.status.is_server_error() {
        return Some("is a fault of the server".into());
    }
    wrong_by_the_rule(person, row, answer)
}

/// The ids of a page of a list.
fn ids(answer: &Answer) -> BTreeSet<String> {
    let json = answer.json();
    let items = json["items"].as_array().unwrap();
    items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

fn say(person: &Person, row: &AccessRow, whose: &str, answer: &Answer, what: &str) -> String {
    let text: String = answer.text().chars().take(300).collect();
    format!(
        "{} {} as {}, {whose} ids: {} {what}\n    {text}",
        row.method, row.path, person.name, answer.status
    )
}

both_databases! {
    async fn nobody_reaches_another_tenant_and_everybody_reaches_what_is_theirs(db: Db) {
        let mut stage = Box::pin(Stage::set(&db)).await;
        let mut table = bailiwick_web::routes().table();
        // What somebody is about to remove has to be read before.
        table.sort_by_key(|row| row.method == Method::DELETE);
        let (records, counts) = (stage.foreign.records().await, stage.foreign.counts().await);
        let (mut wrong, mut reached, mut asked) = (Vec::new(), BTreeSet::new(), 0);
        for at in 0..stage.people.len() {
            stage.wait_for(at);
            let name = stage.people[at].name.clone();
            for row in table.iter().filter(|row| asks(&name, row)) {
                asked += 1;
                let person = &stage.people[at];
                let answer = stage.ask(person, row, &stage.foreign, asked).await;
                if (answer.is_done() || asks_for_a_code(&answer)) && stage.is_for_the_platform(row) {
                    reached.insert((row.method.to_string(), row.path));
                }
                wrong.extend(wrong_abroad(&stage, person, row, &answer).map(|what| say(person, row, "another tenant's", &answer, &what)));
                if row.writes && stage.foreign.records().await != records {
                    panic!("{}", say(person, row, "another tenant's", &answer, "left a record in the other tenant"));
                }
                if row.writes && matches!(row.need, Need::Anyone | Need::SignedIn | Need::Recent | Need::Proving) {
                    stage.keep_signed_in(at).await;
                }
                asked += 1;
                let person = &stage.people[at];
                let answer = stage.ask(person, row, person.own(row), asked).await;
                wrong.extend(wrong_at_home(person, row, &answer).map(|what| say(person, row, "their own", &answer, &what)));
                // For a route that is open to anyone, leading to the sign-in is no refusal.
                if answer.is_done() || asks_for_a_code(&answer) || row.need == Need::Anyone && answer.status.is_redirection() {
                    reached.insert((row.method.to_string(), row.path));
                }
                if row.writes && matches!(row.need, Need::Anyone | Need::SignedIn | Need::Recent | Need::Proving) {
                    stage.keep_signed_in(at).await;
                }
            }
        }
        for row in table.iter().filter(|row| !is_file(row)) {
            let excused = UNREACHED.iter().any(|(method, path, _)| *method == row.method && *path == row.path);
            if excused == reached.contains(&(row.method.to_string(), row.path)) {
                let what = if excused { "is excused although it can be reached" } else { "was reached by nobody: the data does not fit" };
                wrong.push(format!("{} {} {what}", row.method, row.path));
            }
        }
        db.settle().await;
        let left = stage.foreign.counts().await;
        if left != counts {
            wrong.push(format!("the other tenant was {counts} and is {left}"));
        }
        println!(
            "isolation, {:?}: {} routes, {} callers, {asked} requests with another tenant's and with own ids, {} wrong",
            db.kind(), table.len(), stage.people.len(), wrong.len()
        );
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        db.verify().await.unwrap();
    }

    async fn another_tenants_ids_as_filters_find_nothing(db: Db) {
        let stage = Box::pin(Stage::set(&db)).await;
        let foreign = &stage.foreign;
        let lists = [
            format!("/v1/audit/events?actor={}", foreign.tenant.owner().id()),
            format!("/v1/audit/events?entity_type=user&entity_id={}", foreign.user),
            format!("/v1/audit/events?entity_id={}", foreign.user),
        ];
        let mut asked = 0;
        for person in stage.people.iter().filter(|person| person.reads_lists()) {
            for list in &lists {
                let answer = stage.service.get(&person.caller(), list).await;
                if answer.status == StatusCode::FORBIDDEN {
                    continue;
                }
                asked += 1;
                assert_eq!(answer.status, StatusCode::OK, "{list} as {}: {}", person.name, answer.text());
                assert_eq!(answer.json()["items"].as_array().map(Vec::len), Some(0), "{list} as {}", person.name);
            }
            // Pages show again what was looked for, so each search is held to what it did not name.
            for (page, others) in [
                (format!("/find?q={}", foreign.marker), [foreign.user.to_string(), foreign.api_key.to_string(), foreign.id.to_string()]),
                (format!("/users?q={}", foreign.marker), [foreign.user.to_string(), foreign.tenant.owner().id().to_string(), foreign.id.to_string()]),
                (format!("/audit?actor={}", foreign.tenant.owner().id()), [foreign.marker.clone(), foreign.user.to_string(), foreign.event.to_string()]),
                (format!("/audit?type=user&entity={}", foreign.user), [foreign.marker.clone(), foreign.event.to_string(), foreign.id.to_string()]),
            ] {
                if is_platform(person) && page.starts_with("/find") {
                    continue;
                }
                let answer = stage.service.get(&person.caller(), &page).await;
                assert!(others.iter().all(|secret| !answer.text().contains(secret)), "{page} as {}: {}", person.name, answer.text());
            }
        }
        assert!(asked > 0);
    }

    /// A cursor names a place in a list, not the list: with another tenant's it is a place in one's own.
    async fn another_tenants_cursors_lead_through_ones_own_lists(db: Db) {
        let stage = Box::pin(Stage::set(&db)).await;
        let cursors = stage.foreign.cursors().await;
        let mut found = BTreeSet::new();
        for person in stage.people.iter().filter(|person| person.reads_lists()) {
            for (list, cursor) in &cursors {
                let Some(own) = stage.whole_list(person, list).await else { continue };
                let from = format!("{list}?cursor={cursor}");
                let answer = stage.service.get(&person.caller(), &from).await;
                assert_eq!(answer.status, StatusCode::OK, "{from} as {}: {}", person.name, answer.text());
                assert!(ids(&answer).is_subset(&own), "{from} as {}: {}", person.name, answer.text());
                assert!(stage.foreign.secrets().iter().all(|secret| !answer.text().contains(secret)), "{from} as {}", person.name);
                if !ids(&answer).is_empty() {
                    found.insert(*list);
                }
            }
        }
        // Were every answer empty, a list without its tenant would pass, too.
        let lists: BTreeSet<_> = cursors.iter().map(|(list, _)| *list).collect();
        assert_eq!(found, lists);
    }

    async fn a_tenants_own_ids_fit_no_other_kind(db: Db) {
        let stage = Box::pin(Stage::set(&db)).await;
        let (owner, own) = (Caller::from(&stage.people[0].own.tenant.owner()), &stage.people[0].own);
        for (path, wrong) in [
            ("/v1/users/", own.invitation.to_string()),
            ("/v1/invitations/", own.api_key.to_string()),
            ("/v1/api-keys/", own.user.to_string()),
            ("/v1/security-events/", own.event.to_string()),
            ("/v1/audit/events/", own.security_event.to_string()),
            ("/v1/audit/entities/api_key/", own.user.to_string()),
        ] {
            assert_eq!(stage.service.get(&owner, &format!("{path}{wrong}")).await.status, StatusCode::NOT_FOUND, "{path}");
        }
        let grant = format!("/v1/users/{}/grants/{}", stage.people[0].own.tenant.owner().id(), own.grant);
        assert_eq!(stage.service.get(&owner, &grant).await.status, StatusCode::NOT_FOUND, "a grant of somebody else");
        let removed = stage.service.send(&owner, &Method::DELETE, &grant, support::Sent::Nothing).await;
        assert!(removed.status.is_client_error(), "a grant of somebody else");
    }
}
