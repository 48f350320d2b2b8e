//! See `bailiwick_fuzz::checkpoint`.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    bailiwick_fuzz::checkpoint(octets);
});
