//! How IAM decides. A pure library: it imports nothing else of ours, so it can leave on the day that
//! somebody wants it.
//!
//! [`Document::parse`] reads a policy and keeps the byte span of every node; [`evaluate`] decides a
//! [`Request`] against every [`Layers`], in three values, and explains itself with an [`Evaluation`].
