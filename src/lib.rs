//! # why403: why did S3 say 403? The answer, under the error.
//!
//! Read top to bottom this is the data flow, and each box is a module:
//!
//! ```text
//! argv ─► cli ─► wrap ──(nothing to add)──────────► exec the real aws
//!                  └─(an S3 command)─► spawn + tee stderr ─► recognize ─► request
//!                                                                           │
//!      render ◄─ diagnosis ◄─ cause (judge, rank) ◄─ policy (evaluate) ◄─ evidence (gather, budget)
//!       │                         pure                   pure                └─ aws (the only network door)
//!       └ terminal · plain · concise · json · github · gitlab · markdown · sarif · junit
//! ```
//!
//! What holds it together:
//!
//! 1. **Pure core, I/O at the edge.** [`recognize`], [`policy`], [`cause`], [`diagnosis`] and
//!    [`render`] take data and return data. [`world`] is the only door to the environment, [`aws`]
//!    the only door to the network, [`wrap`] the only one that starts the real `aws`, and [`output`] the only one that
//!    writes. [`explain`] conducts the line from one to the next.
//! 2. **A probe knows how to ask; a cause knows what answers mean.** [`evidence`] never judges and
//!    [`cause`] never asks.
//! 3. **Evidence is honest about absence.** A probe answers [`evidence::Answer`]: known, denied, timed
//!    out, failed or skipped; never an empty default.
//! 4. **Three-valued policy evaluation.** A context key is present, absent or unknown, and learning
//!    one never flips a settled answer.
//! 5. **Explanations are data, words come at the edge.**
//! 6. **Ours never looks like theirs.** When why403 itself fails it says one line, keeps aws's exit
//!    status, and gets out of the way.

#![forbid(unsafe_code)]

pub mod aws;
pub mod cache;
pub mod cause;
pub mod ci;
pub mod cli;
pub mod collect;
pub mod config;
pub mod diagnosis;
pub mod evidence;
pub mod explain;
pub mod fault;
pub mod ignore;
pub mod output;
pub mod policy;
pub mod private;
pub mod recognize;
pub mod redact;
pub mod render;
pub mod request;
#[cfg(feature = "sandbox")]
pub mod sandbox;
pub mod state;
pub mod world;
pub mod wrap;
