//! one file per cause
