//! The only way to build the server's routing table, and the access table that comes out of it.

use std::collections::HashMap;

use axum::{
    Extension, Router,
    handler::Handler,
    http::Method,
    routing::{MethodFilter, MethodRouter, on},
};
use bailiwick_domain::rule::{Need, Rule, Sensitive, Writes};

use crate::{
    access::{Access, Confirmation},
    assets,
    bootstrap::App,
    description::{Described, Says, Takes},
    matching::{MustMatch, Tagged},
    once::{Again, Once},
    pages,
    state::AppState,
};

/// The only addresses with a file extension: programs ask for them without being told of them.
pub(crate) const FILES: [&str; 3] = ["/robots.txt", "/favicon.ico", "/v1/openapi.json"];

mod sealed {
    pub trait Guarded {}
    pub trait Confirmed {}
}

/// Parameter lists that begin with [`Access`]: the handlers that may be routed.
#[diagnostic::on_unimplemented(
    message = "this handler declares no access rule",
    label = "its first parameter must be `Access<R>`",
    note = "use `Access<Public>` when everyone may call it"
)]
pub trait Guarded: sealed::Guarded {
    /// The rule that the handler declares.
    type Rule: Rule;

    /// Says what the handler takes, for the description of the API.
    #[doc(hidden)]
    fn describe(takes: &mut Says<'_>);
}

macro_rules! guarded {
    ($(($($parameter:ident)*))*) => { $(
        impl<M, R: Rule, $($parameter),*> sealed::Guarded for (M, Access<R>, $($parameter,)*) {}
        impl<M, R: Rule, $($parameter: Described),*> Guarded for (M, Access<R>, $($parameter,)*) {
            type Rule = R;
            fn describe(takes: &mut Says<'_>) {
                let _ = &takes;
                $($parameter::describe(takes);)*
            }
        }
    )* };
}
guarded!(() (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F));

/// Parameter lists that begin with [`Access`] under a sensitive rule and the [`Confirmation`] for it: the handlers that may be
/// routed for sensitive changes.
#[diagnostic::on_unimplemented(
    message = "this handler takes no confirmation",
    label = "its first parameters must be `Access<R>` and `Confirmation<R>` of one sensitive rule",
    note = "what is not sensitive is routed with `post`"
)]
pub trait Confirmed: Guarded + sealed::Confirmed {}

macro_rules! confirmed {
    ($(($($parameter:ident)*))*) => { $(
        impl<M, R: Sensitive, $($parameter),*> sealed::Confirmed for (M, Access<R>, Confirmation<R>, $($parameter,)*) {}
        impl<M, R: Sensitive, $($parameter: Described),*> Confirmed for (M, Access<R>, Confirmation<R>, $($parameter,)*) {}
    )* };
}
confirmed!(() (A) (A B) (A B C) (A B C D) (A B C D E));

/// One row of the access table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessRow {
    /// The method; GET also answers HEAD.
    pub method: Method,
    /// The path, with `{name}` where it varies.
    pub path: &'static str,
    /// The name of the rule.
    pub rule: &'static str,
    /// What the rule asks for.
    pub need: Need,
    /// Whether the route may change something: every method but GET.
    pub writes: bool,
}

/// Why the routing table was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RoutesError {
    /// Two handlers for one method and path.
    #[error("{0} {1} is routed twice")]
    Duplicate(Method, &'static str),
    /// Two paths that differ only in the names of their parameters.
    #[error("{0} and {1} are the same path with different names")]
    Ambiguous(&'static str, &'static str),
    /// Not `/`-led segments of lower-case words and `{name}`.
    #[error("{0} is not a path that can be routed")]
    Malformed(&'static str),
}

/// Routes under construction.
#[derive(Default)]
pub struct Routes {
    endpoints: Vec<Endpoint>,
}

/// One route: its row, its handler, and how that says what it takes.
struct Endpoint {
    row: AccessRow,
    handler: MethodRouter<AppState>,
    describe: fn(&mut Says<'_>),
    again: Again,
    /// Whether it asks for `If-Match`.
    must_match: bool,
}

impl Routes {
    /// No routes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Routes GET and HEAD.
    #[must_use]
    pub fn get<H, T>(self, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, AppState>,
        T: Guarded + 'static,
    {
        if path.starts_with("/v1/") {
            let handler = on(MethodFilter::GET, Tagged::<H, T>::new(handler));
            return self.routed::<T>(Method::GET, path, handler, Again::Served);
        }
        self.endpoint::<H, T>(Method::GET, MethodFilter::GET, path, handler)
    }

    /// Routes POST. The rule must be one that may write. Below `/v1`, what is sent again under the same `Idempotency-Key` is answered as
    /// before, unless the route is open to everybody.
    #[must_use]
    pub fn post<H, T>(self, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, AppState>,
        T: Guarded<Rule: Writes> + 'static,
    {
        self.once::<H, T>(path, handler, Again::Answered)
    }

    /// Routes POST for what shows something once: its answer is kept nowhere, and what is sent again under the same key is refused.
    #[must_use]
    pub(crate) fn post_shown_once<H, T>(self, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, AppState>,
        T: Guarded<Rule: Writes> + 'static,
    {
        self.once::<H, T>(path, handler, Again::Refused)
    }

    /// Routes POST for what may be done again: it only asks, or what it takes is known again by something else. A key means nothing.
    #[must_use]
    pub(crate) fn post_again<H, T>(self, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, AppState>,
        T: Guarded<Rule: Writes> + 'static,
    {
        self.once::<H, T>(path, handler, Again::Served)
    }

    /// Routes POST for a sensitive change: the rule is one of the sensitive ones, and the handler takes the code for it.
    #[must_use]
    pub fn post_confirmed<H, T>(self, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, AppState>,
        T: Confirmed + 'static,
    {
        self.once::<H, T>(path, handler, Again::Answered)
    }

    /// Routes POST for a sensitive change that shows something once.
    #[must_use]
    pub(crate) fn post_confirmed_shown_once<H, T>(self, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, AppState>,
        T: Confirmed + 'static,
    {
        self.once::<H, T>(path, handler, Again::Refused)
    }

    /// Routes PUT. The rule must be one that may write.
    #[must_use]
    pub fn put<H, T>(self, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, AppState>,
        T: Guarded<Rule: Writes> + 'static,
    {
        self.endpoint::<H, T>(Method::PUT, MethodFilter::PUT, path, handler)
    }

    /// Routes PUT for what replaces a whole that others may have changed meanwhile: whoever sends it says in `If-Match` what they have
    /// read, or that they take whatever is there (`*`).
    #[must_use]
    pub(crate) fn put_matching<H, T>(self, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, AppState>,
        T: Guarded<Rule: Writes> + 'static,
    {
        let handler = on(MethodFilter::PUT, handler).layer(Extension(MustMatch));
        let mut routes = self.routed::<T>(Method::PUT, path, handler, Again::Served);
        if let Some(endpoint) = routes.endpoints.last_mut() {
            endpoint.must_match = true;
        }
        routes
    }

    /// Routes PATCH. The rule must be one that may write.
    #[must_use]
    pub fn patch<H, T>(self, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, AppState>,
        T: Guarded<Rule: Writes> + 'static,
    {
        self.endpoint::<H, T>(Method::PATCH, MethodFilter::PATCH, path, handler)
    }

    /// Routes DELETE. The rule must be one that may write.
    #[must_use]
    pub fn delete<H, T>(self, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, AppState>,
        T: Guarded<Rule: Writes> + 'static,
    {
        self.endpoint::<H, T>(Method::DELETE, MethodFilter::DELETE, path, handler)
    }

    /// These routes and the others.
    #[must_use]
    pub fn merge(mut self, others: Self) -> Self {
        self.endpoints.extend(others.endpoints);
        self
    }

    /// The access table, by path and method, with the embedded files that need no handler.
    pub fn table(&self) -> Vec<AccessRow> {
        let mut rows: Vec<_> = self.endpoints.iter().map(|endpoint| endpoint.row.clone()).collect();
        rows.push(assets::access_row());
        rows.sort_by(|a, b| (a.path, a.method.as_str()).cmp(&(b.path, b.method.as_str())));
        rows
    }

    /// Each route with what its handler takes.
    pub(crate) fn described(&self) -> impl Iterator<Item = (&AccessRow, Takes)> {
        self.endpoints.iter().map(|endpoint| {
            let mut takes =
                Takes { again: endpoint.again, must_match: endpoint.must_match, ..Takes::default() };
            (endpoint.describe)(&mut Says(&mut takes));
            (&endpoint.row, takes)
        })
    }

    /// The finished service: these routes behind the whole bootstrap.
    ///
    /// # Errors
    /// [`RoutesError`] names the first route that is malformed or there twice.
    pub fn into_app(self, state: AppState) -> Result<App, RoutesError> {
        self.check()?;
        let table = self.table();
        let dress = axum::middleware::from_fn_with_state(state.clone(), pages::missing::dress);
        Ok(App::new(self.router().with_state(state.clone()).layer(dress), table, &state))
    }

    fn router(self) -> Router<AppState> {
        self.endpoints
            .into_iter()
            .fold(Router::new(), |router, Endpoint { row, handler, .. }| router.route(row.path, handler))
    }

    fn once<H, T>(self, path: &'static str, handler: H, again: Again) -> Self
    where
        H: Handler<T, AppState>,
        T: Guarded + 'static,
    {
        // Pages send no keys, and of whoever is not known yet nothing can be known again.
        let known = <T::Rule as Rule>::NEED != Need::Anyone && path.starts_with("/v1/");
        if !known || again == Again::Served {
            return self.endpoint::<H, T>(Method::POST, MethodFilter::POST, path, handler);
        }
        let handler = on(MethodFilter::POST, Once::<H, T>::new(handler, again));
        self.routed::<T>(Method::POST, path, handler, again)
    }

    fn endpoint<H, T>(self, method: Method, filter: MethodFilter, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, AppState>,
        T: Guarded + 'static,
    {
        self.routed::<T>(method, path, on(filter, handler), Again::Served)
    }

    fn routed<T: Guarded>(
        mut self,
        method: Method,
        path: &'static str,
        handler: MethodRouter<AppState>,
        again: Again,
    ) -> Self {
        let writes = method != Method::GET;
        let row =
            AccessRow { method, path, rule: <T::Rule as Rule>::NAME, need: <T::Rule as Rule>::NEED, writes };
        self.endpoints.push(Endpoint { row, handler, describe: T::describe, again, must_match: false });
        self
    }

    fn check(&self) -> Result<(), RoutesError> {
        let mut shapes = HashMap::new();
        let mut seen = HashMap::new();
        for Endpoint { row, .. } in &self.endpoints {
            let shape = shape(row.path).ok_or(RoutesError::Malformed(row.path))?;
            let first = *shapes.entry(shape).or_insert(row.path);
            if first != row.path {
                return Err(RoutesError::Ambiguous(first, row.path));
            }
            if seen.insert((&row.method, row.path), ()).is_some() {
                return Err(RoutesError::Duplicate(row.method.clone(), row.path));
            }
        }
        Ok(())
    }
}

/// The path with its parameters' names left out; nothing when it is not one that can be routed.
fn shape(path: &str) -> Option<String> {
    if FILES.contains(&path) {
        return Some(path.to_owned());
    }
    let rest = path.strip_prefix('/')?;
    if rest.is_empty() {
        return Some("/".to_owned());
    }
    let mut shape = String::new();
    for segment in rest.split('/') {
        let parameter = segment.strip_prefix('{').and_then(|name| name.strip_suffix('}'));
        let word = parameter.unwrap_or(segment);
        let fits =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
        if word.is_empty() || !word.bytes().all(fits) {
            return None;
        }
        shape.push('/');
        shape.push_str(if parameter.is_some() { "{}" } else { segment });
    }
    Some(shape)
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::rule::{ChangeMe, Me, Public};

    use super::*;

    async fn open(_: Access<Public>) {}
    async fn own(_: Access<Me>) {}
    async fn change(_: Access<ChangeMe>) {}

    #[test]
    fn table_names_the_rule_of_each_route() {
        let routes = Routes::new().post("/me", change).get("/me", own).merge(Routes::new().get("/", open));
        let table = routes.table();
        let row = |method: Method, path: &str| {
            table.iter().find(|row| row.method == method && row.path == path).unwrap()
        };
        assert_eq!((row(Method::GET, "/").rule, row(Method::GET, "/").need), ("Public", Need::Anyone));
        assert_eq!((row(Method::GET, "/me").rule, row(Method::GET, "/me").writes), ("Me", false));
        assert_eq!((row(Method::POST, "/me").rule, row(Method::POST, "/me").writes), ("ChangeMe", true));
        assert_eq!(row(Method::GET, "/assets/{file}").need, Need::Anyone);
        assert_eq!(table.len(), 4);
    }

    #[test]
    fn a_route_that_is_there_twice_is_refused_by_name() {
        let twice = Routes::new().get("/a", open).merge(Routes::new().get("/a", own));
        assert_eq!(twice.check(), Err(RoutesError::Duplicate(Method::GET, "/a")));
        let renamed = Routes::new().get("/a/{id}", open).post("/a/{user}", change);
        assert_eq!(renamed.check(), Err(RoutesError::Ambiguous("/a/{id}", "/a/{user}")));
        assert_eq!(
            Routes::new().get("/a/{id}", open).post("/a/{id}", change).get("/a/new", open).check(),
            Ok(())
        );
    }

    #[test]
    fn what_passes_the_check_does_not_stop_the_router() {
        let alike = Routes::new()
            .get("/a/{x}/b", open)
            .get("/a/{y}/c", own)
            .get("/a/b/{z}", open)
            .get("/{a}", open)
            .get("/a", own);
        for routes in [alike, crate::routes()] {
            assert_eq!(routes.check(), Ok(()));
            let _ = routes.router();
        }
    }

    #[test]
    fn a_path_that_could_surprise_the_router_is_refused() {
        for path in
            ["", "a", "/a/", "//a", "/a.html", "/A", "/{*rest}", "/{}", "/a{id}", "/a b", "/é", "/a/../b"]
        {
            assert_eq!(Routes::new().get(path, open).check(), Err(RoutesError::Malformed(path)), "{path}");
        }
        for path in ["/", "/a", "/api-keys/{id}/revoke", "/v1/users", "/robots.txt"] {
            assert_eq!(Routes::new().get(path, open).check(), Ok(()), "{path}");
        }
    }
}
