//! Documents: the list with the form that adds one, each with its versions, and deleting.

mod delete;
mod list;
mod show;

use crate::{document_file, routes::Routes};

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/documents", list::list)
        .get("/documents/{document}", show::show)
        .get("/documents/{document}/delete", delete::ask)
        .post_confirmed("/documents/{document}/delete", delete::delete)
        // What people uploaded has addresses of its own, under a policy of its own.
        .get("/files/{version}", document_file::download)
        .get("/files/{version}/preview", document_file::preview)
        .get("/files/{version}/statement", document_file::statement)
}

/// Octets as people read them: `812 bytes`, `14 kB`, `2,310 MB`.
fn size(octets: i64) -> String {
    use crate::pages::parts::{counted, grouped};
    match octets {
        ..10_000 => counted(octets, "byte"),
        10_000..10_000_000 => format!("{} kB", grouped(octets / 1_000)),
        _ => format!("{} MB", grouped(octets / 1_000_000)),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::header;
    use bailiwick_domain::role::Role;
    use bailiwick_testkit::both_databases;
    use serde_json::json;

    use crate::pages::browser::Browser;

    /// Adds a document as the page does, and gives the address of its file and its page.
    async fn added(browser: &mut Browser, name: &str, content: &[u8]) -> (String, String) {
        let new = json!({"name": name, "octets": content.len()});
        let begun = browser.call("/v1/documents/uploads", Some(&new)).await;
        assert_eq!(begun.status, 201, "{}", begun.body);
        let id = begun.between("\"id\":\"", "\"").unwrap();
        let path = format!("/v1/documents/uploads/{id}");
        let middle = content.len().min(65_536);
        for (first, part) in [(0, &content[..middle]), (middle, &content[middle..])] {
            if part.is_empty() {
                continue;
            }
            let range = format!("bytes {first}-{}/{}", first + part.len() - 1, content.len());
            let taken = browser.put(&path, &range, part).await;
            assert_eq!(taken.status, 200, "{}", taken.body);
            let said = browser.get(&path).await;
            assert!(said.body.contains(&format!("\"received\":{}", first + part.len())), "{}", said.body);
        }
        let finished = browser.call(&format!("{path}/finish"), None).await;
        assert_eq!(finished.status, 201, "{}", finished.body);
        let document = finished.between("\"document\":{\"id\":\"", "\"").unwrap();
        (format!("/files/{id}"), format!("/documents/{document}"))
    }

    both_databases! {
        async fn owner_adds_a_document_and_nothing_of_it_runs(db: Db) {
            let acme = db.tenant("acme").await;
            let mut owner = Browser::of(&acme.owner());
            assert!(owner.get("/documents").await.shows("No documents yet"));
            let content = "<script>alert(1)</script>\n".repeat(4_000).into_bytes();
            let (file, page) = added(&mut owner, "Plan <b>Ada.html", &content).await;
            assert!(owner.get("/documents").await.shows("Plan &#60;b&#62;Ada.html"));
            let shown = owner.get(&page).await;
            assert!(shown.shows("Version 1") && shown.shows("Available") && shown.shows("text/plain, 104 kB"), "{}", shown.body);
            assert!(shown.shows("AES-256-GCM, STREAM") && shown.shows("1 of the organisation"), "{}", shown.body);
            let got = owner.get(&file).await;
            assert_eq!((got.status.as_u16(), got.body.as_bytes()), (200, content.as_slice()));
            let text = |name: header::HeaderName| got.headers[name].to_str().unwrap();
            assert_eq!(text(header::CONTENT_TYPE), "text/plain");
            assert!(text(header::CONTENT_DISPOSITION).starts_with("attachment;"));
            assert_eq!(text(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
            assert_eq!(text(header::CONTENT_SECURITY_POLICY), "default-src 'none'; sandbox; frame-ancestors 'none'");
            assert!(owner.get(&page).await.shows("1 download"));
            let preview = owner.get(&format!("{file}/preview")).await;
            assert_eq!(preview.headers[header::CONTENT_TYPE], "text/plain; charset=utf-8");
            assert!(preview.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap().contains("sandbox"));
            assert_eq!(owner.get(&format!("{file}/statement")).await.status, 409, "it is not signed yet");
            db.sign().await;
            assert!(owner.get(&format!("{file}/statement")).await.body.starts_with("Statement of storage"));
        }

        async fn upload_that_does_not_fit_is_refused_by_its_place(db: Db) {
            let acme = db.tenant("acme").await;
            let mut owner = Browser::of(&acme.owner());
            for (new, field) in [
                (json!({"name": "a/b", "octets": 7}), "name"),
                (json!({"name": "", "octets": 7}), "name"),
                (json!({"octets": 7}), "name"),
                (json!({"name": "a", "octets": 0}), "octets"),
                (json!({"name": "a", "octets": 100_000_000_000_u64}), "octets"),
            ] {
                let refused = owner.call("/v1/documents/uploads", Some(&new)).await;
                assert!(refused.status == 422 && refused.body.contains(field), "{new}: {}", refused.body);
            }
            let begun = owner.call("/v1/documents/uploads", Some(&json!({"name": "a", "octets": 70_000}))).await;
            let path = format!("/v1/documents/uploads/{}", begun.between("\"id\":\"", "\"").unwrap());
            let octets = vec![b'a'; 65_536];
            assert_eq!(owner.put(&path, "bytes 0-65535/70001", &octets).await.status, 400);
            assert_eq!(owner.put(&path, "bytes 0-65534/70000", &octets[..65_535]).await.status, 422);
            assert_eq!(owner.put(&path, "bytes 4464-69999/70000", &octets).await.status, 409);
            assert_eq!(owner.call(&format!("{path}/finish"), None).await.status, 409);
            let mut colleague = Browser::of(&acme.user(Role::PlanManager).await);
            assert_eq!(colleague.put(&path, "bytes 0-65535/70000", &octets).await.status, 409, "somebody else's");
            let large = vec![b'a'; 4 * 1024 * 1024 + 1];
            assert_eq!(owner.put(&path, "bytes 0-4194304/70000", &large).await.status, 413);
        }

        async fn who_may_not_read_or_is_of_another_organisation_gets_nothing(db: Db) {
            let acme = db.tenant("acme").await;
            let mut owner = Browser::of(&acme.owner());
            let (file, page) = added(&mut owner, "Plan.txt", b"content").await;
            let mut stranger = Browser::of(&db.tenant("other").await.owner());
            let mut auditor = Browser::of(&acme.user(Role::Auditor).await);
            for path in [page.clone(), file.clone(), format!("{file}/preview")] {
                assert_eq!(stranger.get(&path).await.status, 404, "{path}");
                assert_eq!(auditor.get(&path).await.status, 403, "{path}");
            }
            assert_eq!(stranger.get(&format!("{file}/statement")).await.status, 404);
            let mut manager = Browser::of(&acme.user(Role::OperationsManager).await);
            assert!(manager.get(&page).await.shows("Evidence of how it lies in the store"));
            assert_eq!(manager.get(&format!("{page}/delete")).await.status, 403);
            assert!(owner.get(&format!("{page}/delete")).await.shows("Delete “Plan.txt”?"));
            let asked = owner.post(&format!("{page}/delete"), &[]).await;
            assert!(asked.status == 200 && asked.shows("Delete the document “Plan.txt”"), "{}", asked.body);
        }
    }
}
