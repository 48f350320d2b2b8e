//! Making recovery codes: the answer shows them, this once. Those before are good no more.

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use bailiwick_domain::rule::ChangeMyProofs;
use bailiwick_ops::factors;
use bailiwick_store::Store;

use super::recovery_show::RecoveryPage;
use crate::{access::Access, error::Result, pages::refused::Refused, shell::Visit};

pub(super) async fn make(
    Access(permit): Access<ChangeMyProofs>,
    State(store): State<Store>,
    visit: Visit,
) -> Result<Response> {
    match factors::make_recovery_codes(&store, &permit).await {
        Ok(codes) => {
            let page = RecoveryPage::read(&store, &permit, &visit, Vec::new(), &codes).await?;
            Ok(([(header::CACHE_CONTROL, "no-store")], page).into_response())
        }
        Err(error) => {
            let refused = Refused::by(error, &[])?;
            let page = RecoveryPage::read(&store, &permit, &visit, refused.problems, &[]).await?;
            Ok((refused.status, page).into_response())
        }
    }
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::clock::Clock;
    use bailiwick_testkit::{Actor, Db, both_databases};
    use bailiwick_vault::totp::TotpSecret;

    use crate::pages::browser::Browser;

    /// Sets up an authenticator in the browser.
    async fn set_up(db: &Db, browser: &mut Browser) {
        let begun = browser.post("/account/factors", &[]).await;
        let shown = begun.between(r#"<code id="totp-secret">"#, "<").unwrap();
        let secret = TotpSecret::from_base32(&shown.replace(' ', "")).unwrap();
        let action =
            format!("/account/factors/{}", begun.between(r#"action="/account/factors/"#, "\"").unwrap());
        let code = secret.code_at(db.clock.now().unix_seconds());
        assert_eq!(browser.post(&action, &[("code", &code)]).await.led(), (303, "/account"));
    }

    fn codes(page: &str) -> Vec<String> {
        let all = page.split("<code id=\"recovery-codes\">").nth(1).unwrap().split("</code>").next().unwrap();
        all.split_whitespace().map(str::to_owned).collect()
    }

    async fn owner(db: &Db) -> Actor {
        db.tenant("acme").await.owner()
    }

    both_databases! {
        async fn person_gets_ten_codes_once_and_others_in_their_place(db: Db) {
            let owner = owner(&db).await;
            let mut browser = Browser::of(&owner);
            assert!(browser.get("/account/recovery-codes").await.shows("Set up a second factor first"));
            let early = browser.post("/account/recovery-codes", &[]).await;
            assert!(early.status == 409 && !early.shows("id=\"recovery-codes\""));
            set_up(&db, &mut browser).await;
            assert!(browser.get("/account").await.shows("None were made"));
            let made = browser.post("/account/recovery-codes", &[]).await;
            assert_eq!(made.headers["cache-control"], "no-store");
            let first = codes(&made.page());
            assert_eq!(first.len(), 10);
            assert!(browser.get("/account").await.shows("10 unused codes"));
            let page = browser.get("/account/recovery-codes").await.page();
            assert!(page.contains("10 unused codes") && first.iter().all(|code| !page.contains(code)), "shown once");
            let second = codes(&browser.post("/account/recovery-codes", &[]).await.page());
            assert!(second.iter().all(|code| !first.contains(code)));
        }

        async fn person_downloads_the_codes_they_see_and_no_other_text(db: Db) {
            let owner = owner(&db).await;
            let mut browser = Browser::of(&owner);
            set_up(&db, &mut browser).await;
            let shown = codes(&browser.post("/account/recovery-codes", &[]).await.page());
            let fields: Vec<_> = shown.iter().map(|code| ("code", code.as_str())).collect();
            let file = browser.post("/account/recovery-codes/file", &fields).await;
            assert_eq!(file.headers["content-type"], "text/plain; charset=utf-8");
            assert_eq!(file.headers["content-disposition"], "attachment; filename=\"bailiwick-recovery-codes.txt\"");
            assert_eq!(file.headers["cache-control"], "no-store");
            let text = file.page();
            assert!(shown.iter().all(|code| text.contains(code)) && text.contains("owner@acme.example"));
            let replaced = codes(&browser.post("/account/recovery-codes", &[]).await.page());
            assert_eq!(browser.post("/account/recovery-codes/file", &fields).await.status, 409, "good no more");
            for wrong in [vec![("code", "<script>")], vec![], vec![("code", replaced[0].as_str())]] {
                let refused = browser.post("/account/recovery-codes/file", &wrong).await;
                assert!(refused.status == 409 && !refused.shows("<script>"), "{wrong:?}");
            }
        }
    }
}
