//! Reading: what proves a record, and nothing that is derived from it.

use std::{fs::File, io};

use arrow_array::{Array, BinaryArray, FixedSizeBinaryArray, Int64Array, RecordBatch};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::fault;

/// A record as the file has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored<'a> {
    /// Its place in the tree.
    pub leaf_index: i64,
    /// The leaf hash that stands beside it.
    pub hash: &'a [u8],
    /// The octets.
    pub octets: &'a [u8],
}

/// Hands every record of a file to `each`, in the order of the file, a batch of them in memory at a time.
///
/// # Errors
/// The file's; a file without the columns that prove a record; whatever `each` answers.
pub fn read<E: From<io::Error>>(
    file: File,
    mut each: impl FnMut(Stored<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(file)
        .and_then(ParquetRecordBatchReaderBuilder::build)
        .map_err(fault)?;
    for batch in reader {
        let batch = batch.map_err(fault)?;
        let places: &Int64Array = column(&batch, "leaf_index")?;
        let hashes: &FixedSizeBinaryArray = column(&batch, "hash")?;
        let events: &BinaryArray = column(&batch, "event")?;
        for row in 0..batch.num_rows() {
            each(Stored {
                leaf_index: places.value(row),
                hash: hashes.value(row),
                octets: events.value(row),
            })?;
        }
    }
    Ok(())
}

/// A column that must be there, of its type, and without gaps.
fn column<'a, A: Array + 'static>(batch: &'a RecordBatch, name: &str) -> io::Result<&'a A> {
    batch
        .column_by_name(name)
        .and_then(|column| column.as_any().downcast_ref::<A>())
        .filter(|column| column.null_count() == 0)
        .ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidData, format!("the file has no column {name} of ours"))
        })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::io::{Seek as _, SeekFrom};

    use bailiwick_proof::leaf_hash;

    use super::read;
    use crate::{Record, Writer};

    fn octets(number: i64) -> Vec<u8> {
        format!(
            r#"{{"action":"user.renamed","actor":{{"auth":null,"credential":null,"id":"a","kind":"user"}},"changes":[],"entity":{{"id":"e","revision":{number},"type":"user"}},"id":"i{number}","occurred_at":"2026-01-02T03:04:05.000006Z","outcome":"ok","prev":null,"reason":null,"recorded_at":"2026-01-02T03:04:05.000006Z","request":null,"source":{{"agent":"api","ip":null}},"tenant":"t","v":1}}"#
        )
        .into_bytes()
    }

    #[test]
    fn auditor_reads_the_exact_octets_back_from_columns() {
        let mut writer = Writer::new(tempfile::tempfile().unwrap()).unwrap();
        let mut expected = Vec::new();
        for number in 0..3_000 {
            // What cannot be read is kept as it is.
            let octets = if number == 7 { vec![0xff, 0x00] } else { octets(number) };
            let hash = leaf_hash(&octets).0;
            expected.push((number, hash, octets.clone()));
            let proof = (number % 2 == 0).then(|| (3_000, vec![7; 64]));
            writer.push(Record { leaf_index: number, hash, octets, proof }).unwrap();
        }
        let mut file = writer.finish().unwrap();
        file.seek(SeekFrom::Start(0)).unwrap();
        let mut found: Vec<(i64, [u8; 32], Vec<u8>)> = Vec::new();
        read::<std::io::Error>(file, |stored| {
            found.push((stored.leaf_index, stored.hash.try_into().unwrap(), stored.octets.to_vec()));
            Ok(())
        })
        .unwrap();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_file_that_is_none_is_refused() {
        assert!(read::<std::io::Error>(tempfile::tempfile().unwrap(), |_| Ok(())).is_err());
    }

    #[test]
    fn a_file_without_records_can_be_read() {
        let file = Writer::new(tempfile::tempfile().unwrap()).unwrap().finish().unwrap();
        read::<std::io::Error>(file, |_| panic!("there is none")).unwrap();
    }
}
