//! A place on this site, as it may stand in a redirect.

use std::fmt;

/// A path, with or without a query, that cannot lead away from this site: it begins with one slash, is no longer than
/// 2,000 octets, and holds nothing that browsers rewrite into a host (`//`, `/\`, controls).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalPath(String);

impl LocalPath {
    /// The start page.
    pub fn start() -> Self {
        Self("/".to_owned())
    }

    /// Reads a path that came with a request; nothing when it could lead elsewhere.
    pub fn parse(text: &str) -> Option<Self> {
        let path = text.split(['?', '#']).next().unwrap_or_default();
        let rooted = path.starts_with('/') && !path.contains("//");
        // WHATWG URL: a backslash is a slash, and tabs and line breaks vanish.
        let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        (rooted && plain && text.len() <= 2000).then(|| Self(text.to_owned()))
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same place as the value of `next` behind another path.
    pub(crate) fn after(&self, path: &str) -> String {
        let next: String = form_urlencoded::byte_serialize(self.0.as_bytes()).collect();
        format!("{path}?next={next}")
    }
}

impl fmt::Display for LocalPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_that_leads_away_is_no_local_path() {
        for text in [
            "",
            "users",
            "https://evil.example",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/users//evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "/ /evil.example",
            "javascript:alert(1)",
            " /users",
            "/é",
            "@evil.example",
            "?next=x",
        ] {
            assert_eq!(LocalPath::parse(text), None, "{text:?}");
        }
        assert_eq!(LocalPath::parse(&format!("/{}", "a".repeat(2000))), None);
    }

    #[test]
    fn person_comes_back_to_where_they_were() {
        for text in ["/", "/users?role=auditor&q=a%20b", "/audit/events?path=//x", "/account#sessions"] {
            assert_eq!(LocalPath::parse(text).unwrap().as_str(), text);
        }
        let next = LocalPath::parse("/users?q=a&role=b").unwrap();
        assert_eq!(next.after("/sign-in"), "/sign-in?next=%2Fusers%3Fq%3Da%26role%3Db");
    }
}
