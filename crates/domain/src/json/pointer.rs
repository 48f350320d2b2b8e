//! JSON pointers (RFC 6901).

/// A name as a pointer spells it.
pub fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// The names on the way that a pointer describes; nothing for a text that is no pointer.
pub fn tokens(pointer: &str) -> Option<Vec<String>> {
    if pointer.is_empty() {
        return Some(Vec::new());
    }
    pointer.strip_prefix('/')?.split('/').map(unescaped).collect()
}

fn unescaped(token: &str) -> Option<String> {
    let mut name = String::with_capacity(token.len());
    let mut letters = token.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '~' => name.push(match letters.next()? {
                '0' => '~',
                '1' => '/',
                _ => return None,
            }),
            other => name.push(other),
        }
    }
    Some(name)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_tilde_stands_before_nought_or_one_only() {
        for text in ["a", "/a~", "/a~2", "~0"] {
            assert_eq!(tokens(text), None, "{text}");
        }
        assert_eq!(tokens("/").unwrap(), [""]);
        assert_eq!(tokens("").unwrap(), Vec::<String>::new());
        assert_eq!(tokens("/~01/a~1b").unwrap(), ["~1", "a/b"]);
    }

    proptest! {
        #[test]
        fn names_come_back(names in prop::collection::vec("[a/~01]{0,4}", 1..4)) {
            let pointer: String = names.iter().map(|name| format!("/{}", escaped(name))).collect();
            prop_assert_eq!(tokens(&pointer).unwrap(), names);
        }
    }
}
