//! What each operation means for the list of security events: one table, held against the operations' own text and against
//! what they really raise.

use std::{collections::BTreeSet, fs, path::Path, sync::Arc};

use bailiwick_domain::{
    actions::is_ours,
    entity::{SecurityEvent, Severity},
    ids::AuditHoldId,
    retention::accounts,
    role::Role,
    rule::{
        AssignRole, ChangeMyProofs, CreateRole, DeleteRole, DeleteUser, DisableUser, DiscloseSubject,
        EraseSubject, GiveTeamRole, GrantPermission, Invite, LiftHold, OpenSubject, PlaceHold,
        ReactivateTenant, ResendInvitation, ResetFactors, RevokeInvitation, RevokeSession, SignIn,
        UnlockUser, UpdateRole, UpdateTeam,
    },
    time::Span,
};
use bailiwick_mail::Mailbox;
use bailiwick_ops::{
    audit::{
        erasure::{self, LookFor},
        hold::{self, NewHold},
    },
    deletion, enrolment, factor_reset, factors,
    grants::Ends,
    invitations::{self, Expiries, Joining, NewInvitation},
    passkeys,
    passwords::{
        self, NewPassword,
        reset::{self, SignInAddress},
    },
    phones,
    roles::{self, Change, NewRole},
    sessions, sign_in,
    teams::{self, NewTeam},
    tenants,
    users::{self, NewGrant},
};
use bailiwick_store::security_events;
use bailiwick_testkit::{Actor, Authenticator, Db, PASSWORD, Tenant, both_databases};
use bailiwick_vault::token::{InvitationToken, PasswordResetToken};

use crate::{
    channel::{NUMBER, sends_messages},
    phones::{begin, both, verify},
    recovery::{prepared, waiting},
    support::{HOME, records, room_of, try_sign_in, verified, with_cookie},
};
use Means::{Raises, Silent, Sometimes};

const INFO: &[Severity] = &[Severity::Info];
const WARNING: &[Severity] = &[Severity::Warning];
const HIGH: &[Severity] = &[Severity::High];

/// What an action means for the list.
#[derive(Clone, Copy, Debug)]
enum Means {
    /// It raises an event of one of these severities.
    Raises(&'static [Severity]),
    /// It raises one in this case only.
    Sometimes(&'static str),
    /// It raises none, because of this.
    Silent(&'static str),
}

/// Every action that an operation records. A new one needs its line here.
const ACTIONS: &[(&str, Means)] = &[
    ("api_key.created", Raises(WARNING)),
    ("api_key.handed_over", Silent("user.deleted told of it")),
    ("api_key.narrowed", Raises(INFO)),
    ("api_key.retired", Raises(INFO)),
    ("api_key.revoked", Raises(INFO)),
    ("api_key.rotated", Raises(INFO)),
    ("api_key.surrendered", Raises(HIGH)),
    ("audit_anomaly.noted", Raises(&[Severity::Info, Severity::Warning])),
    (
        "audit_drill.run",
        Sometimes("verification overlooked what was altered, or the log or its walls were not sound"),
    ),
    ("audit_alarm.ended", Silent("audit_alarm.raised told of it")),
    ("audit_alarm.raised", Raises(&[Severity::Warning, Severity::High])),
    ("document.created", Silent("it is read by those alone who may read documents")),
    ("document.deleted", Raises(INFO)),
    ("document.expired", Silent("nobody did anything")),
    ("document.version_added", Silent("it is read by those alone who may read documents")),
    ("document_version.damaged", Raises(HIGH)),
    ("document_version.deleted", Silent("document.deleted tells of it")),
    ("document_version.downloaded", Silent("reading is what documents are for")),
    ("document_version.recovered", Silent("document_version.damaged told of it")),
    ("document_version.stored", Silent("it is read by those alone who may read documents")),
    ("audit_export.downloaded", Silent("audit_export.requested told of it")),
    ("audit_export.expired", Silent("nobody did anything")),
    ("audit_export.failed", Raises(WARNING)),
    ("audit_export.finished", Silent("audit_export.requested told of it")),
    ("audit_export.removed", Silent("there is less to take than before")),
    ("audit_export.requested", Raises(INFO)),
    ("audit_export.search_erased", Silent("subject_request.erased or user.deleted tells of it")),
    ("audit_hold.lifted", Raises(WARNING)),
    ("audit_hold.placed", Raises(WARNING)),
    ("audit_log.epoch_begun", Raises(HIGH)),
    ("audit_log.refused", Raises(HIGH)),
    ("audit_restore.ended", Silent("there is less to find than before")),
    ("audit_restore.expired", Silent("nobody did anything")),
    ("audit_restore.failed", Raises(WARNING)),
    ("audit_restore.finished", Silent("audit_restore.requested told of it")),
    ("audit_restore.requested", Raises(INFO)),
    ("audit_retention.changed", Raises(WARNING)),
    ("audit_retirement.applied", Silent("audit_retention.changed told of it")),
    ("audit_stream.changed", Raises(INFO)),
    ("audit_stream.created", Silent("nothing leaves before its place is confirmed")),
    ("audit_stream.dead_lettered", Raises(WARNING)),
    ("audit_stream.disabled", Raises(HIGH)),
    ("audit_stream.failing", Raises(HIGH)),
    ("audit_stream.moved", Raises(WARNING)),
    ("audit_stream.paused", Raises(WARNING)),
    ("audit_stream.recovered", Raises(INFO)),
    ("audit_stream.removed", Raises(WARNING)),
    ("audit_stream.replayed", Raises(INFO)),
    ("audit_stream.resumed", Raises(INFO)),
    ("audit_stream.secret_rotated", Raises(WARNING)),
    ("audit_stream.started", Raises(WARNING)),
    ("audit_stream.test_asked", Silent("nothing of the log leaves by it")),
    ("enrolment.created", Sometimes("the platform issues another link for the first owner")),
    ("enrolment.used", Silent("password.set tells of it")),
    ("enrolment.withdrawn", Silent("part of what took its place")),
    ("erasure_certificate.issued", Silent("subject_request.erased tells of it")),
    ("event_rules.changed", Raises(WARNING)),
    ("evidence_bundle.made", Sometimes("personal values leave with it")),
    ("event_schema.changed", Silent("an event that does not fit is refused, and whoever sends it is told")),
    (
        "event_schema.registered",
        Silent("an event that does not fit is refused, and whoever sends it is told"),
    ),
    ("event_schema.removed", Silent("it is about the looks of events alone")),
    ("factor.abandoned", Silent("it was never verified")),
    ("factor.enrolled", Silent("it is not verified yet")),
    ("factor.removed", Silent("mfa.reset or user.deleted tells of it")),
    ("factor.used", Silent("part of a sign-in")),
    ("grant.expired", Raises(INFO)),
    ("invitation.accepted", Raises(INFO)),
    ("invitation.declined", Raises(INFO)),
    ("invitation.expired", Raises(INFO)),
    ("invitation.reminded", Silent("nobody did anything")),
    ("invitation.resent", Raises(INFO)),
    ("invitation.revoked", Raises(INFO)),
    ("invitation.role_changed", Silent("role.deleted tells of it")),
    ("key_destruction.cancelled", Raises(INFO)),
    ("key_destruction.done", Raises(HIGH)),
    ("key_destruction.requested", Raises(HIGH)),
    ("key_schedule.changed", Raises(&[Severity::Info, Severity::Warning])),
    ("root_move.begun", Raises(&[Severity::Warning, Severity::High])),
    ("root_move.failed", Raises(HIGH)),
    ("root_move.finished", Raises(INFO)),
    ("root_move.replaced", Raises(WARNING)),
    ("root_move.resumed", Raises(INFO)),
    ("sealed_value.refused", Raises(HIGH)),
    ("tenant_key.rotated", Raises(INFO)),
    ("login.lock_over", Silent("login.locked told of it")),
    ("login.locked", Raises(&[Severity::Warning, Severity::High])),
    ("login.unlocked", Raises(INFO)),
    ("login.unlocked_by_time", Silent("login.locked told of it")),
    ("mail.given_up", Raises(WARNING)),
    ("mail.sent", Silent("part of what it tells of")),
    ("mail.withdrawn", Silent("part of what took it back")),
    ("mail.written", Silent("part of what it tells of")),
    ("mfa.asserted", Silent("the word of an identity provider, given at each sign-in")),
    ("mfa.disabled", Raises(&[Severity::Info, Severity::Warning])),
    ("mfa.enabled", Raises(INFO)),
    ("mfa.reminded", Silent("nothing has changed yet")),
    ("mfa.reset", Raises(HIGH)),
    ("passkey.cloned", Raises(HIGH)),
    ("passkey.created", Silent("mfa.enabled tells of it")),
    ("passkey.removed", Silent("mfa.disabled, mfa.reset or user.deleted tells of it")),
    ("passkey.renamed", Silent("it proves what it proved before")),
    ("passkey.used", Silent("part of a sign-in")),
    ("passkey_ceremony.answered", Silent("mfa.enabled tells of it")),
    ("passkey_ceremony.begun", Silent("nothing has changed yet")),
    ("passkey_ceremony.refused", Silent("nothing has changed")),
    ("password.changed", Raises(INFO)),
    ("password.confirmed", Silent("what it is asked for tells of itself")),
    ("password.limited", Raises(WARNING)),
    ("password.refused", Silent("one slip is everybody's; the limit is told")),
    ("password.rehashed", Silent("the password is the same")),
    ("password.reset", Raises(WARNING)),
    (
        "password.set",
        Sometimes("somebody sets their first one, by a link or beside a passkey; joining tells of itself"),
    ),
    ("password_reset.limited", Raises(WARNING)),
    ("password_reset.requested", Silent("anybody can ask, and nothing has changed")),
    ("password_reset.used", Silent("password.reset tells of it")),
    ("password_reset.withdrawn", Silent("part of what took its place")),
    ("permission.denied", Raises(WARNING)),
    ("permission.granted", Raises(WARNING)),
    ("permission.reset", Raises(&[Severity::Info, Severity::Warning])),
    ("phone.removed", Raises(INFO)),
    ("phone.verified", Raises(INFO)),
    ("phone_check.approved", Silent("phone.verified tells of it")),
    ("phone_check.asked", Silent("nothing has changed yet")),
    ("phone_check.dropped", Silent("nothing has changed")),
    ("phone_check.refused", Sometimes("all five answers were wrong")),
    ("policy.created", Silent("part of a new organisation")),
    ("policy.updated", Raises(&[Severity::Info, Severity::High])),
    ("recovery_code.used", Raises(WARNING)),
    ("recovery_codes.generated", Raises(INFO)),
    ("recovery_codes.removed", Silent("mfa.disabled, mfa.reset or user.deleted tells of it")),
    ("role.changed", Sometimes("its permissions change; another name gives nobody anything")),
    ("role.created", Raises(INFO)),
    ("role.deleted", Raises(INFO)),
    ("saved_search.changed", Silent("it gives nobody anything: whoever sees it may read the log")),
    ("saved_search.created", Silent("it gives nobody anything: whoever sees it may read the log")),
    ("saved_search.removed", Silent("nothing is lost but a text")),
    ("integration.created", Raises(INFO)),
    ("integration.deleted", Raises(WARNING)),
    ("integration.disabled", Silent("whoever needs it notices; the log has it")),
    ("integration.enabled", Silent("integration.created told of it")),
    ("integration.test_began", Silent("integration.tested says how it went")),
    ("integration.tested", Sometimes("an integration that is in use does not work any more")),
    ("integration.updated", Sometimes("another configuration counts, and not another name alone")),
    ("integration_health.dropped", Silent("integration.deleted tells of it")),
    ("secret.created", Raises(INFO)),
    ("secret.deleted", Raises(WARNING)),
    ("secret.discarded", Silent("nobody used that version")),
    ("secret.rotated", Raises(WARNING)),
    ("secret.staged", Silent("nobody uses it before the rotation")),
    ("secret.used", Silent("programs use secrets all day; the log has each use")),
    ("secret_use.dropped", Silent("secret.deleted tells of it")),
    ("security_event.acknowledged", Silent("it is about an event")),
    ("security_event.resolved", Silent("it is about an event")),
    ("session.created", Silent("a sign-in is no news")),
    ("session.ended", Sometimes("too many wrong passwords end it, or codes while proving again")),
    ("session.ended_by_admin", Raises(INFO)),
    ("sign_in.accepted", Silent("a sign-in is no news")),
    ("sign_in.refused", Sometimes("they come from a known device, and were too many")),
    ("sign_in.unanswered", Raises(HIGH)),
    ("step_up.asked", Silent("what it is asked for tells of itself")),
    ("step_up.superseded", Silent("nothing has changed")),
    ("subject_request.disclosed", Raises(INFO)),
    ("subject_request.erased", Raises(WARNING)),
    ("subject_request.opened", Silent("nothing was handed out or erased yet")),
    ("team.changed", Silent("another name gives nobody anything")),
    ("team.created", Raises(INFO)),
    ("team.dissolved", Raises(INFO)),
    ("team.member_added", Raises(INFO)),
    ("team.member_removed", Sometimes("one person is taken out; team.dissolved tells of all")),
    ("team.roles_changed", Sometimes("it gains or loses a role; role.deleted tells of one that is replaced")),
    ("tenant.created", Silent("there is nobody yet to read it")),
    ("tenant.reactivated", Raises(WARNING)),
    ("tenant.suspended", Raises(WARNING)),
    ("user.created", Silent("invitation.accepted tells of it")),
    ("user.deleted", Raises(WARNING)),
    ("user.disabled", Raises(WARNING)),
    ("user.enabled", Raises(INFO)),
    ("user.invited", Raises(INFO)),
    ("user.profile_changed", Silent("they may do what they could do before")),
    ("user.renamed", Silent("they may do what they could do before")),
    ("user.role_changed", Raises(&[Severity::Info, Severity::Warning])),
];

/// Actions that take a stage of their own, with the file and the test in which their events are counted by [`raised`].
const ELSEWHERE: &[(&str, &str, &str)] = &[
    ("document.deleted", "documents", "deleted_document_has_no_key_and_soon_no_file"),
    ("document_version.damaged", "documents", "nothing_comes_out_of_a_file_that_was_altered_cut_or_swapped"),
    ("audit_alarm.raised", "keeping", "each_alarm_is_raised_once_and_ends_when_its_cause_is_gone"),
    ("audit_restore.failed", "keeping", "segment_that_cannot_be_brought_back_is_said_so"),
    ("audit_restore.requested", "keeping", "segment_that_cannot_be_brought_back_is_said_so"),
    ("audit_retention.changed", "keeping", "days_of_a_class_take_a_code_and_are_bounded"),
    ("api_key.created", "api_keys", "key_without_an_end_needs_rotation_and_is_not_about_to_expire"),
    ("api_key.revoked", "api_keys", "key_without_an_end_needs_rotation_and_is_not_about_to_expire"),
    ("api_key.narrowed", "api_key_uses", "owner_takes_away_what_a_key_did_not_use_for_ninety_days"),
    (
        "api_key.retired",
        "api_key_rotation",
        "old_key_is_retired_once_every_recent_caller_was_seen_with_the_new_one",
    ),
    (
        "api_key.rotated",
        "api_key_rotation",
        "old_key_is_retired_once_every_recent_caller_was_seen_with_the_new_one",
    ),
    ("api_key.surrendered", "api_key_verify", "whoever_holds_a_leaked_key_revokes_it"),
    ("audit_anomaly.noted", "anomalies", "responder_is_told_of_a_new_action_and_led_to_the_records"),
    ("audit_export.failed", "exports", "a_file_that_cannot_be_written_is_said_so"),
    ("audit_export.requested", "exports", "killed_server_goes_on_where_it_was_and_every_line_can_be_proven"),
    (
        "audit_log.epoch_begun",
        "../../../store/tests/store/epochs",
        "operator_owns_up_to_a_loss_and_the_log_goes_on_under_another_name",
    ),
    (
        "audit_log.refused",
        "../../../store/tests/store/witnessing",
        "owner_is_told_that_the_log_is_not_signed_any_more",
    ),
    ("audit_stream.changed", "streams", TURNS),
    ("audit_stream.dead_lettered", "streams", TURNS),
    ("audit_stream.disabled", "streams", TURNS),
    ("audit_stream.failing", "streams", TURNS),
    ("audit_stream.moved", "streams", TURNS),
    ("audit_stream.paused", "streams", TURNS),
    ("audit_stream.recovered", "streams", TURNS),
    ("audit_stream.removed", "streams", TURNS),
    ("audit_stream.replayed", "streams", TURNS),
    ("audit_stream.resumed", "streams", TURNS),
    ("audit_stream.secret_rotated", "streams", TURNS),
    ("audit_stream.started", "streams", TURNS),
    ("event_rules.changed", "intake", "changed_rules_are_recorded_and_raise_an_event"),
    ("key_destruction.cancelled", STORE_KEYS, DESTROYED),
    ("key_destruction.done", STORE_KEYS, DESTROYED),
    ("key_destruction.requested", STORE_KEYS, DESTROYED),
    ("key_schedule.changed", "keys", "schedule_of_the_tenant_decides_when_its_key_is_rotated"),
    ("root_move.begun", "root_move", "keys_move_to_another_root_key_and_stay_what_they_are"),
    ("root_move.failed", "root_move", "holder_that_is_away_is_told_of_and_asked_again"),
    ("root_move.finished", "root_move", "keys_move_to_another_root_key_and_stay_what_they_are"),
    ("root_move.replaced", "root_move", "move_that_is_given_up_leads_back"),
    ("root_move.resumed", "root_move", "holder_that_is_away_is_told_of_and_asked_again"),
    (
        "sealed_value.refused",
        STORE_KEYS,
        "value_that_was_tampered_with_is_named_and_told_of_and_never_given_out",
    ),
    ("tenant_key.rotated", "keys", "owner_rotates_with_a_code_and_what_was_sealed_before_stays_readable"),
    ("mail.given_up", "mail", "a_server_that_is_down_is_tried_later_and_later_until_the_last_day"),
    ("passkey.cloned", "passkey_sign_in", "copy_whose_counter_is_behind_is_refused_and_reported"),
    ("password.limited", "passwords", "wrong_present_password_counts_as_a_guess_at_the_sign_in_does"),
    ("password_reset.limited", "resets", "whoever_floods_an_account_leaves_its_owner_a_link_that_works"),
    ("policy.updated", "floors", "asking_less_raises_an_event_and_asking_more_says_so"),
    ("integration.created", "integrations", INTEGRATION_LIFE),
    ("integration.deleted", "integrations", INTEGRATION_LIFE),
    ("secret.created", "secrets", SECRET_LIFE),
    ("secret.deleted", "secrets", SECRET_LIFE),
    ("secret.rotated", "secrets", SECRET_LIFE),
    (
        "sign_in.unanswered",
        "unanswered",
        "person_at_the_code_step_gets_in_from_their_device_while_others_have_their_password",
    ),
];

/// Where what an integration raises is counted.
const INTEGRATION_LIFE: &str = "integration_is_set_up_changed_tested_toggled_and_removed";

/// Where what a secret raises is counted.
const SECRET_LIFE: &str = "secret_is_stored_staged_rotated_and_deleted";

/// Where keys are told of that somebody tampers with, and destroyed.
const STORE_KEYS: &str = "../../../store/tests/store/keys";
/// Where a version is destroyed.
const DESTROYED: &str = "destroyed_version_opens_nothing_that_a_copy_still_holds_and_is_certified";

/// Where everything that a stream raises is counted.
const TURNS: &str = "every_turn_of_a_stream_is_told";

const WRONG: &str = "quite another password";
const NEW: &str = "seven quiet lanterns";

fn means(action: &str) -> Option<Means> {
    ACTIONS.iter().find(|(name, _)| *name == action).map(|(_, means)| *means)
}

/// The texts `"noun.verb"` in the operations, without those of their own tests.
fn written_actions(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            written_actions(&path, found);
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let is_word =
            |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        let is_action =
            |text: &&str| text.split_once('.').is_some_and(|(noun, verb)| is_word(noun) && is_word(verb));
        found.extend(code.split('"').filter(is_action).map(str::to_owned));
    }
}

#[test]
fn every_action_of_an_operation_says_whether_it_raises_a_security_event() {
    let mut written = BTreeSet::new();
    written_actions(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut written);
    let listed: BTreeSet<_> = ACTIONS.iter().map(|(action, _)| (*action).to_owned()).collect();
    assert_eq!(listed.len(), ACTIONS.len(), "one line each");
    let unlisted: Vec<_> = written.difference(&listed).collect();
    assert!(unlisted.is_empty(), "give these a line in ACTIONS: {unlisted:?}");
    let gone: Vec<_> = listed.difference(&written).collect();
    assert!(gone.is_empty(), "nothing records these any more: {gone:?}");
    for (action, means) in ACTIONS {
        assert!(is_ours(action) || accounts(action), "{action} is missing in the list of actions");
        let (Sometimes(why) | Silent(why)) = means else { continue };
        assert!(!why.is_empty(), "{action}: {means:?}");
    }
}

/// How many events an action raised in a tenant, each of a severity that the table gives it.
pub(crate) async fn raised(tenant: &Tenant, action: &str) -> usize {
    let mut view = tenant.db.store.read(&tenant.job()).await.unwrap();
    let mut found = security_events::list(&mut view, None, 200).await.unwrap().items;
    found.retain(|event| event.kind == action);
    let Some(Raises(severities)) = means(action) else { panic!("{action} raises nothing by the table") };
    assert!(found.iter().all(|event| severities.contains(&event.severity)), "{action}: {found:?}");
    found.len()
}

#[test]
fn what_is_counted_elsewhere_is_counted_there() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ops");
    for (action, file, test) in ELSEWHERE {
        assert!(matches!(means(action), Some(Raises(_))), "{action} raises nothing by the table");
        let text = fs::read_to_string(folder.join(file).with_extension("rs")).unwrap();
        let body = text.split_once(&format!("    async fn {test}(")).map(|(_, rest)| rest);
        let body = body.unwrap_or_else(|| panic!("{file} has no test {test}"));
        let body = body.split("\n    async fn ").next().unwrap();
        let of_action = format!("&acme, \"{action}\").await");
        let counts = body.lines().any(|line| line.contains("raised(") && line.contains(&of_action));
        assert!(counts, "{test} in {file} does not count {action}");
        assert_eq!(
            ELSEWHERE.iter().filter(|(other, ..)| other == action).count(),
            1,
            "{action} has one line"
        );
    }
}

/// The links that arrive now and have this in them, the newest first, without what is before their last slash.
pub(crate) async fn links(db: &Db, path: &str) -> Vec<String> {
    let mailbox = Mailbox::default();
    room_of(db, &db.store, Arc::new(mailbox.clone())).round().await.unwrap();
    let links: Vec<_> = mailbox.messages().iter().map(|kept| kept.message.content.link.to_string()).collect();
    let theirs = links.iter().filter(|link| link.contains(path));
    theirs.map(|link| link.rsplit('/').next().unwrap().to_owned()).collect()
}

async fn invite(acme: &Tenant, email: &str, minutes: i64) -> bailiwick_domain::ids::InvitationId {
    let expires_at = Some(acme.db.store.now() + Span::minutes(minutes));
    let new = NewInvitation { email: email.into(), role: "auditor".into(), expires_at };
    let permit = acme.owner().permit::<Invite>().await;
    invitations::create(&acme.db.store, &permit, new).await.unwrap().id
}

/// Everything that can become of an invitation.
async fn invitations_come_and_go(acme: &Tenant) {
    let (db, owner) = (&acme.db, acme.owner());
    let link = async || InvitationToken::parse(&links(db, "/join/").await.remove(0)).unwrap();
    let first = invite(acme, "joins@acme.example", 60).await;
    invitations::resend(&db.store, &owner.permit::<ResendInvitation>().await, first).await.unwrap();
    let joining = Joining { name: "Nina New".into(), password: NEW.into() };
    let nobody = db.nobody::<SignIn>(HOME).await;
    invitations::accept(&db.store, &db.hasher, &nobody, &link().await, joining).await.unwrap();
    invite(acme, "declines@acme.example", 60).await;
    invitations::decline(&db.store, &nobody, &link().await).await.unwrap();
    let third = invite(acme, "revoked@acme.example", 60).await;
    invitations::revoke(&db.store, &owner.permit::<RevokeInvitation>().await, third).await.unwrap();
    invite(acme, "late@acme.example", 1).await;
    db.clock.advance(Span::minutes(1));
    assert_eq!(Expiries::new(db.store.clone(), db.jobs()).round().await.unwrap(), 1);
}

/// What an owner does to somebody else.
async fn owner_sees_to_somebody(acme: &Tenant) {
    let (db, owner, member) = (&acme.db, acme.owner(), acme.user(Role::PlanManager).await);
    let (id, email) = (member.id(), member.user.email.as_str());
    users::assign_role(&db.store, &owner.permit::<AssignRole>().await, id, "auditor").await.unwrap();
    for (permission, effect) in [("factor:reset", "grant"), ("audit:read", "deny")] {
        let permit = owner.permit::<GrantPermission>().await;
        let new = NewGrant {
            permission: permission.into(),
            effect: effect.into(),
            reason: "Help desk.".into(),
            expires_at: None,
        };
        let given = users::grant(&db.store, &permit, id, new).await.unwrap();
        users::remove_grant(&db.store, &permit, id, given.id).await.unwrap();
    }
    sessions::end_all(&db.store, &owner.permit::<RevokeSession>().await, id).await.unwrap();
    let permit = owner.permit::<DisableUser>().await;
    users::disable(&db.store, &permit, id).await.unwrap();
    users::enable(&db.store, &permit, id).await.unwrap();
    db.clock.advance(Span::seconds(1));
    for _ in 0..6 {
        assert!(try_sign_in(db, HOME, email, WRONG).await.is_err());
    }
    sign_in::unlock(&db.store, &owner.permit::<UnlockUser>().await, id).await.unwrap();
    let (factor, secret) = factors::totp_begin_for(&db.store, &acme.job(), id).await.unwrap();
    let code = secret.code_at(db.store.now().unix_seconds()).to_string();
    factors::totp_verify_for(&db.store, &acme.job(), id, factor.id, &code).await.unwrap();
    let permit = owner.permit::<ResetFactors>().await;
    owner.confirmed(async |answer| factor_reset::reset(&db.store, &permit, id, answer).await).await.unwrap();
    let permit = owner.permit::<DeleteUser>().await;
    owner.confirmed(async |answer| deletion::delete(&db.store, &permit, id, answer).await).await.unwrap();
}

/// Roles and teams of the organisation's own, and a grant that ends.
async fn owner_makes_roles_and_teams(acme: &Tenant) {
    let (db, owner, member) = (&acme.db, acme.owner(), acme.user(Role::Auditor).await);
    let new = NewRole {
        label: "Night auditor".into(),
        permissions: vec!["user:read".into()],
        ..NewRole::default()
    };
    let role = roles::create(&db.store, &owner.permit::<CreateRole>().await, new).await.unwrap().name;
    let change = Change {
        label: "Night auditor".into(),
        permissions: vec!["user:read".into(), "audit:read".into()],
        ..Change::default()
    };
    roles::change(&db.store, &owner.permit::<UpdateRole>().await, role, change).await.unwrap();
    let permit = owner.permit::<UpdateTeam>().await;
    let new = |name: &str| NewTeam { name: name.into(), ..NewTeam::default() };
    let team = teams::create(&db.store, &permit, new("Night")).await.unwrap().id;
    teams::change(&db.store, &permit, team, new("Night shift")).await.unwrap();
    teams::add_member(&db.store, &permit, team, member.id()).await.unwrap();
    let gives = owner.permit::<GiveTeamRole>().await;
    teams::give_role(&db.store, &gives, team, role.name()).await.unwrap();
    let invited =
        NewInvitation { email: "night@acme.example".into(), role: role.to_string(), expires_at: None };
    invitations::create(&db.store, &owner.permit::<Invite>().await, invited).await.unwrap();
    roles::delete(&db.store, &owner.permit::<DeleteRole>().await, role, Some("auditor")).await.unwrap();
    teams::take_role(&db.store, &gives, team, "auditor").await.unwrap();
    teams::remove_member(&db.store, &permit, team, member.id()).await.unwrap();
    teams::dissolve(&db.store, &permit, team).await.unwrap();
    let new = NewGrant {
        permission: "factor:reset".into(),
        effect: "grant".into(),
        reason: "Help desk.".into(),
        expires_at: Some(db.store.now() + Span::minutes(1)),
    };
    users::grant(&db.store, &owner.permit::<GrantPermission>().await, member.id(), new).await.unwrap();
    db.clock.advance(Span::minutes(1));
    assert_eq!(Ends::new(db.store.clone(), db.jobs()).round().await.unwrap(), 1);
}

/// What owners do when somebody asks what is kept of them, and when a court asks that it be kept.
async fn owner_answers_requests(acme: &Tenant) {
    let (db, owner) = (&acme.db, acme.owner());
    let hold = NewHold {
        id: db.store.new_id::<AuditHoldId>().to_string(),
        scope: "tenant".into(),
        reason: "Matter 12".into(),
        ..NewHold::default()
    };
    let permit = owner.permit::<PlaceHold>().await;
    let placed =
        owner.confirmed(async |answer| hold::place(&db.store, &permit, &hold, answer).await).await.unwrap();
    let permit = owner.permit::<LiftHold>().await;
    owner
        .confirmed(async |answer| hold::lift(&db.store, &permit, placed.id, "Settled.", answer).await)
        .await
        .unwrap();
    let leaver = acme.add(Role::Auditor).await;
    let look_for = LookFor { by: "person".into(), value: leaver.id.to_string(), ..LookFor::default() };
    let request = erasure::open(&db.store, &owner.permit::<OpenSubject>().await, look_for).await.unwrap();
    let permit = owner.permit::<DiscloseSubject>().await;
    erasure::disclose(&db.store, &permit, request.id).await.unwrap();
    let permit = owner.permit::<EraseSubject>().await;
    owner
        .confirmed(async |answer| erasure::erase(&db.store, &permit, request.id, answer).await)
        .await
        .unwrap();
}

/// What people do to what proves that they are themselves.
async fn people_see_to_themselves(acme: &Tenant) {
    let db = &acme.db;
    let change = async |who: &Actor, current: &str| {
        let new = NewPassword { current: current.into(), new: NEW.into() };
        passwords::change(&db.store, &db.hasher, &who.permit::<ChangeMyProofs>().await, new).await
    };
    change(&acme.user(Role::Auditor).await, PASSWORD).await.unwrap();
    let robbed = acme.user(Role::Auditor).await;
    db.clock.advance(Span::seconds(1));
    for _ in 0..5 {
        assert!(change(&robbed, WRONG).await.is_err());
    }
    let member = acme.user(Role::Auditor).await;
    // The policy keeps the last one.
    member.add_passkey(&mut Authenticator::new(), "Key on the ring").await;
    let passkey = member.add_passkey(&mut Authenticator::new(), "Laptop").await;
    passkeys::remove(&db.store, &member.permit::<ChangeMyProofs>().await, passkey.id).await.unwrap();
    let nobody = db.nobody::<SignIn>(HOME).await;
    let address = SignInAddress::parse(&member.user.email).unwrap();
    reset::ask(&db.store, &nobody, &address).await.unwrap();
    let token = PasswordResetToken::parse(&links(db, "/reset/").await.remove(0)).unwrap();
    reset::complete(&db.store, &db.hasher, &nobody, &token, NEW.into()).await.unwrap();
    let invited = acme.add(Role::Auditor).await;
    let link = enrolment::begin(&db.store, &acme.job(), invited.id).await.unwrap();
    enrolment::complete(&db.store, &db.hasher, &nobody, &link, NEW.into()).await.unwrap();
    let (member, _, codes) = prepared(acme).await;
    let waits = waiting(db, &member).await;
    sign_in::recovery(&db.store, &with_cookie(db, &waits).await, &codes[0]).await.unwrap();
    let reachable = acme.user(Role::Auditor).await;
    sends_messages(db);
    begin(&reachable, NUMBER).await.unwrap();
    verify(&reachable, both(acme).await).await.unwrap();
    phones::remove(&db.store, &reachable.permit::<ChangeMyProofs>().await).await.unwrap();
}

both_databases! {
    async fn whatever_is_done_to_people_raises_what_the_table_says(db: Db) {
        let (platform, acme) = (db.platform().await, db.tenant("acme").await);
        invitations_come_and_go(&acme).await;
        owner_sees_to_somebody(&acme).await;
        owner_makes_roles_and_teams(&acme).await;
        people_see_to_themselves(&acme).await;
        owner_answers_requests(&acme).await;
        platform.suspend(acme.id()).await;
        let permit = platform.owner().permit::<ReactivateTenant>().await;
        tenants::reactivate(&db.store, &permit, acme.id(), "They paid.").await.unwrap();

        let recorded = records(&db, acme.id()).await;
        let mut view = db.store.read(&acme.job()).await.unwrap();
        let found = security_events::list(&mut view, None, 200).await.unwrap().items;
        drop(view);
        for SecurityEvent { kind, severity, detail, audit_event, .. } in &found {
            let record = recorded.iter().find(|row| row.event.uuid() == *audit_event);
            assert_eq!(record.map(|row| row.action.as_str()), Some(kind.as_str()), "it leads to the record that raised it");
            assert!(!detail.is_empty() && !detail.contains('@') && !detail.contains("Una"), "{kind}: {detail}");
            match means(kind) {
                Some(Raises(severities)) => assert!(severities.contains(severity), "{kind} is {severity:?}"),
                Some(Silent(why)) => panic!("{kind} raises an event, although {why}"),
                Some(Sometimes(_)) | None => {}
            }
        }
        let kinds: BTreeSet<_> = found.iter().map(|event| event.kind.as_str()).collect();
        let done: BTreeSet<_> = recorded.iter().map(|row| row.action.as_str()).collect();
        for (action, means) in ACTIONS {
            if matches!(means, Raises(_)) && !ELSEWHERE.iter().any(|(other, ..)| other == action) {
                assert!(done.contains(action), "{action} is not tried here; try it, or say where that is done");
                assert!(kinds.contains(action), "{action} raises nothing");
            }
        }
        for action in ["session.ended", "password.set", "role.changed", "team.member_removed", "team.roles_changed"] {
            assert!(kinds.contains(action), "{action} raises an event in its one case");
        }
        verified(&db).await;
    }
}
