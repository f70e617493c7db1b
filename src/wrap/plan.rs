//! Whether a command is passed through or watched. Pure: what it asks of the world comes in.

use std::ffi::OsString;

use super::options::{Explain, Flags, Options};
use super::service;
use crate::fault::{self, Stage};
use crate::world::{Surroundings, is_no};

/// What to do with a command line of `aws`.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Plan {
    /// Nothing to add: the real `aws` takes our place.
    Exec,
    /// Stay behind, and explain if it fails.
    Observe(Options),
}

/// Decides. The cheap questions come first, so that most commands read no variable at all.
pub(super) fn plan(aws_args: &[OsString], flags: Flags, world: &dyn Surroundings) -> Plan {
    fault::point(Stage::Plan);
    if service::of_interest(aws_args).is_none() || world.variable("WHY403").is_some_and(|value| is_no(&value)) {
        return Plan::Exec;
    }
    let mut options = flags.over_variables(world);
    options.show = shows(options.explain, world);
    if options.show || options.writes_files() { Plan::Observe(options) } else { Plan::Exec }
}

/// Whether an explanation goes to stderr.
pub(super) fn shows(explain: Explain, world: &dyn Surroundings) -> bool {
    match explain {
        Explain::Always => true,
        Explain::Never => false,
        Explain::Auto => world.stderr_is_terminal() || crate::ci::is_ci(world),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::wrap::options::{Parsed, parse};

    #[derive(Default)]
    struct Given {
        variables: BTreeMap<&'static str, &'static str>,
        terminal: bool,
    }

    impl Surroundings for Given {
        fn variable(&self, name: &str) -> Option<OsString> {
            self.variables.get(name).map(OsString::from)
        }
        fn stderr_is_terminal(&self) -> bool {
            self.terminal
        }
    }

    fn observed(line: &str, variables: &[(&'static str, &'static str)], terminal: bool) -> Option<Options> {
        let args: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        let Parsed::Aws { flags, args } = parse(&args) else { panic!("not a command line of aws: {line}") };
        match plan(args, flags, &Given { variables: variables.iter().copied().collect(), terminal }) {
            Plan::Exec => None,
            Plan::Observe(options) => Some(options),
        }
    }

    #[test]
    fn auto_explains_to_people_and_to_ci() {
        assert!(observed("why403 aws s3 ls", &[], false).is_none());
        assert!(observed("why403 aws s3 ls", &[("CI", "false")], false).is_none());
        assert!(observed("why403 aws s3 ls", &[("CI", "true")], false).is_some_and(|options| options.show));
        assert!(observed("why403 aws s3 ls", &[], true).is_some_and(|options| options.show));
        assert!(observed("aws s3 ls", &[], true).is_some());
    }

    #[test]
    fn a_report_is_written_even_where_nothing_is_shown() {
        for (line, variables) in [
            ("why403 --report r.json aws s3 ls", vec![]),
            ("why403 --explain never --report=r.json aws s3 ls", vec![]),
            ("why403 aws s3 ls", vec![("WHY403_REPORT", "r.json"), ("WHY403_EXPLAIN", "never")]),
            ("why403 --format json=r.json aws s3 ls", vec![]),
            ("why403 aws s3 ls", vec![("WHY403_FORMAT", "json=r.json")]),
        ] {
            assert!(observed(line, &variables, false).is_some_and(|options| !options.show), "{line}");
        }
    }

    #[test]
    fn off_and_never_and_other_services_are_let_go() {
        for off in ["off", "0", "OFF", "false", "no"] {
            assert!(observed("why403 --explain always --report r aws s3 ls", &[("WHY403", off)], true).is_none());
        }
        assert!(observed("why403 aws s3 ls", &[("WHY403", "on")], true).is_some());
        assert!(observed("why403 --explain never aws s3 ls", &[], true).is_none());
        assert!(observed("why403 --explain never --format json aws s3 ls", &[], true).is_none());
        assert!(observed("why403 aws s3 ls", &[("WHY403_EXPLAIN", "never")], true).is_none());
        assert!(observed("why403 --explain always aws ec2 describe-instances", &[], true).is_none());
        assert!(observed("why403 --explain always aws s3 cp help", &[], true).is_none());
    }

    #[test]
    fn flags_beat_variables() {
        let variables = [("WHY403_EXPLAIN", "never"), ("WHY403_TIMEOUT", "9"), ("WHY403_REPORT", "v.json")];
        let options = observed("why403 --explain always --timeout 1.5 --report f.json aws s3 ls", &variables, false);
        let options = options.expect("observed");
        assert_eq!(options.timeout.as_millis(), 1500);
        assert_eq!(options.report.as_deref(), Some("f.json".as_ref()));
    }
}
