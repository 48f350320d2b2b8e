//! Objects in a bucket: one PUT for each parcel, signed as version 4 of the signatures of AWS says, with the bucket in the path.
//!
//! The object's name follows from the parcel, so another attempt at it writes the same object once more. Its lines are records as
//! [`line`](crate::line) writes them. Its digest comes along, without which a bucket that locks what is put there takes nothing.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_lc_rs::digest;
use aws_sigv4::{
    http_request::{
        PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
        UriPathNormalizationMode, sign,
    },
    sign::v4,
};
use bailiwick_domain::{
    entity::StreamFault,
    stream::{Contents, Parcel},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http_body_util::Full;
use hyper::{Request, body::Bytes, header};
use url::Url;

use crate::{
    Delivering, Reach, Sink, line::line, place::Bucket, probe::Bucketful, webhook::target, wire::Door,
};

/// What is in an object.
const LINES: &str = "application/x-ndjson";
/// The field with its SHA-256 in Base64.
const DIGEST: &str = "x-amz-checksum-sha256";

/// A bucket.
pub(crate) struct S3 {
    door: Door,
    endpoint: Url,
    bucket: Bucket,
}

impl S3 {
    /// Nothing is connected before the first parcel.
    pub(crate) fn new(reach: Reach, bucket: &Bucket, timeout: Duration) -> Result<Self, StreamFault> {
        let endpoint = Url::parse(&bucket.endpoint).map_err(|_| StreamFault::Unusable)?;
        let door = Door::of_url(reach, &endpoint, bucket.authorities.as_deref(), timeout)?;
        Ok(Self { door, endpoint, bucket: bucket.clone() })
    }

    fn request(&self, parcel: &Parcel) -> Result<Request<Full<Bytes>>, StreamFault> {
        let body = body(parcel);
        let mut url = self.endpoint.clone();
        url.set_path(&format!("/{}/{}{}", self.bucket.bucket, self.bucket.prefix, name(parcel)));
        let digest = STANDARD.encode(digest::digest(&digest::SHA256, body.as_bytes()));
        let signed = self.sign(parcel, &url, body.as_bytes(), &digest)?;
        let request = Request::put(target(&url))
            .header(header::HOST, url.authority())
            .header(header::CONTENT_TYPE, LINES)
            .header(DIGEST, digest);
        let request = signed.into_iter().fold(request, |request, (name, value)| request.header(name, value));
        request.body(Full::new(Bytes::from(body))).map_err(|_| StreamFault::Unusable)
    }

    /// The headers that sign a PUT of `body` with this digest.
    fn sign(
        &self,
        parcel: &Parcel,
        url: &Url,
        body: &[u8],
        digest: &str,
    ) -> Result<Vec<(String, String)>, StreamFault> {
        let headers = [("host", url.authority()), ("content-type", LINES), (DIGEST, digest)];
        let request =
            SignableRequest::new("PUT", url.as_str(), headers.into_iter(), SignableBody::Bytes(body));
        let key =
            Key { id: &self.bucket.access_key, secret: &self.bucket.secret_key, region: &self.bucket.region };
        key.sign(request.map_err(|_| StreamFault::Unusable)?, parcel.now.unix_seconds())
    }
}

/// An access key where it is used.
struct Key<'k> {
    id: &'k str,
    secret: &'k str,
    region: &'k str,
}

impl Key<'_> {
    /// The headers that sign a request at this second.
    fn sign(&self, request: SignableRequest<'_>, at: u64) -> Result<Vec<(String, String)>, StreamFault> {
        let identity = Credentials::new(self.id, self.secret, None, None, "stream").into();
        let mut settings = SigningSettings::default();
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(self.region)
            .name("s3")
            .time(SystemTime::UNIX_EPOCH + Duration::from_secs(at))
            .settings(settings)
            .build()
            .map_err(|_| StreamFault::Unusable)?
            .into();
        let signed = sign(request, &parameters).map_err(|_| StreamFault::Unusable)?;
        let (instructions, _) = signed.into_parts();
        Ok(instructions.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }
}

/// Asks for the head of a bucket, which tells whether it is there and open to the key.
pub(crate) async fn look(reach: Reach, timeout: Duration, bucket: &Bucketful) -> Result<(), StreamFault> {
    let mut url = Url::parse(&bucket.endpoint).map_err(|_| StreamFault::Unusable)?;
    let door = Door::of_url(reach, &url, None, timeout)?;
    url.set_path(&format!("/{}", bucket.bucket));
    let headers = [("host", url.authority())];
    let request = SignableRequest::new("HEAD", url.as_str(), headers.into_iter(), SignableBody::Bytes(&[]));
    let key = Key { id: &bucket.access_key, secret: &bucket.secret_key, region: &bucket.region };
    let signed = key.sign(request.map_err(|_| StreamFault::Unusable)?, bucket.now)?;
    let request = Request::head(target(&url)).header(header::HOST, url.authority());
    let request = signed.into_iter().fold(request, |request, (name, value)| request.header(name, value));
    door.ask(request.body(Full::new(Bytes::new())).map_err(|_| StreamFault::Unusable)?).await
}

/// The object's name behind the prefix: in the order of names the objects of a stream are in that of the log.
fn name(parcel: &Parcel) -> String {
    let (tenant, stream) = (parcel.tenant, parcel.stream);
    match &parcel.contents {
        Contents::Test { number } => format!("{tenant}/{stream}/test-{number}.jsonl"),
        Contents::Leaves { first, upto, .. } => format!("{tenant}/{stream}/{first:016}-{upto:016}.jsonl"),
    }
}

fn body(parcel: &Parcel) -> String {
    parcel.leaves().iter().fold(String::new(), |mut body, leaf| {
        body.push_str(&line(parcel, leaf));
        body.push('\n');
        body
    })
}

impl Sink for S3 {
    fn deliver<'a>(&'a self, parcel: &'a Parcel) -> Delivering<'a> {
        Box::pin(async move { self.door.ask(self.request(parcel)?).await })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::{
        line::tests::{leaf, parcel},
        place::tests::bucket,
    };

    #[test]
    fn the_same_parcel_is_the_same_object_whenever_it_is_tried() {
        let sink = S3::new(Reach::default(), &bucket(), Duration::from_secs(1)).unwrap();
        let first = parcel(vec![leaf()]);
        let again = Parcel { now: first.now + bailiwick_domain::time::Span::hours(1), ..first.clone() };
        let (first, again) = (sink.request(&first).unwrap(), sink.request(&again).unwrap());
        assert_eq!(first.uri(), again.uri());
        let id = "0193a7c2-7b1e-7000-8000-000000000001";
        assert_eq!(
            first.uri().path(),
            format!("/audit-log/bailiwick/{id}/{id}/0000000000000007-0000000000000008.jsonl")
        );
        let signature = first.headers().get("authorization").unwrap().to_str().unwrap();
        assert!(
            signature.starts_with(
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/eu-central-1/s3/aws4_request, "
            ),
            "{signature}"
        );
        assert!(
            signature.contains("host;x-amz-checksum-sha256;x-amz-content-sha256;x-amz-date"),
            "{signature}"
        );
        assert!(!signature.contains("wJal"));
    }
}
