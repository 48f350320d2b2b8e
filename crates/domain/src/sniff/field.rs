//! Fields by their names.

/// Words with which the name of a field for a secret ends.
const SECRET: &[&[&str]] = &[
    &["password"],
    &["passwd"],
    &["passphrase"],
    &["passcode"],
    &["pwd"],
    &["pass"],
    &["secret"],
    &["secrets"],
    &["token"],
    &["tokens"],
    &["apikey"],
    &["credential"],
    &["credentials"],
    &["api", "key"],
    &["private", "key"],
    &["secret", "key"],
    &["access", "key"],
    &["signing", "key"],
    &["encryption", "key"],
    &["shared", "key"],
    &["master", "key"],
    &["account", "key"],
    &["auth", "key"],
    &["hmac", "key"],
    &["service", "key"],
    &["client", "key"],
    &["server", "key"],
    &["storage", "key"],
    &["license", "key"],
    &["webhook", "key"],
    &["connection", "string"],
    &["authorization"],
    &["bearer"],
    &["cookie"],
    &["pin"],
    &["salt"],
    &["pepper"],
    &["seed"],
];

/// Words before which those are no secret: `public_api_key`, `next_token` of a page.
const NOT_AFTER: &[&str] =
    &["public", "publishable", "site", "next", "page", "csrf", "continuation", "has", "is", "max", "min"];

/// Words with which the names of fields end whose values look random and are public: digests, ids, versions.
const PUBLIC: &[&str] = &[
    "hash",
    "sha",
    "sha1",
    "sha256",
    "sha512",
    "md5",
    "digest",
    "checksum",
    "fingerprint",
    "integrity",
    "etag",
    "id",
    "ids",
    "uuid",
    "guid",
    "ulid",
    "commit",
    "revision",
    "ref",
    "rev",
    "version",
    "thumbprint",
    "certificate",
    "cert",
    "url",
    "uri",
    "endpoint",
    "href",
    "path",
    "file",
    "arn",
    "image",
    "nonce",
    "kid",
    "x5t",
    "pem",
    "spki",
    "sitekey",
];

/// Whether a field of this name is one for secrets.
pub fn is_secret_field(name: &str) -> bool {
    let words = words(name);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    SECRET.iter().any(|ending| {
        words.strip_suffix(*ending).is_some_and(|before| {
            !before.last().is_some_and(|last| NOT_AFTER.contains(last))
                && before.first().is_none_or(|first| *first != "public")
        })
    })
}

/// Whether values of a field of this name may look random without being a secret.
pub(super) fn is_public_field(name: &str) -> bool {
    let words = words(name);
    let public = |word: &String| word == "public" || word == "publishable" || word == "site";
    words.last().is_some_and(|last| PUBLIC.contains(&last.as_str())) || words.iter().any(public)
}

/// Whether a value in a field for secrets is certainly none: a switch, a number of little length, a place that is still to be filled.
pub(super) fn is_no_secret(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let word = [
        "true", "false", "yes", "no", "on", "off", "none", "null", "required", "optional", "bearer", "basic",
        "auto", "default",
    ];
    // What a template fills in, or what stands for a value that was taken out.
    let stands_in = (value.starts_with("${") && value.ends_with('}'))
        || (value.starts_with("{{") && value.ends_with("}}"))
        || (value.starts_with('<') && value.ends_with('>'))
        || (value.starts_with("%(") && value.ends_with(')'))
        || value.chars().all(|c| matches!(c, '*' | '•' | 'x' | 'X' | '.' | '…'));
    word.contains(&lower.as_str()) || stands_in
}

/// The words of a name in lower case: `clientSecret`, `client-secret` and `CLIENT_SECRET` have the same two.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut before = ' ';
    let mut letters = name.chars().peekable();
    while let Some(letter) = letters.next() {
        let starts = letter.is_ascii_uppercase()
            && (before.is_ascii_lowercase()
                || before.is_ascii_digit()
                || before.is_ascii_uppercase() && letters.peek().is_some_and(char::is_ascii_lowercase));
        if (starts || !letter.is_alphanumeric()) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if letter.is_alphanumeric() {
            word.extend(letter.to_lowercase());
        }
        before = letter;
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_is_read_in_words_however_it_is_spelled() {
        for name in [
            "client_secret",
            "clientSecret",
            "client-secret",
            "CLIENT_SECRET",
            "Client Secret",
            "client.secret",
        ] {
            assert_eq!(words(name), ["client", "secret"], "{name}");
        }
        assert_eq!(words("AWSSecretKey2"), ["aws", "secret", "key2"]);
        assert!(words("--").is_empty());
    }

    #[test]
    fn field_for_a_secret_ends_with_the_word_for_it() {
        for name in [
            "password",
            "smtp_password",
            "apiKey",
            "STRIPE_API_KEY",
            "webhook-secret",
            "private_key",
            "db.pwd",
            "accessToken",
        ] {
            assert!(is_secret_field(name), "{name}");
        }
        for name in [
            "token_url",
            "password_policy",
            "secret_name",
            "public_key",
            "publishable_key",
            "next_token",
            "key",
            "keyboard",
            "tokenizer",
            "passport",
            "compass",
            "api_key_id",
            "max_tokens",
            "csrf_token",
            "public_api_key",
            "",
        ] {
            assert!(!is_secret_field(name), "{name}");
        }
    }
}
