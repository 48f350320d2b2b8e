//! Security headers on every answer: pages, JSON, files, redirects and errors.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};

use super::{Client, app::Ground};
use crate::state::Https;

/// No inline script or style, nothing from elsewhere, no frame, no base.
const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
    connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What somebody uploaded: in a sandbox of its own, where nothing of it runs and nothing is loaded.
const SANDBOX: HeaderValue = HeaderValue::from_static("default-src 'none'; sandbox; frame-ancestors 'none'");

/// Says that an answer is what somebody uploaded.
#[derive(Clone, Copy)]
pub(crate) struct Uploaded;

/// Off, but for what the product uses itself: camera and microphone to pages of its own, passkeys, the copy button.
const PERMISSIONS: &str = "accelerometer=(), autoplay=(), bluetooth=(), browsing-topics=(), camera=(self), \
    clipboard-read=(), clipboard-write=(self), display-capture=(), encrypted-media=(), fullscreen=(), geolocation=(), \
    gyroscope=(), hid=(), idle-detection=(), local-fonts=(), magnetometer=(), microphone=(self), midi=(), \
    otp-credentials=(), payment=(), picture-in-picture=(), publickey-credentials-create=(self), \
    publickey-credentials-get=(self), screen-wake-lock=(), serial=(), storage-access=(), usb=(), web-share=(), \
    window-management=(), xr-spatial-tracking=()";

/// `Referrer-Policy` is `same-origin` and not `no-referrer`: under the latter browsers send `Origin: null` with our own
/// forms (WHATWG Fetch, "append a request Origin header"), and the cross-site check would have nothing to check. No
/// other site learns an address either way.
const ALWAYS: [(HeaderName, HeaderValue); 9] = [
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CSP)),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("permissions-policy"), HeaderValue::from_static(PERMISSIONS)),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("x-permitted-cross-domain-policies"), HeaderValue::from_static("none")),
    (header::X_DNS_PREFETCH_CONTROL, HeaderValue::from_static("off")),
];

/// Two years, as browsers' preload lists ask (RFC 6797).
const HSTS: HeaderValue = HeaderValue::from_static("max-age=63072000; includeSubDomains");

/// Adds the headers. A handler cannot weaken them; it may only say how long its answer may be kept.
pub(super) async fn protect(State(ground): State<Arc<Ground>>, request: Request, next: Next) -> Response {
    let secure = request.extensions().get::<Client>().is_some_and(|client| client.https);
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        headers.insert(name, value);
    }
    if response.extensions().get::<Uploaded>().is_some() {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, SANDBOX);
    }
    let headers = response.headers_mut();
    if secure || ground.settings.https == Https::Enforced {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HSTS);
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}
