//! The permissions that Bailiwick itself checks: the one table.

use std::borrow::Cow;

use super::{Definition, Origin, Permission, is_permission_name};

macro_rules! permissions {
    ($($group:literal, platform: $platform:literal { $($constant:ident = $name:literal: $description:literal;)* })*) => {
        #[allow(non_camel_case_types, clippy::upper_case_acronyms, reason = "numbers the constants below, in order")]
        #[repr(u8)]
        enum Index { $($($constant,)*)* }

        impl Permission {
            $($(
                #[doc = concat!("`", $name, "`: ", $description)]
                pub const $constant: Self = Self(Index::$constant as u8);
            )*)*
        }

        /// Every built-in permission; a permission's index is its place here.
        pub(crate) static BUILT_IN: &[Definition] = &[$($(
            Definition {
                name: Cow::Borrowed($name),
                group: Cow::Borrowed($group),
                description: Cow::Borrowed($description),
                platform: $platform,
                origin: Origin::BuiltIn,
            },
        )*)*];

        const _: () = { $($(assert!(is_permission_name($name), concat!($name, " is not noun:verb"));)*)* };
    };
}

permissions! {
    "Users", platform: false {
        USER_READ = "user:read": "See users, their roles, second factors and status.";
        USER_UPDATE = "user:update": "Change a user's name.";
        USER_DISABLE = "user:disable": "Disable and enable a user; disabling ends their sessions.";
        USER_UNLOCK = "user:unlock": "Let a user sign in again who has to wait after wrong guesses.";
        USER_DELETE = "user:delete": "Delete a user and destroy their personal data.";
        USER_ASSIGN_ROLE = "user:assign_role": "Give a user another role, up to one's own permissions.";
        USER_GRANT = "user:grant": "Grant or deny a user single permissions, up to one's own.";
    }
    "Invitations", platform: false {
        INVITATION_READ = "invitation:read": "See invitations and their status.";
        INVITATION_CREATE = "invitation:create": "Invite people into roles up to one's own permissions.";
        INVITATION_REVOKE = "invitation:revoke": "Take a pending invitation back.";
        INVITATION_RESEND = "invitation:resend": "Send a pending invitation again with a new link.";
    }
    "Mail", platform: false {
        MAIL_READ = "mail:read": "See which letters were sent to whom and whether they arrived; never what they say.";
    }
    "Roles", platform: false {
        ROLE_READ = "role:read": "See roles, permissions and who holds them.";
        ROLE_CREATE = "role:create": "Create a role from permissions one holds.";
        ROLE_UPDATE = "role:update": "Change the permissions of a created role.";
        ROLE_DELETE = "role:delete": "Delete a created role, with another one in its place for whoever holds it.";
    }
    "Teams", platform: false {
        TEAM_READ = "team:read": "See teams and their members.";
        TEAM_UPDATE = "team:update": "Create, change and dissolve teams.";
    }
    "Sessions", platform: false {
        SESSION_READ = "session:read": "See who is signed in, from where and since when.";
        SESSION_REVOKE = "session:revoke": "End other people's sessions.";
    }
    "Second factors", platform: false {
        FACTOR_READ = "factor:read": "See which second factors users have.";
        FACTOR_RESET = "factor:reset": "Remove a user's second factors so that they enrol again.";
    }
    "API keys", platform: false {
        API_KEY_READ = "api_key:read": "See API keys, their scopes and expiry; never the key itself.";
        API_KEY_CREATE = "api_key:create": "Issue API keys with scopes up to one's own permissions.";
        API_KEY_ROTATE = "api_key:rotate": "Replace an API key by a new one with the same scopes.";
        API_KEY_REVOKE = "api_key:revoke": "Revoke API keys.";
    }
    "Decisions", platform: false {
        ACCESS_CHECK = "access:check": "Ask whether a session, a user or an API key may do something, and why.";
    }
    "Sign-on", platform: false {
        SIGN_ON_READ = "sign_on:read": "See single sign-on connections and verified domains.";
        SIGN_ON_UPDATE = "sign_on:update": "Set up, test and remove single sign-on connections.";
    }
    "Secrets", platform: false {
        SECRET_READ = "secret:read": "See names, versions and uses of stored secrets; never their values.";
        SECRET_WRITE = "secret:write": "Store, replace and destroy secrets.";
        SECRET_USE = "secret:use": "Get the values of secrets: for API keys that are bound to addresses, and nobody else.";
    }
    "Integrations", platform: false {
        INTEGRATION_READ = "integration:read": "See integrations and their configuration without secrets.";
        INTEGRATION_UPDATE = "integration:update": "Set up, change and remove integrations.";
    }
    "Documents", platform: false {
        DOCUMENT_READ = "document:read": "See documents and read them.";
        DOCUMENT_WRITE = "document:write": "Add documents and new versions of them.";
        DOCUMENT_DELETE = "document:delete": "Delete documents with all their versions, for good.";
        DOCUMENT_STORE_READ = "document_store:read": "See storage evidence and key references of document versions.";
    }
    "Encryption keys", platform: false {
        KEY_READ = "key:read": "See encryption keys, their provider, age and what they protect; never key material.";
        KEY_ROTATE = "key:rotate": "Rotate encryption keys and set their schedule.";
        KEY_DESTROY = "key:destroy": "Destroy an encryption key and with it everything it protects.";
    }
    "Audit log", platform: false {
        AUDIT_READ = "audit:read": "Search the audit log and see what changed.";
        AUDIT_WRITE = "audit:write": "Record events of the guarded product.";
        AUDIT_REDACTION = "audit:redaction": "Set what of the product's events is never stored, and how they have to look.";
        AUDIT_EXPORT = "audit:export": "Export audit records with their proofs.";
        AUDIT_VERIFY = "audit:verify": "Verify that the audit log is complete and unaltered.";
        AUDIT_HOLD = "audit:hold": "Place and lift legal holds.";
        AUDIT_ERASE = "audit:erase": "Find what is kept of a person, hand it out, and erase it.";
        AUDIT_RETENTION = "audit:retention": "Set how long audit records are kept and where they are archived.";
        AUDIT_STREAM = "audit:stream": "Send audit records to other systems as they come.";
    }
    "Security events", platform: false {
        SECURITY_EVENT_READ = "security_event:read": "See security events.";
        SECURITY_EVENT_TRIAGE = "security_event:triage": "Acknowledge and resolve security events.";
    }
    "Detection rules", platform: false {
        DETECTION_READ = "detection:read": "See the rules that raise security events.";
        DETECTION_UPDATE = "detection:update": "Change thresholds, windows and severities of detection rules.";
    }
    "Posture", platform: false {
        POSTURE_READ = "posture:read": "See the posture score, the controls and what is still open.";
        POSTURE_EXCEPTION = "posture:exception": "Accept an open item for a limited time, with a reason.";
    }
    "Policy", platform: false {
        POLICY_READ = "policy:read": "See the security policy.";
        POLICY_UPDATE = "policy:update": "Change the security policy: factors, lifetimes, lockout, networks.";
    }
    "Compliance", platform: false {
        COMPLIANCE_READ = "compliance:read": "See frameworks, controls and the evidence collected for them.";
        COMPLIANCE_COLLECT = "compliance:collect": "Collect evidence, draw samples and build evidence packs.";
    }
    "Questionnaires", platform: false {
        QUESTIONNAIRE_READ = "questionnaire:read": "See questionnaires received and their answers.";
        QUESTIONNAIRE_ANSWER = "questionnaire:answer": "Answer questionnaires and return them.";
    }
    "Configuration register", platform: false {
        REGISTER_READ = "register:read": "See the configuration register and its history.";
        ORGANISATION_UPDATE = "organisation:update": "Change the organisation's profile.";
        SITE_UPDATE = "site:update": "Add, change and close sites.";
    }
    "Data residency", platform: false {
        RESIDENCY_READ = "residency:read": "See the region that holds the organisation's data, and the proof.";
        RESIDENCY_UPDATE = "residency:update": "Ask for the organisation's data to be moved to another region.";
    }
    "System", platform: false {
        SYSTEM_READ = "system:read": "See the access table and the health of the running server.";
    }
    "Platform", platform: true {
        TENANT_READ = "tenant:read": "See all organisations, their region, status and size.";
        TENANT_CREATE = "tenant:create": "Create an organisation in a region and invite its first owner.";
        TENANT_UPDATE = "tenant:update": "Change an organisation's name and plan.";
        TENANT_SUSPEND = "tenant:suspend": "Suspend an organisation and lift the suspension.";
        TENANT_DELETE = "tenant:delete": "Delete an organisation and destroy its data.";
        TENANT_MOVE = "tenant:move": "Move an organisation's data to another region.";
        TENANT_ENTER = "tenant:enter": "Step into an organisation; the step is recorded in its own log.";
        OPERATOR_MANAGE = "operator:manage": "Appoint and dismiss the platform's own people.";
        REGION_READ = "region:read": "See regions, their databases and key providers.";
        JOB_READ = "job:read": "See background jobs, their schedule and last runs.";
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        reason = "tests"
    )]

    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_name_is_unique_and_a_constant_points_at_its_own_row() {
        let names: BTreeSet<_> = BUILT_IN.iter().map(|definition| &definition.name).collect();
        assert_eq!(names.len(), BUILT_IN.len());
        assert_eq!(Permission::USER_READ.built_in_name(), Some("user:read"));
        assert_eq!(Permission::SYSTEM_READ.built_in_name(), Some("system:read"));
        assert_eq!(usize::from(Permission::JOB_READ.index()), BUILT_IN.len() - 1);
        assert_eq!(format!("{:?}", Permission::API_KEY_CREATE), "Permission(api_key:create)");
    }

    #[test]
    fn every_description_is_one_sentence() {
        for definition in BUILT_IN {
            let text = &definition.description;
            assert!(
                text.ends_with('.') && text.starts_with(char::is_uppercase) && text.len() <= 90,
                "{}: {text}",
                definition.name
            );
        }
    }
}
