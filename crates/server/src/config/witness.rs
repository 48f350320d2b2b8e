//! Where a witness is, and by which key it is known.

use std::path::Path;

use bailiwick_mail::WebhookUrl;
use bailiwick_proof::checkpoint::CosignerKey;

use super::value::Setting;

/// A witness: where it is asked, and the key of its cosignatures, which has its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WitnessPlace {
    /// Its submission prefix, as it was written.
    prefix: String,
    /// Where checkpoints are posted.
    pub(crate) url: WebhookUrl,
    /// Its verifier key, of the type of cosignatures.
    pub(crate) key: CosignerKey,
}

impl Setting for WitnessPlace {
    fn expected() -> String {
        "an address such as \"https://witness.example.com\" and a key such as \"witness.example.com+…+BA…\"; http leads to \
         this machine only"
            .into()
    }
    fn from_text(text: &str, _: &Path) -> Option<Self> {
        let mut parts = text.split_whitespace();
        let prefix = parts.next()?.trim_end_matches('/').to_owned();
        let key: CosignerKey = parts.next()?.parse().ok()?;
        // The name is in the key; where it is written beside it, it has to be the same.
        let named = parts.next().is_none_or(|name| name == key.name());
        if !named || parts.next().is_some() || prefix.contains(['?', '#']) {
            return None;
        }
        let url = format!("{prefix}/add-checkpoint").parse().ok()?;
        Some(Self { prefix, url, key })
    }
    fn shown(&self) -> toml::Value {
        format!("{} {}", self.prefix, self.key).into()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    /// The public key of RFC 8032 §7.1, test 1.
    const KEY: &str = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

    #[test]
    fn a_witness_is_an_address_and_a_key_of_its_own_type() {
        let octets: [u8; 32] = hex::decode(KEY).unwrap().try_into().unwrap();
        let key = CosignerKey::new("w1.example", &octets).unwrap();
        let here = Path::new("");
        let of = |text: String| WitnessPlace::from_text(&text, here);
        let place = of(format!("https://w1.example/bw/ {key}")).unwrap();
        assert_eq!((place.url.as_str(), &place.key), ("https://w1.example/bw/add-checkpoint", &key));
        assert_eq!(place.shown(), format!("https://w1.example/bw {key}").into());
        assert!(of(format!("http://127.0.0.1:9000 {key} w1.example")).is_some());
        let log = bailiwick_proof::checkpoint::VerifierKey::new("w1.example", &octets).unwrap();
        for text in [
            String::new(),
            "https://w1.example".to_owned(),
            key.to_string(),
            format!("http://w1.example {key}"),
            format!("https://w1.example {log}"),
            format!("https://w1.example {key} w2.example"),
            format!("https://w1.example {key} w1.example more"),
            format!("https://w1.example?x {key}"),
        ] {
            assert!(of(text.clone()).is_none(), "{text}");
        }
    }
}
