//! one file per output format
