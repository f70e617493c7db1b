//! The only module that talks to AWS.
//!
//! The SDK builds, signs and addresses the requests; everything that makes it safe to send them
//! unasked is here: one allowlist of operations ([`allowlist`]) that every request passes on its
//! way out, one HTTP client ([`transport`]) that follows no redirect, retries nothing and reads no
//! more than a bound, and credentials found as the CLI finds them ([`credentials`]).
//!
//! It is not a general client: it knows nothing of what answers mean.

pub mod allowlist;
pub mod answer;
pub mod clients;
pub mod credentials;
pub mod ledger;
pub mod raw;
pub mod runtime;
pub mod sso;
pub mod transport;
pub mod xml;
