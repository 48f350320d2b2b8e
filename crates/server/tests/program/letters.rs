//! Letters that the program sends, taken by a mail server of this process; and an organisation whose owner got theirs that way.

use std::{
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
    time::Duration,
};

use serde_json::json;

use crate::{
    client::{Http, Owner},
    postgres::init,
    support::Place,
};

/// How long a letter may take. It only ends a test that hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// Every letter as it was handed over.
struct Letters(Receiver<String>);

impl Letters {
    /// Starts a mail server, and tells the program of this place to use it.
    fn start(place: &mut Place) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port().to_string();
        for (name, value) in [
            ("BAILIWICK_MAIL__TRANSPORT", "smtp"),
            ("BAILIWICK_MAIL__HOST", "127.0.0.1"),
            ("BAILIWICK_MAIL__PORT", port.as_str()),
            ("BAILIWICK_MAIL__TLS", "none"),
            ("BAILIWICK_MAIL__FROM", "no-reply@example.com"),
        ] {
            place.set(name, value);
        }
        let (handed, letters) = sync_channel(16);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let handed = handed.clone();
                thread::spawn(move || converse(&stream.unwrap(), &handed));
            }
        });
        Self(letters)
    }

    /// The link to a first password, in the first letter that has one.
    fn link(&self) -> String {
        loop {
            // Lines that are too long are cut, with an equals sign at the end (RFC 2045 §6.7).
            let letter = self.0.recv_timeout(PATIENCE).unwrap().replace("=\r\n", "");
            if let Some((_, rest)) = letter.split_once("/enrol/") {
                let token: String = rest
                    .chars()
                    .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
                    .collect();
                return format!("/enrol/{token}");
            }
        }
    }
}

/// Takes letters on one connection (RFC 5321) until it ends.
fn converse(stream: &TcpStream, handed: &SyncSender<String>) -> Option<()> {
    let (mut lines, mut out) = (BufReader::new(stream), stream);
    out.write_all(b"220 localhost\r\n").ok()?;
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let answer: &[u8] = match line.trim_end().to_ascii_uppercase().as_str() {
            "DATA" => {
                out.write_all(b"354 go on\r\n").ok()?;
                let mut letter = String::new();
                while !letter.ends_with("\r\n.\r\n") {
                    if lines.read_line(&mut letter).ok()? == 0 {
                        return None;
                    }
                }
                handed.send(letter).ok()?;
                b"250 taken\r\n"
            }
            "QUIT" => b"221 good-bye\r\n",
            _ => b"250 well\r\n",
        };
        out.write_all(answer).ok()?;
    }
}

/// An installation with an organisation, and its owner, who is signed in.
pub(crate) fn organisation(place: &mut Place) -> Owner {
    owners(place).1
}

/// An installation with an organisation; the owners of the platform and of the organisation are signed in.
pub(crate) fn owners(place: &mut Place) -> (Owner, Owner) {
    let Begun { platform, owner, .. } = begun(place);
    (platform, owner)
}

/// What a beginning left.
pub(crate) struct Begun {
    pub(crate) platform: Owner,
    pub(crate) owner: Owner,
    /// The links to first passwords of the two.
    pub(crate) links: [String; 2],
    /// What the server said meanwhile, at debug level.
    pub(crate) log: String,
}

/// An installation with an organisation, from the first link to the owner who is signed in.
pub(crate) fn begun(place: &mut Place) -> Begun {
    let letters = Letters::start(place);
    let first = init(place);
    let server = place.serve(&["--log-level", "debug"]);
    let platform = Owner::enrol(server.address, &first);
    let new = json!({
        "slug": "acme", "name": "Acme", "region": "local", "owner_email": "owner@acme.example", "owner_name": "Ada Owner"
    });
    let made = platform.send(&mut Http::open(server.address), "/v1/tenants", &new).unwrap();
    assert_eq!(made.status(), 201, "{}{}", made.head, made.body);
    let second = letters.link();
    let owner = Owner::enrol(server.address, &second);
    let (status, log) = server.stop();
    assert_eq!(status.code(), Some(0));
    Begun { platform, owner, links: [first, second], log }
}
