//! Files of any length in a bucket: put in parts, read in ranges, removed, listed.

use std::{io, path::Path};

use aws_sdk_s3::{
    Config,
    config::RequestChecksumCalculation,
    error::SdkError,
    primitives::{ByteStream, DateTime, Length},
    types::{CompletedMultipartUpload, CompletedPart},
};
use bailiwick_domain::time::Timestamp;
use tokio::{fs, sync::mpsc::Sender};

use crate::{Bucket, failed};

/// Octets of a part, unless the file has so many that its parts would be more than [`MOST_PARTS`].
const PART: u64 = 16 * 1024 * 1024;
/// Parts of one file at most.
const MOST_PARTS: u64 = 10_000;
/// "Not found", and "range not satisfiable" (RFC 9110 §15.5.5, §15.5.17).
const NOT_FOUND: u16 = 404;
const BEYOND: u16 = 416;

/// A file in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// When it was written, by the clock of the service.
    pub written: Timestamp,
}

impl Bucket {
    /// How a file is called from outside: `s3://bucket/prefix/name`.
    pub fn address(&self, name: &str) -> String {
        format!("s3://{}/{}", self.bucket, self.key(name))
    }

    /// Puts a file of any length there, a part at a time. What was begun is given up when it fails.
    ///
    /// # Errors
    /// The file's and the service's.
    pub async fn put_in_parts(&self, name: &str, file: &Path) -> io::Result<()> {
        let length = fs::metadata(file).await?.len();
        if length <= PART {
            return self.put(name, file).await;
        }
        let key = self.key(name);
        let begun = self.client.create_multipart_upload().bucket(&self.bucket).key(&key).send().await;
        let begun = begun.map_err(failed)?;
        let upload = begun.upload_id().ok_or_else(|| io::Error::other("an upload without an id"))?;
        match self.parts(&key, upload, file, length).await {
            Ok(()) => Ok(()),
            Err(error) => {
                let given_up = self.give_up(&key, upload).await;
                if let Err(left) = given_up {
                    return Err(io::Error::other(format!("{error}; and parts are left behind: {left}")));
                }
                Err(error)
            }
        }
    }

    async fn parts(&self, key: &str, upload: &str, file: &Path, length: u64) -> io::Result<()> {
        let size = PART.max(length.div_ceil(MOST_PARTS));
        let mut done = CompletedMultipartUpload::builder();
        let (mut at, mut number) = (0, 1);
        while at < length {
            let octets = size.min(length - at);
            let body = ByteStream::read_from().path(file).offset(at).length(Length::Exact(octets));
            let body = body.build().await.map_err(failed)?;
            let put = self.client.upload_part().bucket(&self.bucket).key(key).upload_id(upload);
            // Parts with checksums want them named when the upload begins and when it ends; what goes here authenticates itself.
            let unchecked =
                Config::builder().request_checksum_calculation(RequestChecksumCalculation::WhenRequired);
            let put = put.part_number(number).body(body).customize().config_override(unchecked);
            let put = put.send().await.map_err(failed)?;
            let part = CompletedPart::builder().part_number(number).set_e_tag(put.e_tag);
            done = done.parts(part.build());
            at += octets;
            number += 1;
        }
        let complete = self.client.complete_multipart_upload().bucket(&self.bucket).key(key);
        let complete = complete.upload_id(upload).multipart_upload(done.build()).send().await;
        complete.map(drop).map_err(failed)
    }

    async fn give_up(&self, key: &str, upload: &str) -> io::Result<()> {
        let abort = self.client.abort_multipart_upload().bucket(&self.bucket).key(key).upload_id(upload);
        match abort.send().await {
            Err(error) if status(&error) != Some(NOT_FOUND) => Err(failed(error)),
            _ => Ok(()),
        }
    }

    /// Gives up what was begun to be put before that moment and never completed. Returns how many.
    ///
    /// # Errors
    /// The service's.
    pub async fn abandon(&self, before: Timestamp) -> io::Result<usize> {
        let (mut key, mut id, mut done) = (None, None, 0);
        loop {
            let list = self.client.list_multipart_uploads().bucket(&self.bucket).prefix(self.key(""));
            let page = list.set_key_marker(key).set_upload_id_marker(id).send().await.map_err(failed)?;
            for upload in page.uploads() {
                let begun = upload.initiated().map(moment);
                if let (Some(key), Some(id), Some(begun)) = (upload.key(), upload.upload_id(), begun)
                    && begun < before
                {
                    self.give_up(key, id).await?;
                    done += 1;
                }
            }
            if !page.is_truncated().unwrap_or_default() {
                return Ok(done);
            }
            (key, id) = (page.next_key_marker, page.next_upload_id_marker);
        }
    }

    /// How long a file is.
    ///
    /// # Errors
    /// `NotFound` where it is not there; the service's.
    pub async fn length(&self, name: &str) -> io::Result<u64> {
        let head = self.client.head_object().bucket(&self.bucket).key(self.key(name)).send().await;
        match head {
            Ok(head) => u64::try_from(head.content_length().unwrap_or_default()).map_err(io::Error::other),
            Err(error) => Err(self.missing(error).await),
        }
    }

    /// So many octets of a file, from one on; fewer where it ends.
    ///
    /// # Errors
    /// `NotFound` where it is not there, `UnexpectedEof` where it ends before; the service's.
    pub async fn read(&self, name: &str, from: u64, octets: u64) -> io::Result<Vec<u8>> {
        let Some(last) = octets.checked_sub(1) else { return Ok(Vec::new()) };
        let range = format!("bytes={from}-{}", from.saturating_add(last));
        let get = self.client.get_object().bucket(&self.bucket).key(self.key(name)).range(range);
        match get.send().await {
            Ok(mut got) => {
                let mut read = Vec::with_capacity(usize::try_from(octets).unwrap_or_default());
                while let Some(piece) = got.body.try_next().await.map_err(failed)? {
                    // A service that knows no ranges sends all of it.
                    if (read.len() + piece.len()) as u64 > octets {
                        return Err(io::Error::other("more came than was asked for"));
                    }
                    read.extend_from_slice(&piece);
                }
                Ok(read)
            }
            Err(error) if status(&error) == Some(BEYOND) => Err(io::ErrorKind::UnexpectedEof.into()),
            Err(error) => Err(self.missing(error).await),
        }
    }

    /// `NotFound` where the bucket is there and the file is not: a bucket that is gone says nothing about the file.
    async fn missing<E: std::error::Error + Send + Sync + 'static>(
        &self,
        error: SdkError<E, aws_sdk_s3::config::http::HttpResponse>,
    ) -> io::Error {
        if status(&error) == Some(NOT_FOUND)
            && self.client.head_bucket().bucket(&self.bucket).send().await.is_ok()
        {
            return io::ErrorKind::NotFound.into();
        }
        failed(error)
    }

    /// Removes a file, if it is there.
    ///
    /// # Errors
    /// The service's.
    pub async fn remove(&self, name: &str) -> io::Result<()> {
        let delete = self.client.delete_object().bucket(&self.bucket).key(self.key(name)).send().await;
        delete.map(drop).map_err(failed)
    }

    /// Hands on the files whose names begin so, until nobody takes them any more.
    ///
    /// # Errors
    /// The service's.
    pub async fn list(&self, beginning: &str, found: &Sender<Listed>) -> io::Result<()> {
        let before = self.key("");
        let list = self.client.list_objects_v2().bucket(&self.bucket).prefix(self.key(beginning));
        let mut objects = list.into_paginator().send();
        while let Some(page) = objects.next().await {
            for object in page.map_err(failed)?.contents() {
                let name = object.key().and_then(|key| key.strip_prefix(&before));
                let (Some(name), Some(written)) = (name, object.last_modified()) else { continue };
                let listed = Listed { name: name.to_owned(), written: moment(written) };
                if found.send(listed).await.is_err() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

fn status<E>(error: &SdkError<E, aws_sdk_s3::config::http::HttpResponse>) -> Option<u16> {
    error.raw_response().map(|answer| answer.status().as_u16())
}

fn moment(at: &DateTime) -> Timestamp {
    let micros = i64::from(at.subsec_nanos() / 1_000);
    Timestamp::from_micros(at.secs().saturating_mul(1_000_000).saturating_add(micros))
}
