#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| sip::fuzzing::stream(octets));
