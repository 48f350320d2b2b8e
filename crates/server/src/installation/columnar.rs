//! Columns: where the server was built with the feature `columnar`.

use std::sync::Arc;

use bailiwick_ops::exports::Columnar;

/// What writes columns; nothing in a server that was built without.
#[cfg(not(feature = "columnar"))]
pub(super) fn columnar() -> Option<Arc<dyn Columnar>> {
    None
}

/// What writes columns.
#[cfg(feature = "columnar")]
pub(super) fn columnar() -> Option<Arc<dyn Columnar>> {
    Some(Arc::new(with::Parquet))
}

#[cfg(feature = "columnar")]
mod with {
    use std::{fs::File, io};

    use bailiwick_columnar::{Record, Writer};
    use bailiwick_ops::exports::{Columnar, Columns};
    use bailiwick_store::audit::export::Exported;

    pub(super) struct Parquet;

    struct Writing(Writer<File>);

    impl Columnar for Parquet {
        fn begin(&self, file: File) -> io::Result<Box<dyn Columns>> {
            Ok(Box::new(Writing(Writer::new(file)?)))
        }
    }

    impl Columns for Writing {
        fn push(&mut self, record: &Exported, size: i64) -> io::Result<()> {
            let path = record.path.iter().flat_map(|hash| hash.0).collect();
            self.0.push(Record {
                leaf_index: record.leaf_index,
                hash: record.hash.0,
                octets: record.octets.clone(),
                proof: Some((size, path)),
            })
        }

        fn finish(self: Box<Self>) -> io::Result<()> {
            self.0.finish()?.sync_data()
        }
    }
}
