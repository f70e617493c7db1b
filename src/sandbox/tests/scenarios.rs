//! Promises over all scenarios: that they are worlds, that every cause has its own, that they can be repaired.

use crate::sandbox::scenario::{Edit, EditError, Messages, Target, names};
use crate::sandbox::tests::client::{Ask, Bench};
use crate::sandbox::{Sandbox, Scenario, Sentinel};
use std::collections::BTreeSet;

fn causes() -> Vec<String> {
    let list: toml::Table = toml::from_str(include_str!("../../cause/causes.toml")).unwrap();
    let causes = list["cause"].as_array().unwrap();
    causes.iter().map(|cause| cause["code"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_scenario_is_a_world() {
    let known: BTreeSet<String> = causes().into_iter().collect();
    for name in names() {
        let scenario = Scenario::load(name).unwrap_or_else(|error| panic!("{name}: {error}"));
        let expect = &scenario.expect;
        let named = expect.causes.iter().map(|it| &it.cause).chain(&expect.absent).chain(&expect.one_of);
        for cause in named {
            assert!(known.contains(cause), "{name} expects `{cause}`, which is no cause");
        }
        for expected in &expect.causes {
            assert!(!expect.absent.contains(&expected.cause), "{name} wants `{}` and does not", expected.cause);
        }
        let wants_some = !expect.causes.is_empty() || !expect.one_of.is_empty();
        assert_eq!(wants_some, expect.wants_diagnosis(), "{name} expects causes exactly where a diagnosis is due");
    }
    assert!(Scenario::load("no-such-scenario").is_err());
}

#[test]
fn every_cause_has_a_scenario_and_a_near_miss() {
    let names: BTreeSet<&str> = names().collect();
    for cause in causes() {
        assert!(names.contains(cause.as_str()), "no scenario shows `{cause}`");
        let scenario = Scenario::load(&cause).unwrap();
        let mut shown = scenario.expect.causes.iter().map(|expected| &expected.cause).chain(&scenario.expect.one_of);
        assert!(shown.any(|shown| *shown == cause), "{cause} does not expect itself");
        // The last resort has no near miss: anything else is one.
        if cause != "undetermined" {
            let near = Scenario::load(&format!("{cause}.near")).unwrap_or_else(|error| panic!("{error}"));
            let named = near.expect.causes.iter().any(|expected| expected.cause == cause);
            assert!(
                !named
                    && (near.expect.absent.contains(&cause)
                        || cause == "unsigned-request"
                        || cause == "bucket-policy-no-allow"
                        || cause == "block-public-access")
            );
        }
    }
}

#[test]
fn every_cause_can_be_looked_at_fully_partly_and_not_at_all() {
    let names: BTreeSet<&str> = names().collect();
    // The first two send no request, so that nobody is asked; the last is what is left where nothing can be read.
    for cause in causes()
        .iter()
        .filter(|cause| !["no-credentials", "profile-not-found", "undetermined"].contains(&cause.as_str()))
    {
        for look in ["partial", "bare"] {
            let name = format!("{cause}.{look}");
            assert!(names.contains(name.as_str()), "no scenario {name}");
        }
        let bare = Scenario::load(&format!("{cause}.bare")).unwrap();
        assert!(bare.messages == Messages::Bare, "{cause}.bare is told reasons");
    }
}

fn edit(kind: &str, owner: &str, policy: Option<&str>, document: &str) -> Edit {
    let target = Target { kind: kind.to_owned(), owner: owner.to_owned(), policy: policy.map(str::to_owned) };
    Edit { target, document: document.to_owned() }
}

#[test]
fn a_repair_that_is_applied_holds_and_widens_nothing_else() {
    let bench = Bench::of(Scenario::load("identity-policy-no-allow").unwrap());
    let ask = |key: &str| Ask::s3("GET", &format!("/acme-logs/{key}"), "");
    assert_eq!(bench.as_user("alice", &ask("2026/07/app.log")).0.status, 403);
    let document = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:GetObject","s3:ListBucket"],"Resource":["arn:aws:s3:::acme-logs","arn:aws:s3:::acme-logs/2026/07/app.log"]}]}"#;
    bench.apply(&edit("identity-policy", "arn:aws:iam::111122223333:user/alice", Some("LogsRead"), document));
    assert_eq!(bench.as_user("alice", &ask("2026/07/app.log")).0.status, 200);
    assert_eq!(bench.as_user("alice", &ask("2026/08/app.log")).0.status, 403);
    assert_eq!(bench.as_user("alice", &Ask::s3("DELETE", "/acme-logs/2026/07/app.log", "")).0.status, 403);
}

#[test]
fn sentinels_are_answered_without_a_trace() {
    let sandbox = Sandbox::start(Scenario::load("identity-policy-no-allow.silent").unwrap()).unwrap();
    let alice = Sentinel::Identity("user/alice");
    assert_eq!(sandbox.would_answer(alice, "GET", "/acme-logs/2025/12/app.log"), 200);
    assert_eq!(sandbox.would_answer(alice, "HEAD", "/acme-logs/2026/07/app.log"), 403);
    let owner = Sentinel::Identity("root/111122223333");
    assert_eq!(sandbox.would_answer(owner, "DELETE", "/acme-logs/2025/12/app.log"), 204);
    assert_eq!(sandbox.would_answer(owner, "GET", "/acme-logs/2025/12/app.log"), 200, "nothing was deleted");
    for who in [
        Sentinel::Colleague { account: "111122223333" },
        Sentinel::Stranger,
        Sentinel::Anonymous,
        Sentinel::Identity("user/ghost"),
    ] {
        assert_eq!(sandbox.would_answer(who, "GET", "/acme-logs/2025/12/app.log"), 403, "{who:?}");
    }
    assert!(sandbox.log().is_empty());
}

#[test]
fn every_kind_of_document_can_be_found_and_replaced() {
    let statement =
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}"#;
    let of_all = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"*"}]}"#;
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"sts:AssumeRole"}]}"#;
    let deny = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"*"}]}"#;
    let role = "arn:aws:iam::111122223333:role/ci-deploy";
    let key = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    for (name, kind, owner, policy, document) in [
        ("identity-policy-no-allow", "identity-policy", "arn:aws:iam::111122223333:user/alice", None, statement),
        ("identity-policy-no-allow.no-slash", "identity-policy", role, Some("app-read"), statement),
        ("permissions-boundary", "permissions-boundary", role, Some("DeployEdge"), statement),
        ("permissions-boundary", "permissions-boundary", role, None, statement),
        (
            "session-policy",
            "session-policy",
            "arn:aws:sts::111122223333:assumed-role/ci-deploy/run-42",
            None,
            statement,
        ),
        ("assume-role-denied", "role-trust-policy", "arn:aws:iam::111122223333:role/log-reader", None, trust),
        ("bucket-policy-no-allow", "bucket-policy", "partner-exports", None, of_all),
        ("kms-key-policy", "key-policy", key, None, of_all),
        ("vpc-endpoint-policy", "vpc-endpoint-policy", "vpce-0a1b2c3d", None, of_all),
        (
            "access-point-policy",
            "access-point-policy",
            "arn:aws:s3:us-east-1:111122223333:accesspoint/reports",
            None,
            of_all,
        ),
        (
            "service-control-policy",
            "service-control-policy",
            "arn:aws:organizations::999900001111:policy/o-acme1234ab/service_control_policy/p-datawall1",
            None,
            statement,
        ),
        (
            "resource-control-policy",
            "resource-control-policy",
            "arn:aws:organizations::999900001111:policy/o-acme1234ab/resource_control_policy/p-perimeter1",
            None,
            deny,
        ),
    ] {
        let mut scenario = Scenario::load(name).unwrap();
        let edit = edit(kind, owner, policy, document);
        scenario.apply(&edit).unwrap_or_else(|error| panic!("{name} {kind}: {error}"));
        assert_eq!(scenario.document(&edit.target).unwrap().as_str(), document, "{name} {kind}");
    }
}

#[test]
fn an_edit_of_nothing_and_a_broken_document_are_refused() {
    let mut scenario = Scenario::load("identity-policy-no-allow").unwrap();
    let nothing = edit("bucket-policy", "no-such-bucket", None, r#"{"Version":"2012-10-17","Statement":[]}"#);
    assert!(matches!(scenario.apply(&nothing), Err(EditError::NoSuchDocument { .. } | EditError::Refused { .. })));
    let broken = edit("bucket-policy", "acme-logs", None, r#"{"Statement":[{"Effect":"allow"}]}"#);
    assert!(matches!(scenario.apply(&broken), Err(EditError::Refused { .. })));
}

#[test]
fn a_scenario_that_names_what_it_does_not_hold_is_refused() {
    for (text, part) in [
        ("title='t'\n[[user]]\nname='a'\nmanaged=['Nope']\n[cli]\nrun=['s3','ls']", "policy `Nope`"),
        ("title='t'\n[cli]\nas='user/ghost'\nrun=['s3','ls']", "identity `user/ghost`"),
        ("title='t'\n[[session]]\nname='s'\nrole='r'\n[cli]\nrun=['s3','ls']", "role `r`"),
        ("title='t'\n[[bucket]]\nname='b'\npolicy='{}'\n[cli]\nrun=['s3','ls']", "the policy of bucket `b`"),
        ("title='t'\ntypo=1\n[cli]\nrun=['s3','ls']", "typo"),
        ("extends='nope'\n[cli]\nrun=['s3','ls']", "nope"),
    ] {
        let error = Scenario::parse(text).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
}
