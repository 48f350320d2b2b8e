//! See `bailiwick_fuzz::value`.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    bailiwick_fuzz::value(octets);
});
