//! Call audio, CCTV footage, retention and holds.
