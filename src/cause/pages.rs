//! The long text of each cause, one Markdown file beside this one: what happens, an example, the repairs, the proof, and
//! what looks like it and is not. It is text alone: nothing here judges, and nothing here lays out.
//!
//! The files are plain Markdown of lines that fit a terminal, so that they read as well where they are not rendered:
//! on a web page, in an editor, under `why403 explain`.

/// Every page by its code, in the order of the registry; a page that is missing does not compile.
macro_rules! pages {
    ($($code:literal),* $(,)?) => {
        &[$(($code, include_str!(concat!("pages/", $code, ".md")))),*]
    };
}

static PAGES: &[(&str, &str)] = pages![
    "no-credentials",
    "profile-not-found",
    "expired-credentials",
    "unknown-access-key",
    "wrong-secret-key",
    "invalid-session-token",
    "clock-skew",
    "unsigned-request",
    "wrong-profile",
    "assume-role-denied",
    "key-not-found-hidden",
    "bucket-not-found",
    "wrong-region",
    "requester-pays",
    "archived-object",
    "customer-key-required",
    "identity-policy-no-allow",
    "identity-policy-deny",
    "permissions-boundary",
    "session-policy",
    "service-control-policy",
    "resource-control-policy",
    "bucket-policy-deny",
    "bucket-policy-no-allow",
    "vpc-endpoint-policy",
    "access-point-policy",
    "block-public-access",
    "object-owned-by-other-account",
    "kms-no-allow",
    "kms-key-policy",
    "kms-key-unusable",
    "kms-aws-managed-key",
    "bucket-owner-mismatch",
    "blocked-by-aws",
    "not-reproduced",
    "undetermined",
];

/// The page of a cause, as Markdown.
#[must_use]
pub fn page(code: &str) -> Option<&'static str> {
    PAGES.iter().find(|(own, _)| *own == code).map(|(_, text)| *text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cause::registry;

    const SECTIONS: &[&str] = &[
        "## What happens",
        "## Example",
        "## Repairs",
        "## How it is proven",
        "## Looks like it and is not",
        "## Sources",
    ];

    /// What has a code's shape and is none: the names of the examples, of checks, and of what AWS writes with hyphens.
    const OTHER_NAMES: &[&str] = &[
        "account-public-access-block",
        "acme-logs",
        "bucket-owner-full-control",
        "ci-deploy",
        "fetch-owner",
        "iam-policies",
        "iam-role-trust",
        "iam-simulation",
        "kms-key",
        "organization-policies",
        "other-profiles",
        "sts-identity",
        "usgs-landsat",
        "vpc-endpoints",
    ];

    /// The lines with whether each stands in a code block; the fences themselves are left out.
    fn lines(text: &str) -> Vec<(&str, bool)> {
        let mut is_code = false;
        let mut lines = Vec::new();
        for line in text.lines() {
            if line == "```" {
                is_code = !is_code;
            } else {
                lines.push((line, is_code));
            }
        }
        assert!(!is_code, "a code block is never closed");
        lines
    }

    fn section<'t>(text: &'t str, heading: &str) -> &'t str {
        let (_, rest) = text.split_once(&format!("\n{heading}\n")).unwrap();
        rest.split_once("\n## ").map_or(rest, |(own, _)| own)
    }

    fn in_backticks(line: &str) -> impl Iterator<Item = &str> {
        line.split('`').skip(1).step_by(2)
    }

    fn is_shaped_like_a_code(word: &str) -> bool {
        word.contains('-')
            && !word.starts_with("x-amz-")
            && word.starts_with(|c: char| c.is_ascii_lowercase())
            && word.chars().all(|c| c.is_ascii_lowercase() || c == '-')
    }

    #[test]
    fn pages_and_registry_are_the_same_list() {
        let listed: Vec<&str> = PAGES.iter().map(|(code, _)| *code).collect();
        let mut registered: Vec<&str> = registry::all().iter().map(|about| about.code.as_str()).collect();
        assert!(registered.len() > 30);
        for code in &listed {
            assert_eq!(listed.iter().filter(|other| *other == code).count(), 1, "{code}");
            assert!(registered.contains(code), "{code} has a page and is no cause");
        }
        registered.retain(|code| page(code).is_none());
        assert_eq!(registered, [""; 0], "causes without a page");
    }

    #[test]
    fn every_file_is_embedded() {
        let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/src/cause/pages");
        let mut files: Vec<String> = std::fs::read_dir(directory)
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        let mut embedded: Vec<String> = PAGES.iter().map(|(code, _)| format!("{code}.md")).collect();
        files.sort_unstable();
        embedded.sort_unstable();
        assert_eq!(files, embedded);
    }

    #[test]
    fn a_page_begins_with_its_code_and_one_sentence() {
        for (code, text) in PAGES {
            let opening: Vec<&str> = text.lines().take_while(|line| !line.is_empty()).collect();
            assert_eq!(opening.first().copied(), Some(format!("# {code}").as_str()));
            let sentence = opening[1..].join(" ");
            assert!(sentence.ends_with('.') && !sentence.contains(". "), "{code}: {sentence}");
        }
    }

    #[test]
    fn the_sections_are_all_there_in_order_and_not_empty() {
        for (code, text) in PAGES {
            let headings: Vec<&str> = lines(text)
                .into_iter()
                .filter(|(line, is_code)| !is_code && line.starts_with("## "))
                .map(|(line, _)| line)
                .collect();
            assert_eq!(headings, SECTIONS, "{code}");
            for heading in SECTIONS {
                assert!(!section(text, heading).trim().is_empty(), "{code}: {heading}");
            }
            assert!((25..=60).contains(&text.lines().count()), "{code}: {} lines", text.lines().count());
        }
    }

    #[test]
    fn every_code_that_is_named_exists() {
        for (code, text) in PAGES {
            for (line, is_code) in lines(text) {
                if !is_code {
                    // A span that goes on over the end of a line would be cut in two where the page is laid out.
                    assert_eq!(line.matches('`').count() % 2, 0, "{code}: {line}");
                }
                for word in in_backticks(line).filter(|word| !is_code && is_shaped_like_a_code(word)) {
                    let is_known = registry::find(word).is_some() || OTHER_NAMES.contains(&word);
                    assert!(is_known, "{code} names `{word}`, which is no cause");
                }
            }
        }
    }

    #[test]
    fn each_near_miss_is_another_cause() {
        for (code, text) in PAGES {
            let misses: Vec<&str> =
                section(text, "## Looks like it and is not").lines().filter(|line| line.starts_with("- ")).collect();
            assert!(!misses.is_empty(), "{code}");
            for miss in misses {
                let named = in_backticks(miss).next().unwrap();
                assert!(registry::find(named).is_some() && named != *code, "{code}: {miss}");
            }
        }
    }

    #[test]
    fn the_example_is_awss_line_and_then_this_diagnosis() {
        let documents = ["bucket-policy-deny", "identity-policy-no-allow", "kms-no-allow", "service-control-policy"];
        for (code, text) in PAGES {
            let example = section(text, "## Example");
            let (aws, ours) = example.trim().trim_matches('`').trim().split_once("\n\n").unwrap();
            let is_from_aws =
                ["error", "failed", "warning", "could not be found"].iter().any(|word| aws.contains(word));
            assert!(is_from_aws, "{code}: {aws}");
            let title =
                ["", "likely ", "possible "].iter().any(|sure| ours.starts_with(&format!("{sure}cause[{code}]: ")));
            assert!(title, "{code}: {ours}");
            assert!(ours.contains("\nhelp: "), "{code}");
            assert!(!documents.contains(code) || ours.contains("^^^"), "{code} has no caret");
        }
    }

    #[test]
    fn lines_fit_a_terminal_and_any_locale() {
        for (code, text) in PAGES {
            assert!(text.is_ascii() && text.ends_with('\n') && !text.ends_with("\n\n"), "{code}");
            for (line, is_code) in lines(text) {
                // What is code is set in by four columns on the screen.
                let most = if is_code { 76 } else { 80 };
                let is_address = line.starts_with("- https://");
                assert!(line.len() <= most || is_address, "{code}: {line}");
                assert_eq!(line, line.trim_end(), "{code}");
            }
        }
    }

    #[test]
    fn no_repair_opens_everything() {
        for (code, text) in PAGES {
            let repairs: String = section(text, "## Repairs").split_whitespace().collect();
            for wide in [
                "s3:*",
                "kms:*",
                "iam:*",
                "\"Resource\":\"*\"",
                "\"Action\":\"*\"",
                "\"Principal\":\"*\"",
                "{\"AWS\":\"*\"}",
            ] {
                assert!(!repairs.contains(wide), "{code}: {wide}");
            }
            for turned_off in ["delete-public-access-block", "delete-bucket-policy", "BlockPublicPolicy=false"] {
                assert!(!repairs.contains(turned_off), "{code}: {turned_off}");
            }
        }
    }

    #[test]
    fn sources_are_awss_own() {
        for (code, text) in PAGES {
            for line in section(text, "## Sources").lines() {
                let is_awss = ["- https://docs.aws.amazon.com/", "- https://repost.aws/knowledge-center/"]
                    .iter()
                    .any(|home| line.starts_with(home));
                assert!(is_awss && line.split(' ').count() == 2, "{code}: {line}");
            }
        }
    }
}
