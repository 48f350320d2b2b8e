//! See `bailiwick_fuzz::credential`.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    bailiwick_fuzz::credential(octets);
});
