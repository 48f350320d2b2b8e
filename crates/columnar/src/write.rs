//! Writing.

use std::{
    io::{self, Write},
    sync::Arc,
};

use arrow_array::{
    ArrayRef, BinaryArray, FixedSizeBinaryArray, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use bailiwick_domain::{flat::Flat, time::Timestamp};
use parquet::{
    arrow::ArrowWriter,
    basic::{Compression, Encoding, ZstdLevel},
    file::properties::WriterProperties,
    schema::types::ColumnPath,
};

use crate::{
    fault,
    schema::{self, Form},
};

/// Records in one batch.
const BATCH: usize = 1_024;
/// Records in one row group: what is in memory at one time.
const GROUP: usize = 32 * 1_024;
/// The level of compression of a file that is downloaded once: the lowest that packs records well.
const LEVEL: i32 = 3;
/// And of one that is kept for years: what comes again far apart is found from here on, in nearly twice the time.
const ARCHIVE_LEVEL: i32 = 17;
/// Octets of the records that are packed together in the archive: ids that come again lie far apart.
const ARCHIVE_PAGE: usize = 8 * 1_024 * 1_024;

/// A record to be written.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its place in the tree.
    pub leaf_index: i64,
    /// Its leaf hash.
    pub hash: [u8; 32],
    /// Its exact octets.
    pub octets: Vec<u8>,
    /// The size of a tree, and the hashes beside the path from the leaf to its root, one after the other.
    pub proof: Option<(i64, Vec<u8>)>,
}

/// A file that is being written.
pub struct Writer<W: Write + Send> {
    inner: ArrowWriter<W>,
    form: Form,
    waiting: Vec<Record>,
}

impl<W: Write + Send> Writer<W> {
    /// Begins a file whose records are each proven by themselves: with a hash, and where it comes along a path.
    ///
    /// # Errors
    /// The file's.
    pub fn new(file: W) -> io::Result<Self> {
        Self::begin(file, Form::Export)
    }

    /// Begins a file whose records are proven together by what stands beside it, and which takes as little room as it can: no hash, no
    /// path, and no column with the ids of the records and of their requests, which stand in the octets.
    ///
    /// # Errors
    /// The file's.
    pub fn archive(file: W) -> io::Result<Self> {
        Self::begin(file, Form::Archive)
    }

    fn begin(file: W, form: Form) -> io::Result<Self> {
        let level = match form {
            Form::Export => LEVEL,
            Form::Archive => ARCHIVE_LEVEL,
        };
        let level = ZstdLevel::try_new(level).map_err(fault)?;
        let mut properties = WriterProperties::builder().set_compression(Compression::ZSTD(level));
        if form == Form::Archive {
            // No two records have the same octets: a dictionary of them would only be in the way.
            let octets = ColumnPath::from("event");
            properties = properties
                .set_column_dictionary_enabled(octets.clone(), false)
                .set_column_data_page_size_limit(octets, ARCHIVE_PAGE)
                .set_column_encoding("leaf_index".into(), Encoding::DELTA_BINARY_PACKED)
                .set_column_dictionary_enabled("leaf_index".into(), false);
            for time in ["recorded_at", "occurred_at"] {
                properties = properties
                    .set_column_encoding(time.into(), Encoding::DELTA_BINARY_PACKED)
                    .set_column_dictionary_enabled(time.into(), false);
            }
        }
        let inner =
            ArrowWriter::try_new(file, schema::schema(form), Some(properties.build())).map_err(fault)?;
        Ok(Self { inner, form, waiting: Vec::with_capacity(BATCH) })
    }

    /// Adds a record.
    ///
    /// # Errors
    /// The file's.
    pub fn push(&mut self, record: Record) -> io::Result<()> {
        self.waiting.push(record);
        if self.waiting.len() >= BATCH { self.flush() } else { Ok(()) }
    }

    /// Writes what waits, and the index, and gives the file back.
    ///
    /// # Errors
    /// The file's.
    pub fn finish(mut self) -> io::Result<W> {
        self.flush()?;
        self.inner.into_inner().map_err(fault)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let batch = batch(self.form, &std::mem::take(&mut self.waiting))?;
        self.inner.write(&batch).map_err(fault)?;
        if self.inner.in_progress_rows() >= GROUP {
            self.inner.flush().map_err(fault)?;
        }
        Ok(())
    }
}

fn batch(form: Form, records: &[Record]) -> io::Result<RecordBatch> {
    let flats: Vec<Option<Flat>> = records.iter().map(|record| Flat::read(&record.octets)).collect();
    let texts = |of: fn(&Flat) -> Option<&str>| -> ArrayRef {
        Arc::new(flats.iter().map(|flat| flat.as_ref().and_then(of)).collect::<StringArray>())
    };
    let times = |of: fn(&Flat) -> &str| -> ArrayRef {
        let micros = |flat: &Option<Flat>| {
            flat.as_ref().and_then(|flat| Timestamp::parse(of(flat)).ok()).map(Timestamp::micros)
        };
        let array: TimestampMicrosecondArray = flats.iter().map(micros).collect();
        Arc::new(array.with_timezone("UTC"))
    };
    let numbers = |values: Vec<Option<i64>>| -> ArrayRef { Arc::new(Int64Array::from(values)) };
    let hashes =
        FixedSizeBinaryArray::try_from_iter(records.iter().map(|record| record.hash)).map_err(fault)?;
    let events: BinaryArray = records.iter().map(|record| Some(record.octets.as_slice())).collect();
    let paths: BinaryArray =
        records.iter().map(|record| record.proof.as_ref().map(|(_, path)| path.as_slice())).collect();
    let exported = |column: ArrayRef| (form == Form::Export).then_some(column);
    let columns = [
        Some(numbers(records.iter().map(|record| Some(record.leaf_index)).collect())),
        exported(Arc::new(hashes)),
        Some(Arc::new(events) as ArrayRef),
        exported(texts(|flat| Some(&flat.id))),
        Some(times(|flat| &flat.recorded_at)),
        Some(times(|flat| &flat.occurred_at)),
        Some(texts(|flat| Some(&flat.action))),
        Some(texts(|flat| Some(&flat.outcome))),
        Some(texts(|flat| Some(&flat.actor_kind))),
        Some(texts(|flat| flat.actor_id.as_deref())),
        Some(texts(|flat| flat.actor_auth.as_deref())),
        Some(texts(|flat| Some(&flat.entity_type))),
        Some(texts(|flat| Some(&flat.entity_id))),
        Some(numbers(flats.iter().map(|flat| flat.as_ref().map(|flat| flat.revision)).collect())),
        Some(texts(|flat| flat.reason.as_deref())),
        exported(texts(|flat| flat.request.as_deref())),
        Some(texts(|flat| flat.agent.as_deref())),
        Some(texts(|flat| Some(&flat.changes))),
        exported(numbers(
            records.iter().map(|record| record.proof.as_ref().map(|(size, _)| *size)).collect(),
        )),
        exported(Arc::new(paths)),
    ];
    RecordBatch::try_new(schema::schema(form), columns.into_iter().flatten().collect()).map_err(fault)
}
