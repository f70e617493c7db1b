//! an AWS in miniature
