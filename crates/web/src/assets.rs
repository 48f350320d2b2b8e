//! The files that pages load: embedded in the binary, named by their content, cached for ever.

use std::{collections::HashMap, sync::LazyLock};

use axum::{
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use bailiwick_domain::rule::{Need, Public, Rule};
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

use crate::{error::Error, routes::AccessRow};

#[derive(RustEmbed)]
#[folder = "assets/"]
struct Embedded;

/// Where the files are served.
pub(crate) const PREFIX: &str = "/assets/";
/// Their one row of the access table.
pub(crate) const PATTERN: &str = "/assets/{file}";
/// How a style sheet names another embedded file, before the name of its content is known.
const REFERENCE: &str = "asset:";

/// One file as it is served.
struct Asset {
    /// `/assets/app-0123456789ab.css`.
    href: String,
    body: Vec<u8>,
    content_type: &'static str,
    /// The quoted hash of the whole content (RFC 9110 §8.8.3).
    etag: String,
}

/// Every file, by its own name and by the name it is served under.
struct Table {
    by_name: HashMap<String, Asset>,
    by_href: HashMap<String, String>,
}

static TABLE: LazyLock<Table> = LazyLock::new(Table::load);

/// Where the file of this name is served; the bare prefix, which answers 404, when there is none.
pub(crate) fn href(name: &str) -> &'static str {
    TABLE.by_name.get(name).map_or(PREFIX, |asset| &asset.href)
}

/// The row of the access table that stands for all files.
pub(crate) fn access_row() -> AccessRow {
    AccessRow { method: Method::GET, path: PATTERN, rule: Public::NAME, need: Need::Anyone, writes: false }
}

/// Answers a request for a path below [`PREFIX`]. Only names in the table are found; no path reaches a file system.
pub(crate) fn serve(path: &str, headers: &HeaderMap) -> Response {
    let Some(asset) = TABLE.by_href.get(path).and_then(|name| TABLE.by_name.get(name)) else {
        return Error::NotFound.into_response();
    };
    let cached = [
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
        (header::ETAG, HeaderValue::from_str(&asset.etag).unwrap_or(HeaderValue::from_static("\"\""))),
    ];
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    if known.is_some_and(|tags| tags.split(',').any(|tag| tag.trim() == asset.etag)) {
        return (StatusCode::NOT_MODIFIED, cached).into_response();
    }
    (cached, [(header::CONTENT_TYPE, asset.content_type)], asset.body.as_slice()).into_response()
}

impl Table {
    fn load() -> Self {
        let mut table = Self { by_name: HashMap::new(), by_href: HashMap::new() };
        let mut names: Vec<_> = Embedded::iter().map(|name| name.into_owned()).collect();
        // Style sheets last: the names of the files that they refer to go into their content, and so into their hash.
        names.sort_by_key(|name| (name.ends_with(".css"), name.clone()));
        for name in names {
            let (Some(content_type), Some(file)) = (content_type(&name), Embedded::get(&name)) else {
                continue;
            };
            let body = if content_type == CSS { table.resolve(&file.data) } else { file.data.into_owned() };
            let hash = hex::encode(Sha256::digest(&body));
            let (stem, extension) = name.rsplit_once('.').unwrap_or((&name, ""));
            let href = format!("{PREFIX}{stem}-{}.{extension}", hash.get(..12).unwrap_or_default());
            table.by_href.insert(href.clone(), name.clone());
            table.by_name.insert(name, Asset { href, body, content_type, etag: format!("\"{hash}\"") });
        }
        table
    }

    /// Replaces each `asset:name` of a style sheet by the path under which that file is served.
    fn resolve(&self, css: &[u8]) -> Vec<u8> {
        let mut text = String::from_utf8_lossy(css).into_owned();
        for (name, asset) in &self.by_name {
            text = text.replace(&format!("{REFERENCE}{name}\""), &format!("{}\"", asset.href));
        }
        text.into_bytes()
    }
}

const CSS: &str = "text/css; charset=utf-8";

/// The type of a file that pages load; nothing for the rest, such as licences, which is not served.
fn content_type(name: &str) -> Option<&'static str> {
    match name.rsplit_once('.')?.1 {
        "css" => Some(CSS),
        "js" => Some("text/javascript; charset=utf-8"),
        "svg" => Some("image/svg+xml"),
        "woff2" => Some("font/woff2"),
        "png" => Some("image/png"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(path: &str, if_none_match: Option<&str>) -> Response {
        let tag = if_none_match.map(|tag| (header::IF_NONE_MATCH, HeaderValue::from_str(tag).unwrap()));
        serve(path, &tag.into_iter().collect())
    }

    #[test]
    fn a_file_is_named_by_its_content_and_kept_for_ever() {
        let path = href("app.css");
        let hash = path.strip_prefix("/assets/app-").and_then(|rest| rest.strip_suffix(".css")).unwrap();
        assert!(hash.len() == 12 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let answer = answer(path, None);
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "text/css; charset=utf-8");
        assert_eq!(answer.headers()[header::CACHE_CONTROL], "public, max-age=31536000, immutable");
        assert!(answer.headers()[header::ETAG].to_str().unwrap().starts_with(&format!("\"{hash}")));
    }

    #[test]
    fn browser_that_has_the_file_is_not_sent_it_again() {
        let tag = answer(href("app.js"), None).headers()[header::ETAG].to_str().unwrap().to_owned();
        assert_eq!(answer(href("app.js"), Some(&tag)).status(), StatusCode::NOT_MODIFIED);
        assert_eq!(answer(href("app.js"), Some(&format!("\"x\", {tag}"))).status(), StatusCode::NOT_MODIFIED);
        assert_eq!(answer(href("app.js"), Some("\"x\"")).status(), StatusCode::OK);
    }

    #[test]
    fn style_sheets_refer_to_files_that_are_served() {
        for (name, asset) in &TABLE.by_name {
            let text = String::from_utf8_lossy(&asset.body);
            if asset.content_type != CSS {
                continue;
            }
            assert!(!text.contains(REFERENCE), "{name} refers to a file that is not there");
            for reference in text.split("url(\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
                assert!(TABLE.by_href.contains_key(reference), "{name}: {reference}");
            }
        }
        assert!(TABLE.by_name.values().any(|asset| asset.content_type == "font/woff2"));
    }

    #[test]
    fn nothing_else_is_reachable() {
        let licence = "/assets/vendor/htmx/LICENSE";
        for path in [
            "/assets/",
            "/assets/app.css",
            licence,
            "/assets/../Cargo.toml",
            "/assets/app-000000000000.css",
            "/assets//etc/passwd",
        ] {
            assert_eq!(answer(path, None).status(), StatusCode::NOT_FOUND, "{path}");
        }
    }
}
