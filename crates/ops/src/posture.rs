//! The posture of a tenant: its counts joined with what the server is really configured to do.

use bailiwick_domain::posture::{
    AppendOnly, AtRest, Audit, Database, DatabaseKind, Posture, Snapshot, TlsEndpoint, TlsMode, Transit,
};
use bailiwick_store::{Scope, posture};

use crate::Result;

/// What of the posture is configuration, gathered once at start.
#[derive(Clone, Debug)]
pub struct Environment {
    /// What wraps the tenant keys, as words within a sentence.
    pub key_provider: String,
    /// Whether that is a managed KMS or HSM.
    pub key_provider_managed: bool,
    /// Whether this server rotates keys by their schedules.
    pub key_rotation: bool,
    /// Whether insecure requests are redirected or refused.
    pub https_enforced: bool,
    /// Whether Strict-Transport-Security is sent.
    pub hsts: bool,
    /// Where TLS ends.
    pub tls: TlsEndpoint,
    /// The database in use.
    pub database: DatabaseKind,
    /// The TLS mode configured for PostgreSQL.
    pub database_tls: TlsMode,
    /// Whether another role owns the audit tables; true once the schema check has seen it.
    pub separate_owner: bool,
    /// Whether the audit log is copied into an archive; the job of the retention runs with that of the archive.
    pub archive: bool,
}

/// Computes the posture at this moment. Nothing is cached: changing one thing changes the next answer.
pub async fn compute(scope: &mut impl Scope, environment: &Environment) -> Result<Posture> {
    Ok(Posture::of(&snapshot(scope, environment).await?))
}

/// What the posture is computed from.
pub async fn snapshot(scope: &mut impl Scope, environment: &Environment) -> Result<Snapshot> {
    let counts = posture::counts(scope).await?;
    let now = scope.now();
    let count = |n: i64| u64::try_from(n).unwrap_or(0);
    Ok(Snapshot {
        active_users: count(counts.active_users),
        users_verified_factor: count(counts.verified),
        users_sso_mfa: count(counts.sso),
        users_needing_mfa: count(counts.active_users - counts.verified - counts.sso),
        pending_invitations: count(counts.pending_invitations),
        keys_total: count(counts.keys),
        keys_expiring: count(counts.keys_expiring),
        keys_without_end: count(counts.keys_without_end),
        open_high_events: count(counts.open_high_events),
        at_rest: AtRest {
            algorithm: "AES-256-GCM".to_owned(),
            provider: environment.key_provider.clone(),
            provider_managed: environment.key_provider_managed,
            rotation_scheduled: environment.key_rotation
                && counts.rotation_days.zip(counts.key_made_at).is_some_and(|(days, made)| {
                    // An overdue rotation is none: whoever reads it is to look why.
                    now.since(made).as_seconds() <= bailiwick_domain::time::Span::days(days + 1).as_seconds()
                }),
            sealed_objects: count(counts.sealed_objects),
        },
        transit: Transit {
            https_enforced: environment.https_enforced,
            hsts: environment.hsts,
            tls: environment.tls,
            database: Database { kind: environment.database, tls_mode: environment.database_tls },
        },
        audit: Audit {
            append_only: if environment.separate_owner {
                AppendOnly::EnforcedBySeparateOwner
            } else {
                AppendOnly::EnforcedByTriggers
            },
            archive_job: environment.archive,
            retention_job: environment.archive,
            events: count(counts.events),
            unsequenced: count(counts.unsigned),
            last_checkpoint_age: counts.last_signed.map(|at| count(now.since(at).as_seconds())),
            longest_wait: counts.oldest_unsigned.map(|at| count(now.since(at).as_seconds())),
            last_verification: counts.last_verification,
        },
    })
}
