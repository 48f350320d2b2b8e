//! See `bailiwick_fuzz::product_event`.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    bailiwick_fuzz::product_event(octets);
});
