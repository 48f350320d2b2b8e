#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::{Arc, LazyLock};

use proptest::prelude::*;

use super::*;
use crate::entropy::SeededEntropy;
use crate::keyring::tests::keyring;
use crate::secret::assert_hidden;

const ACME: [u8; 16] = [0xAC; 16];
const GLOBEX: [u8; 16] = [0x61; 16];
static ENTROPY: SeededEntropy = SeededEntropy::new(51);

struct Tenants {
    acme: Arc<TenantKeys>,
    acme_before_rotation: Arc<TenantKeys>,
    globex: Arc<TenantKeys>,
}

static TENANTS: LazyLock<Tenants> = LazyLock::new(|| {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
        let ring = keyring(2);
        let first = ring.create(ACME).await.unwrap();
        let second = ring.rotate(&first).await.unwrap();
        let globex = ring.create(GLOBEX).await.unwrap();
        Tenants {
            acme_before_rotation: ring.load(std::slice::from_ref(&first)).await.unwrap(),
            acme: ring.load(&[first, second]).await.unwrap(),
            globex: ring.load(&[globex]).await.unwrap(),
        }
    })
});

fn cell() -> Context<'static> {
    Context { tenant: ACME, table: "integration", row: b"row-1", column: "config", version: 7 }
}

fn sealed() -> Sealed {
    seal(TENANTS.acme.newest(), &cell(), b"smtp password", &ENTROPY).unwrap()
}

#[test]
fn owner_reads_back_what_was_sealed() {
    let opened = open(&TENANTS.acme, &cell(), &sealed()).unwrap();
    assert_eq!(opened.as_str(), Some("smtp password"));
    assert_eq!(sealed().as_bytes().len(), OVERHEAD + 13, "the documented layout");
    assert_hidden(&opened, b"smtp password");
}

#[test]
fn sealing_twice_shows_nothing_in_common() {
    let (left, right) = (sealed(), sealed());
    let body = |sealed: &Sealed| sealed.as_bytes().get(HEADER..).unwrap().to_vec();
    for (left, right) in
        body(&left).chunks(8).zip(body(&right).chunks(8)).filter(|(chunk, _)| chunk.len() == 8)
    {
        assert_ne!(left, right);
    }
}

#[test]
fn a_ciphertext_moved_anywhere_else_is_rejected() {
    let sealed = sealed();
    let elsewhere = [
        Context { table: "integratio", ..cell() },
        Context { table: "integrationr", row: b"ow-1", ..cell() },
        Context { row: b"row-2", ..cell() },
        Context { row: b"", ..cell() },
        Context { column: "confi", ..cell() },
        Context { column: "secret", ..cell() },
        Context { version: 8, ..cell() },
        Context { version: 6, ..cell() },
    ];
    for context in elsewhere {
        assert_eq!(open(&TENANTS.acme, &context, &sealed).unwrap_err(), OpenError::Rejected, "{context:?}");
    }
}

#[test]
fn another_tenant_cannot_open_or_seal_it() {
    let sealed = sealed();
    let foreign = Context { tenant: GLOBEX, ..cell() };
    assert_eq!(open(&TENANTS.globex, &cell(), &sealed).unwrap_err(), OpenError::WrongTenant);
    assert_eq!(open(&TENANTS.acme, &foreign, &sealed).unwrap_err(), OpenError::WrongTenant);
    // Globex has one version, the ciphertext names the second: relabelled, it still does not open.
    assert_eq!(open(&TENANTS.globex, &foreign, &sealed).unwrap_err(), OpenError::KeyVersion(2));
    let mut relabelled = sealed.into_bytes();
    *relabelled.get_mut(4).unwrap() = 1;
    let relabelled = Sealed::parse(relabelled).unwrap();
    assert_eq!(open(&TENANTS.globex, &foreign, &relabelled).unwrap_err(), OpenError::Rejected);
    assert_eq!(open(&TENANTS.acme, &cell(), &relabelled).unwrap_err(), OpenError::Rejected);
    let refused = seal(TENANTS.globex.newest(), &cell(), b"x", &ENTROPY).unwrap_err();
    assert_eq!(refused, SealError::WrongTenant);
}

#[test]
fn halves_of_two_ciphertexts_of_one_cell_do_not_combine() {
    let (left, right) = (sealed().into_bytes(), sealed().into_bytes());
    let cut = HEADER + WRAPPED;
    let mixed = [left.get(..cut).unwrap(), right.get(cut..).unwrap()].concat();
    assert_eq!(
        open(&TENANTS.acme, &cell(), &Sealed::parse(mixed).unwrap()).unwrap_err(),
        OpenError::Rejected
    );
}

#[test]
fn every_flipped_bit_gives_a_typed_error() {
    let good = sealed().into_bytes();
    for bit in 0..good.len() * 8 {
        let mut altered = good.clone();
        *altered.get_mut(bit / 8).unwrap() ^= 1 << (bit % 8);
        let result = Sealed::parse(altered).and_then(|sealed| open(&TENANTS.acme, &cell(), &sealed));
        let error = result.unwrap_err();
        match bit / 8 {
            0 => assert!(matches!(error, OpenError::Format(_))),
            1..=4 => assert!(matches!(error, OpenError::KeyVersion(_) | OpenError::Rejected)),
            _ => assert_eq!(error, OpenError::Rejected),
        }
    }
}

#[test]
fn every_cut_and_every_extension_gives_a_typed_error() {
    let good = sealed().into_bytes();
    for length in 0..good.len() {
        let cut = good.get(..length).unwrap().to_vec();
        let error = Sealed::parse(cut).and_then(|sealed| open(&TENANTS.acme, &cell(), &sealed)).unwrap_err();
        assert_eq!(error, if length < OVERHEAD { OpenError::Truncated } else { OpenError::Rejected });
    }
    let longer = [good.as_slice(), &[0]].concat();
    assert_eq!(
        open(&TENANTS.acme, &cell(), &Sealed::parse(longer).unwrap()).unwrap_err(),
        OpenError::Rejected
    );
    let huge = vec![FORMAT; OVERHEAD + LONGEST + 1];
    assert_eq!(Sealed::parse(huge).unwrap_err(), OpenError::TooLong);
    let refused = seal(TENANTS.acme.newest(), &cell(), &vec![0; LONGEST + 1], &ENTROPY).unwrap_err();
    assert_eq!(refused, SealError::TooLong);
}

#[test]
fn rotation_wraps_anew_without_touching_the_object() {
    let old = seal(TENANTS.acme_before_rotation.newest(), &cell(), b"kept", &ENTROPY).unwrap();
    assert_eq!(old.key_version(), 1);
    assert_eq!(open(&TENANTS.acme, &cell(), &old).unwrap().as_bytes(), b"kept", "old versions decrypt");
    let new = rewrap(&TENANTS.acme, &cell(), &old, &ENTROPY).unwrap();
    assert_eq!(new.key_version(), 2);
    assert_eq!(open(&TENANTS.acme, &cell(), &new).unwrap().as_bytes(), b"kept");
    let object = |sealed: &Sealed| sealed.as_bytes().get(HEADER + WRAPPED..).unwrap().to_vec();
    assert_eq!(object(&old), object(&new));
    let stale = open(&TENANTS.acme_before_rotation, &cell(), &new).unwrap_err();
    assert_eq!(stale, OpenError::KeyVersion(2), "a node with a stale cache knows what it lacks");
}

#[test]
fn rotation_stops_at_a_damaged_object() {
    let mut damaged = sealed().into_bytes();
    *damaged.last_mut().unwrap() ^= 1;
    let damaged = Sealed::parse(damaged).unwrap();
    let error = rewrap(&TENANTS.acme, &cell(), &damaged, &ENTROPY).unwrap_err();
    assert_eq!(error, RewrapError::Open(OpenError::Rejected));
}

proptest! {
    #[test]
    fn anything_sealed_opens_at_its_place_only(
        plaintext in prop::collection::vec(any::<u8>(), 0..300),
        table in "[a-z]{0,6}", row in prop::collection::vec(any::<u8>(), 0..20), column in "[a-z]{0,6}", version: u64,
        other_row in prop::collection::vec(any::<u8>(), 0..20),
    ) {
        let context = Context { tenant: ACME, table: &table, row: &row, column: &column, version };
        let sealed = seal(TENANTS.acme.newest(), &context, &plaintext, &ENTROPY).unwrap();
        let stored = Sealed::parse(sealed.clone().into_bytes()).unwrap();
        prop_assert_eq!(&sealed, &stored);
        let opened = open(&TENANTS.acme, &context, &stored).unwrap();
        prop_assert_eq!(opened.as_bytes(), plaintext.as_slice());
        let moved = open(&TENANTS.acme, &Context { row: &other_row, ..context }, &stored);
        prop_assert_eq!(moved.is_ok(), row == other_row);
    }

    #[test]
    fn arbitrary_bytes_never_open(mut bytes in prop::collection::vec(any::<u8>(), 0..200), plausible: bool) {
        if plausible {
            bytes.splice(0..bytes.len().min(HEADER), [FORMAT, 0, 0, 0, 2]);
        }
        let result = Sealed::parse(bytes).and_then(|sealed| open(&TENANTS.acme, &cell(), &sealed));
        prop_assert!(result.is_err());
    }
}
