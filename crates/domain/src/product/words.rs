//! The product's names for what it has and does.

/// Octets of a name at most: what a search asks for is no longer.
const LONGEST: usize = 64;

/// Whether the text names a kind of thing: `app.` and words of lower-case letters, digits and underscores, with dots between.
pub fn is_kind(text: &str) -> bool {
    words(text).is_some_and(|words| words >= 1)
}

/// Whether the text names an action: as a kind, with a verb behind it (`app.plan.approved`).
pub fn is_action(text: &str) -> bool {
    words(text).is_some_and(|words| words >= 2)
}

/// The words behind `app.`; nothing where one of them is none.
fn words(text: &str) -> Option<usize> {
    let rest = text.strip_prefix("app.").filter(|_| text.len() <= LONGEST)?;
    let is_word = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_lowercase())
            && word.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'_')
    };
    rest.split('.').all(is_word).then(|| rest.split('.').count())
}

/// Whether the text can be an id of the product's: 1 to 128 printable ASCII characters without spaces, quotes and backslashes.
pub fn is_id(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text.bytes().all(|c| c.is_ascii_graphic() && !matches!(c, b'"' | b'\\'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_of_a_product_passes_for_one_of_ours() {
        for wrong in [
            "user.created",
            "app",
            "app.",
            "application.x",
            "App.plan",
            "app..x",
            "app.1a",
            "app.plan.",
            "app.a b",
        ] {
            assert!(!is_kind(wrong) && !is_action(wrong), "{wrong}");
        }
        assert!(is_kind("app.plan") && !is_action("app.plan"));
        assert!(is_action("app.plan.approved") && is_action("app.claim_line.v2.paid"));
        assert!(!is_action(&format!("app.plan.{}", "x".repeat(60))));
    }

    #[test]
    fn ids_are_plain() {
        for right in ["1", "PL-42", "0193a7c2-7b1e-7000-8000-000000000001", "a:b/c?d#e", "~"] {
            assert!(is_id(right), "{right}");
        }
        for wrong in ["", " ", "a b", "a\"b", "a\\b", "é", "a\n", "\u{7f}"] {
            assert!(!is_id(wrong), "{wrong:?}");
        }
        assert!(!is_id(&"x".repeat(129)));
    }
}
