//! Siaga answers a city's 112 calls and gets help moving.
fn main() {}
