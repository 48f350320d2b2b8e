//! Addresses carry no file extensions, and nothing that only a server should have is ever served.

use axum::{
    extract::Request,
    http::{Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::Route;
use crate::{assets, error::Error, routes::FILES};

/// Folders that a product with files on disk would have to hide.
const HIDDEN: [&str; 2] = ["includes", "db"];

#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Route,
    Asset,
    Redirect(String),
    Nothing,
}

/// Serves embedded files, redirects `/users.php` to `/users`, and finds nothing under names that are never served.
pub(super) async fn judge(request: Request, next: Next) -> Response {
    match verdict(request.method(), request.uri().path()) {
        Verdict::Route => next.run(request).await,
        Verdict::Asset => {
            let mut answer = assets::serve(request.uri().path(), request.headers());
            answer.extensions_mut().insert(Route::fixed(assets::PATTERN));
            answer
        }
        Verdict::Redirect(path) => {
            let location = match request.uri().query() {
                Some(query) => format!("{path}?{query}"),
                None => path,
            };
            (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, location)]).into_response()
        }
        Verdict::Nothing => Error::NotFound.into_response(),
    }
}

fn verdict(method: &Method, path: &str) -> Verdict {
    let reads = matches!(*method, Method::GET | Method::HEAD);
    let Some(rest) = path.strip_prefix('/') else { return Verdict::Nothing };
    if !is_plain(rest) {
        return Verdict::Nothing;
    }
    if path.starts_with(assets::PREFIX) {
        return if reads { Verdict::Asset } else { Verdict::Nothing };
    }
    if FILES.contains(&path) {
        return Verdict::Route;
    }
    let first = rest.split('/').next().unwrap_or_default();
    if HIDDEN.iter().any(|name| first.eq_ignore_ascii_case(name)) {
        return Verdict::Nothing;
    }
    let (folder, file) = path.rsplit_once('/').unwrap_or_default();
    match file.split_once('.') {
        None => Verdict::Route,
        Some((stem, _)) if reads => Verdict::Redirect(format!("{folder}/{stem}")),
        Some(_) => Verdict::Nothing,
    }
}

/// Whether every segment is one that this product may have: not empty (`//` would make a redirect leave the site), not
/// beginning with a dot, and meaning the same before and after percent-decoding.
fn is_plain(rest: &str) -> bool {
    if rest.is_empty() {
        return true;
    }
    rest.split('/').all(|segment| {
        let decoded = decode(segment);
        let fits = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'/' | b'\\' | b'%') || byte >= 0x80;
        let starts = decoded.first().is_some_and(|first| *first != b'.');
        starts && decoded.iter().all(|byte| fits(*byte))
    })
}

/// One round of percent-decoding (RFC 3986 §2.1). What is not an escape stays, and its percent sign is refused above.
fn decode(segment: &str) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let [first, tail @ ..] = rest {
        let escape = tail.first_chunk::<2>().filter(|_| *first == b'%');
        let byte = escape.and_then(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
        decoded.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { tail.get(2..).unwrap_or_default() } else { tail };
    }
    decoded
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::forms::LocalPath;

    #[test]
    fn an_address_with_an_extension_leads_to_the_one_without() {
        for (path, to) in [
            ("/security.html", "/security"),
            ("/users.php", "/users"),
            ("/users/7.json", "/users/7"),
            ("/index.php", "/index"),
            ("/archive.tar.gz", "/archive"),
            ("/favicon.icon", "/favicon"),
            ("/users.", "/users"),
        ] {
            assert_eq!(verdict(&Method::GET, path), Verdict::Redirect(to.into()), "{path}");
            assert_eq!(verdict(&Method::HEAD, path), Verdict::Redirect(to.into()), "{path}");
            assert_eq!(verdict(&Method::POST, path), Verdict::Nothing, "{path}");
        }
    }

    #[test]
    fn what_only_a_server_should_have_is_not_there() {
        for path in [
            "/.env",
            "/.git/config",
            "/users/.htaccess",
            "/a/../b",
            "/..",
            "/.",
            "/%2e%2e/etc/passwd",
            "/%2E/x",
            "/..%2f..%2fetc",
            "/a%2fb",
            "/a%5cb",
            "/a\\b.html",
            "/%252e%252e/x",
            "/a%00.html",
            "/a%0d%0ax",
            "/100%",
            "/%zz",
            "/includes/config.php",
            "/Includes",
            "/db/dump.sql",
            "/db",
            "//evil.example/x.html",
            "/a//b.html",
            "/users/",
            "*",
            "",
        ] {
            for method in [Method::GET, Method::POST] {
                assert_eq!(verdict(&method, path), Verdict::Nothing, "{path}");
            }
        }
    }

    #[test]
    fn ordinary_addresses_are_routed() {
        for path in [
            "/",
            "/users",
            "/users/0193a7c2-7b1e-7000-8000-000000000001",
            "/dbx",
            "/robots.txt",
            "/favicon.ico",
            "/roles/user%3Aread",
            "/caf%C3%A9",
        ] {
            assert_eq!(verdict(&Method::GET, path), Verdict::Route, "{path}");
            assert_eq!(verdict(&Method::POST, path), Verdict::Route, "{path}");
        }
        assert_eq!(verdict(&Method::GET, "/assets/app-0123456789ab.css"), Verdict::Asset);
        assert_eq!(verdict(&Method::POST, "/assets/app-0123456789ab.css"), Verdict::Nothing);
        assert_eq!(verdict(&Method::GET, "/assets/../x.css"), Verdict::Nothing);
    }

    proptest! {
        #[test]
        fn no_redirect_leads_away_or_redirects_again(path in "/[a-z./\\\\%2eE5cf:@]{0,24}") {
            if let Verdict::Redirect(to) = verdict(&Method::GET, &path) {
                prop_assert!(LocalPath::parse(&to).is_some(), "{} leads to {}", path, to);
                prop_assert_eq!(verdict(&Method::GET, &to), Verdict::Route);
            }
        }
    }
}
