//! Which CI system this is, and what its log can show. Pure: variables in, decisions out.
//!
//! Every system shows what is printed. GitHub also takes annotations and a page of Markdown, GitLab folds a section.
//! Everything else (code quality, JUnit, SARIF) is a file that a job asks for with `--format`.

use crate::world::{Surroundings, is_no};
use std::path::PathBuf;

/// A CI system that we know something about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ci {
    GitHub,
    GitLab,
    Buildkite,
    Azure,
    CircleCi,
    Jenkins,
    CodeBuild,
}

/// One system: the variable that it alone sets, and the one with the checkout's directory.
struct Known {
    ci: Ci,
    name: &'static str,
    mark: &'static str,
    workspace: &'static str,
}

/// The documented variables of each. Azure, CodeBuild and old versions of Jenkins do not set `CI`.
const KNOWN: &[Known] = &[
    Known { ci: Ci::GitHub, name: "GitHub Actions", mark: "GITHUB_ACTIONS", workspace: "GITHUB_WORKSPACE" },
    Known { ci: Ci::GitLab, name: "GitLab CI/CD", mark: "GITLAB_CI", workspace: "CI_PROJECT_DIR" },
    Known { ci: Ci::Buildkite, name: "Buildkite", mark: "BUILDKITE", workspace: "BUILDKITE_BUILD_CHECKOUT_PATH" },
    Known { ci: Ci::Azure, name: "Azure Pipelines", mark: "TF_BUILD", workspace: "BUILD_SOURCESDIRECTORY" },
    Known { ci: Ci::CircleCi, name: "CircleCI", mark: "CIRCLECI", workspace: "CIRCLE_WORKING_DIRECTORY" },
    Known { ci: Ci::CodeBuild, name: "AWS CodeBuild", mark: "CODEBUILD_BUILD_ID", workspace: "CODEBUILD_SRC_DIR" },
    Known { ci: Ci::Jenkins, name: "Jenkins", mark: "JENKINS_URL", workspace: "WORKSPACE" },
];

fn known(world: &dyn Surroundings) -> Option<&'static Known> {
    KNOWN.iter().find(|known| world.variable(known.mark).is_some_and(|value| !is_no(&value)))
}

/// The system that runs this, if it is one that we know.
#[must_use]
pub fn detect(world: &dyn Surroundings) -> Option<Ci> {
    known(world).map(|known| known.ci)
}

/// What to call it.
#[must_use]
pub fn name(world: &dyn Surroundings) -> Option<&'static str> {
    known(world).map(|known| known.name)
}

/// Whether a CI system runs this: it says so, or `CI` is set. `CI=false` says no for all of them.
#[must_use]
pub fn is_ci(world: &dyn Surroundings) -> bool {
    match world.variable("CI") {
        Some(value) => !is_no(&value),
        None => known(world).is_some(),
    }
}

/// Where the repository is checked out.
#[must_use]
pub fn workspace(world: &dyn Surroundings) -> Option<PathBuf> {
    // CircleCI writes `~/project`, which only a shell resolves.
    let path = PathBuf::from(world.variable(known(world)?.workspace)?);
    path.is_absolute().then_some(path)
}

/// What a log is given besides the text, where nobody chose a format.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extras {
    /// An `::error` command of GitHub's.
    pub annotate: bool,
    /// The file for GitHub's page of the step.
    pub summary: Option<PathBuf>,
    /// A section of GitLab's around the text.
    pub section: bool,
}

/// Decides that.
#[must_use]
pub fn extras(world: &dyn Surroundings) -> Extras {
    if !is_ci(world) {
        return Extras::default();
    }
    match detect(world) {
        Some(Ci::GitHub) => {
            Extras { annotate: true, summary: world.variable("GITHUB_STEP_SUMMARY").map(PathBuf::from), section: false }
        }
        Some(Ci::GitLab) => Extras { section: true, ..Extras::default() },
        _ => Extras::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::ffi::OsString;

    struct Given(BTreeMap<&'static str, &'static str>);

    impl Surroundings for Given {
        fn variable(&self, name: &str) -> Option<OsString> {
            self.0.get(name).map(OsString::from)
        }
        fn stderr_is_terminal(&self) -> bool {
            false
        }
    }

    fn given(variables: &[(&'static str, &'static str)]) -> Given {
        Given(variables.iter().copied().collect())
    }

    #[test]
    fn every_system_is_known_by_its_own_variable() {
        for (variables, ci) in [
            (&[("CI", "true"), ("GITHUB_ACTIONS", "true")][..], Some(Ci::GitHub)),
            (&[("CI", "true"), ("GITLAB_CI", "true")], Some(Ci::GitLab)),
            (&[("CI", "true"), ("BUILDKITE", "true")], Some(Ci::Buildkite)),
            (&[("TF_BUILD", "True")], Some(Ci::Azure)),
            (&[("CI", "true"), ("CIRCLECI", "true")], Some(Ci::CircleCi)),
            (&[("JENKINS_URL", "https://ci.example/")], Some(Ci::Jenkins)),
            (&[("CODEBUILD_BUILD_ID", "x:1")], Some(Ci::CodeBuild)),
            (&[("CI", "1")], None),
        ] {
            assert_eq!(detect(&given(variables)), ci, "{variables:?}");
            assert!(is_ci(&given(variables)), "{variables:?}");
        }
        assert!(!is_ci(&given(&[])));
        assert!(!is_ci(&given(&[("CI", "false"), ("TF_BUILD", "True")])));
        assert!(!is_ci(&given(&[("GITHUB_ACTIONS", "false")])));
    }

    #[test]
    fn only_what_a_log_can_show() {
        let github = given(&[("GITHUB_ACTIONS", "true"), ("GITHUB_STEP_SUMMARY", "/s.md")]);
        assert_eq!(extras(&github), Extras { annotate: true, summary: Some("/s.md".into()), section: false });
        let gitlab = given(&[("GITLAB_CI", "true"), ("GITHUB_STEP_SUMMARY", "/s.md")]);
        assert_eq!(extras(&gitlab), Extras { section: true, ..Extras::default() });
        for plain in [&[("TF_BUILD", "True")][..], &[("JENKINS_URL", "x")], &[("CI", "true")], &[]] {
            assert_eq!(extras(&given(plain)), Extras::default());
        }
        // A developer who plays CI at a desk and says so.
        assert_eq!(extras(&given(&[("CI", "false"), ("GITHUB_ACTIONS", "true")])), Extras::default());
    }

    #[test]
    fn the_checkout_is_an_absolute_path() {
        let at = |path| workspace(&given(&[("CIRCLECI", "true"), ("CIRCLE_WORKING_DIRECTORY", path)]));
        assert_eq!(at("~/project"), None);
        assert_eq!(at("/srv/project"), Some("/srv/project".into()));
        assert_eq!(workspace(&given(&[("GITHUB_WORKSPACE", "/x")])), None);
    }
}
