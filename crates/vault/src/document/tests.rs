#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
use std::sync::{Arc, LazyLock};

use proptest::prelude::*;

use super::*;
use crate::entropy::SeededEntropy;
use crate::keyring::tests::keyring;
use crate::secret::assert_hidden;

const ACME: [u8; 16] = [0xAC; 16];
const GLOBEX: [u8; 16] = [0x61; 16];
const HERE: Place = Place { tenant: ACME, document: [1; 16], version: [2; 16] };

static ENTROPY: LazyLock<SeededEntropy> = LazyLock::new(|| SeededEntropy::new(71));
static KEYS: LazyLock<[Arc<TenantKeys>; 2]> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let ring = keyring(2);
        let acme = ring.load(&[ring.create(ACME).await.unwrap()]).await.unwrap();
        let globex = ring.load(&[ring.create(GLOBEX).await.unwrap()]).await.unwrap();
        [acme, globex]
    })
});

fn key_of(place: Place) -> DocumentKey {
    let keys = if place.tenant == ACME { &KEYS[0] } else { &KEYS[1] };
    DocumentKey::generate(keys.newest(), place, &*ENTROPY).unwrap().0
}

/// `length` octets that differ from frame to frame.
fn plain(length: usize) -> Vec<u8> {
    (0..length).map(|at| u8::try_from((at / 251 + at) % 256).unwrap()).collect()
}

fn sealed(key: &DocumentKey, plain: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    key.seal(0, plain, true, &*ENTROPY, &mut out).unwrap();
    assert_eq!(out.len() as u64, sealed_octets(plain.len() as u64));
    out
}

fn opened(key: &DocumentKey, octets: usize, sealed: &[u8]) -> Result<Wiped, Fault> {
    key.open_all(0, frames(octets as u64), sealed).map_err(|error| error.fault)
}

#[test]
fn every_length_around_a_frame_comes_back() {
    let key = key_of(HERE);
    for length in [0, 1, FRAME - 1, FRAME, FRAME + 1, 2 * FRAME, 3 * FRAME + 17] {
        let plain = plain(length);
        assert_eq!(*opened(&key, length, &sealed(&key, &plain)).unwrap(), plain, "{length}");
    }
}

#[test]
fn parts_that_arrive_one_after_the_other_are_the_same_document() {
    let (key, plain) = (key_of(HERE), plain(3 * FRAME + 5));
    let mut out = Vec::new();
    key.seal(0, &plain[..FRAME], false, &*ENTROPY, &mut out).unwrap();
    key.seal(1, &plain[FRAME..3 * FRAME], false, &*ENTROPY, &mut out).unwrap();
    key.seal(3, &plain[3 * FRAME..], true, &*ENTROPY, &mut out).unwrap();
    assert_eq!(*opened(&key, plain.len(), &out).unwrap(), plain);
    for part in [&plain[..5], &plain[..0], &plain[..FRAME + 1]] {
        let error = key.seal(0, part, false, &*ENTROPY, &mut Vec::new()).unwrap_err();
        assert_eq!(error.fault, Fault::Shape);
    }
}

#[test]
fn a_frame_that_is_sealed_again_has_another_nonce() {
    let (key, mut first, mut second) = (key_of(HERE), Vec::new(), Vec::new());
    key.seal(0, b"one", true, &*ENTROPY, &mut first).unwrap();
    key.seal(0, b"two", true, &*ENTROPY, &mut second).unwrap();
    assert_ne!(first[..PREFIX], second[..PREFIX]);
}

#[test]
fn frames_that_were_dropped_doubled_or_reordered_are_refused() {
    let (key, plain) = (key_of(HERE), plain(3 * FRAME));
    let whole = sealed(&key, &plain);
    let frame = |at: usize| &whole[at * SEALED_FRAME..(at + 1) * SEALED_FRAME];
    let refused = |frames: &[usize]| {
        let moved: Vec<u8> = frames.iter().flat_map(|at| frame(*at).to_vec()).collect();
        opened(&key, plain.len(), &moved).err()
    };
    assert_eq!(refused(&[0, 1, 2]), None);
    assert_eq!(refused(&[1, 0, 2]), Some(Fault::Frame(0)));
    assert_eq!(refused(&[0, 2, 1]), Some(Fault::Frame(1)));
    assert_eq!(refused(&[0, 0, 2]), Some(Fault::Frame(1)));
    assert_eq!(refused(&[0, 2]), Some(Fault::Frame(1)));
    // Without its end, and whoever reads believes that it ends there: the frame before was never the last one.
    let short = whole[..2 * SEALED_FRAME].to_vec();
    assert_eq!(key.open_all(0, 2, &short).unwrap_err().fault, Fault::Frame(1));
    // And with more behind its end.
    let long = [whole.as_slice(), frame(2)].concat();
    assert_eq!(key.open_all(0, 4, &long).unwrap_err().fault, Fault::Frame(2));
}

#[test]
fn a_frame_of_another_document_version_or_tenant_is_refused_by_the_same_key() {
    let key = KeyBytes::random(&*ENTROPY);
    let own = DocumentKey::of(&key, HERE).unwrap();
    let whole = sealed(&own, b"content");
    for elsewhere in [
        Place { document: [9; 16], ..HERE },
        Place { version: [9; 16], ..HERE },
        Place { tenant: GLOBEX, ..HERE },
    ] {
        let error = opened(&DocumentKey::of(&key, elsewhere).unwrap(), 7, &whole).unwrap_err();
        assert_eq!(error, Fault::Frame(0), "{elsewhere:?}");
    }
}

#[test]
fn a_wrapped_key_opens_for_its_version_and_tenant_alone() {
    let (key, wrapped) = DocumentKey::generate(KEYS[0].newest(), HERE, &*ENTROPY).unwrap();
    let whole = sealed(&key, b"content");
    let again = DocumentKey::unwrap(&KEYS[0], HERE, &wrapped).unwrap();
    assert_eq!(*opened(&again, 7, &whole).unwrap(), b"content");
    let fault = |keys: &TenantKeys, place| DocumentKey::unwrap(keys, place, &wrapped).unwrap_err();
    assert_eq!(fault(&KEYS[1], HERE).fault, Fault::Key(OpenError::WrongTenant));
    let foreign = Place { tenant: GLOBEX, ..HERE };
    assert_eq!(fault(&KEYS[1], foreign).fault, Fault::Key(OpenError::Rejected));
    let moved = Place { version: [3; 16], ..HERE };
    assert_eq!(fault(&KEYS[0], moved).fault, Fault::Key(OpenError::Rejected));
    assert!(DocumentKey::generate(KEYS[1].newest(), HERE, &*ENTROPY).is_err());
}

#[test]
fn an_error_names_the_version_and_the_frame_and_no_content() {
    let key = key_of(HERE);
    let mut whole = sealed(&key, b"content");
    whole[PREFIX] ^= 1;
    let error = key.open_all(0, 1, &whole).unwrap_err();
    assert_eq!(
        error.to_string(),
        "version 02020202-0202-0202-0202-020202020202 of document 01010101-0101-0101-0101-010101010101: \
         frame 0 was altered, moved, or sealed under another key"
    );
    assert!(!whole.windows(7).any(|window| window == b"content"), "what was refused is not left in memory");
}

#[test]
fn debug_shows_no_data_key() {
    let key = KeyBytes::random(&*ENTROPY);
    assert_hidden(&DocumentKey::of(&key, HERE).unwrap(), key.expose());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_flipped_bit_is_refused(length in 0..3 * FRAME, at: prop::sample::Index, bit in 0..8_u32) {
        let (key, plain) = (key_of(HERE), plain(length));
        let mut whole = sealed(&key, &plain);
        let at = at.index(whole.len());
        whole[at] ^= 1 << bit;
        let number = u32::try_from(at / SEALED_FRAME).unwrap();
        prop_assert_eq!(opened(&key, length, &whole).err(), Some(Fault::Frame(number)));
    }

    #[test]
    fn any_cut_is_refused(length in 1..2 * FRAME, at: prop::sample::Index) {
        let (key, plain) = (key_of(HERE), plain(length));
        let whole = sealed(&key, &plain);
        let cut = at.index(whole.len());
        let kept = frames(length as u64);
        // Whoever reads knows how many frames there have to be, and opens each of them.
        let frames = whole[..cut].to_vec();
        let opened = key.open_all(0, kept, &frames);
        let whole_frames = opened.as_ref().map(|plain| plain.len()).unwrap_or_default();
        prop_assert!(opened.is_err() || whole_frames < length);
        let mut last = whole[..cut].chunks(SEALED_FRAME).last().unwrap_or_default().to_vec();
        prop_assert!(key.open(u32::try_from(kept - 1).unwrap(), true, &mut last).is_err());
    }

    #[test]
    fn frames_of_two_documents_never_mix(length in 1..2 * FRAME, other in 1..2 * FRAME) {
        let elsewhere = Place { document: [9; 16], version: [8; 16], ..HERE };
        let (key, foreign) = (key_of(HERE), key_of(elsewhere));
        prop_assert!(opened(&key, other, &sealed(&foreign, &plain(other))).is_err());
        prop_assert!(opened(&foreign, length, &sealed(&key, &plain(length))).is_err());
    }
}
