//! What messages to the gateway are signed with.

use std::{fmt, str::FromStr};

use aws_lc_rs::hmac;
use bailiwick_domain::clock::Entropy;
use base64::{Engine, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

use super::BadWebhook;

/// A symmetric secret of the Standard Webhooks specification: `whsec_` and 24 to 64 octets in base64.
pub struct WebhookSecret(hmac::Key);

impl WebhookSecret {
    /// The text of a new secret, with 256 random bits.
    pub fn generate(entropy: &dyn Entropy) -> Zeroizing<String> {
        let mut octets = Zeroizing::new([0_u8; 32]);
        entropy.fill(&mut octets[..]);
        let encoded = Zeroizing::new(STANDARD.encode(&octets[..]));
        Zeroizing::new(format!("whsec_{}", encoded.as_str()))
    }

    /// The value of `webhook-signature`: version 1, HMAC-SHA-256 over `id.timestamp.body`. Signatures by several secrets stand
    /// beside each other with a space between.
    pub fn sign(&self, id: &str, at: u64, body: &str) -> String {
        let mut context = hmac::Context::with_key(&self.0);
        for part in [id, ".", &at.to_string(), ".", body] {
            context.update(part.as_bytes());
        }
        format!("v1,{}", STANDARD.encode(context.sign()))
    }
}

impl FromStr for WebhookSecret {
    type Err = BadWebhook;
    fn from_str(text: &str) -> Result<Self, BadWebhook> {
        let encoded = text.strip_prefix("whsec_").ok_or(BadWebhook::Secret)?;
        let octets = Zeroizing::new(STANDARD.decode(encoded).map_err(|_| BadWebhook::Secret)?);
        if !(24..=64).contains(&octets.len()) {
            return Err(BadWebhook::Secret);
        }
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &octets)))
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    /// The example of the specification's own libraries.
    #[test]
    fn a_signature_is_that_of_the_specification() {
        let secret: WebhookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".parse().unwrap();
        let signature = secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_secret_is_long_enough_and_nobody_reads_it_in_debug() {
        let of =
            |octets: usize| format!("whsec_{}", STANDARD.encode(vec![7; octets])).parse::<WebhookSecret>();
        for (octets, fits) in [(0, false), (23, false), (24, true), (64, true), (65, false)] {
            assert_eq!(of(octets).is_ok(), fits, "{octets}");
        }
        for text in [
            "",
            "whsec_",
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS",
            "whsec_?",
        ] {
            assert!(text.parse::<WebhookSecret>().is_err(), "{text}");
        }
        assert_eq!(format!("{:?}", of(32).unwrap()), "WebhookSecret(…)");
    }
}
