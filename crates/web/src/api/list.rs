//! The one shape of every list.

use bailiwick_store::Page;
use serde::Serialize;

use crate::forms::Json;

/// A page of a list.
#[derive(Serialize)]
pub(super) struct List<T> {
    items: Vec<T>,
    next: Option<String>,
}

impl<T: Serialize> List<T> {
    /// A page as the store gives it.
    pub(super) fn page<U>(page: Page<U>, body: impl FnMut(U) -> T) -> Json<Self> {
        let page = page.map(body);
        Json(Self { items: page.items, next: page.next.map(|cursor| cursor.to_string()) })
    }

    /// A page that ends where `next` says.
    pub(super) fn until(items: Vec<T>, next: Option<i64>) -> Json<Self> {
        Json(Self { items, next: next.map(|next| next.to_string()) })
    }

    /// A page that goes on after `next`.
    pub(super) fn after(items: impl IntoIterator<Item = T>, next: Option<impl ToString>) -> Json<Self> {
        Json(Self { items: items.into_iter().collect(), next: next.map(|next| next.to_string()) })
    }

    /// A list that has one page only.
    pub(super) fn whole(items: impl IntoIterator<Item = T>) -> Json<Self> {
        Json(Self { items: items.into_iter().collect(), next: None })
    }
}
