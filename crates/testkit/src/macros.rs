//! One test body, both databases.

/// Makes of each `async fn fact(db: Db)` a module with two tests, `sqlite` and `postgres`.
///
/// The test on PostgreSQL needs a server; see [`postgres`](crate::postgres).
#[macro_export]
macro_rules! both_databases {
    ($($(#[$meta:meta])* async fn $name:ident($db:ident: Db) $body:block)*) => { $(
        mod $name {
            #[allow(unused_imports, reason = "a body may need nothing from around it")]
            use super::*;

            async fn fact($db: $crate::Db) $body

            $(#[$meta])*
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                // On the heap: without optimisation a long fact takes more than the stack of a thread.
                Box::pin(fact($crate::Db::sqlite().await)).await;
            }

            $(#[$meta])*
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                Box::pin(fact($crate::Db::postgres().await)).await;
            }
        }
    )* };
}

/// As [`both_databases!`](crate::both_databases), for facts about PostgreSQL that SQLite has no counterpart to.
#[macro_export]
macro_rules! postgres_only {
    ($($(#[$meta:meta])* async fn $name:ident($db:ident: Db) $body:block)*) => { $(
        mod $name {
            #[allow(unused_imports, reason = "a body may need nothing from around it")]
            use super::*;

            $(#[$meta])*
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                async fn fact($db: $crate::Db) $body
                Box::pin(fact($crate::Db::postgres().await)).await;
            }
        }
    )* };
}

/// As [`both_databases!`](crate::both_databases), for facts about SQLite that PostgreSQL has no counterpart to.
#[macro_export]
macro_rules! sqlite_only {
    ($($(#[$meta:meta])* async fn $name:ident($db:ident: Db) $body:block)*) => { $(
        mod $name {
            #[allow(unused_imports, reason = "a body may need nothing from around it")]
            use super::*;

            $(#[$meta])*
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                async fn fact($db: $crate::Db) $body
                Box::pin(fact($crate::Db::sqlite().await)).await;
            }
        }
    )* };
}
