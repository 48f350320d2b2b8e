//! The log's own words as people read them.

use crate::pages::parts::Badge;

/// An action as a sentence without its verb's tense being lost: `api_key.created` is "API key created".
pub(super) fn of_action(action: &str) -> String {
    of_kind(&action.replace('.', " "))
}

/// A kind of thing: `api_key` is "API key", `factor` is "Second factor".
pub(super) fn of_kind(kind: &str) -> String {
    match kind {
        "factor" => return "Second factor".to_owned(),
        "grant" => return "Single permission".to_owned(),
        "enrolment" => return "Enrolment link".to_owned(),
        "password_reset" => return "Link for a forgotten password".to_owned(),
        "sign_in_attempt" => return "Sign-in attempt".to_owned(),
        "tenant" => return "Organisation".to_owned(),
        "step_up" => return "One-time code".to_owned(),
        "audit_stream" => return "Stream of the audit log".to_owned(),
        "audit_stream_dead" => return "Record that a stream left behind".to_owned(),
        "secret_use" => return "Use of a secret".to_owned(),
        "integration_health" => return "Tests of an integration".to_owned(),
        "phone" => return "Phone number".to_owned(),
        "phone_check" => return "Check of a phone number".to_owned(),
        _ => {}
    }
    let kind = kind.strip_prefix("app.").or_else(|| kind.strip_prefix("app ")).unwrap_or(kind);
    let words = kind.split(['_', ' ', '.']).filter(|word| !word.is_empty()).enumerate().map(
        |(place, word)| match word {
            "api" => "API".to_owned(),
            "mfa" => "MFA".to_owned(),
            "sso" => "SSO".to_owned(),
            _ if place == 0 => {
                let mut letters = word.chars();
                letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
            }
            _ => word.to_owned(),
        },
    );
    words.collect::<Vec<_>>().join(" ")
}

/// How it ended.
pub(super) fn of_outcome(outcome: &str) -> Badge {
    match outcome {
        "ok" => Badge::new("ok", "Done"),
        "denied" => Badge::new("bad", "Denied"),
        "failed" => Badge::new("warn", "Failed"),
        other => Badge::new("mute", other),
    }
}

/// The symbol of a kind of thing.
pub(super) fn icon(kind: &str) -> &'static str {
    match kind {
        "user" => "user",
        "invitation" | "mail" => "mail",
        "api_key" => "key",
        "session" | "sign_in_attempt" => "sign-in",
        "factor" | "recovery_codes" | "phone" | "phone_check" => "device",
        "passkey" | "passkey_ceremony" => "key",
        "password" | "secret" | "secret_use" => "lock",
        "policy" => "sliders",
        "tenant" => "building",
        "enrolment" | "password_reset" => "link",
        "grant" | "role" => "matrix",
        "team" | "team_member" => "users",
        "security_event" => "bell",
        "request" => "route",
        "step_up" => "shield",
        "event_rules" | "event_schema" => "sliders",
        "audit_stream" | "audit_stream_dead" => "external",
        "integration" | "integration_health" => "link",
        _ => "log",
    }
}

/// How an actor proved who they are.
pub(super) fn of_auth(auth: &str) -> String {
    match auth {
        "password" => "signed in with a password".to_owned(),
        "password_totp" => "signed in with a password and a code".to_owned(),
        "password_recovery" => "signed in with a password and a recovery code".to_owned(),
        "password_pending_factor" => "password given, code still to come".to_owned(),
        "enrolment" => "through a one-time link".to_owned(),
        "passkey" => "signed in with a passkey".to_owned(),
        "session" => "signed in".to_owned(),
        "api_key" => "with an API key".to_owned(),
        "none" => "not signed in".to_owned(),
        other => of_kind(other),
    }
}

/// The end of an id, which tells ids of the same moment apart.
pub(super) fn short(id: uuid::Uuid) -> String {
    let text = id.simple().to_string();
    format!("…{}", text.get(24..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auditor_reads_words() {
        for (action, words) in [
            ("api_key.created", "API key created"),
            ("user.role_changed", "User role changed"),
            ("app.plan.approved", "Plan approved"),
            ("mfa.enabled", "MFA enabled"),
            ("sign_in.refused", "Sign in refused"),
            ("factor.created", "Factor created"),
            ("", ""),
        ] {
            assert_eq!(of_action(action), words);
        }
        assert_eq!(
            (of_kind("factor").as_str(), of_kind("security_event").as_str()),
            ("Second factor", "Security event")
        );
    }
}
