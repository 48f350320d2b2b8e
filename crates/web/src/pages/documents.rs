//! Documents: the list with the form that adds one, each with its versions, and deleting.

mod add;
mod delete;
mod evidence;
mod list;
mod show;

use crate::{document_file, routes::Routes};

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/documents", list::list)
        .post("/documents", add::add)
        .get("/documents/evidence", evidence::list)
        .get("/documents/{document}/evidence", evidence::show)
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

        async fn owner_adds_a_document_in_one_form_without_script(db: Db) {
            let acme = db.tenant("acme").await;
            let mut owner = Browser::of(&acme.owner());
            let page = owner.get("/documents").await;
            assert!(page.shows("enctype=\"multipart/form-data\"") && page.shows("a file of up to 67 MB is sent at once"), "{}", page.body);
            let content = "<script>alert(1)</script>\r\n--b0undar\r\n".repeat(100_000).into_bytes();
            let added = owner.post_file("/documents", None, &[("name", "")], "C:\\plans\\Plan.html", &content).await;
            assert_eq!(added.status, 303, "{}", added.body);
            let document = added.location().to_owned();
            let shown = owner.get(&document).await;
            assert!(shown.shows("Plan.html") && shown.shows("Version 1") && shown.shows("text/plain, 3,800 kB"), "{}", shown.body);
            let file = shown.between("href=\"/files/", "\"").unwrap();
            let got = owner.get(&format!("/files/{file}")).await;
            assert!(got.body.as_bytes() == content, "{} octets", got.body.len());
            let id = document.strip_prefix("/documents/").unwrap();
            let again = owner.post_file("/documents", None, &[("document", id)], "x", b"second").await;
            assert_eq!(again.led(), (303, document.as_str()));
            assert!(owner.get(&document).await.shows("Version 2"));
            let api = owner.post_file("/v1/documents", None, &[("name", "By a program.txt")], "x", b"third").await;
            assert_eq!(api.status, 201, "{}", api.body);
            assert!(api.location().starts_with("/v1/documents/") && api.body.contains("\"name\":\"By a program.txt\""), "{}", api.body);
        }

        async fn form_with_a_file_that_does_not_fit_is_refused_and_leaves_nothing(db: Db) {
            let acme = db.tenant("acme").await;
            let mut owner = Browser::of(&acme.owner());
            // What nobody can enter on the page is named to programs alone.
            for (fields, octets, text, on_page) in [
                (&[("name", "a/b")][..], &b"content"[..], "without slashes", true),
                (&[("name", "a")], b"", "not empty", true),
                (&[("name", "a"), ("document", "x")], b"content", "no id of a document", false),
                (&[("name", "a"), ("other", "x")], b"content", "not known", false),
                (&[("name", "a"), ("name", "b")], b"content", "there twice", false),
            ] {
                for (path, told) in [("/documents", on_page), ("/v1/documents", true)] {
                    let refused = owner.post_file(path, None, fields, "x", octets).await;
                    let told = !told || refused.shows(text);
                    assert!(refused.status == 422 && told, "{path} {fields:?}: {} {}", refused.status, refused.body);
                }
            }
            let large = vec![b'a'; 64 * 1024 * 1024 + 1];
            assert_eq!(owner.post_file("/v1/documents", None, &[("name", "a")], "x", &large).await.status, 413);
            assert_eq!(owner.post_file("/documents", Some("not the token"), &[("name", "a")], "x", b"content").await.status, 403);
            let many = vec![("name", "a"); 600];
            assert_eq!(owner.post_file("/v1/documents", None, &many, "x", b"content").await.status, 413);
            let long = "n".repeat(70_000);
            assert_eq!(owner.post_file("/v1/documents", None, &[("name", &long)], "x", b"content").await.status, 413);
            let nothing = db.tenant("nothing").await;
            let mut auditor = Browser::of(&acme.user(Role::Auditor).await);
            assert_eq!(auditor.post_file("/documents", None, &[("name", "a")], "x", b"content").await.status, 403);
            let mut stranger = Browser::of(&nothing.owner());
            let (_, page) = added(&mut owner, "Plan.txt", b"content").await;
            let id = page.strip_prefix("/documents/").unwrap();
            assert_eq!(stranger.post_file("/v1/documents", None, &[("document", id)], "x", b"content").await.status, 404);
            assert!(owner.get(&page).await.shows("Version 1"));
            assert!(!owner.get(&page).await.shows("Version 2"));
        }

        async fn form_that_breaks_off_is_no_document(db: Db) {
            let acme = db.tenant("acme").await;
            let mut owner = Browser::of(&acme.owner());
            let token = owner.get("/nothing-here").await;
            let csrf = token.between("x-csrf-token\":\"", "\"").or_else(|| token.between("x-csrf-token&#34;:&#34;", "&#34;")).unwrap();
            let field = |name: &str, rest: &str| format!("--b0undary\r\nContent-Disposition: form-data; name=\"{name}\"{rest}\r\n\r\n");
            let begun = format!("{}{csrf}\r\n{}a\r\n", field("csrf", ""), field("name", ""));
            let file = field("file", "; filename=\"x\"");
            for (body, status) in [
                (format!("{begun}{file}{}", "content".repeat(200_000)), 400),
                (format!("{begun}{file}content\r\n{}late\r\n--b0undary--\r\n", field("more", "")), 400),
                (format!("{begun}--b0undary--\r\n"), 422),
                (format!("{begun}{}", "x".repeat(100)), 400),
                ("no form at all".to_owned(), 400),
            ] {
                let refused = owner.post_parts("/v1/documents", body.clone().into_bytes()).await;
                assert_eq!(refused.status.as_u16(), status, "{} {}", body.get(..200).unwrap_or(&body), refused.body);
            }
            assert!(owner.get("/documents").await.shows("No documents yet"));
            let folder = db.folder().join("documents").join(acme.id().to_string());
            assert_eq!(std::fs::read_dir(folder).map_or(0, Iterator::count), 0);
        }

        async fn auditor_lists_documents_and_their_evidence_and_opens_none(db: Db) {
            let acme = db.tenant("acme").await;
            let mut owner = Browser::of(&acme.owner());
            let (file, page) = added(&mut owner, "Plan of Ada.txt", b"content").await;
            let mut auditor = Browser::of(&acme.user(Role::Auditor).await);
            let listed = auditor.get("/documents/evidence").await;
            let id = page.strip_prefix("/documents/").unwrap();
            assert!(listed.shows(&format!("Document {id}")) && !listed.shows("Plan of Ada"), "{}", listed.body);
            assert!(listed.shows("href=\"/documents/evidence\"") && !listed.shows("href=\"/documents\""), "{}", listed.body);
            let shown = auditor.get(&format!("{page}/evidence")).await;
            assert!(shown.shows("SHA-256 of the ciphertext") && shown.shows(&format!("{file}/statement")), "{}", shown.body);
            assert!(!shown.shows("Plan of Ada") && !shown.shows("Download") && !shown.shows("Preview"), "{}", shown.body);
            assert_eq!(auditor.get(&file).await.status, 403);
            assert_eq!(auditor.get(&page).await.status, 403);
            db.sign().await;
            assert!(auditor.get(&format!("{file}/statement")).await.body.starts_with("Statement of storage"));
            let api = auditor.get("/v1/documents/evidence").await;
            assert!(api.shows(id) && api.shows("\"name\":null"), "{}", api.body);
            let api = auditor.get(&format!("/v1/documents/{id}/evidence")).await;
            assert!(api.shows("\"ciphertext_sha256\"") && api.shows("\"place\":\"local\""), "{}", api.body);
            assert!(owner.get("/documents/evidence").await.shows("Plan of Ada.txt"), "who may read documents knows their names");
            let mut stranger = Browser::of(&db.tenant("other").await.user(Role::Auditor).await);
            assert_eq!(stranger.get(&format!("{page}/evidence")).await.status, 404);
            assert!(stranger.get("/documents/evidence").await.shows("No documents yet"));
            let mut planner = Browser::of(&acme.user(Role::PlanManager).await);
            assert_eq!(planner.get("/documents/evidence").await.status, 403);
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
