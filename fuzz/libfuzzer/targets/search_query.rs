//! See `bailiwick_fuzz::search_query`.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    bailiwick_fuzz::search_query(octets);
});
