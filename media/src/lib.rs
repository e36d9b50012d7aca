//! RTP, G.711, telephone-event, jitter, the operators' WebRTC leg and the taps for recording.
