//! Places that are not ours behind Debian's nginx, which asks the real program whether a request may pass. The settings of nginx are
//! those of the guide.

use std::net::SocketAddr;

use bailiwick_peers::Nginx;
use serde_json::json;

use crate::{
    client::{Answer, Http, Owner, text},
    letters::organisation,
    support::{HOST, Place, connect},
};

const GUIDE: &str = include_str!("../../../../docs/guides/guard-a-site.md");

/// The blocks of the guide that are settings of nginx.
fn blocks() -> Vec<&'static str> {
    let blocks = GUIDE.split("```nginx\n").skip(1);
    blocks.map(|rest| rest.split("```").next().unwrap()).collect()
}

/// nginx in front of the program, as the guide says, with an application that tells what it was sent.
fn nginx(program: SocketAddr) -> Nginx {
    let files = [("handbook/index.html", "<p>How we work"), ("handbook/plans/2026.html", "<p>What we plan")];
    Nginx::start(&files, |[port, application], files| {
        let [beside, site, behind] = blocks()[..] else { panic!("{} blocks in the guide", blocks().len()) };
        let within = format!("{site}\n{behind}")
            .replace("127.0.0.1:8080", &program.to_string())
            .replace("127.0.0.1:9000", &format!("127.0.0.1:{application}"))
            .replace("/srv/guarded", &files.display().to_string())
            // The installation of the test has a port in its public name, and no TLS.
            .replace("$host", HOST);
        format!(
            "{beside}\nserver {{\nlisten 127.0.0.1:{port};\n{within}\nlocation / {{ proxy_pass http://{program}; proxy_set_header Host {HOST}; }}\n}}\n\
             server {{\nlisten 127.0.0.1:{application};\nlocation / {{ default_type text/plain; return 200 \"kind=$http_bailiwick_kind user=$http_bailiwick_user \
             key=$http_bailiwick_key organisation=$http_bailiwick_organisation cookie=$http_cookie authorization=$http_authorization\"; }}\n}}"
        )
    })
}

fn ask(at: SocketAddr, path: &str, headers: &str) -> Answer {
    Http::named(connect(at), HOST).ask("GET", path, headers, "")
}

fn cookie(owner: &Owner) -> String {
    let line = owner.headers.lines().find(|line| line.starts_with("Cookie")).unwrap();
    format!("{line}\r\n")
}

#[test]
fn nginx_admits_and_refuses_as_the_program_says() {
    let mut place = Place::empty();
    let owner = organisation(&mut place);
    let server = place.serve(&[]);
    let nginx = nginx(server.address);
    let front = SocketAddr::from(([127, 0, 0, 1], nginx.ports()[0]));
    // Nobody is led to the sign-in, and back to the very page.
    let led = ask(front, "/handbook/plans/2026.html?print=1&organisation=x", "");
    assert_eq!(led.status(), 302, "{}", led.head);
    let to = led.head.lines().find_map(|line| line.strip_prefix("Location: ")).unwrap();
    assert!(to.ends_with("/sign-in?next=/handbook/plans/2026.html"), "{to}");
    assert!(!led.body.contains("plan"), "{}", led.body);
    assert_eq!(ask(front, "/sign-in?next=/handbook/plans/2026.html", "").status(), 200);
    // Whoever holds the permission reads it.
    let read = ask(front, "/handbook/plans/2026.html", &cookie(&owner));
    assert_eq!((read.status(), read.body.as_str()), (200, "<p>What we plan"));
    // A key that lacks it is refused, and one that has it is let through.
    let key = |scope: &str| {
        let new = json!({"name": "Program", "scopes": [scope]});
        let made = owner.send(&mut Http::open(server.address), "/v1/api-keys", &new).unwrap();
        assert_eq!(made.status(), 201, "{}", made.body);
        format!(
            "Authorization: Bearer {}\r\n",
            text(&serde_json::from_str::<serde_json::Value>(&made.body).unwrap()["secret"])
        )
    };
    let (reads, lacks) = (key("posture:read"), key("audit:read"));
    assert_eq!(ask(front, "/handbook/", &lacks).status(), 403);
    assert_eq!(ask(front, "/handbook/", &reads).body, "<p>How we work");
    assert_eq!(ask(front, "/handbook/", "Authorization: Bearer nonsense\r\n").status(), 302);
    // The check itself cannot be asked for through nginx, so no other permission can be either.
    assert_eq!(ask(front, "/.bailiwick-check", &lacks).status(), 404);
    // An application is told who it is by nginx alone, and never gets what would let it act as them.
    let lies = "Bailiwick-Kind: user\r\nBailiwick-User: somebody\r\nBailiwick-Key: another\r\nBailiwick-Organisation: theirs\r\n";
    let told = ask(front, "/reports/", &format!("{}{lies}", cookie(&owner)));
    assert_eq!(told.status(), 200, "{}", told.body);
    assert!(
        told.body.starts_with("kind=user user=0") && told.body.contains(" key= organisation=0"),
        "{}",
        told.body
    );
    assert!(told.body.ends_with("cookie= authorization="), "{}", told.body);
    let told = ask(front, "/reports/", &format!("{reads}{lies}"));
    assert!(
        told.body.starts_with("kind=key user= key=0") && !told.body.contains("somebody"),
        "{}",
        told.body
    );
    assert_eq!(ask(front, "/reports/", lies).status(), 401, "a program is not led to a form");
    // A session that has ended is refused with the next request.
    let out = Http::open(server.address).ask("POST", "/v1/sign-out", &owner.headers, "");
    assert!(out.status() < 300, "{}{}", out.head, out.body);
    assert_eq!(ask(front, "/handbook/", &cookie(&owner)).status(), 302);
    // Where nobody can be asked, nobody is let in.
    server.stop();
    assert_eq!(ask(front, "/handbook/", &reads).status(), 500);
}
