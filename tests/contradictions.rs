//! What AWS says of a refusal, held against documents that say otherwise: changed in between, or of another partition. Built by
//! hand, for no AWS in miniature contradicts itself.

use serde_json::json;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::time::SystemTime;
use why403::cause::case::Case;
use why403::cause::{Diagnosis, judge};
use why403::diagnosis::{Blocker, Certainty};
use why403::evidence::bucket_policy::BucketPolicy;
use why403::evidence::identity::Identity;
use why403::evidence::identity_policies::{AttachedPolicy, Boundary, IdentityPolicies, PolicyKind};
use why403::evidence::{Answer, Evidence};
use why403::recognize::Recognizer;
use why403::request::{Arguments, CliVersion, ProfileFiles, Request, Settings, shell_words};
use why403::world::{Screen, World};

/// One refused command, and what could be read about it.
struct Told {
    command: &'static str,
    /// What the CLI printed.
    said: String,
    region: &'static str,
    evidence: Evidence,
}

const ALICE: &str = "arn:aws:iam::111122223333:user/alice";

/// `aws s3api get-object` of `acme-logs/a.csv` by alice, who may read it, refused with that reason.
fn refused(reason: &str) -> Told {
    let arn = "arn:aws:s3:::acme-logs/a.csv";
    let mut told = Told {
        command: "s3api get-object --bucket acme-logs --key a.csv out",
        said: format!(
            "An error occurred (AccessDenied) when calling the GetObject operation: User: {ALICE} is not authorized to perform: \
             s3:GetObject on resource: \"{arn}\" {reason}"
        ),
        region: "us-east-1",
        evidence: Evidence::none("not asked"),
    };
    told.evidence.identity = Answer::Known(Identity {
        arn: ALICE.to_owned(),
        account: "111122223333".to_owned(),
        user_id: "AIDAEXAMPLE".to_owned(),
    });
    told.allow("s3:GetObject", "arn:aws:s3:::acme-logs/*");
    told.evidence.bucket_policy = Answer::Known(BucketPolicy::None);
    told
}

impl Told {
    fn allow(&mut self, action: &str, resource: &str) {
        let text = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": action, "Resource": resource}
        ]});
        self.evidence.identity_policies = Answer::Known(IdentityPolicies {
            principal: ALICE.to_owned(),
            principal_id: "AIDAEXAMPLE".to_owned(),
            tags: Some(Vec::new()),
            policies: vec![AttachedPolicy {
                name: "own".to_owned(),
                owner: "alice".to_owned(),
                kind: PolicyKind::Inline,
                text: text.to_string(),
            }],
            boundary: Boundary::None,
            unread: Vec::new(),
        });
    }

    fn bucket_policy(&mut self, statement: &serde_json::Value) {
        let text = json!({"Version": "2012-10-17", "Statement": [statement]});
        self.evidence.bucket_policy = Answer::Known(BucketPolicy::Document(text.to_string()));
    }

    fn judged(&self) -> Diagnosis {
        let words: Vec<OsString> = shell_words(self.command).unwrap().into_iter().map(OsString::from).collect();
        let arguments = Arguments::parse(&words);
        let world = World {
            home: None,
            env: BTreeMap::from([
                (OsString::from("AWS_REGION"), OsString::from(self.region)),
                (OsString::from("AWS_DEFAULT_REGION"), OsString::from(self.region)),
            ]),
            stderr: Screen::default(),
            now: || SystemTime::UNIX_EPOCH,
        };
        let files = ProfileFiles::merge(("/config".into(), None), ("/credentials".into(), None));
        let settings = Settings::resolve(&arguments, &world, &files, CliVersion::V2);
        let mut recognizer = Recognizer::new();
        recognizer.push(format!("{}\n", self.said).as_bytes());
        let failures = recognizer.finish();
        let failure = failures.groups.first().and_then(|group| group.first()).unwrap();
        let request = Request::from_failure(&arguments, failure, &settings);
        judge(&Case::new(failure, &request, &settings, &self.evidence, Vec::new()))
    }

    fn blocker(&self, cause: &str) -> Blocker {
        let judged = self.judged();
        let found = judged.blockers.iter().find(|blocker| blocker.cause == cause).cloned();
        found.unwrap_or_else(|| panic!("{cause} is not named, but {judged:#?}"))
    }
}

#[test]
fn a_layer_that_is_gone_is_no_proof() {
    for (layer, cause) in
        [("a resource-based policy", "bucket-policy-deny"), ("a permissions boundary", "permissions-boundary")]
    {
        let found = refused(&format!("with an explicit deny in {layer}")).blocker(cause);
        assert_eq!(found.certainty, Certainty::Likely, "{found:#?}");
        assert!(found.notes.iter().any(|note| note.contains("since")), "{found:#?}");
    }
}

#[test]
fn a_conditional_deny_is_no_proof_where_aws_names_a_missing_allow() {
    let mut told = refused("because no identity-based policy allows the s3:GetObject action");
    told.allow("s3:PutObject", "arn:aws:s3:::acme-logs/*");
    let mut statement = json!({"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::acme-logs/*"});
    // It denies whatever AWS saw: it was put there since.
    told.bucket_policy(&statement);
    assert_eq!(told.blocker("identity-policy-no-allow").certainty, Certainty::Proven);
    assert_eq!(told.blocker("bucket-policy-deny").certainty, Certainty::Proven);
    statement["Condition"] = json!({"StringNotEquals": {"aws:PrincipalTag/team": "ops"}});
    told.bucket_policy(&statement);
    assert_eq!(told.blocker("identity-policy-no-allow").certainty, Certainty::Proven);
    let found = told.blocker("bucket-policy-deny");
    assert_eq!(found.certainty, Certainty::Likely, "{found:#?}");
    assert!(found.notes.iter().any(|note| note.contains("a Deny comes first")), "{found:#?}");
}

#[test]
fn arns_are_of_the_partition_of_the_request() {
    for (partition, region) in [("aws-cn", "cn-north-1"), ("aws-us-gov", "us-gov-west-1")] {
        let mut told = refused("because no identity-based policy allows the s3:GetObject action");
        told.region = region;
        told.said = told.said.replace("arn:aws:", &format!("arn:{partition}:"));
        told.evidence.identity = told.evidence.identity.map(|identity| Identity {
            arn: identity.arn.replace("arn:aws:", &format!("arn:{partition}:")),
            ..identity
        });
        told.evidence.identity_policies = told.evidence.identity_policies.map(|mut found| {
            found.principal = found.principal.replace("arn:aws:", &format!("arn:{partition}:"));
            found
        });
        // The policy was copied from another partition: it names no bucket of this one.
        let found = told.blocker("identity-policy-no-allow");
        assert_eq!(found.certainty, Certainty::Proven);
        let fix = serde_json::to_string(&found.fix).unwrap();
        assert!(fix.contains(&format!("arn:{partition}:s3:::acme-logs/a.csv")), "{fix}");
        // The same without a reason.
        told.said = "An error occurred (AccessDenied) when calling the GetObject operation: Access Denied".to_owned();
        let found = told.blocker("identity-policy-no-allow");
        let fix = serde_json::to_string(&found.fix).unwrap();
        assert!(fix.contains(&format!("arn:{partition}:s3:::acme-logs/a.csv")), "{fix}");
    }
}
