//! The id of an API key where that of a user is meant.

use bailiwick_domain::{
    ids::{ApiKeyId, UserId},
    rule::DisableUser,
};
use bailiwick_web::{access::Access, forms::Id};

async fn disable(_: Access<DisableUser>, Id(key): Id<ApiKeyId>) {
    disable_user(key);
}

fn disable_user(_: UserId) {}

fn main() {
    let _ = disable;
}
