//! See `bailiwick_fuzz::event`.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    bailiwick_fuzz::event(octets);
});
