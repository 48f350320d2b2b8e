//! What a browser carries to be known again: a token for each of the last organisations that it signed in to.

use std::sync::Arc;

use bailiwick_domain::ids::TenantId;
use bailiwick_vault::token::DeviceToken;

/// Organisations that a browser is remembered in at most.
const ORGANISATIONS: usize = 4;
/// What stands between two tokens. It is in none of them.
const BETWEEN: char = '.';

/// The tokens of one browser, one for each organisation, newest first. They let nobody in.
#[derive(Clone, Debug, Default)]
pub struct CarriedDevices(Arc<[DeviceToken]>);

impl CarriedDevices {
    /// Reads what a cookie says. What is no token is left out, and whatever comes after the first few.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        Self(
            text.split(BETWEEN)
                .take(ORGANISATIONS)
                .filter_map(|token| DeviceToken::parse(token).ok())
                .collect(),
        )
    }

    /// The token of one organisation.
    pub fn of(&self, tenant: TenantId) -> Option<&DeviceToken> {
        self.0.iter().find(|token| token.tenant() == tenant.bytes())
    }

    /// What the browser carries once `token` takes the place of the one of the same organisation: the only place that it
    /// may go.
    #[must_use]
    pub fn with(&self, token: &DeviceToken) -> String {
        let others = self.0.iter().filter(|other| other.tenant() != token.tenant());
        let texts: Vec<_> =
            std::iter::once(token).chain(others).take(ORGANISATIONS).map(DeviceToken::expose).collect();
        let texts: Vec<&str> = texts.iter().map(|text| text.as_str()).collect();
        texts.join(&BETWEEN.to_string())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use bailiwick_vault::{entropy::SeededEntropy, token::Token};

    use super::*;

    fn token(tenant: u8, seed: u64) -> DeviceToken {
        Token::generate(&[tenant; 16], &SeededEntropy::new(seed))
    }

    fn tenant(tenant: u8) -> TenantId {
        TenantId::from_bytes([tenant; 16])
    }

    #[test]
    fn browser_is_known_in_each_of_its_organisations_by_the_newest_token() {
        let mut text = String::new();
        for (organisation, seed) in [(1, 1), (2, 2), (1, 3)] {
            text = CarriedDevices::parse(&text).with(&token(organisation, seed));
        }
        let carried = CarriedDevices::parse(&text);
        assert_eq!(carried.of(tenant(1)).unwrap().hash(), token(1, 3).hash());
        assert_eq!(carried.of(tenant(2)).unwrap().hash(), token(2, 2).hash());
        assert!(carried.of(tenant(3)).is_none());
    }

    #[test]
    fn browser_carries_a_bounded_number_and_nothing_that_is_no_token() {
        let mut text = String::from("x..junk");
        for organisation in 0..20 {
            text = CarriedDevices::parse(&text).with(&token(organisation, 1));
            assert!(text.len() <= 4 * 64 + 3, "{}", text.len());
        }
        let carried = CarriedDevices::parse(&text);
        assert!(carried.of(tenant(19)).is_some() && carried.of(tenant(16)).is_some());
        assert!(carried.of(tenant(15)).is_none(), "the oldest give way");
        assert!(CarriedDevices::parse("").of(tenant(0)).is_none());
    }

    #[test]
    fn nobody_reads_a_token_in_debug() {
        let one = token(1, 1);
        let shown = format!("{:?}", CarriedDevices::parse(&one.expose()));
        assert!(!shown.contains(one.expose().as_str()), "{shown}");
    }
}
