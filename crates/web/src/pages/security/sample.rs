//! The state of the requirement's page, for tests of how it is shown.

use bailiwick_domain::posture::{
    AppendOnly, AtRest, Audit, Database, DatabaseKind, Snapshot, TlsEndpoint, TlsMode, Transit,
};

pub(super) fn snapshot() -> Snapshot {
    Snapshot {
        active_users: 8,
        users_verified_factor: 6,
        users_sso_mfa: 1,
        users_needing_mfa: 1,
        pending_invitations: 2,
        keys_total: 3,
        keys_expiring: 1,
        keys_without_end: 0,
        open_high_events: 0,
        at_rest: AtRest {
            algorithm: "AES-256-GCM".into(),
            provider: "root key file".into(),
            provider_managed: false,
            rotation_scheduled: false,
            sealed_objects: 16,
        },
        transit: Transit {
            https_enforced: false,
            hsts: false,
            tls: TlsEndpoint::None,
            database: Database { kind: DatabaseKind::Sqlite, tls_mode: TlsMode::Prefer },
        },
        audit: Audit {
            append_only: AppendOnly::EnforcedByTriggers,
            archive_job: false,
            retention_job: false,
            events: 61,
            unsequenced: 0,
            last_checkpoint_age: Some(12),
            longest_wait: None,
            last_verification: None,
        },
    }
}
