//! The posture: published figures, published formulas, and properties that hold for every snapshot.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use bailiwick_domain::{
    posture::{
        ACTION_COST, AppendOnly, AtRest, Audit, Check, Control, ControlStatus, Database, DatabaseKind,
        ENABLED_FROM, FAILED_CEILING, Fix, Points, Posture, PostureStatus, ROTATION_WINDOW_DAYS, Snapshot,
        Status, TlsEndpoint, TlsMode, Transit, Verification,
    },
    time::Timestamp,
};
use proptest::prelude::*;

/// The demonstration tenant on the day it is seeded.
fn demo() -> Snapshot {
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
            sealed_objects: 24,
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
            events: 41,
            unsequenced: 0,
            last_checkpoint_age: Some(4),
            longest_wait: None,
            last_verification: Some(Verification {
                ok: true,
                at: Timestamp::from_micros(1_767_323_045_000_000),
            }),
        },
    }
}

fn with(change: impl FnOnce(&mut Snapshot)) -> Posture {
    let mut snapshot = demo();
    change(&mut snapshot);
    Posture::of(&snapshot)
}

fn check<'a>(posture: &'a Posture, id: &str) -> &'a Check {
    posture.checks.iter().find(|check| check.id == id).unwrap()
}

fn control<'a>(posture: &'a Posture, id: &str) -> &'a Control {
    posture.controls.iter().find(|control| control.id == id).unwrap()
}

fn sentences(posture: &Posture) -> Vec<&str> {
    posture.checks.iter().map(|check| check.sentence.as_str()).collect()
}

#[test]
fn demo_tenant_shows_the_published_figures() {
    let posture = Posture::of(&demo());
    assert_eq!((posture.score, posture.status.label()), (72, "review"));
    assert_eq!(posture.sentence, "MFA and key rotation are the main gaps");
    let scores: Vec<(u8, &str)> =
        posture.controls.iter().map(|row| (row.score, row.status.label())).collect();
    assert_eq!(scores, [(88, "enabled"), (76, "warning"), (88, "enabled")]);
    assert_eq!(posture.control_score, 84);
    assert_eq!(
        sentences(&posture),
        [
            "1 active user still needs MFA.",
            "2 invitations are waiting for acceptance.",
            "1 API key needs rotation.",
            "No high severity events are open.",
        ]
    );
    let actions: Vec<&str> =
        posture.controls.iter().map(|row| row.required_action.as_deref().unwrap()).collect();
    assert_eq!(
        actions,
        [
            "Move production keys into managed KMS and rotate on schedule",
            "Enable HTTPS enforcement and verify-full database SSL in production",
            "Add production append-only storage and export retention jobs",
        ]
    );
}

#[test]
fn demo_posture_is_the_reviewed_one() {
    insta::assert_json_snapshot!(Posture::of(&demo()));
}

#[test]
fn demo_points_are_exact() {
    let posture = Posture::of(&demo());
    let points = |id| {
        let check = check(&posture, id);
        [check.points, check.lost, check.gain].map(|points| points.to_string())
    };
    assert_eq!(points("mfa"), ["33", "11", "5.5"]);
    assert_eq!(points("api_keys"), ["20", "10", "10"]);
    assert_eq!(points("security_events"), ["19", "0", "0"]);
    assert_eq!(points("invitations"), ["0", "7", "7"]);
}

#[test]
fn owner_gains_what_the_checklist_promises_for_each_fix() {
    let mfa = with(|s| (s.users_verified_factor, s.users_needing_mfa) = (7, 0));
    assert_eq!(mfa.score, 78, "72 + 5.5, the half rounded up");
    assert_eq!(check(&mfa, "mfa").points.to_string(), "38.5");
    assert_eq!(with(|s| s.keys_expiring = 0).score, 82);
    assert_eq!(with(|s| s.pending_invitations = 0).score, 79);
    assert_eq!(with(|s| s.pending_invitations = 1).score, 72, "one waiting invitation costs as much as two");
    assert_eq!(with(|s| s.open_high_events = 1).score, 53);
}

#[test]
fn owner_gains_nothing_by_keys_that_never_end() {
    let rotated = with(|s| (s.keys_expiring, s.keys_without_end) = (0, 1));
    assert_eq!(rotated.score, 72, "a key without an end in place of the one that ends soon");
    assert_eq!(check(&rotated, "api_keys").sentence, "1 API key needs rotation; 1 has no end.");
    let more = with(|s| (s.keys_total, s.keys_without_end) = (5, 2));
    let keys = check(&more, "api_keys");
    assert_eq!((keys.share.num, keys.share.den, keys.gain.to_string()), (2, 5, "18".to_owned()));
    assert_eq!(keys.sentence, "3 API keys need rotation; 2 have no end.");
    assert!(more.score < Posture::of(&demo()).score, "more such keys raise nothing");
}

#[test]
fn owner_gains_twelve_for_each_control_action_closed() {
    let kms = with(|s| (s.at_rest.provider_managed, s.at_rest.rotation_scheduled) = (true, true));
    assert_eq!((control(&kms, "at_rest").score, kms.control_score), (100, 88));
    assert_eq!(control(&kms, "at_rest").required_action, None);
    let https = with(|s| {
        (s.transit.https_enforced, s.transit.hsts, s.transit.tls) = (true, true, TlsEndpoint::Native)
    });
    assert_eq!(control(&https, "in_transit").score, 88);
    assert_eq!(control(&https, "in_transit").status, ControlStatus::Enabled);
    assert_eq!(
        control(&https, "in_transit").required_action.as_deref(),
        Some("Enable verify-full database SSL in production")
    );
    let database = with(|s| s.transit.database.tls_mode = TlsMode::VerifyFull);
    assert_eq!(control(&database, "in_transit").score, 88);
    assert_eq!(control(&database, "in_transit").required_action.as_deref(), Some("Enable HTTPS enforcement"));
    let audit = with(|s| {
        s.audit.append_only = AppendOnly::EnforcedBySeparateOwner;
        (s.audit.archive_job, s.audit.retention_job) = (true, true);
    });
    assert_eq!((control(&audit, "audit_logging").score, audit.control_score), (100, 88));
}

#[test]
fn half_an_action_is_still_open_and_says_which_half() {
    let action = |posture: &Posture, id: &str| {
        let control = control(posture, id);
        assert_eq!(control.score, 88);
        control.required_action.clone().unwrap()
    };
    let kms = with(|s| s.at_rest.provider_managed = true);
    assert_eq!(action(&kms, "at_rest"), "Rotate production keys on schedule");
    let rotation = with(|s| s.at_rest.rotation_scheduled = true);
    assert_eq!(action(&rotation, "at_rest"), "Move production keys into managed KMS");
    let owner = with(|s| s.audit.append_only = AppendOnly::EnforcedBySeparateOwner);
    assert_eq!(action(&owner, "audit_logging"), "Add export retention jobs");
    let retention = with(|s| s.audit.retention_job = true);
    assert_eq!(action(&retention, "audit_logging"), "Add production append-only storage and an export job");
    let both = with(|s| (s.audit.archive_job, s.audit.retention_job) = (true, true));
    assert_eq!(action(&both, "audit_logging"), "Add production append-only storage");
}

#[test]
fn enforcement_without_a_place_where_tls_ends_does_not_count() {
    let posture = with(|s| (s.transit.https_enforced, s.transit.hsts) = (true, true));
    assert_eq!(control(&posture, "in_transit").score, 76);
    let proxied = with(|s| (s.transit.https_enforced, s.transit.tls) = (true, TlsEndpoint::TrustedProxy));
    assert_eq!(
        control(&proxied, "in_transit").required_action.as_deref(),
        Some("Enable HSTS and verify-full database SSL in production")
    );
}

#[test]
fn what_is_said_of_plain_requests_is_what_becomes_of_them() {
    let read = |enforced: bool, tls: TlsEndpoint| {
        let posture = with(|s| (s.transit.https_enforced, s.transit.tls) = (enforced, tls));
        let control = control(&posture, "in_transit");
        let said: Vec<_> =
            control.evidence.iter().take(2).map(|one| (one.text.clone(), one.status)).collect();
        (control.implementation.clone(), said)
    };
    let redirects = "HTTPS enforcement redirects insecure production requests";
    for (tls, status) in [
        (TlsEndpoint::None, Status::Warning),
        (TlsEndpoint::NativeRedirecting, Status::Pass),
        (TlsEndpoint::TrustedProxy, Status::Unknown),
    ] {
        let (implementation, said) = read(true, tls);
        assert_eq!(implementation, redirects, "{tls:?}");
        assert_eq!(said[0], (format!("{redirects}: on"), Status::Pass), "{tls:?}");
        assert_eq!(said[1].1, status, "{tls:?}");
    }
    let (implementation, said) = read(true, TlsEndpoint::Native);
    assert_eq!(implementation, "HTTPS is enforced by serving nothing in the clear");
    assert_eq!(said[0], (format!("{implementation}: no listener takes plain HTTP"), Status::Pass));
    let (implementation, said) = read(false, TlsEndpoint::Native);
    assert_eq!(
        (implementation.as_str(), &said[0]),
        (redirects, &(format!("{redirects}: off"), Status::Warning))
    );
}

#[test]
fn every_database_mode_below_verify_full_stays_open_on_either_database() {
    for kind in [DatabaseKind::Sqlite, DatabaseKind::Postgres] {
        for mode in [TlsMode::Disable, TlsMode::Allow, TlsMode::Prefer, TlsMode::Require, TlsMode::VerifyCa] {
            let posture = with(|s| s.transit.database = Database { kind, tls_mode: mode });
            assert_eq!(control(&posture, "in_transit").score, 76, "{kind:?} {mode:?}");
        }
        let full = with(|s| s.transit.database = Database { kind, tls_mode: TlsMode::VerifyFull });
        assert_eq!(control(&full, "in_transit").score, 88, "{kind:?}");
    }
}

#[test]
fn an_integrity_failure_fails_the_control_whatever_else_is_done() {
    let broken = with(|s| {
        s.audit.last_verification = Some(Verification { ok: false, at: Timestamp::from_micros(0) });
    });
    assert_eq!(broken.control_score, 68);
    let best = with(|s| {
        s.audit.append_only = AppendOnly::EnforcedBySeparateOwner;
        (s.audit.archive_job, s.audit.retention_job) = (true, true);
        s.audit.last_verification = Some(Verification { ok: false, at: Timestamp::from_micros(0) });
    });
    for posture in [&broken, &best] {
        let audit = control(posture, "audit_logging");
        assert_eq!((audit.score, audit.status), (FAILED_CEILING, ControlStatus::Failed));
        assert_eq!(
            audit.required_action.as_deref(),
            Some("Find out why the last verification of the audit log failed")
        );
        assert!(audit.evidence.iter().any(|item| item.status == Status::Fail));
    }
}

#[test]
fn what_was_never_observed_is_unknown_and_not_a_pass() {
    let posture = with(|s| (s.audit.last_checkpoint_age, s.audit.last_verification) = (None, None));
    let unknown =
        control(&posture, "audit_logging").evidence.iter().filter(|item| item.status == Status::Unknown);
    assert_eq!(unknown.count(), 2);
}

#[test]
fn records_that_wait_long_for_a_checkpoint_are_an_open_action() {
    let waits = |checkpoint, wait| {
        with(|s| {
            s.audit.unsequenced = 1;
            (s.audit.last_checkpoint_age, s.audit.longest_wait) = (checkpoint, Some(wait));
        })
    };
    for checkpoint in [Some(4_000), None] {
        let late = waits(checkpoint, 3_601);
        let late = control(&late, "audit_logging");
        assert_eq!(late.score, 76, "{checkpoint:?}");
        assert!(late.actions.iter().any(|action| action == "Bring the signed checkpoints up to date"));
        let said = late.evidence.iter().find(|item| item.text.contains("the oldest for 1 hour")).unwrap();
        assert_eq!(said.status, Status::Warning, "{checkpoint:?}");
    }
    // Of a new tenant, and of a quiet one that has just been used: the signer has had no time yet.
    for checkpoint in [None, Some(90_000)] {
        assert_eq!(control(&waits(checkpoint, 3_600), "audit_logging").score, 88, "{checkpoint:?}");
    }
    let idle = with(|s| (s.audit.unsequenced, s.audit.last_checkpoint_age) = (0, Some(90_000)));
    assert_eq!(
        control(&idle, "audit_logging").score,
        88,
        "nothing waits, so an old checkpoint covers everything"
    );
}

#[test]
fn identity_provider_users_earn_no_points_and_need_nothing() {
    let posture = with(|s| (s.users_sso_mfa, s.users_needing_mfa) = (2, 0));
    let mfa = check(&posture, "mfa");
    assert_eq!((mfa.points.to_string(), mfa.gain, mfa.status), ("33".to_owned(), Points::ZERO, Status::Pass));
    assert_eq!(mfa.sentence, "Every active user has MFA; for 2 users the identity provider asserts it.");
    assert_eq!(posture.sentence, "Key rotation and pending invitations are the main gaps");
    let closed = with(|s| {
        (s.users_sso_mfa, s.users_needing_mfa, s.keys_expiring, s.pending_invitations) = (2, 0, 0, 0);
    });
    assert_eq!(closed.score, 89);
    assert_eq!(closed.sentence, "No gaps are open; MFA asserted by the identity provider earns no points");
}

#[test]
fn a_user_whom_no_count_explains_is_open() {
    let posture = with(|s| (s.users_sso_mfa, s.users_needing_mfa) = (0, 0));
    assert_eq!(check(&posture, "mfa").sentence, "2 active users still need MFA.");
    assert_eq!(check(&posture, "mfa").gain.to_string(), "11");
}

#[test]
fn counts_take_the_right_number() {
    let many = with(|s| {
        (s.users_verified_factor, s.users_needing_mfa, s.pending_invitations) = (5, 2, 1);
        (s.keys_expiring, s.open_high_events) = (2, 1);
    });
    assert_eq!(
        sentences(&many),
        [
            "2 active users still need MFA.",
            "1 invitation is waiting for acceptance.",
            "2 API keys need rotation.",
            "1 high severity event is open.",
        ]
    );
    let none = with(|s| {
        (s.users_verified_factor, s.users_sso_mfa, s.users_needing_mfa) = (8, 0, 0);
        (s.pending_invitations, s.keys_expiring) = (0, 0);
    });
    assert_eq!(
        sentences(&none),
        [
            "Every active user has MFA.",
            "No invitations are waiting for acceptance.",
            "No API keys need rotation.",
            "No high severity events are open.",
        ]
    );
    assert_eq!((none.score, none.status), (100, PostureStatus::Strong));
    assert_eq!(none.sentence, "No gaps are open");
    let events = with(|s| s.open_high_events = 3);
    assert_eq!(check(&events, "security_events").sentence, "3 high severity events are open.");
    assert_eq!(check(&events, "security_events").status, Status::Fail);
    assert_eq!(events.sentence, "Open security events and MFA are the main gaps");
}

#[test]
fn a_single_gap_is_named_alone() {
    let only = |change: fn(&mut Snapshot)| {
        with(|s| {
            (s.users_verified_factor, s.users_sso_mfa, s.users_needing_mfa) = (8, 0, 0);
            (s.pending_invitations, s.keys_expiring) = (0, 0);
            change(s);
        })
        .sentence
    };
    assert_eq!(only(|s| (s.users_verified_factor, s.users_needing_mfa) = (7, 1)), "MFA is the main gap");
    assert_eq!(only(|s| s.keys_expiring = 1), "Key rotation is the main gap");
    assert_eq!(only(|s| s.pending_invitations = 1), "Pending invitations are the main gap");
    assert_eq!(only(|s| s.open_high_events = 1), "Open security events are the main gap");
}

#[test]
fn an_empty_tenant_loses_nothing_for_what_it_does_not_have() {
    let empty = with(|s| {
        (s.active_users, s.users_verified_factor, s.users_sso_mfa, s.users_needing_mfa) = (0, 0, 0, 0);
        (s.keys_total, s.keys_expiring, s.pending_invitations) = (0, 0, 0);
    });
    assert_eq!(empty.score, 100);
    assert_eq!(check(&empty, "mfa").status, Status::NotApplicable);
    assert_eq!(check(&empty, "mfa").sentence, "There are no active users.");
    assert_eq!(check(&empty, "api_keys").sentence, "There are no API keys.");
}

#[test]
fn rounding_never_makes_a_gap_look_perfect() {
    let nearly = with(|s| {
        (s.active_users, s.users_verified_factor, s.users_sso_mfa, s.users_needing_mfa) =
            (10_000_000, 9_999_999, 0, 1);
        (s.pending_invitations, s.keys_expiring) = (0, 0);
    });
    assert_eq!(nearly.score, 99);
    assert_eq!(check(&nearly, "mfa").lost.hundredths(), 1);
}

#[test]
fn each_check_and_control_links_to_where_it_is_fixed() {
    let posture = Posture::of(&demo());
    let checks: Vec<Fix> = posture.checks.iter().map(|check| check.fix).collect();
    let controls: Vec<Fix> = posture.controls.iter().map(|control| control.fix).collect();
    assert_eq!(checks, [Fix::Users, Fix::Invitations, Fix::ApiKeys, Fix::SecurityEvents]);
    assert_eq!(controls, [Fix::Encryption, Fix::Transport, Fix::Audit]);
}

/// The rows of the Markdown table in `docs/POSTURE.md` that has this header, as cells.
fn published(header: &str) -> Vec<Vec<String>> {
    let page = include_str!("../../../docs/POSTURE.md");
    let rows =
        page.lines().skip_while(|line| *line != header).skip(2).take_while(|line| line.starts_with('|'));
    let cells = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
    let rows: Vec<Vec<String>> = rows.map(cells).collect();
    assert!(!rows.is_empty(), "docs/POSTURE.md has no table {header}");
    rows
}

#[test]
fn published_weights_are_the_ones_in_force() {
    let posture = Posture::of(&demo());
    let rows = published("| check | weight | share | demonstration tenant |");
    let written: Vec<(String, u8)> =
        rows.iter().map(|row| (row[0].trim_matches('`').to_owned(), row[1].parse().unwrap())).collect();
    let mut in_force: Vec<(String, u8)> =
        posture.checks.iter().map(|check| (check.id.to_owned(), check.weight)).collect();
    in_force.sort_by_key(|(_, weight)| std::cmp::Reverse(*weight));
    assert_eq!(written, in_force);
    for row in rows {
        let check = check(&posture, row[0].trim_matches('`'));
        let shown = format!("{} of {}: {}", check.share.num, check.share.den, check.points);
        assert_eq!(row[3], shown);
    }
}

#[test]
fn published_bands_and_costs_are_the_ones_in_force() {
    use bailiwick_domain::posture::{REVIEW_FROM, STRONG_FROM};
    let bands: Vec<String> = published("| status | score |").into_iter().map(|row| row.join(" ")).collect();
    assert_eq!(
        bands,
        [
            format!("strong {STRONG_FROM} to 100"),
            format!("review {REVIEW_FROM} to {}", STRONG_FROM - 1),
            format!("at risk 0 to {}", REVIEW_FROM - 1),
        ]
    );
    let numbers: Vec<(String, i64)> =
        published("| number | value |").iter().map(|row| (row[0].clone(), row[1].parse().unwrap())).collect();
    let in_force = [
        ("points per open action", i64::from(ACTION_COST)),
        ("least an enabled control scores", i64::from(ENABLED_FROM)),
        ("most a failed control scores", i64::from(FAILED_CEILING)),
        ("days before expiry when a key needs rotation", ROTATION_WINDOW_DAYS),
    ];
    assert_eq!(numbers, in_force.map(|(name, value)| (name.to_owned(), value)));
}

prop_compose! {
    fn snapshots()(
        verified in 0_u64..2_000, sso in 0_u64..200, needing in 0_u64..200, pending in 0_u64..4,
        keys in 0_u64..40, due in 0_u64..40, endless in 0_u64..40, events in 0_u64..3, flags in any::<[bool; 8]>(),
        endpoint in 0_u8..4, mode in 0_u8..6, age in proptest::option::of(0_u64..8_000), waiting in 0_u64..3, wait in 0_u64..8_000,
        verification in proptest::option::of(any::<bool>()),
    ) -> Snapshot {
        let [managed, rotation, https, hsts, postgres, owner, archive, retention] = flags;
        Snapshot {
            active_users: verified + sso + needing,
            users_verified_factor: verified,
            users_sso_mfa: sso,
            users_needing_mfa: needing,
            pending_invitations: pending,
            keys_total: keys,
            keys_expiring: due.min(keys),
            keys_without_end: endless.min(keys - due.min(keys)),
            open_high_events: events,
            at_rest: AtRest { provider_managed: managed, rotation_scheduled: rotation, ..demo().at_rest },
            transit: Transit {
                https_enforced: https,
                hsts,
                tls: [
                    TlsEndpoint::None, TlsEndpoint::Native, TlsEndpoint::NativeRedirecting, TlsEndpoint::TrustedProxy,
                ][usize::from(endpoint)],
                database: Database {
                    kind: if postgres { DatabaseKind::Postgres } else { DatabaseKind::Sqlite },
                    tls_mode: [
                        TlsMode::Disable, TlsMode::Allow, TlsMode::Prefer, TlsMode::Require, TlsMode::VerifyCa, TlsMode::VerifyFull,
                    ][usize::from(mode)],
                },
            },
            audit: Audit {
                append_only: if owner { AppendOnly::EnforcedBySeparateOwner } else { AppendOnly::EnforcedByTriggers },
                archive_job: archive,
                retention_job: retention,
                unsequenced: waiting,
                last_checkpoint_age: age,
                longest_wait: (waiting > 0).then_some(wait),
                last_verification: verification.map(|ok| Verification { ok, at: Timestamp::from_micros(0) }),
                ..demo().audit
            },
        }
    }
}

type Improvement = (&'static str, fn(&mut Snapshot));

/// Single improvements of a snapshot; each leaves everything else as it is.
fn improvements() -> Vec<Improvement> {
    vec![
        ("a user enrols", |s| {
            if s.users_needing_mfa > 0 {
                s.users_needing_mfa -= 1;
                s.users_verified_factor += 1;
            }
        }),
        ("an identity provider's user enrols", |s| {
            if s.users_sso_mfa > 0 {
                s.users_sso_mfa -= 1;
                s.users_verified_factor += 1;
            }
        }),
        ("a user who needs MFA is disabled", |s| {
            if s.users_needing_mfa > 0 {
                s.users_needing_mfa -= 1;
                s.active_users -= 1;
            }
        }),
        ("an invitation is settled", |s| s.pending_invitations = s.pending_invitations.saturating_sub(1)),
        ("a key is rotated", |s| s.keys_expiring = s.keys_expiring.saturating_sub(1)),
        ("a key is made anew with an end", |s| s.keys_without_end = s.keys_without_end.saturating_sub(1)),
        ("an event is resolved", |s| s.open_high_events = s.open_high_events.saturating_sub(1)),
        ("keys move into a KMS", |s| s.at_rest.provider_managed = true),
        ("rotation is scheduled", |s| s.at_rest.rotation_scheduled = true),
        ("HTTPS is enforced", |s| s.transit.https_enforced = true),
        ("HSTS is sent", |s| s.transit.hsts = true),
        ("TLS ends here", |s| s.transit.tls = TlsEndpoint::Native),
        ("the database is verified", |s| s.transit.database.tls_mode = TlsMode::VerifyFull),
        ("another role owns the tables", |s| s.audit.append_only = AppendOnly::EnforcedBySeparateOwner),
        ("records are archived", |s| s.audit.archive_job = true),
        ("retention runs", |s| s.audit.retention_job = true),
        ("a checkpoint is signed", |s| {
            (s.audit.unsequenced, s.audit.last_checkpoint_age, s.audit.longest_wait) = (0, Some(0), None);
        }),
        ("the log verifies", |s| {
            s.audit.last_verification = Some(Verification { ok: true, at: Timestamp::from_micros(1) });
        }),
    ]
}

proptest! {
    #[test]
    fn scores_stay_within_bounds_and_add_up(snapshot in snapshots()) {
        let posture = Posture::of(&snapshot);
        prop_assert!(posture.score <= 100 && posture.control_score <= 100);
        let total: u32 = posture.checks.iter().map(|check| check.points.hundredths()).sum();
        prop_assert!(u32::from(posture.score).abs_diff((total + 50) / 100) <= 1);
        let lost = posture.checks.iter().any(|check| check.lost > Points::ZERO);
        prop_assert_eq!(posture.score == 100, !lost, "100 exactly when nothing is lost");
        for check in &posture.checks {
            prop_assert_eq!(check.points.hundredths() + check.lost.hundredths(), u32::from(check.weight) * 100);
            prop_assert!(check.gain <= check.lost);
            prop_assert_eq!(check.status.is_open(), check.gain > Points::ZERO, "open exactly when a fix gains");
        }
        for control in &posture.controls {
            let failed = control.status == ControlStatus::Failed;
            prop_assert_eq!(failed, !control.failures.is_empty());
            prop_assert!(!failed || control.score <= FAILED_CEILING);
            prop_assert_eq!(control.score == 100, control.required_action.is_none());
        }
    }

    #[test]
    fn no_improvement_ever_lowers_a_score(snapshot in snapshots()) {
        let before = Posture::of(&snapshot);
        for (what, improve) in improvements() {
            let mut better = snapshot.clone();
            improve(&mut better);
            let after = Posture::of(&better);
            prop_assert!(after.score >= before.score, "{what}: posture {} to {}", before.score, after.score);
            prop_assert!(after.status >= before.status, "{what}");
            for (old, new) in before.controls.iter().zip(&after.controls) {
                prop_assert!(new.score >= old.score, "{what}: {} {} to {}", old.id, old.score, new.score);
            }
        }
    }

    #[test]
    fn the_promised_gain_is_what_a_fix_brings(snapshot in snapshots()) {
        let before = Posture::of(&snapshot);
        let mut fixed = snapshot.clone();
        fixed.users_verified_factor += fixed.users_needing_mfa;
        (fixed.users_needing_mfa, fixed.keys_expiring, fixed.keys_without_end) = (0, 0, 0);
        (fixed.pending_invitations, fixed.open_high_events) = (0, 0);
        for (old, new) in before.checks.iter().zip(&Posture::of(&fixed).checks) {
            prop_assert_eq!(old.points.hundredths() + old.gain.hundredths(), new.points.hundredths(), "{}", old.id);
            prop_assert!(!new.status.is_open());
        }
    }

    #[test]
    fn counts_that_contradict_each_other_do_not_break_the_score(counts in any::<[u64; 9]>()) {
        let [active, verified, sso, needing, pending, keys, due, endless, events] = counts;
        let snapshot = Snapshot {
            active_users: active, users_verified_factor: verified, users_sso_mfa: sso, users_needing_mfa: needing,
            pending_invitations: pending, keys_total: keys, keys_expiring: due, keys_without_end: endless,
            open_high_events: events, ..demo()
        };
        prop_assert!(Posture::of(&snapshot).score <= 100);
    }
}
