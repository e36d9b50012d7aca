//! HTTP API, live events, sign-in and the embedded console.
