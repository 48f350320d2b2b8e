//! A service made from a router of one's own.

use axum::Router;
use bailiwick_web::bootstrap::App;

fn main() {
    let router: Router = Router::new();
    let _: App = router.into();
}
