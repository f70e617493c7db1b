//! How IAM decides. A pure library: it imports nothing else of ours, so it can leave on the day that
//! somebody wants it.
//!
//! [`Document::parse`] reads a policy and keeps the byte span of every node; [`evaluate`](fn@evaluate) decides a
//! [`Request`] against every layer of [`Layers`], in three values, and explains itself with an [`Evaluation`].
//!
//! Read as a chapter, from the inside out; each module says its rule and where AWS documents it:
//!
//! 1. [`json`] and [`grammar`]: what a policy document is, and what IAM refuses. [`Document`], [`Rules`], [`ParseError`].
//! 2. [`wildcard`], [`arn`], [`variables`]: how a value of a policy is compared with one of the request.
//! 3. [`principal`] and [`principal_match`]: who asks, and the three ways of being named. [`Principal`].
//! 4. [`condition`]: the operators, one file a family; what a missing key means. [`request`]: the [`Context`].
//! 5. [`statement`]: a statement applies if all its elements do.
//! 6. [`layers`], [`fold`]: the layers, and the table that folds them into a [`Decision`]. [`s3`], [`kms`], [`sts`]: where a service
//!    differs. [`public`]: what S3 calls public.
//! 7. [`truth`] and [`cases`]: what is unknown, and when it matters. Learning a key never flips a settled answer.
//! 8. [`explain`], [`nearest`], [`repair`](mod@repair), [`lint`]: why, what came closest, the narrowest edit, and what nobody means.
//! 9. [`simulate`]: the same, as JSON lines.
//!
//! ```
//! use why403::policy::{Context, Decision, Document, Layers, NamedPolicy, Reading, Request, Rules, evaluate};
//!
//! let text = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject",
//!                "Resource": "arn:aws:s3:::acme-data/*"}]}"#;
//! let document = Document::parse(text, Rules::Identity)?;
//! let layers = Layers {
//!     identity: Reading::Read(vec![NamedPolicy { name: "app-read".to_owned(), document }]),
//!     ..Layers::default()
//! };
//! let request = Request {
//!     principal: "arn:aws:iam::111122223333:role/app".parse()?,
//!     action: "s3:GetObject".to_owned(),
//!     resource: "arn:aws:s3:::acme-data/a.csv".to_owned(),
//!     resource_account: Some("111122223333".to_owned()),
//!     object_owner: None,
//!     context: Context::closed(),
//! };
//! assert_eq!(evaluate(&request, &layers).decision, Decision::Allowed);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod actions;
pub mod arn;
pub mod cases;
pub mod condition;
pub mod document;
pub mod evaluate;
pub mod explain;
pub mod fold;
pub mod grammar;
pub mod json;
pub mod kms;
pub mod layers;
pub mod lint;
pub mod nearest;
pub mod principal;
pub mod principal_match;
pub mod public;
pub mod repair;
pub mod request;
pub mod s3;
pub mod simulate;
pub mod statement;
pub mod sts;
pub mod trace;
pub mod truth;
pub mod variables;
pub mod wildcard;

pub use document::{Document, Effect, Lint, ParseError, Rules, Statement, Version};
pub use evaluate::{Verdict, decide, evaluate};
pub use explain::denying_span;
pub use kms::grant_covers;
pub use layers::{Grant, GrantConstraints, Layer, Layers, Level, NamedPolicy, Reading};
pub use nearest::nearest_miss;
pub use principal::{Principal, PrincipalError};
pub use repair::{repair, repair_of};
pub use request::{Context, Request};
pub use s3::locks_everybody_out;
pub use trace::{
    Decision, Decisive, DenyingSpan, Dependency, Element, ElementTrace, Evaluation, LayerEvaluation, Miss, NearMiss,
    Outcome, Reason, Repair, RepairEdit, RepairOp, Span, StatementRef, StatementTrace,
};
pub use truth::Truth;

#[cfg(test)]
mod tests;
