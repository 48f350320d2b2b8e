//! Zstandard frames of one dictionary, without the magic number that each of them would begin with.

use std::{cell::RefCell, sync::LazyLock};

use zstd::{
    bulk::{Compressor, Decompressor},
    dict::{DecoderDictionary, EncoderDictionary},
    zstd_safe::{CParameter, get_frame_content_size},
};

/// What events have in common. It is a part of the format: a record that was packed with it is read with it.
const DICTIONARY: &[u8] = include_bytes!("../../../dictionary/first.dict");
/// How hard it is looked for what repeats.
const LEVEL: i32 = 6;
/// What every frame of Zstandard begins with (RFC 8878, 3.1.1).
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

// Nothing where there is no memory for it; records are kept as they are then, and those that are packed cannot be read.
static ENCODER: LazyLock<Option<EncoderDictionary<'static>>> =
    LazyLock::new(|| EncoderDictionary::try_copy(DICTIONARY, LEVEL).ok());
static DECODER: LazyLock<Option<DecoderDictionary<'static>>> =
    LazyLock::new(|| DecoderDictionary::try_copy(DICTIONARY).ok());

thread_local! {
    // What they work with takes longer to make than most events to pack.
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// The text as a frame; nothing where that fails.
pub(super) fn compress(text: &[u8]) -> Option<Vec<u8>> {
    COMPRESSOR.with_borrow_mut(|slot| {
        if slot.is_none() {
            let mut made = Compressor::with_prepared_dictionary(ENCODER.as_ref()?).ok()?;
            // The first octet of what is stored names the dictionary, and the hash of the event vouches for the rest.
            made.set_parameter(CParameter::DictIdFlag(false)).ok()?;
            made.set_parameter(CParameter::ChecksumFlag(false)).ok()?;
            *slot = Some(made);
        }
        let frame = slot.as_mut()?.compress(text).ok()?;
        frame.strip_prefix(&MAGIC).map(<[u8]>::to_vec)
    })
}

/// The text of a frame, if it has at most so many octets.
pub(super) fn decompress(frame: &[u8], most: usize) -> Option<Vec<u8>> {
    let frame = [&MAGIC, frame].concat();
    // Asked first, so that a frame that claims much is given no memory.
    let length =
        usize::try_from(get_frame_content_size(&frame).ok()??).ok().filter(|length| *length <= most)?;
    DECOMPRESSOR.with_borrow_mut(|slot| {
        if slot.is_none() {
            *slot = Some(Decompressor::with_prepared_dictionary(DECODER.as_ref()?).ok()?);
        }
        slot.as_mut()?.decompress(&frame, length).ok()
    })
}
