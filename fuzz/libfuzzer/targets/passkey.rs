//! See `bailiwick_fuzz::passkey`.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    bailiwick_fuzz::passkey(octets);
});
