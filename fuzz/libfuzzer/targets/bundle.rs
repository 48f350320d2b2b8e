//! See `bailiwick_fuzz::bundle`.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    bailiwick_fuzz::bundle(octets);
});
