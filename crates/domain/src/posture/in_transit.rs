//! Encryption in transit.

use super::{
    DatabaseKind, Fix, Status, TlsEndpoint, TlsMode, Transit,
    control::{Evidence, Findings},
};

pub(super) fn findings(state: &Transit) -> Findings {
    Findings {
        id: "in_transit",
        label: "Encryption in transit",
        implementation: implementation(state).to_owned(),
        verb: "Enable",
        actions: actions(state).into_iter().map(str::to_owned).collect(),
        failures: Vec::new(),
        evidence: evidence(state),
        fix: Fix::Transport,
    }
}

/// Whether no listener takes plain text: then there is nothing to redirect, and no statement may say that it is.
fn is_closed(state: &Transit) -> bool {
    state.https_enforced && state.tls == TlsEndpoint::Native
}

fn implementation(state: &Transit) -> &'static str {
    if is_closed(state) { CLOSED } else { REDIRECTS }
}

const CLOSED: &str = "HTTPS is enforced by serving nothing in the clear";
const REDIRECTS: &str = "HTTPS enforcement redirects insecure production requests";

/// Enforcement counts only where TLS ends somewhere we know; HSTS counts only over HTTPS (RFC 6797 §7.2), so it is no
/// action of its own before. The database mode counts whichever database is in use: it applies the day the store moves
/// to PostgreSQL, and nobody revisits it then.
fn actions(state: &Transit) -> Vec<&'static str> {
    let enforced = state.https_enforced && state.tls != TlsEndpoint::None;
    let mut actions = Vec::new();
    if !enforced {
        actions.push("HTTPS enforcement");
    } else if !state.hsts {
        actions.push("HSTS");
    }
    if state.database.tls_mode < TlsMode::VerifyFull {
        actions.push("verify-full database SSL in production");
    }
    actions
}

fn evidence(state: &Transit) -> Vec<Evidence> {
    let mode = state.database.tls_mode;
    let mut evidence = vec![
        if is_closed(state) {
            Evidence::new(format!("{CLOSED}: no listener takes plain HTTP"), Status::Pass)
        } else {
            Evidence::either(state.https_enforced, format!("{REDIRECTS}: on"), format!("{REDIRECTS}: off"))
        },
        match state.tls {
            TlsEndpoint::None => {
                Evidence::new("TLS ends nowhere: requests arrive in plain text", Status::Warning)
            }
            TlsEndpoint::Native => Evidence::new("TLS ends in this server", Status::Pass),
            TlsEndpoint::NativeRedirecting => Evidence::new(
                "TLS ends in this server; a second listener redirects what arrives in plain text",
                Status::Pass,
            ),
            TlsEndpoint::TrustedProxy => Evidence::new(
                "TLS is configured to end at a trusted proxy, which is not observed",
                Status::Unknown,
            ),
        },
        Evidence::either(
            state.hsts,
            "HSTS, CSP, frame blocking and permissions policy are emitted",
            "CSP, frame blocking and permissions policy are emitted; HSTS is not",
        ),
        Evidence::new(
            format!("Database TLS mode is configurable for PostgreSQL: {}", mode.name()),
            if mode == TlsMode::VerifyFull { Status::Pass } else { Status::Warning },
        ),
    ];
    if state.database.kind == DatabaseKind::Sqlite {
        evidence.push(Evidence::new(
            "The database in use is embedded and has no connection to encrypt",
            Status::Pass,
        ));
    }
    evidence
}
