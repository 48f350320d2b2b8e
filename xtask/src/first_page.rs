//! From a clean clone to the page: what a newcomer waits for.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::command::end_group;
use crate::interrupt;
use crate::stop::{Context, Result, Stop};
use crate::workspace::Workspace;

/// After this the measurement is given up.
const PATIENCE: Duration = Duration::from_secs(3600);

/// Clones what is committed, runs README's first command in the clone with an empty build folder, and takes the time until
/// the sign-in page is answered. Crates are downloaded before the clock starts.
pub(crate) fn seconds(workspace: &Workspace) -> Result<f64> {
    workspace.cargo(["fetch", "--locked", "--quiet"]).expect()?;
    let folder = tempfile::Builder::new()
        .prefix("bailiwick-clone-")
        .tempdir()
        .context(|| "cannot make a folder".to_owned())?;
    let (clone, ready) = (folder.path().join("bailiwick"), folder.path().join("ready.json"));
    let began = Instant::now();
    let clone_command = workspace.program("git").args(["clone", "--quiet", "--local"]);
    clone_command.args([workspace.root.as_os_str(), clone.as_os_str()]).expect()?;
    let command = workspace
        .cargo(["run", "--release", "--locked", "--", "demo", "--listen", "127.0.0.1:0", "--ready-file"])
        .args([&ready])
        .dir(&clone)
        .env("CARGO_TARGET_DIR", folder.path().join("target"));
    let log = folder.path().join("log");
    let mut demo = command.start(&log)?;
    let page = loop {
        if interrupt::asked() {
            break Err(Stop::Interrupted);
        }
        if sign_in_page(&ready).is_some_and(|page| page.starts_with("HTTP/1.1 200")) {
            break Ok(began.elapsed().as_secs_f64());
        }
        let ended = demo.try_wait().context(|| "cannot wait for the demonstration".to_owned())?;
        if ended.is_some() || began.elapsed() > PATIENCE {
            let output = std::fs::read_to_string(&log).unwrap_or_default();
            break Err(Stop::failed(format!("the demonstration did not come up:\n{output}")));
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    end_group(&mut demo, Duration::from_secs(15));
    page
}

/// The answer to a request for the sign-in page of the demonstration that wrote `ready`.
fn sign_in_page(ready: &Path) -> Option<String> {
    let ready: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(ready).ok()?).ok()?;
    let host = ready.get("url")?.as_str()?.strip_prefix("http://")?.trim_end_matches('/').to_owned();
    let mut stream = TcpStream::connect(&host).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
    write!(stream, "GET /sign-in HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}
