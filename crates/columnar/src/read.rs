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
    /// The leaf hash that stands beside it, where the file has one.
    pub hash: Option<&'a [u8]>,
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
        let hashes: Option<&FixedSizeBinaryArray> = match batch.column_by_name("hash") {
            Some(_) => Some(column(&batch, "hash")?),
            None => None,
        };
        let events: &BinaryArray = column(&batch, "event")?;
        for row in 0..batch.num_rows() {
            each(Stored {
                leaf_index: places.value(row),
                hash: hashes.map(|hashes| hashes.value(row)),
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
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::string_slice, reason = "tests")]

    use std::io::{Seek as _, SeekFrom};

    use bailiwick_domain::time::Timestamp;
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
            found.push((stored.leaf_index, stored.hash.unwrap().try_into().unwrap(), stored.octets.to_vec()));
            Ok(())
        })
        .unwrap();
        assert_eq!(found, expected);
    }

    /// An event as a log of a year has it: what nothing compresses is drawn at random, and few people and things come again and again.
    fn of_a_year(number: i64) -> Vec<u8> {
        let drawn = |what: &str, below: i64| {
            let digest = leaf_hash(format!("{what}{number}").as_bytes()).0;
            i64::from_be_bytes([0, 0, 0, 0, digest[0], digest[1], digest[2], digest[3]]) % below
        };
        let hash = |what: &str| leaf_hash(format!("{what}{number}").as_bytes()).to_string();
        let at = |seconds: i64| Timestamp::from_micros((1_767_323_045 + seconds) * 1_000_000).to_string();
        let request = number / 3;
        let actor = i64::from(leaf_hash(&request.to_be_bytes()).0[0]) * 7 % 2_000;
        let words =
            ["auditor", "manager", "payroll", "roster", "medication", "transport", "budget", "consent"];
        let word = |what| words[usize::try_from(drawn(what, 8)).unwrap()];
        let actions =
            ["session.created", "user.role_changed", "team.changed", "policy.updated", "user.invited"];
        let action = actions[usize::try_from(drawn("action", 5)).unwrap()];
        let kind = action.split_once('.').unwrap().0;
        // A UUID of version 7: the moment in milliseconds, and the rest drawn.
        let moment = format!("{:012x}", (1_767_323_045 + number * 31) * 1_000);
        let (id, now) = (hash("id"), at(number * 31));
        format!(
            r#"{{"action":"{action}","actor":{{"auth":"passkey","credential":"0193a7c2-7b1e-7001-8000-{:012x}","id":"0193a7c2-7b1e-7001-8000-{actor:012x}","kind":"user"}},"changes":[{{"after":"{} {}","before":"before","op":"replace","path":"/note"}}],"entity":{{"id":"0193a7c2-7b1e-7002-8000-{:012x}","revision":{},"type":"{kind}"}},"id":"{}-{}-7{}-8{}-{}","occurred_at":"{now}","outcome":"ok","prev":"{}","reason":null,"recorded_at":"{now}","request":"0193a7c2-7b1e-7003-8000-{request:012x}","source":{{"agent":"browser","ip":{{"commit":"{}"}}}},"tenant":"0193a7c2-7b1e-7000-8000-000000000001","v":1}}"#,
            actor ^ (number / 2_800),
            word("one"),
            word("two"),
            drawn("entity", 200_000),
            2 + drawn("revision", 20),
            &moment[..8],
            &moment[8..],
            &id[..3],
            &id[3..6],
            &id[6..18],
            hash("prev"),
            hash("commit"),
        )
        .into_bytes()
    }

    #[test]
    fn an_event_of_the_archive_takes_little_more_than_what_nothing_compresses() {
        const EVENTS: i64 = 16_384;
        let mut writer = Writer::archive(tempfile::tempfile().unwrap()).unwrap();
        for number in 0..EVENTS {
            let octets = of_a_year(number);
            writer.push(Record { leaf_index: number, hash: [0; 32], octets, proof: None }).unwrap();
        }
        let file = writer.finish().unwrap();
        let each = i64::try_from(file.metadata().unwrap().len()).unwrap() / EVENTS;
        assert!((75..=130).contains(&each), "{each}");
        let mut read_back = 0;
        read::<std::io::Error>(file, |stored| {
            assert_eq!((stored.leaf_index, stored.hash), (read_back, None));
            assert_eq!(stored.octets, of_a_year(read_back));
            read_back += 1;
            Ok(())
        })
        .unwrap();
        assert_eq!(read_back, EVENTS);
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
