//! Values of the section `[step_up]`.

use std::{fmt, path::Path};

use bailiwick_mail::{WebhookSecret, WebhookUrl};

use super::value::Setting;

/// Where the message gateway takes messages. Its path may hold a token, so it is shown without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GatewayUrl(pub(crate) WebhookUrl);

impl Setting for GatewayUrl {
    const SECRET: bool = true;

    fn expected() -> String {
        "an address such as \"https://sms.example.com/messages\"; http leads to this machine only".into()
    }
    fn from_text(text: &str, _: &Path) -> Option<Self> {
        text.parse().ok().map(Self)
    }
    fn shown(&self) -> toml::Value {
        format!("{}/…", self.0.origin()).into()
    }
}

/// What messages to the gateway are signed with. Nothing shows it. Whether it is what it has to be is looked at once it is
/// needed: what stands for it where it may not be shown is a value, too.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct SigningSecret(String);

impl SigningSecret {
    /// The secret in full.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// Whether messages can be signed with it.
    pub(crate) fn is_one(&self) -> bool {
        self.0.parse::<WebhookSecret>().is_ok()
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Setting for SigningSecret {
    const SECRET: bool = true;

    fn expected() -> String {
        "\"whsec_\" and 24 to 64 octets in base64, as the Standard Webhooks specification says".into()
    }
    fn from_text(text: &str, _: &Path) -> Option<Self> {
        (!text.is_empty() && !text.chars().any(char::is_control)).then(|| Self(text.to_owned()))
    }
    fn shown(&self) -> toml::Value {
        "***".into()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn nobody_sees_the_secret_of_the_gateway_or_the_path_to_it() {
        let here = Path::new("");
        let text = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let secret = SigningSecret::from_text(text, here).unwrap();
        assert!(!format!("{secret:?} {}", secret.shown()).contains("MfKQ"));
        assert_eq!(secret.expose(), text);
        let url = GatewayUrl::from_text("https://sms.example.com/T0KEN", here).unwrap();
        assert!(!format!("{url:?} {}", url.shown()).contains("T0KEN"));
        assert_eq!(url.shown(), "https://sms.example.com/…".into());
        for text in ["http://sms.example.com/", "sms.example.com", ""] {
            assert_eq!(GatewayUrl::from_text(text, here), None, "{text}");
        }
        let word = |text| SigningSecret::from_text(text, here);
        assert!(secret.is_one() && word("hunter2").is_some_and(|secret| !secret.is_one()));
        assert_eq!((word(""), word("a\nb")), (None, None));
    }
}
