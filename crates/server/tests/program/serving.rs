//! A server that is up, and how it goes down.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::Arc,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, pki_types::CertificateDer};

use crate::support::{HOST, Place, Server, connect, free_port, get};

#[test]
fn a_server_is_alive_and_ready_and_ends_when_told() {
    let place = Place::installed();
    for signal in [Signal::TERM, Signal::INT] {
        let server = place.serve(&[]);
        assert!(server.get("/healthz").starts_with("HTTP/1.1 200"));
        assert!(server.get("/readyz").starts_with("HTTP/1.1 200"));
        let address = server.address;
        server.signal(signal);
        let (status, log) = server.end();
        assert_eq!(status.code(), Some(0), "{log}");
        assert!(log.contains("stopped"), "{log}");
        assert!(TcpStream::connect(address).is_err());
    }
}

#[test]
fn an_open_request_is_finished_before_the_end() {
    let place = Place::installed();
    let mut server = place.serve(&[]);
    let mut stream = server.connect();
    // The head has arrived, the body is still to come.
    write!(stream, "POST /nowhere HTTP/1.1\r\nHost: localhost:8080\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\nConnection: close\r\n\r\na").unwrap();
    stream.flush().unwrap();
    // Two requests after it were answered, so it has been taken up.
    server.get("/healthz");
    server.signal(Signal::TERM);
    server.log_until("stopping");
    write!(stream, "=b").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    let (status, log) = server.end();
    assert_eq!(status.code(), Some(0), "{log}");
}

#[test]
fn a_request_that_never_ends_does_not_hold_up_the_end_for_ever() {
    let place = Place::installed();
    let mut server = place.serve(&["--set", "server.shutdown_seconds=1"]);
    let mut stream = server.connect();
    write!(stream, "POST /nowhere HTTP/1.1\r\nHost: localhost:8080\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n\r\na").unwrap();
    server.get("/healthz");
    server.signal(Signal::TERM);
    server.log_until("stopping");
    let (status, log) = server.end();
    assert_eq!(status.code(), Some(0), "{log}");
}

#[test]
fn a_second_signal_ends_the_patience() {
    let place = Place::installed();
    let mut server = place.serve(&["--set", "server.shutdown_seconds=600"]);
    let mut stream = server.connect();
    write!(stream, "POST /nowhere HTTP/1.1\r\nHost: localhost:8080\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n\r\na").unwrap();
    server.get("/healthz");
    server.signal(Signal::TERM);
    server.log_until("stopping");
    server.signal(Signal::TERM);
    let (status, log) = server.end();
    assert!(status.code() == Some(0) && log.contains("told to stop again"), "{log}");
}

#[test]
fn a_request_without_a_host_or_with_two_is_refused() {
    let place = Place::installed();
    let metrics = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let server = place.serve(&["--metrics-listen", &metrics.to_string()]);
    for address in [server.address, metrics] {
        for (hosts, status) in
            [("", "400"), ("Host: a\r\nHost: b\r\n", "400"), ("Host: localhost:8080\r\n", "404")]
        {
            let mut stream = TcpStream::connect(address).unwrap();
            write!(
                stream,
                "GET /nowhere HTTP/1.1\r\n{hosts}Accept: application/json\r\nConnection: close\r\n\r\n"
            )
            .unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{address} {hosts:?}: {answer}");
        }
    }
    server.stop();
}

#[test]
fn whoever_opens_every_connection_and_is_silent_leaves_the_server_working() {
    let place = Place::installed();
    let server = place.serve_with_files(192);
    let mut kept = server.connect();
    healthy(&mut kept);
    // More than there are places, and with them more than there are files.
    let silent: Vec<_> = (0..200).map(|_| server.connect()).collect();
    assert!((0..50).any(|_| answer(&server).is_empty()), "there is always room for one more");
    healthy(&mut kept);
    drop(silent);
    assert!((0..10_000).any(|_| answer(&server).starts_with("HTTP/1.1 200")), "no place became free");
    let (status, log) = server.stop();
    assert!(status.code() == Some(0) && !log.contains("Too many open files"), "{log}");
}

/// GET /healthz on a connection that stays.
fn healthy(stream: &mut TcpStream) {
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut answer = [0; 4096];
    let read = stream.read(&mut answer).unwrap();
    assert!(answer[..read].starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer[..read]));
}

/// GET /healthz on a new connection; empty if it was closed without an answer.
fn answer(server: &Server) -> String {
    let mut stream = server.connect();
    let mut answer = Vec::new();
    let request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    // A connection that is closed before the request arrives may be reset.
    drop(stream.write_all(request).and_then(|()| stream.read_to_end(&mut answer)));
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn metrics_are_on_their_own_address_and_nowhere_else() {
    let place = Place::installed();
    let metrics = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let server = place.serve(&["--metrics-listen", &metrics.to_string()]);
    server.get("/healthz");
    for path in
        ["/users/01a0cdb5-3500-7c6a-b26d-ac1803861b14", "/users/x", "/assets/no-such-file", "/hunter2"]
    {
        server.get(path);
    }
    let answer = get(metrics, "/metrics");
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.contains("application/openmetrics-text"),
        "{answer}"
    );
    for name in [
        "bailiwick_http_requests_total{method=\"GET\",route=\"/healthz\",status=\"200\"} ",
        "bailiwick_http_requests_total{method=\"GET\",route=\"/users/{user}\",status=\"303\"} 2",
        "bailiwick_http_requests_total{method=\"GET\",route=\"/assets/{file}\",status=\"404\"} 1",
        "bailiwick_http_requests_total{method=\"GET\",route=\"none\",status=\"404\"} 1",
        "bailiwick_audit_waiting_events 0",
        "bailiwick_audit_waiting_oldest_seconds 0",
        "bailiwick_audit_unsigned_events ",
        "bailiwick_database_connections{state=\"in_use\"} ",
        "bailiwick_job_rounds_total{job=\"signer\"",
        "bailiwick_log_lines_lost_total 0",
        "process_resident_memory_bytes ",
    ] {
        assert!(answer.contains(name), "{name} is not in\n{answer}");
    }
    assert!(
        !answer.contains("hunter2") && !answer.contains("01a0cdb5"),
        "a path never becomes a label: {answer}"
    );
    assert!(get(metrics, "/healthz").starts_with("HTTP/1.1 404"));
    assert!(server.get("/metrics").starts_with("HTTP/1.1 404"));
    server.stop();
}

#[test]
fn log_lines_are_json_where_asked_and_name_the_request() {
    let place = Place::installed();
    let server = place.serve(&["--log-format", "json"]);
    let answer = server.get("/healthz?token=hunter2");
    let id = answer.lines().find_map(|line| line.strip_prefix("x-request-id: ")).unwrap().to_owned();
    let (_, log) = server.stop();
    let lines: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let answered = lines.iter().find(|line| line["message"] == "answered").unwrap();
    assert_eq!(answered["span"]["id"], id, "{log}");
    assert!(!log.contains("hunter2"), "{log}");
}

#[test]
fn a_log_that_nobody_reads_holds_up_neither_requests_nor_the_end() {
    let place = Place::installed();
    let (mut child, address, unread) = place.serve_unread();
    // A pipe holds 64 KiB on Linux; each request leaves a line of more than a hundred octets.
    for _ in 0..1_000 {
        assert!(get(address, "/healthz").starts_with("HTTP/1.1 200"));
    }
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert!(child.wait().unwrap().success());
    drop(unread);
}

#[test]
fn a_server_with_a_certificate_speaks_tls_and_takes_a_new_one_on_sighup() {
    let place = Place::installed();
    let first = certificate(&place);
    let flags = [
        "--public-url",
        "https://localhost",
        "--set",
        "server.tls_certificate=server.pem",
        "--set",
        "server.tls_key=server.key",
    ];
    let mut server = place.serve(&flags);
    assert!(tls_get(server.address, &first).unwrap().starts_with("HTTP/1.1 200"));
    let second = certificate(&place);
    server.signal(Signal::HUP);
    server.log_until("the certificate was read again");
    assert!(tls_get(server.address, &second).unwrap().starts_with("HTTP/1.1 200"));
    assert!(tls_get(server.address, &first).is_err(), "the first one is not shown any more");

    place.write("server.pem", "broken");
    server.signal(Signal::HUP);
    server.log_until("the certificate was not renewed; the earlier one stays in use");
    assert!(tls_get(server.address, &second).unwrap().starts_with("HTTP/1.1 200"));
    let (status, log) = server.stop();
    assert_eq!(status.code(), Some(0), "{log}");
}

#[test]
fn what_comes_in_the_clear_beside_tls_is_redirected_or_refused() {
    let place = Place::installed();
    let trusted = certificate(&place);
    let clear = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let server = place.serve(&[
        "--public-url",
        "https://localhost:8443",
        "--redirect-listen",
        &clear.to_string(),
        "--set",
        "server.https=enforce",
        "--set",
        "server.tls_certificate=server.pem",
        "--set",
        "server.tls_key=server.key",
    ]);
    for host in ["localhost:8443", "localhost", "evil.example"] {
        for path in ["/", "/sign-in?next=%2Fusers", "/v1/me", "/assets/no-such-file", "/nowhere"] {
            for method in ["GET", "HEAD"] {
                let answer = asked(clear, method, path, host);
                assert!(answer.starts_with("HTTP/1.1 308"), "{method} {path} at {host}: {answer}");
                let location = format!("location: https://localhost:8443{path}\r\n");
                assert!(answer.to_ascii_lowercase().contains(&location.to_ascii_lowercase()), "{answer}");
            }
        }
        for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"] {
            let answer = asked(clear, method, "/sign-in", host);
            assert!(answer.starts_with("HTTP/1.1 403"), "{method} at {host}: {answer}");
            assert!(!answer.to_ascii_lowercase().contains("\r\nlocation:"), "{answer}");
        }
    }
    assert!(asked(clear, "GET", "/healthz", "10.0.0.1").starts_with("HTTP/1.1 200"));
    assert!(tls_get(server.address, &trusted).unwrap().starts_with("HTTP/1.1 200"));
    let (status, log) = server.stop();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(TcpStream::connect(clear).is_err(), "both listeners are gone");
}

/// The answer to a request in the clear, with a form that nobody reads where the method may have one.
fn asked(address: SocketAddr, method: &str, path: &str, host: &str) -> String {
    let mut stream = connect(address);
    let head = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
    let body = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n\r\na=b";
    let bare = matches!(method, "GET" | "HEAD" | "OPTIONS" | "TRACE");
    stream.write_all(format!("{head}{}", if bare { "\r\n" } else { body }).as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn nobody_is_answered_under_a_name_of_their_own() {
    let place = Place::installed();
    let server = place.serve(&[]);
    for (host, status) in [
        (HOST, "200"),
        ("127.0.0.1:8080", "200"),
        ("[::1]:8080", "200"),
        ("rebound.example:8080", "421"),
        ("localhost", "421"),
    ] {
        let answer = asked(server.address, "GET", "/sign-in", host);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{host}: {answer}");
    }
    assert!(asked(server.address, "GET", "/healthz", "10.0.0.1").starts_with("HTTP/1.1 200"));
    server.stop();
}

#[test]
fn a_certificate_that_changes_is_taken_without_being_told() {
    let place = Place::installed();
    certificate(&place);
    let flags = [
        "--public-url",
        "https://localhost",
        "--set",
        "server.tls_certificate=server.pem",
        "--set",
        "server.tls_key=server.key",
    ];
    let mut server = place.serve(&flags);
    let second = certificate(&place);
    server.log_until("the certificate was read again");
    assert!(tls_get(server.address, &second).unwrap().starts_with("HTTP/1.1 200"));
    server.stop();
}

#[test]
fn sighup_without_a_certificate_does_no_harm() {
    let place = Place::installed();
    let mut server = place.serve(&[]);
    server.signal(Signal::HUP);
    server.log_until("SIGHUP");
    assert!(server.get("/healthz").starts_with("HTTP/1.1 200"));
    assert_eq!(server.stop().0.code(), Some(0));
}

/// Writes a new certificate and its key, and hands out the certificate.
fn certificate(place: &Place) -> CertificateDer<'static> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    place.write("server.key", made.signing_key.serialize_pem());
    place.write("server.pem", made.cert.pem());
    made.cert.der().clone()
}

/// GET /healthz from a server that has to show this certificate.
fn tls_get(address: SocketAddr, trusted: &CertificateDer<'static>) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let client = ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
    let socket = TcpStream::connect(address)?;
    socket.set_read_timeout(Some(Duration::from_secs(60)))?;
    let mut stream = StreamOwned::new(client, socket);
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
