//! The sandbox as a client meets it: signed by AWS's own signer, without a socket where none is needed, and with
//! the real CLI where it is.

mod client;
mod real_cli;
mod s3;
mod scenarios;
mod services;
mod wire;
