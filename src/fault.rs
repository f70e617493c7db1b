//! Faults on purpose: a panic at a named stage, so that a test can show what each of them costs the user (nothing).
//!
//! Only a build with the sandbox can be told to have one; in every other, [`point`] does nothing. The stages stand in one
//! list, and a test goes through all of it: a stage that nobody reaches any more fails that test.

/// The variable that names the stage, or `probe:NAME` for one of [`crate::evidence::PROBES`].
#[cfg(feature = "sandbox")]
pub const VARIABLE: &str = "WHY403_TEST_PANIC";

/// A place where why403 could break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Our own options, before anything else.
    Options,
    /// The same of a subcommand.
    CommandLine,
    /// The loop guard, before `aws` is looked for.
    Guard,
    /// Looking for `aws`.
    Locate,
    /// Whether to stay behind, before `aws` runs.
    Plan,
    /// The line of the script, before `aws` runs.
    Script,
    /// All that is set up for `aws`, just before it starts.
    Start,
    /// Waiting for `aws`.
    Wait,
    /// Its stderr, about to be read.
    Copy,
    /// The same, read and not yet written.
    CopyHeld,
    /// The same, written.
    CopyPassed,
    /// Looking at its stderr in passing.
    Recognize,
    /// What was recognised, when all is through.
    RecognizeEnd,
    /// The config file, the environment.
    Config,
    /// The command line and the profiles, read.
    Request,
    /// The keys to ask with.
    Credentials,
    /// What the answers mean.
    Judge,
    /// Keeping the report for `why403 last`.
    State,
    /// Replacing account ids.
    Redact,
    /// Drawing it.
    Render,
    /// Writing it on stderr.
    Output,
    /// The report file.
    Report,
    /// The documents of `--format NAME=FILE`.
    Document,
    /// `why403 exec`, before its command runs.
    ExecSetUp,
    /// Handing a report in to `why403 exec`.
    Collect,
    /// Making one of all at its end.
    Merge,
    /// Any other subcommand.
    Subcommand,
}

/// All of them, but the probes.
pub const STAGES: &[Stage] = &[
    Stage::Options,
    Stage::CommandLine,
    Stage::Guard,
    Stage::Locate,
    Stage::Plan,
    Stage::Script,
    Stage::Start,
    Stage::Wait,
    Stage::Copy,
    Stage::CopyHeld,
    Stage::CopyPassed,
    Stage::Recognize,
    Stage::RecognizeEnd,
    Stage::Config,
    Stage::Request,
    Stage::Credentials,
    Stage::Judge,
    Stage::State,
    Stage::Redact,
    Stage::Render,
    Stage::Output,
    Stage::Report,
    Stage::Document,
    Stage::ExecSetUp,
    Stage::Collect,
    Stage::Merge,
    Stage::Subcommand,
];

impl Stage {
    /// As the variable spells it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Options => "options",
            Self::CommandLine => "command-line",
            Self::Guard => "guard",
            Self::Locate => "locate",
            Self::Plan => "plan",
            Self::Script => "script",
            Self::Start => "start",
            Self::Wait => "wait",
            Self::Copy => "copy",
            Self::CopyHeld => "copy-held",
            Self::CopyPassed => "copy-passed",
            Self::Recognize => "recognize",
            Self::RecognizeEnd => "recognize-end",
            Self::Config => "config",
            Self::Request => "request",
            Self::Credentials => "credentials",
            Self::Judge => "judge",
            Self::State => "state",
            Self::Redact => "redact",
            Self::Render => "render",
            Self::Output => "output",
            Self::Report => "report",
            Self::Document => "document",
            Self::ExecSetUp => "exec-set-up",
            Self::Collect => "collect",
            Self::Merge => "merge",
            Self::Subcommand => "subcommand",
        }
    }
}

/// Where this stage breaks if it was told to.
#[inline]
pub fn point(stage: Stage) {
    #[cfg(feature = "sandbox")]
    break_if_named(stage.name());
    #[cfg(not(feature = "sandbox"))]
    let _never = stage;
}

/// Where a probe breaks if it was told to.
#[inline]
pub(crate) fn probe(name: &str) {
    #[cfg(feature = "sandbox")]
    break_if_named(&format!("probe:{name}"));
    #[cfg(not(feature = "sandbox"))]
    let _never = name;
}

/// Breaks with a message as bad as a message can be: with the secret in it.
#[cfg(feature = "sandbox")]
fn break_if_named(name: &str) {
    use crate::world::{Process, Surroundings};
    if Process.variable(VARIABLE).is_some_and(|wanted| wanted == name) {
        std::panic::panic_any(format!("at {name}, with {:?}", Process.variable("AWS_SECRET_ACCESS_KEY")));
    }
}
