//! Random images of every kind of thing.

use bailiwick_domain::entity::Kind;
use serde_json::{Value, json};
use uuid::Uuid;

/// Numbers that only look random (xorshift, 64 bits): the same in every run.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number below `bound`.
    pub(super) fn up_to(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub(super) fn wide(&mut self) -> u128 {
        (u128::from(self.next()) << 64) | u128::from(self.next())
    }

    fn one(&mut self, of: &[&str]) -> Value {
        let place = usize::try_from(self.up_to(of.len() as u64)).unwrap();
        of[place].into()
    }

    fn some(&mut self, of: &[&str]) -> Vec<Value> {
        of.iter().filter(|_| self.next().is_multiple_of(2)).map(|text| Value::from(*text)).collect()
    }

    fn perhaps(&mut self, value: Value) -> Value {
        if self.up_to(3) == 0 { Value::Null } else { value }
    }

    fn number(&mut self) -> i64 {
        i64::try_from(self.up_to(5)).unwrap()
    }

    fn yes(&mut self) -> bool {
        self.up_to(2) == 0
    }

    fn time(&mut self) -> Value {
        format!("2026-01-0{}T0{}:00:00.000000Z", 1 + self.up_to(9), self.up_to(10)).into()
    }

    fn end(&mut self) -> Value {
        let time = self.time();
        self.perhaps(time)
    }

    fn name(&mut self) -> Value {
        self.one(&["Una", "Olive", "Night shift", "Zoë / ~ \"quoted\"", ""])
    }

    fn floor(&mut self) -> Value {
        json!({"level": self.one(&["any", "mfa", "passkey"]), "mfa_since": self.end(), "passkey_since": self.end()})
    }
}

const ROLES: [&str; 3] = ["auditor", "tenant_owner", "plan_manager"];
const PERMISSIONS: [&str; 4] = ["audit:read", "user:read", "team:read", "register:read"];

/// An image of a thing with this id; where the thing is a person's own, the person is `user`. One arm for each kind.
pub(super) fn of_kind(kind: Kind, d: &mut Dice, id: Uuid, user: Uuid) -> Value {
    let floors = |d: &mut Dice| -> Value {
        let mut floors = serde_json::Map::new();
        for role in ROLES {
            if d.yes() {
                floors.insert(role.to_owned(), d.floor());
            }
        }
        floors.into()
    };
    match kind {
        Kind::Anomaly => json!({
            "id": id, "kind": d.one(&["place", "device", "action", "burst", "hour"]), "actor": user, "user": user,
            "what": d.one(&["AU", "role.created", ""]), "leaf": d.number(), "query": "/audit?actor=1", "at": d.time(),
        }),
        Kind::ApiKey => json!({
            "id": id, "name": d.name(), "prefix": "bw_live_ab", "scopes": d.some(&PERMISSIONS), "created_by": d.perhaps(json!(user)),
            "environment": d.one(&["live", "test"]), "networks": d.some(&["10.0.0.0/8", "192.0.2.7/32"]), "owner": d.perhaps(json!(user)),
            "replaces": d.perhaps(json!(id)), "rotating": d.yes(), "created_at": d.time(), "expires_at": d.end(), "revoked_at": d.end(),
        }),
        Kind::Attempt => json!({
            "id": id, "user": user, "factor": d.one(&["password", "totp"]), "outcome": d.one(&["accepted", "refused", "lifted"]),
            "known_device": d.yes(), "at": d.time(),
        }),
        Kind::AuditExport => json!({
            "id": id, "format": d.one(&["csv", "jsonl", "ocsf", "parquet"]), "selection": d.one(&["{}", "{\"clauses\":[]}"]),
            "asked_by": user, "state": d.one(&["waiting", "done", "failed", "removed"]), "downloads": d.number(),
            "records": d.perhaps(json!(7)), "octets": d.perhaps(json!(700)), "digest": d.perhaps(json!("00")),
            "failure": d.perhaps(json!("Full.")), "created_at": d.time(), "finished_at": d.end(), "expires_at": d.time(),
        }),
        Kind::Document => json!({
            "id": id, "name": d.one(&["Plan.pdf", "Agreement.pdf", ""]), "state": d.one(&["kept", "deleted"]), "versions": d.number(),
            "created_by": user, "created_at": d.time(), "changed_at": d.time(),
        }),
        Kind::DocumentVersion => json!({
            "id": id, "document": user, "number": d.number(), "media": d.one(&["text/plain", "image/png"]), "octets": d.number(),
            "sealed_octets": d.number(), "algorithm": "AES-256-GCM", "key_version": d.number(), "digest": d.one(&["00", "ff"]),
            "place": "local", "state": d.one(&["available", "damaged", "deleted"]), "damage": d.perhaps(json!("it is cut short")),
            "downloads": d.number(), "created_by": user, "created_at": d.time(),
        }),
        Kind::AuditHold => {
            let mut hold = match d.up_to(4) {
                0 => json!({"scope": "tenant"}),
                1 => json!({"scope": "person", "person": user}),
                2 => json!({"scope": "entity", "entity_type": "user", "entity_id": user}),
                _ => {
                    json!({"scope": "range", "from": d.end(), "until": d.end(), "action": d.one(&["user", "invitation.created"])})
                }
            };
            hold["id"] = json!(id);
            hold["reason"] = d.name();
            hold["lifted"] = json!(d.yes());
            hold
        }
        Kind::AuditAlarm => json!({
            "id": id, "kind": d.one(&["unsequenced", "archive_lag", "gap"]), "detail": d.name(), "raised_at": d.time(), "ended_at": d.end(),
        }),
        Kind::AuditRestore => json!({
            "id": id, "segment": d.number(), "first_leaf": 0, "state": d.one(&["waiting", "done", "ended"]), "asked_by": user,
            "reason": d.name(), "records": d.number(), "failure": null, "created_at": d.time(), "finished_at": d.end(),
            "expires_at": d.time(),
        }),
        Kind::AuditRetention => json!({"id": id, "days": {"session": d.number(), "user": d.number()}}),
        Kind::AuditRetirement => json!({
            "id": id, "segment": d.number(), "first_leaf": d.number(), "last_leaf": d.number(), "records": d.number(),
            "classes": {"session": d.number()}, "digest": "00", "retired_at": d.time(),
        }),
        Kind::CustomRole => json!({
            "id": id, "name": "custom-night", "label": d.name(), "description": d.name(), "permissions": d.some(&PERMISSIONS),
            "created_at": d.time(),
        }),
        Kind::Enrolment | Kind::PasswordReset => json!({
            "id": id, "user": user, "created_at": d.time(), "expires_at": d.time(), "used_at": d.end(),
        }),
        Kind::DeadLetter => json!({
            "stream": id, "leaf_index": d.number(), "event": user, "attempts": d.number(),
            "fault": d.one(&["refused", "unreachable"]), "at": d.time(),
        }),
        Kind::Drill => json!({
            "id": id, "kind": d.one(&["record", "tile", "removed"]), "target": d.name(), "outcome": d.one(&["named", "missed"]),
            "found": d.name(), "records": d.number(), "took_micros": d.number(), "seed": d.number(),
            "probes": [{"statement": "DELETE FROM audit_event", "answer": d.name(), "refused": d.yes()}], "at": d.time(),
        }),
        Kind::ErasureCertificate => json!({
            "request": id, "erased": {"account": d.number()}, "kept": {"log_records": d.number(), "api_keys": d.number()},
        }),
        Kind::EventRules => {
            let rules = d.some(&["/card/number", "/contacts/*/email", "/**/debug"]).into_iter();
            let rules = rules
                .map(|pattern| json!({"class": d.one(&["secret", "personal", "drop"]), "pattern": pattern}));
            json!({"id": id, "rules": rules.collect::<Vec<_>>(), "detectors": d.some(&["card", "token", "private_key", "email"])})
        }
        Kind::EventSchema => json!({
            "id": id, "action": "app.plan.approved", "schema": d.one(&["{\"type\":\"object\"}", "{}"]), "created_at": d.time(),
        }),
        Kind::EvidenceBundle => json!({
            "id": id, "made_by": d.perhaps(json!(user)), "selection": d.one(&["search actor:Una", "entity user"]), "disclosed": d.one(&["*", ""]),
            "values": d.number(), "records": d.number(), "size": d.number(), "list": "00", "made_at": d.time(),
        }),
        Kind::Factor => json!({
            "id": id, "user": user, "kind": d.one(&["totp", "sso", "passkey"]), "name": d.name(),
            "state": d.one(&["pending", "verified", "removed"]), "last_step": d.number(), "created_at": d.time(), "verified_at": d.end(),
        }),
        Kind::Grant => json!({
            "id": id, "user": user, "permission": d.one(&PERMISSIONS), "effect": d.one(&["grant", "deny"]), "reason": d.name(),
            "created_at": d.time(), "expires_at": d.end(), "ended_at": d.end(),
        }),
        Kind::Invitation => json!({
            "id": id, "email": d.one(&["a@acme.example", "b@acme.example"]), "role": d.one(&ROLES), "invited_by": d.perhaps(json!(user)),
            "state": d.one(&["open", "accepted", "revoked"]), "sends": d.number(), "sent_at": d.time(), "reminded_at": d.end(),
            "created_at": d.time(), "expires_at": d.time(),
        }),
        Kind::LogEpoch => json!({
            "id": id, "epoch": d.number(), "kept": d.number(), "kept_at": d.end(), "signed": d.number(), "signed_at": d.end(),
            "begun_at": d.time(),
        }),
        Kind::LogRefusal => {
            let seen = d.number();
            json!({
                "id": id, "by": d.one(&["signer", "witness.example"]), "why": d.one(&["rollback", "fork", "ahead"]),
                "size": d.number(), "seen": d.perhaps(json!(seen)), "at": d.time(),
            })
        }
        Kind::Mail => json!({
            "id": id, "kind": d.one(&["invitation", "step_up_code"]), "about": user, "to": d.one(&["a@acme.example", ""]),
            "channel": d.one(&["mail", "webhook"]), "state": d.one(&["waiting", "sent", "given_up"]),
            "fault": d.one(&["unreachable", "tls"]), "created_at": d.time(), "settled_at": d.end(),
        }),
        Kind::Passkey => json!({
            "id": id, "user": user, "name": d.name(), "sign_count": d.number(), "backup_eligible": d.yes(), "backed_up": d.yes(),
            "transports": d.some(&["usb", "nfc"]), "created_at": d.time(), "last_used_at": d.end(), "suspected_at": d.end(),
        }),
        Kind::PasskeyCeremony => json!({
            "id": id, "user": user, "session": Uuid::from_u128(d.wide()), "created_at": d.time(), "expires_at": d.time(),
        }),
        Kind::Password => {
            json!({"user": id, "hash": d.one(&["$argon2id$a", "$argon2id$b"]), "changed_at": d.time()})
        }
        Kind::Phone => {
            json!({"user": id, "number": d.one(&["+61491570156", "+61491570157"]), "verified_at": d.time()})
        }
        Kind::PhoneCheck => json!({
            "id": id, "user": user, "number": d.one(&["+61491570156", "+61491570157"]), "tries_left": d.number(),
            "created_at": d.time(), "expires_at": d.time(),
        }),
        Kind::Policy => json!({
            "id": id, "floor": d.floor(), "role_floors": floors(d), "mfa_grace_days": d.number(), "session_idle_minutes": d.number(),
            "session_absolute_hours": d.number(), "reauth_minutes": d.number(), "invitation_days": d.number(), "api_key_days": 90,
        }),
        Kind::RecoveryCodes => json!({"user": id, "made_at": d.time(), "unused": d.number()}),
        Kind::SavedSearch => json!({
            "id": id, "user": user, "name": d.name(), "query": d.one(&["outcome:denied", "actor:Una"]), "shared": d.yes(),
            "created_at": d.time(),
        }),
        Kind::Secret => {
            let version = |d: &mut Dice| {
                json!({
                    "number": d.number(), "length": d.one(&["under_16", "32_to_63"]), "fingerprint": d.one(&["00", "01"]),
                    "stored_by": d.perhaps(json!(user)), "stored_at": d.time(),
                })
            };
            let (staged, previous) = (version(d), version(d));
            json!({
                "id": id, "name": d.one(&["gateway/api_key", "smtp"]), "current": version(d), "staged": d.perhaps(staged),
                "previous": d.perhaps(previous), "newest": d.number(), "created_at": d.time(),
            })
        }
        Kind::Integration => json!({
            "id": id, "name": d.name(), "provider": d.one(&["smtp", "storage"]), "enabled": d.yes(), "revision": d.number(),
            "origin": d.one(&["https://a.example.com", "mail.example.com:587"]), "configuration": d.one(&["00", "01"]),
            "created_at": d.time(), "changed_at": d.time(), "changed_by": d.perhaps(json!(user)),
        }),
        Kind::IntegrationHealth => {
            let fault = d.one(&["unreachable", "sign_in"]);
            json!({
                "integration": id, "tests": d.number(), "begun_at": d.time(), "tested_at": d.end(), "fault": d.perhaps(json!(fault)),
                "failures": d.number(),
            })
        }
        Kind::SecretUse => json!({
            "secret": id, "uses": d.number(), "version": d.number(), "key": user, "at": d.time(),
        }),
        Kind::SecurityEvent => json!({
            "id": id, "kind": "user.disabled", "severity": d.one(&["info", "warning", "high"]), "detail": d.name(),
            "audit_event": user, "triage": d.one(&["open", "acknowledged", "resolved"]), "at": d.time(),
        }),
        Kind::Session => json!({
            "id": id, "user": user, "method": d.one(&["password", "passkey"]), "created_at": d.time(), "last_seen_at": d.time(),
            "idle_until": d.time(), "absolute_until": d.time(), "ended_at": d.end(), "browser": d.one(&["firefox", "chrome"]),
            "system": d.one(&["linux", "ios"]), "place": d.one(&["private_network", "public_ipv4"]),
            "network": d.one(&["known", "new"]), "renewed_at": d.end(),
        }),
        Kind::StepUp => json!({
            "id": id, "user": user, "session": user, "action": d.one(&["factor_reset", "user_deletion"]), "target": user,
            "entity_type": "user", "entity_id": user, "digest": "00", "tries_left": d.number(), "created_at": d.time(),
            "expires_at": d.time(), "used_at": d.end(),
        }),
        Kind::Stream => {
            let from = d.number();
            let filter = json!({"action": d.one(&["user.", "team."]), "entity_type": Value::Null, "outcome": d.one(&["ok", "denied"])});
            json!({
                "id": id, "name": d.name(), "kind": d.one(&["webhook", "syslog", "s3"]), "origin": "https://siem.example.com",
                "place": d.one(&["00", "01"]), "filter": filter, "state": d.one(&["proposed", "active", "paused", "disabled"]),
                "secret": d.number(), "replayed_from": d.perhaps(json!(from)), "tests": d.number(), "failing": d.yes(),
                "created_at": d.time(),
            })
        }
        Kind::SubjectRequest => json!({
            "id": id, "person": user, "state": d.one(&["open", "done"]), "erased": {"account": d.number()},
            "disclosures": d.number(), "created_at": d.time(),
        }),
        Kind::Team => json!({
            "id": id, "name": d.name(), "description": d.name(), "roles": d.some(&ROLES), "created_at": d.time(),
        }),
        Kind::TeamMember => {
            json!({"id": id, "team": d.one(&[TEAM, OTHER_TEAM]), "user": user, "created_at": d.time()})
        }
        Kind::KeyDestruction => json!({
            "id": id, "version": d.number(), "state": d.one(&["waiting", "cancelled", "done"]), "reason": d.name(), "waits_days": 7,
            "destroyed": d.perhaps(json!(1)), "root_key": d.perhaps(json!("file:00ff")),
        }),
        Kind::KeySchedule => json!({"id": id, "days": d.perhaps(json!(30))}),
        Kind::RootMove => json!({
            "id": id, "from": "file:00ff", "to": "file:ff00", "state": d.one(&["moving", "finished", "replaced"]), "weaker": false,
            "reason": d.name(), "trouble": d.perhaps(json!("It cannot be reached.")), "keys": d.perhaps(json!(3)),
        }),
        Kind::SealedFault => json!({
            "id": id, "table": d.one(&["factor", "mail"]), "column": "sealed", "row": "00ff", "problem": d.name(), "found_at": d.time(),
        }),
        Kind::TenantKey => {
            json!({"id": id, "version": d.number(), "root_key": d.one(&["file:00ff", "file:ff00"])})
        }
        Kind::Tenant => json!({
            "id": id, "slug": "acme", "name": d.name(), "kind": "customer", "region": "local", "status": d.one(&["active", "suspended"]),
            "key_brand": "bw", "created_at": d.time(),
        }),
        Kind::User => {
            let mut user = json!({
                "id": id, "email": d.one(&["a@acme.example", "b@acme.example"]), "name": d.name(), "role": d.one(&ROLES),
                "status": d.one(&["active", "disabled"]), "created_at": d.time(),
            });
            if d.yes() {
                user["time_zone"] = "Australia/Sydney".into();
            }
            user
        }
    }
}

const TEAM: &str = "0193a7c2-7b1e-7000-8000-00000000000a";
const OTHER_TEAM: &str = "0193a7c2-7b1e-7000-8000-00000000000b";
