//! See `bailiwick_fuzz::receipt`.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    bailiwick_fuzz::receipt(octets);
});
