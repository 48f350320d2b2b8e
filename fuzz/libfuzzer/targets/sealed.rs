//! See `bailiwick_fuzz::sealed`.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    bailiwick_fuzz::sealed(octets);
});
