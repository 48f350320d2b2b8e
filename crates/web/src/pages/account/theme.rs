//! Choosing light or dark.

use axum::{
    extract::State,
    http::{HeaderMap, header},
};
use bailiwick_domain::rule::ChangeMe;
use serde::Deserialize;

use crate::{
    access::Access,
    error::{Error, Result},
    forms::{Form, LocalPath},
    shell::{SeeOther, Theme},
    state::AppState,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Look {
    theme: String,
}

/// Nothing is stored: the choice is a cookie of this browser.
pub(super) async fn theme(
    Access(_permit): Access<ChangeMe>,
    State(state): State<AppState>,
    headers: HeaderMap,
    form: Form<Look>,
) -> Result<SeeOther> {
    let theme: Theme = form
        .values
        .map_err(Error::Invalid)?
        .theme
        .parse()
        .map_err(|_| Error::BadRequest("There is no such theme."))?;
    let back = came_from(&headers, &state.settings.public_url.to_string());
    Ok(SeeOther::to(back.as_ref().map_or("/account", LocalPath::as_str)).cookie(theme.cookie()))
}

/// The page of this site on which the choice was made.
fn came_from(headers: &HeaderMap, origin: &str) -> Option<LocalPath> {
    let referer = headers.get(header::REFERER)?.to_str().ok()?;
    LocalPath::parse(referer.strip_prefix(origin)?)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use bailiwick_testkit::both_databases;

    use super::*;
    use crate::pages::browser::Browser;

    both_databases! {
        async fn person_chooses_a_theme_and_pages_have_it(db: Db) {
            let mut browser = Browser::of(&db.tenant("acme").await.owner());
            assert_eq!(browser.post("/account/theme", &[("theme", "dark")]).await.led(), (303, "/account"));
            assert!(browser.get("/account").await.shows(r#"data-theme="dark""#));
            assert_eq!(browser.post("/account/theme", &[("theme", "pink")]).await.status, 400);
        }
    }

    #[test]
    fn person_comes_back_to_a_page_of_this_site_only() {
        let from = |text: &'static str| {
            let headers = HeaderMap::from_iter([(header::REFERER, HeaderValue::from_static(text))]);
            came_from(&headers, "https://admin.example.com").map(|path| path.to_string())
        };
        assert_eq!(from("https://admin.example.com/users?q=a").as_deref(), Some("/users?q=a"));
        assert_eq!(from("https://evil.example/users"), None);
        assert_eq!(from("https://admin.example.com.evil.example/users"), None);
        assert_eq!(from("https://admin.example.com//evil.example"), None);
    }
}
