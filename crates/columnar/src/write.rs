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
    basic::{Compression, ZstdLevel},
    file::properties::WriterProperties,
};

use crate::{fault, schema};

/// Records in one batch.
const BATCH: usize = 1_024;
/// Records in one row group: what is in memory at one time.
const GROUP: usize = 32 * 1_024;
/// The level of compression: the lowest that packs records well.
const LEVEL: i32 = 3;

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
    waiting: Vec<Record>,
}

impl<W: Write + Send> Writer<W> {
    /// Begins a file.
    ///
    /// # Errors
    /// The file's.
    pub fn new(file: W) -> io::Result<Self> {
        let level = ZstdLevel::try_new(LEVEL).map_err(fault)?;
        let properties = WriterProperties::builder().set_compression(Compression::ZSTD(level)).build();
        let inner = ArrowWriter::try_new(file, schema::schema(), Some(properties)).map_err(fault)?;
        Ok(Self { inner, waiting: Vec::with_capacity(BATCH) })
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
        let batch = batch(&std::mem::take(&mut self.waiting))?;
        self.inner.write(&batch).map_err(fault)?;
        if self.inner.in_progress_rows() >= GROUP {
            self.inner.flush().map_err(fault)?;
        }
        Ok(())
    }
}

fn batch(records: &[Record]) -> io::Result<RecordBatch> {
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
    let columns: Vec<ArrayRef> = vec![
        numbers(records.iter().map(|record| Some(record.leaf_index)).collect()),
        Arc::new(hashes),
        Arc::new(events),
        texts(|flat| Some(&flat.id)),
        times(|flat| &flat.recorded_at),
        times(|flat| &flat.occurred_at),
        texts(|flat| Some(&flat.action)),
        texts(|flat| Some(&flat.outcome)),
        texts(|flat| Some(&flat.actor_kind)),
        texts(|flat| flat.actor_id.as_deref()),
        texts(|flat| flat.actor_auth.as_deref()),
        texts(|flat| Some(&flat.entity_type)),
        texts(|flat| Some(&flat.entity_id)),
        numbers(flats.iter().map(|flat| flat.as_ref().map(|flat| flat.revision)).collect()),
        texts(|flat| flat.reason.as_deref()),
        texts(|flat| flat.request.as_deref()),
        texts(|flat| flat.agent.as_deref()),
        texts(|flat| Some(&flat.changes)),
        numbers(records.iter().map(|record| record.proof.as_ref().map(|(size, _)| *size)).collect()),
        Arc::new(paths),
    ];
    RecordBatch::try_new(schema::schema(), columns).map_err(fault)
}
