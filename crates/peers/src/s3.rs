//! The protocol of S3 as a stranger speaks it: one signed request, one answer. Nothing of it is shared with the clients under test.

use std::{
    fmt::Write as _,
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use aws_lc_rs::{digest, hmac};

/// The region that every request names.
const REGION: &str = "us-east-1";

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Its id.
    pub id: &'static str,
    /// Its secret.
    pub secret: &'static str,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// What stands within each element of this name, which has no attributes.
    #[must_use]
    pub fn elements(&self, name: &str) -> Vec<String> {
        let (text, begin, end) = (self.text(), format!("<{name}>"), format!("</{name}>"));
        let inner = |part: &str| part.split_once(&end).map(|(inner, _)| inner.to_owned());
        text.split(&begin).skip(1).filter_map(inner).collect()
    }
}

/// What is asked.
pub(crate) struct Ask<'a> {
    pub(crate) method: &'a str,
    /// Bucket and name, with a slash in front.
    pub(crate) path: &'a str,
    /// In the order of the names.
    pub(crate) query: &'a [(&'a str, &'a str)],
    /// Names in lower case; each begins with `x-amz-`.
    pub(crate) headers: &'a [(&'a str, &'a str)],
    pub(crate) body: &'a [u8],
}

impl Ask<'_> {
    /// Asks the service at `port`, at the time `now`, such as `20260102T030405Z`.
    pub(crate) fn send(&self, port: u16, key: Key, now: &str) -> std::io::Result<Answer> {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        let (path, query) = (self.escaped_path(), self.escaped_query());
        let target = if query.is_empty() { path } else { format!("{path}?{query}") };
        let mut request =
            format!("{} {target} HTTP/1.0\r\ncontent-length: {}\r\n", self.method, self.body.len());
        for (name, value) in self.signed(&format!("127.0.0.1:{port}"), key, now) {
            // Writing to a string cannot fail.
            let _ = write!(request, "{name}: {value}\r\n");
        }
        stream.write_all(request.as_bytes())?;
        stream.write_all(b"\r\n")?;
        stream.write_all(self.body)?;
        let mut octets = Vec::new();
        stream.read_to_end(&mut octets)?;
        parse(&octets).ok_or(std::io::ErrorKind::InvalidData.into())
    }

    /// The headers with the one that signs them (AWS Signature Version 4).
    fn signed(&self, host: &str, key: Key, now: &str) -> Vec<(String, String)> {
        let payload = sha256(self.body);
        let mut headers: Vec<(String, String)> =
            [("host", host), ("x-amz-content-sha256", payload.as_str()), ("x-amz-date", now)]
                .iter()
                .chain(self.headers)
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect();
        headers.sort();
        let lines: String = headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
        let names = headers.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(";");
        let (path, query) = (self.escaped_path(), self.escaped_query());
        let canonical = format!("{}\n{path}\n{query}\n{lines}\n{names}\n{payload}", self.method);
        let day = now.split('T').next().unwrap_or_default();
        let scope = format!("{day}/{REGION}/s3/aws4_request");
        let text = format!("AWS4-HMAC-SHA256\n{now}\n{scope}\n{}", sha256(canonical.as_bytes()));
        let first = format!("AWS4{}", key.secret).into_bytes();
        let secret =
            [day, REGION, "s3", "aws4_request"].iter().fold(first, |secret, part| tag(&secret, part));
        let signature = hex::encode(tag(&secret, &text));
        let value = format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}",
            key.id
        );
        headers.push(("authorization".to_owned(), value));
        headers
    }

    fn escaped_path(&self) -> String {
        self.path.split('/').map(escaped).collect::<Vec<_>>().join("/")
    }

    fn escaped_query(&self) -> String {
        let pair = |(name, value): &(&str, &str)| format!("{}={}", escaped(name), escaped(value));
        self.query.iter().map(pair).collect::<Vec<_>>().join("&")
    }
}

/// Status and body of an answer that ended with its connection.
fn parse(octets: &[u8]) -> Option<Answer> {
    let end = octets.windows(4).position(|four| four == b"\r\n\r\n")?;
    let (head, rest) = octets.split_at(end);
    let status = std::str::from_utf8(head).ok()?.split(' ').nth(1)?.parse().ok()?;
    Some(Answer { status, body: rest.get(4..)?.to_vec() })
}

fn escaped(text: &str) -> String {
    let unreserved = |octet: u8| octet.is_ascii_alphanumeric() || b"-_.~".contains(&octet);
    text.bytes().fold(String::new(), |mut escaped, octet| {
        if unreserved(octet) {
            escaped.push(char::from(octet));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(escaped, "%{octet:02X}");
        }
        escaped
    })
}

fn sha256(octets: &[u8]) -> String {
    hex::encode(digest::digest(&digest::SHA256, octets))
}

fn tag(secret: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), text.as_bytes()).as_ref().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example "GET Bucket Lifecycle" of Amazon's description of the signature.
    #[test]
    fn signature_is_that_of_the_published_example() {
        let key = Key { id: "AKIAIOSFODNN7EXAMPLE", secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" };
        let ask = Ask { method: "GET", path: "/", query: &[("lifecycle", "")], headers: &[], body: b"" };
        let headers = ask.signed("examplebucket.s3.amazonaws.com", key, "20130524T000000Z");
        let (_, value) = headers.last().unwrap();
        assert!(
            value.ends_with("Signature=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
            "{value}"
        );
    }

    #[test]
    fn an_answer_is_its_status_and_what_follows_the_empty_line() {
        let answer =
            parse(b"HTTP/1.0 404 Not Found\r\nA: b\r\n\r\n<a><Code>x</Code><Code>y</Code></a>").unwrap();
        assert_eq!((answer.status, answer.elements("Code")), (404, vec!["x".to_owned(), "y".to_owned()]));
        assert!(parse(b"").is_none());
    }
}
