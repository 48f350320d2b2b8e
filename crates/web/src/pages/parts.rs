//! What several pages show in the same way: badges, tabs, chips, pagers, numbers.

/// A short word with a colour: what something is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Badge {
    /// `ok`, `warn`, `bad`, `info` or `mute`.
    pub(crate) kind: &'static str,
    pub(crate) text: String,
}

impl Badge {
    pub(crate) fn new(kind: &'static str, text: impl Into<String>) -> Self {
        Self { kind, text: text.into() }
    }
}

/// One of several lists that a page shows.
pub(crate) struct Tab {
    pub(crate) label: &'static str,
    pub(crate) href: String,
    pub(crate) current: bool,
    pub(crate) count: String,
}

/// A filter in force; its address is the page without it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chip {
    pub(crate) label: String,
    pub(crate) value: String,
    pub(crate) href: String,
}

/// The foot of a list: what it holds, and where its other pages are.
pub(crate) struct Pager {
    pub(crate) shown: String,
    pub(crate) first: Option<String>,
    pub(crate) prev: Option<String>,
    pub(crate) next: Option<String>,
}

impl Pager {
    /// A list that is read in one direction: the first page and the next.
    pub(crate) const fn forward(shown: String, first: Option<String>, next: Option<String>) -> Self {
        Self { shown, first, prev: None, next }
    }
}

/// An address with those filters that are in force.
pub(crate) fn address(path: &str, filters: &[(&str, Option<&str>)]) -> String {
    let used = filters.iter().filter_map(|(name, value)| value.map(|value| (name, value)));
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(used).finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// `1 invitation`, `1,204 invitations`.
pub(crate) fn counted(count: impl TryInto<i64>, noun: &str) -> String {
    let count = count.try_into().unwrap_or(i64::MAX);
    format!("{} {noun}{}", grouped(count), if count == 1 { "" } else { "s" })
}

/// `1 person`, `1,204 people`.
pub(crate) fn people(count: impl TryInto<i64>) -> String {
    let count = count.try_into().unwrap_or(i64::MAX);
    format!("{} {}", grouped(count), if count == 1 { "person" } else { "people" })
}

/// A whole number with its thousands apart: `1,204`.
pub(crate) fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if number < 0 {
        text.push('-');
    }
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn person_reads_large_numbers_in_groups() {
        for (number, text) in
            [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567"), (-1000, "-1,000")]
        {
            assert_eq!(grouped(number), text);
        }
        assert_eq!(counted(1, "key"), "1 key");
        assert_eq!(counted(1204, "key"), "1,204 keys");
    }

    #[test]
    fn an_address_holds_only_the_filters_in_force_and_escapes_them() {
        assert_eq!(address("/audit", &[("actor", None), ("type", None)]), "/audit");
        assert_eq!(
            address("/audit", &[("actor", Some("a&b")), ("type", Some("user"))]),
            "/audit?actor=a%26b&type=user"
        );
    }
}
