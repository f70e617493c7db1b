//! being invisible
