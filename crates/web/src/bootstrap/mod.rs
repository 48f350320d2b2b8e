//! What every request passes before it is routed, in this order:
//!
//! 1. [`stamp`]: request id, log line;
//! 2. [`proxies`]: the client's address and scheme;
//! 3. [`headers`]: security headers on whatever comes back;
//! 4. [`cookies`]: the visitor's cookie, the message shown once;
//! 5. [`render`]: errors as pages or problem JSON;
//! 6. [`https`]: redirect or refusal of what came without TLS;
//! 7. [`host`]: refusal of what asks for another name than the public address;
//! 8. [`meter`]: how fast the API is asked;
//! 9. [`limits`]: sizes, time, number of requests at once;
//! 10. [`paths`]: embedded files, file extensions, names that are never served;
//! 11. cross-site refusal by `Origin` and `Sec-Fetch-Site` (tower-http);
//! 12. [`form`]: reads the body of a change, so that a form's CSRF token is known and nobody is admitted before it is there; of a document
//!     in a form all but the file, which [`upload`] lets through in pieces;
//! 13. [`run`]: a change goes on although the client has gone;
//! 14. panics become the error page.

mod app;
mod client;
mod cookies;
mod form;
mod headers;
mod host;
mod https;
mod limits;
mod meter;
mod paths;
mod proxies;
mod render;
mod run;
mod stamp;
#[cfg(test)]
mod tests;
mod upload;

pub use app::{App, Transport};
pub use proxies::{BadNetwork, TrustedProxies};
pub use stamp::{NO_ROUTE, Route};

pub(crate) use client::Client;
pub(crate) use form::{FormFields, read_body};
pub(crate) use headers::Uploaded;
pub(crate) use upload::{Arriving, Waiting, is_upload};
