//! How easy a password is to guess.

use zeroize::Zeroizing;
use zxcvbn::{Score, zxcvbn};

/// Characters of a password that are judged. The estimate's work grows faster than the text, and what is strong
/// within so many stays strong with more behind it.
const JUDGED: usize = 100;
/// Characters of each text about a person that count, and words taken from all of them.
const TEXT: usize = 254;
const WORDS: usize = 48;
/// Spellings of the words that an operator names.
const HOUSE: usize = 256;
/// A word of fewer characters says nothing about anybody.
const SHORTEST_WORD: usize = 3;
/// What everybody knows who knows the product: what it is, what it is for, and what its people are called (OWASP ASVS 5.0,
/// 6.1.2; `docs/security/authentication.md` lists them).
const PRODUCT: [&str; 14] = [
    "bailiwick",
    "backoffice",
    "tenant",
    "platform",
    "security",
    "compliance",
    "support",
    "ndis",
    "owner",
    "auditor",
    "operator",
    "manager",
    "coordinator",
    "developer",
];
/// The least score that is accepted, of 0 to 4: beyond 10⁸ guesses, which takes an Argon2id of 30 ms a month of a core and
/// then meets the limits of signing in. The estimator's authors draw the line here, too.
const LEAST: Score = Score::Three;

/// The fewest characters that are left of a password once everything is taken out that others know.
const OWN: usize = 8;
/// The least score of what is left: beyond 10⁶ guesses, times the orders and spellings of the words around it.
const OWN_LEAST: Score = Score::Two;
/// What is said of a password that is put together from what others know.
const KNOWN_WORDS: &str = "Leave out your name, your address, your organisation, roles and this product: without the words that others know, at least 8 characters that are not easy to guess have to be left.";

/// What others know of the person whose password it is: the first things that somebody tries who means this
/// person (OWASP ASVS 5.0, 6.2.11).
#[derive(Clone)]
pub struct About {
    /// The name.
    pub name: String,
    /// The sign-in address.
    pub email: String,
    /// The organisation's name.
    pub organisation: String,
}

/// Personal data, which no log needs.
impl std::fmt::Debug for About {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("About(…)")
    }
}

impl About {
    fn words(&self) -> Vec<String> {
        spellings(&[&self.name, &self.email, &self.organisation], WORDS)
    }
}

/// How the words that an operator names may stand in a password.
pub(super) fn house(words: &[String]) -> Vec<String> {
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    spellings(&words, HOUSE)
}

/// Each text as it is and without what separates its words, and each of its words.
fn spellings(texts: &[&str], most: usize) -> Vec<String> {
    let texts = || texts.iter().map(|text| first(text, TEXT));
    let parts = |text: &str| -> Vec<String> {
        text.split(|c: char| !c.is_alphanumeric()).map(str::to_owned).collect()
    };
    let mut words: Vec<String> = texts().flat_map(|text| [text.to_owned(), parts(text).concat()]).collect();
    words.extend(texts().flat_map(parts));
    words.retain(|word| word.chars().count() >= SHORTEST_WORD);
    words.truncate(most);
    words
}

/// Why a password is too easy to guess, in sentences that may be none; nothing where it is not. `house` are the words that
/// the operator named.
///
/// The estimator works on copies of the password that are not overwritten; they are gone with the hash that follows,
/// whose memory is larger than all of them.
pub(super) fn guessable(password: &str, about: &About, house: &[String]) -> Option<String> {
    let judged = Zeroizing::new(first(password, JUDGED).to_owned());
    let words = about.words();
    let words: Vec<&str> = words.iter().chain(house).map(String::as_str).chain(PRODUCT).collect();
    let estimate = zxcvbn(&judged, &words);
    if estimate.score() >= LEAST {
        return leans(&judged, &words).then(|| KNOWN_WORDS.to_owned());
    }
    Some(estimate.feedback().map(|feedback| feedback.to_string().trim().to_owned()).unwrap_or_default())
}

/// Whether little is left of a password without the words that others know: the estimator takes each of them for a rare find,
/// and several in a row for a strong password.
fn leans(password: &str, words: &[&str]) -> bool {
    let mut known: Vec<String> = words.iter().map(|word| letters(word)).collect();
    known.retain(|word| word.chars().count() >= SHORTEST_WORD);
    // The longest first: of a name within a longer one no end stays behind.
    known.sort_unstable_by_key(|word| std::cmp::Reverse(word.len()));
    let whole = Zeroizing::new(letters(password));
    let mut own = whole.clone();
    for word in &known {
        own = Zeroizing::new(own.replace(word.as_str(), ""));
    }
    if own.len() == whole.len() {
        return false;
    }
    // What stands between words counts where it is more than that: signs are as good as letters.
    let signs = password.chars().filter(|c| !c.is_alphanumeric() && !is_separator(*c));
    own.extend(signs);
    own.chars().count() < OWN || zxcvbn(&own, words).score() < OWN_LEAST
}

/// In small letters, without anything that is neither a letter nor a digit.
fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// What people put between words.
fn is_separator(c: char) -> bool {
    c.is_whitespace() || c.is_control() || "-_.,;:/\\|+&@'\"".contains(c)
}

/// The first `most` characters.
fn first(text: &str, most: usize) -> &str {
    text.char_indices().nth(most).and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As [`super::guessable`], where the operator names no words.
    fn guessable(password: &str, about: &About) -> Option<String> {
        super::guessable(password, about, &[])
    }

    fn about() -> About {
        About {
            name: "Olive Marlowe".into(),
            email: "olive.marlowe@quillhaven.example".into(),
            organisation: "Quillhaven Care Pty Ltd".into(),
        }
    }

    #[test]
    fn person_reads_why_a_password_is_too_easy() {
        for (password, says) in [
            ("password1234", "very common password"),
            ("qwertyuiop12", "similar to a commonly used password"),
            ("aaaaaaaaaaaa", "Repeats like"),
            ("abcdefghijklm", "Sequences like"),
            ("administrator", "word by itself"),
        ] {
            let reason = guessable(password, &about());
            assert!(reason.as_ref().is_some_and(|reason| reason.contains(says)), "{password}: {reason:?}");
        }
    }

    #[test]
    fn whoever_knows_the_person_gains_nothing_by_it() {
        for password in
            ["olive.marlowe@quillhaven.example", "OliveMarlowe1", "quillhavencare", "Bailiwick2026"]
        {
            assert!(guessable(password, &about()).is_some(), "{password}");
        }
        let other = About { name: "Bo".into(), email: "b@c.example".into(), organisation: "D".into() };
        assert_eq!(guessable("OliveMarlowe1", &other).as_deref(), None, "to somebody else it is a good one");
    }

    #[test]
    fn words_of_the_product_and_of_the_operator_are_no_passwords() {
        for password in PRODUCT.map(|word| format!("{word}{word}2026")) {
            assert!(guessable(&password, &about()).is_some(), "{password}");
        }
        let named = house(&["Northern Star-Project".to_owned(), "Zyqqurat".to_owned()]);
        for password in ["northernstarproject", "Northern Star-Project!", "Zyqqurat2026!"] {
            assert!(super::guessable(password, &about(), &named).is_some(), "{password}");
        }
        assert_eq!(guessable("Zyqqurat2026!", &about()), None, "where nobody named it, it is a good one");
    }

    #[test]
    fn words_that_others_know_make_no_password_together() {
        let about = About {
            name: "Imran Owner".into(),
            email: "owner@example.com".into(),
            organisation: "Example Care".into(),
        };
        for password in [
            "Example Care Ops Manager",
            "ops manager example care",
            "examplecare opsmanager",
            "bailiwick-security-owner",
            "bailiwick security owner",
            "Imran.Owner@Example.Care",
            "EXAMPLE_care_2026_owner",
        ] {
            assert!(guessable(password, &about).is_some(), "{password}");
        }
        let told = guessable("bailiwick security owner", &about);
        assert!(told.is_some_and(|told| !told.is_empty()), "it is said what to do");
        let named = house(&["Northern Star".to_owned()]);
        assert!(super::guessable("northern example star care", &about, &named).is_some());
        for password in ["example care seven quiet lanterns", "bailiwick p7f2k9qx4d", "owner %&)!?(=#@*~^"] {
            assert_eq!(guessable(password, &about), None, "{password}: enough of it is the person's own");
        }
    }

    #[test]
    fn documentation_lists_every_word_of_the_product() {
        let page = include_str!("../../../../docs/security/authentication.md");
        for word in PRODUCT {
            assert!(page.contains(&format!("`{word}`")), "{word}");
        }
    }

    #[test]
    fn characters_of_one_kind_are_as_good_as_of_any_other() {
        for password in [
            "jfkqvmzuwpdyte",
            "JFKQVMZUWPDYTE",
            "80372619450283716",
            "%&)!?(=#@+*~;:",
            "четыре тихих фонаря",
            "静かな灯籠が七つ並ぶ夜道だ",
        ] {
            assert_eq!(guessable(password, &about()), None, "{password}");
        }
    }

    #[test]
    fn a_few_words_that_nobody_put_together_before_are_enough() {
        for password in ["seven quiet lanterns", "a password of my own", "p7f2k-9qx4d-mm3t8-zz1vb"] {
            assert_eq!(guessable(password, &about()), None, "{password}");
        }
    }

    #[test]
    fn what_is_judged_has_an_end() {
        assert_eq!(first("ééé", 2), "éé");
        assert_eq!(first("ééé", 3), "ééé");
        assert_eq!(first("", 3), "");
        let weak = "a".repeat(JUDGED);
        assert!(
            guessable(&format!("{weak}seven quiet lanterns"), &about()).is_some(),
            "only the front counts"
        );
        let long = About {
            name: "n ".repeat(10_000),
            email: "word.".repeat(10_000),
            organisation: "x".repeat(10_000),
        };
        assert!(long.words().len() <= WORDS);
        assert!(long.words().iter().all(|word| word.chars().count() <= TEXT));
        let named: Vec<_> = (0..100).map(|n| format!("{n} word after another ").repeat(100)).collect();
        let named = house(&named);
        assert!(named.len() <= HOUSE && named.iter().all(|word| word.chars().count() <= TEXT));
    }

    #[test]
    fn debug_shows_nobody() {
        assert_eq!(format!("{:?}", about()), "About(…)");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn words_that_others_know_are_too_easy_in_any_order_and_spelling(
            words in prop::collection::vec(
                prop::sample::select(vec!["quillhaven", "care", "olive", "marlowe", "bailiwick", "security", "owner", "zyqqurat"]),
                2..6,
            ),
            between in prop::sample::select(vec!["", " ", "-", "_", ".", "/"]),
            loud in any::<bool>(),
        ) {
            let password = words.join(between);
            let password = if loud { password.to_uppercase() } else { password };
            let told = super::guessable(&password, &about(), &house(&["Zyqqurat".to_owned()]));
            prop_assert!(told.is_some(), "{}", password);
        }

        #[test]
        fn no_text_stops_the_judge(password in "\\PC{0,140}", name in "\\PC{0,40}") {
            let _ = guessable(&password, &About { name, ..about() });
        }
    }
}
