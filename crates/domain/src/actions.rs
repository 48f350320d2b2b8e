//! The actions of this program that the log records, without those that account for others.

use crate::entity::is_of;

/// Every one of them, in alphabetical order.
pub const OURS: &[&str] = &[
    "api_key.created",
    "api_key.revoked",
    "enrolment.created",
    "enrolment.used",
    "enrolment.withdrawn",
    "event_rules.changed",
    "event_schema.changed",
    "event_schema.registered",
    "event_schema.removed",
    "factor.abandoned",
    "factor.enrolled",
    "factor.removed",
    "factor.used",
    "grant.expired",
    "invitation.accepted",
    "invitation.declined",
    "invitation.expired",
    "invitation.reminded",
    "invitation.resent",
    "invitation.revoked",
    "invitation.role_changed",
    "login.lock_over",
    "login.locked",
    "login.unlocked",
    "login.unlocked_by_time",
    "mail.given_up",
    "mail.sent",
    "mail.withdrawn",
    "mail.written",
    "mfa.asserted",
    "mfa.disabled",
    "mfa.enabled",
    "mfa.reminded",
    "mfa.reset",
    "passkey.cloned",
    "passkey.created",
    "passkey.removed",
    "passkey.renamed",
    "passkey.used",
    "passkey_ceremony.answered",
    "passkey_ceremony.begun",
    "passkey_ceremony.refused",
    "password.changed",
    "password.confirmed",
    "password.limited",
    "password.refused",
    "password.rehashed",
    "password.reset",
    "password.set",
    "password_reset.limited",
    "password_reset.requested",
    "password_reset.used",
    "password_reset.withdrawn",
    "permission.denied",
    "permission.granted",
    "permission.reset",
    "phone.removed",
    "phone.verified",
    "phone_check.approved",
    "phone_check.asked",
    "phone_check.dropped",
    "phone_check.refused",
    "policy.created",
    "policy.updated",
    "recovery_code.used",
    "recovery_codes.generated",
    "recovery_codes.removed",
    "request.refused",
    "role.changed",
    "role.created",
    "role.deleted",
    "saved_search.changed",
    "saved_search.created",
    "saved_search.removed",
    "security_event.acknowledged",
    "security_event.resolved",
    "session.created",
    "session.ended",
    "session.ended_by_admin",
    "session.renewed",
    "sign_in.accepted",
    "sign_in.refused",
    "sign_in.unanswered",
    "step_up.approved",
    "step_up.asked",
    "step_up.refused",
    "step_up.superseded",
    "team.changed",
    "team.created",
    "team.dissolved",
    "team.member_added",
    "team.member_removed",
    "team.roles_changed",
    "tenant.created",
    "tenant.reactivated",
    "tenant.suspended",
    "user.created",
    "user.deleted",
    "user.disabled",
    "user.enabled",
    "user.invited",
    "user.profile_changed",
    "user.renamed",
    "user.role_changed",
];

/// Whether one of them is this, or begins so.
pub fn is_ours(class: &str) -> bool {
    OURS.iter().any(|action| is_of(action, class))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::retention::accounts;

    #[test]
    fn class_of_ours_is_an_action_or_what_one_begins_with() {
        assert!(is_ours("session") && is_ours("session.ended") && is_ours("request"));
        assert!(!is_ours("nonsense") && !is_ours("sess") && !is_ours("session.nonsense") && !is_ours("app"));
        assert!(OURS.is_sorted() && OURS.iter().all(|action| !accounts(action)));
    }
}
