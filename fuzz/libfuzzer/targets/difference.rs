//! See `bailiwick_fuzz::difference`.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    bailiwick_fuzz::difference(octets);
});
