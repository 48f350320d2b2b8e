//! The web side of an installation.

use std::sync::Arc;

use bailiwick_domain::posture::{DatabaseKind, TlsEndpoint, TlsMode};
use bailiwick_ops::{audit::stream::Reach, integrations::Outside, posture::Environment};
use bailiwick_vault::provider::KeyProvider;
use bailiwick_web::{
    bootstrap::{App, Transport},
    limits::Limits,
    state::{AppState, Https, Outgoing, PublicUrl, Settings as Web, TrustedProxies},
};
use tower::Layer;

use super::{Installation, passwords};
use crate::{
    config::{self, Database, DatabaseTls, Region, Settings},
    exit::Refusal,
    metrics::{Metrics, http::Counted},
};

/// Every page and the API, counted. Around the finished service there are layers only: no route can be added to it.
pub(crate) fn application(
    configured: &Settings,
    region: &Region,
    installation: &Installation,
    outgoing: &Outgoing,
    metrics: &Metrics,
) -> Result<Counted<App>, Refusal> {
    let server = &configured.server;
    let state = AppState {
        store: installation.store.clone(),
        settings: Arc::new(settings(configured)?),
        clock: Arc::clone(&installation.clock),
        entropy: Arc::clone(&installation.entropy),
        hasher: Arc::new(passwords::hasher(&configured.password, &installation.entropy)?),
        environment: Arc::new(environment(configured, &region.database, &*installation.provider)),
        verifier: Arc::new(installation.signer.verifier().clone()),
        notary: Arc::new(installation.signer.notary()),
        outgoing: outgoing.clone(),
        pace: Arc::default(),
        spool: super::spool(configured),
        cabinet: super::cabinet(configured, &installation.clock)?,
        jobs: metrics.jobs.board.clone(),
        reach: reach(configured),
        outside: outside(configured),
    };
    let app = bailiwick_web::routes_with(outgoing)
        .into_app(state)
        .map_err(|error| Refusal::new(error, "this is a defect of the program; report it"))?;
    let transport = if server.tls.is_some() { Transport::Tls } else { Transport::Plain };
    Ok(metrics.http.layer(app.over(transport)))
}

/// Where streams of the audit log may lead.
pub(crate) fn reach(settings: &Settings) -> Reach {
    Reach::new(settings.stream.allowed_networks.iter().map(|network| network.0).collect())
}

/// What integrations may reach: the same addresses, and the variables that the operator has opened.
pub(crate) fn outside(settings: &Settings) -> Outside {
    let prefix = settings.integrations_prefix.as_ref();
    let variables = prefix.map(|prefix| config::opened(prefix.as_str())).unwrap_or_default();
    Outside::new(reach(settings), variables)
}

fn settings(configured: &Settings) -> Result<Web, Refusal> {
    let server = &configured.server;
    let public_url: PublicUrl = server
        .public_url
        .as_origin()
        .parse()
        .map_err(|error| Refusal::new(error, "correct `server.public_url`"))?;
    let proxies = TrustedProxies::parse(server.trusted_proxies.iter().map(|network| network.0.to_string()));
    Ok(Web {
        public_url,
        https: match server.https {
            config::Https::Off => Https::Off,
            config::Https::Enforce => Https::Enforced,
        },
        trusted_proxies: proxies.map_err(|error| Refusal::new(error, "correct `server.trusted_proxies`"))?,
        limits: Limits {
            body: server.body_limit,
            time: server.request_timeout,
            in_flight: server.max_concurrent,
            rates: configured.api,
            ..Limits::default()
        },
    })
}

/// What of the security posture is configuration. Nothing here flatters: what is not known for certain counts as absent.
fn environment(configured: &Settings, database: &Database, provider: &dyn KeyProvider) -> Environment {
    let server = &configured.server;
    let enforced = server.https == config::Https::Enforce;
    let tls = if server.tls.is_some() {
        if server.redirect_listen.is_some() { TlsEndpoint::NativeRedirecting } else { TlsEndpoint::Native }
    } else if !server.trusted_proxies.is_empty() && server.public_url.is_https() {
        TlsEndpoint::TrustedProxy
    } else {
        TlsEndpoint::None
    };
    let embedded = database.url.file().is_some();
    Environment {
        key_provider: provider.kind().name().to_owned(),
        key_provider_managed: provider.kind().is_managed(),
        key_rotation: configured.rotates(),
        https_enforced: enforced,
        hsts: enforced && tls != TlsEndpoint::None,
        tls,
        database: if embedded { DatabaseKind::Sqlite } else { DatabaseKind::Postgres },
        database_tls: match database.tls_mode {
            DatabaseTls::Disable => TlsMode::Disable,
            DatabaseTls::Allow => TlsMode::Allow,
            DatabaseTls::Prefer => TlsMode::Prefer,
            DatabaseTls::Require => TlsMode::Require,
            DatabaseTls::VerifyCa => TlsMode::VerifyCa,
            DatabaseTls::VerifyFull => TlsMode::VerifyFull,
        },
        // The schema check, which every start passes, refuses a PostgreSQL whose tables the service owns.
        separate_owner: !embedded,
        archive: configured.audit.archive.is_some(),
    }
}
