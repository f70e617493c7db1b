//! our own surface
