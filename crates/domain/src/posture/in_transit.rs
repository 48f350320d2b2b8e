//! Encryption in transit.

use super::{
    DatabaseKind, Fix, Status, TlsEndpoint, TlsMode, Transit,
    control::{Evidence, Findings},
};

pub(super) fn findings(state: &Transit) -> Findings {
    Findings {
        id: "in_transit",
        label: "Encryption in transit",
        implementation: "HTTPS enforcement redirects insecure production requests".to_owned(),
        verb: "Enable",
        actions: actions(state).into_iter().map(str::to_owned).collect(),
        failures: Vec::new(),
        evidence: evidence(state),
        fix: Fix::Transport,
    }
}

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
        Evidence::either(
            state.https_enforced,
            "HTTPS enforcement redirects insecure production requests: on",
            "HTTPS enforcement redirects insecure production requests: off",
        ),
        match state.tls {
            TlsEndpoint::None => {
                Evidence::new("TLS ends nowhere: requests arrive in plain text", Status::Warning)
            }
            TlsEndpoint::Native => Evidence::new("TLS ends in this server", Status::Pass),
            TlsEndpoint::TrustedProxy => Evidence::new("TLS ends at a trusted proxy", Status::Pass),
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
