//! The grammar of permission names.

/// The longest permission name, in bytes.
const MAX_LEN: usize = 64;

/// Whether `name` is `noun:verb`, each part lower-case words of `a-z` and `0-9` joined by single underscores.
///
/// A wildcard cannot be written in this grammar: what a role holds is always a list that a reviewer can read.
pub const fn is_permission_name(name: &str) -> bool {
    if name.len() > MAX_LEN {
        return false;
    }
    let mut rest = name.as_bytes();
    let mut colons = 0;
    let mut previous = b':';
    while let [byte, tail @ ..] = rest {
        let fits = match *byte {
            b'a'..=b'z' => true,
            b'0'..=b'9' => previous != b':',
            b'_' => previous.is_ascii_alphanumeric(),
            b':' => {
                colons += 1;
                previous.is_ascii_alphanumeric()
            }
            _ => false,
        };
        if !fits {
            return false;
        }
        previous = *byte;
        rest = tail;
    }
    colons == 1 && previous.is_ascii_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::is_permission_name;

    #[test]
    fn a_name_is_a_noun_and_a_verb() {
        for good in ["user:read", "api_key:create", "a:b", "price_version2:update", "user:assign_role"] {
            assert!(is_permission_name(good), "{good}");
        }
    }

    #[test]
    fn wildcards_and_other_spellings_are_no_names() {
        for bad in [
            "",
            ":",
            "user",
            "user:",
            ":read",
            "*",
            "*:*",
            "user:*",
            "*:read",
            "user:read*",
            "User:read",
            "user:re-ad",
            "user read",
            "user:read:all",
            "user::read",
            "_user:read",
            "user_:read",
            "user:_read",
            "user:read_",
            "us__er:read",
            "1user:read",
            "user:1read",
            "user.read",
            "usér:read",
            "user:read\n",
        ] {
            assert!(!is_permission_name(bad), "{bad:?}");
        }
        assert!(!is_permission_name(&format!("{}:read", "a".repeat(64))));
    }
}
