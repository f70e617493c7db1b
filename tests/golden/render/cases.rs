//! Reports written by hand: one for each shape that a screen can have.

use serde_json::json;
use why403::diagnosis::{
    Blocker, Caller, CauseNote, Certainty, Check, CommandRun, DocumentKind, Edit, EditOp, EditTarget, Excerpt, Failure,
    Fix, Mark, Outcome, Place, Report, RequestSummary, SCHEMA, StatementRef, Tool,
};

/// Every case, with the name that its golden files begin with.
pub fn all() -> Vec<(&'static str, Report)> {
    vec![
        ("no-allow", no_allow()),
        ("deny", deny()),
        ("hidden-key", hidden_key()),
        ("all-must-change", all_must_change()),
        ("readings", readings()),
        ("several", several()),
        ("minified", minified()),
        ("unanswered", unanswered()),
        ("expired", expired()),
        (
            "hostile",
            hostile(
                "\u{1b}]0;owned\u{7}\r\n::error::x ##vso[task.x] ##[group] \u{202e}\u{200b}\u{9b}1m `</code><img src=x> |%0A]]>",
            ),
        ),
    ]
}

fn text(text: &str) -> String {
    text.to_owned()
}

fn some(value: &str) -> Option<String> {
    Some(value.to_owned())
}

fn report(failures: Vec<Failure>) -> Report {
    let argv = ["aws", "s3", "cp", "s3://acme-logs/2026/07/app.log", "."];
    Report {
        schema: SCHEMA,
        tool: Tool { name: text("why403"), version: text("0.1.0") },
        command: CommandRun { argv: argv.map(text).to_vec(), exit_code: 1 },
        time: None,
        elapsed_ms: 412,
        failures,
    }
}

fn failure(blockers: Vec<Blocker>) -> Failure {
    Failure {
        line: text("fatal error: An error occurred (403) when calling the HeadObject operation: Forbidden"),
        count: 1,
        operation: some("HeadObject"),
        error_code: some("403"),
        request: RequestSummary {
            action: some("s3:GetObject"),
            bucket: some("acme-logs"),
            key: some("2026/07/app.log"),
            profile: some("ci"),
            region: some("eu-west-1"),
            signed: true,
            ..RequestSummary::default()
        },
        script: None,
        caller: Some(Caller {
            arn: some("arn:aws:sts::111122223333:assumed-role/ci-deploy/build-7"),
            account: some("111122223333"),
            source: text("profile ci: role_arn over source_profile base"),
        }),
        blockers,
        ruled_out: vec![note("expired-credentials", "sts:GetCallerIdentity answered")],
        open: vec![],
        checks: vec![
            check("sts-identity", Outcome::Ok, 41),
            check("s3-replay", Outcome::Denied, 63),
            check("iam-policies", Outcome::Ok, 118),
            Check {
                name: text("kms-key"),
                outcome: Outcome::Skipped,
                why: some("the object is not KMS-encrypted"),
                ms: None,
                requests: None,
            },
        ],
    }
}

fn check(name: &str, outcome: Outcome, ms: u64) -> Check {
    Check { name: text(name), outcome, why: None, ms: Some(ms), requests: Some(1) }
}

fn note(cause: &str, because: &str) -> CauseNote {
    CauseNote { cause: text(cause), because: text(because) }
}

fn blocker(cause: &str, certainty: Certainty, summary: &str) -> Blocker {
    Blocker {
        cause: text(cause),
        certainty,
        summary: text(summary),
        place: None,
        near_miss: None,
        evidence: vec![text("s3-replay")],
        fix: None,
        other_fixes: vec![],
        notes: vec![],
        excerpt: None,
    }
}

fn advice(summary: &str, commands: &[&str]) -> Fix {
    Fix {
        summary: text(summary),
        who: text("you"),
        edits: vec![],
        commands: commands.iter().copied().map(text).collect(),
    }
}

/// Marks each piece of the text, the first as primary.
fn excerpt(title: &str, document: &str, marks: &[(&str, &str)]) -> Excerpt {
    let marks = marks.iter().enumerate().map(|(at, (piece, label))| {
        let start = document.find(piece).expect("a mark is a piece of its document");
        Mark { span: start..start + piece.len(), label: text(label), primary: at == 0 }
    });
    Excerpt { title: text(title), text: text(document), marks: marks.collect() }
}

const ROLE: &str = "arn:aws:iam::111122223333:role/ci-deploy";

const LOGS_READ: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [{
    "Sid": "Read",
    "Effect": "Allow",
    "Action": [
      "s3:GetObject"
    ],
  "Resource": "arn:aws:s3:::acme-logs/2025/*"
  }]
}
"#;

fn identity_place(policy: &str, sid: &str) -> Place {
    Place {
        document: DocumentKind::IdentityPolicy,
        owner: some(ROLE),
        policy: some(policy),
        statement: Some(StatementRef { index: 0, sid: some(sid) }),
        pointer: some("/Statement/0/Resource"),
    }
}

fn add_allow(action: &str, resource: &str) -> Edit {
    Edit {
        target: EditTarget { kind: DocumentKind::IdentityPolicy, owner: some(ROLE), policy: None },
        op: EditOp::AddStatement,
        statement_index: None,
        statement: Some(json!({"Effect": "Allow", "Action": action, "Resource": resource})),
        document: None,
    }
}

/// The first sample of the style guide.
pub fn no_allow() -> Report {
    let cause = Blocker {
        place: Some(identity_place("LogsRead", "Read")),
        near_miss: some(
            "statement `Read` allows `s3:GetObject` on `arn:aws:s3:::acme-logs/2025/*`; needed is `arn:aws:s3:::acme-logs/2026/07/app.log`",
        ),
        notes: vec![text("checked 3 identity policies, the permissions boundary, and the bucket policy")],
        evidence: vec![text("s3-replay"), text("iam-policies")],
        fix: Some(Fix {
            summary: text("allow this one object, in a policy of `ci-deploy`"),
            who: text("an administrator of 111122223333"),
            edits: vec![add_allow("s3:GetObject", "arn:aws:s3:::acme-logs/2026/07/app.log")],
            commands: vec![],
        }),
        excerpt: Some(excerpt(
            "policy LogsRead (v3)",
            LOGS_READ,
            &[("\"arn:aws:s3:::acme-logs/2025/*\"", "nearest Allow; covers only `2025/*`")],
        )),
        ..blocker(
            "identity-policy-no-allow",
            Certainty::Proven,
            "no policy of `role/ci-deploy` allows `s3:GetObject` on `acme-logs/2026/07/app.log`",
        )
    };
    report(vec![failure(vec![cause])])
}

const BUCKET_POLICY: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "Logs",
      "Effect": "Allow",
      "Principal": { "AWS": "arn:aws:iam::111122223333:root" },
      "Action": "s3:PutObject",
      "Resource": "arn:aws:s3:::acme-logs/*"
    },
    {
      "Sid": "OnlyVpce",
      "Effect": "Deny",
      "Principal": "*",
      "Action": "s3:*",
      "Resource": ["arn:aws:s3:::acme-logs", "arn:aws:s3:::acme-logs/*"],
      "Condition": {
        "StringNotEquals": { "aws:SourceVpce": "vpce-0a1b2c3d" }
      }
    }
  ]
}
"#;

fn bucket_place() -> Place {
    Place {
        document: DocumentKind::BucketPolicy,
        owner: some("acme-logs"),
        policy: None,
        statement: Some(StatementRef { index: 1, sid: some("OnlyVpce") }),
        pointer: some("/Statement/1/Condition/StringNotEquals/aws:SourceVpce"),
    }
}

fn denied() -> Blocker {
    let exempt = json!({"Sid": "OnlyVpce", "Effect": "Deny", "Principal": "*", "Action": "s3:*",
        "Resource": ["arn:aws:s3:::acme-logs", "arn:aws:s3:::acme-logs/*"],
        "Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-0a1b2c3d"}, "ArnNotEquals": {"aws:PrincipalArn": ROLE}}});
    Blocker {
        place: Some(bucket_place()),
        notes: vec![text("`LogsRead` does allow `s3:GetObject`, so adding an Allow will not help")],
        evidence: vec![text("s3-replay"), text("s3-bucket-policy")],
        fix: Some(advice("run this from a network that reaches S3 through `vpce-0a1b2c3d`", &[])),
        other_fixes: vec![Fix {
            summary: text("ask the bucket owner, account 111122223333, to exempt `role/ci-deploy`"),
            who: text("the owner of acme-logs"),
            edits: vec![Edit {
                target: EditTarget { kind: DocumentKind::BucketPolicy, owner: some("acme-logs"), policy: None },
                op: EditOp::ReplaceStatement,
                statement_index: Some(1),
                statement: Some(exempt),
                document: None,
            }],
            commands: vec![],
        }],
        excerpt: Some(excerpt(
            "bucket policy of acme-logs",
            BUCKET_POLICY,
            &[
                ("\"aws:SourceVpce\": \"vpce-0a1b2c3d\"", "this request used no VPC endpoint"),
                ("\"Deny\"", "a matching Deny wins over every Allow"),
            ],
        )),
        ..blocker("bucket-policy-deny", Certainty::Proven, "the bucket policy of `acme-logs` denies this request")
    }
}

/// The second sample of the style guide.
pub fn deny() -> Report {
    report(vec![failure(vec![denied()])])
}

/// The third sample of the style guide.
pub fn hidden_key() -> Report {
    let cause = Blocker {
        notes: vec![
            text("without `s3:ListBucket`, S3 answers 403 where it would otherwise answer 404"),
            text("`LogsRead` allows `s3:GetObject` on this key, so reading is not what is denied"),
        ],
        fix: Some(advice("check the key with someone who can list: `aws s3 ls s3://acme-logs/2026/07/`", &[])),
        other_fixes: vec![advice("to get 404 next time, allow `s3:ListBucket` on `arn:aws:s3:::acme-logs`", &[])],
        ..blocker("key-not-found-hidden", Certainty::Likely, "`2026/07/ap.log` does not exist in `acme-logs`")
    };
    let mut failure = failure(vec![cause]);
    failure.open = vec![note("service-control-policy", "organizations:ListPoliciesForTarget was denied")];
    report(vec![failure])
}

/// Two proven blockers, which must both change, and a fix that replaces a statement by a command.
fn all_must_change() -> Report {
    let first = denied();
    let key = Blocker {
        near_miss: some(
            "statement `Keys` allows `kms:Decrypt` on `arn:aws:kms:eu-west-1:444455556666:key/9d1f`; needed is `key/0c2e`",
        ),
        place: Some(identity_place("KeysUse", "Keys")),
        fix: Some(Fix {
            summary: text("let the role decrypt with this key"),
            who: text("an administrator of 111122223333"),
            edits: vec![Edit {
                target: EditTarget { kind: DocumentKind::IdentityPolicy, owner: some(ROLE), policy: some("KeysUse") },
                op: EditOp::ReplaceStatement,
                statement_index: Some(0),
                statement: Some(json!({"Sid": "Keys", "Effect": "Allow", "Action": "kms:Decrypt", "Resource": [
                    "arn:aws:kms:eu-west-1:444455556666:key/9d1f8f0e-0000-4000-8000-1c1c1c1c1c1c",
                    "arn:aws:kms:eu-west-1:444455556666:key/0c2e8f0e-0000-4000-8000-2d2d2d2d2d2d"]})),
                document: None,
            }],
            commands: vec![text(
                "aws iam put-role-policy --role-name ci-deploy --policy-name KeysUse --policy-document file://KeysUse.json --profile admin",
            )],
        }),
        ..blocker(
            "kms-no-allow",
            Certainty::Proven,
            "no policy of `role/ci-deploy` allows `kms:Decrypt` on the key of this object",
        )
    };
    let mut failure = failure(vec![first, key]);
    failure.count = 37;
    report(vec![failure])
}

/// Nothing is proven: the surest reading in full, the others in one line each.
fn readings() -> Report {
    let first = Blocker {
        evidence: vec![text("s3-replay"), text("sts-identity")],
        notes: vec![text("the bucket belongs to another account, which answers without a reason")],
        fix: Some(Fix {
            summary: text("let `role/ci-deploy` into the bucket"),
            who: text("the owner of acme-logs"),
            edits: vec![Edit {
                target: EditTarget { kind: DocumentKind::BucketPolicy, owner: some("acme-logs"), policy: None },
                op: EditOp::AddStatement,
                statement_index: None,
                statement: Some(
                    json!({"Effect": "Allow", "Principal": {"AWS": ROLE}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::acme-logs/2026/07/app.log"}),
                ),
                document: None,
            }],
            commands: vec![],
        }),
        ..blocker(
            "bucket-policy-no-allow",
            Certainty::Likely,
            "the bucket policy of `acme-logs` does not let account 111122223333 in",
        )
    };
    let rival = |cause, summary| blocker(cause, Certainty::Possible, summary);
    let mut failure = failure(vec![
        first,
        rival("key-not-found-hidden", "`2026/07/app.log` does not exist in `acme-logs`"),
        rival("object-owned-by-other-account", "another account uploaded `2026/07/app.log` and kept it to itself"),
        rival("requester-pays", "`acme-logs` is Requester Pays, and the request did not accept the charge"),
        rival("kms-key-policy", "the policy of the object's KMS key does not let account 111122223333 in"),
        rival("resource-control-policy", "a resource control policy of the owner's organization denies the request"),
        rival("block-public-access", "Block Public Access of the bucket overrides its policy"),
    ]);
    failure.open = vec![
        note("service-control-policy", "organizations:ListPoliciesForTarget was denied"),
        note("resource-control-policy", "organizations:ListPoliciesForTarget was denied"),
        note("permissions-boundary", "iam:GetRole was denied"),
    ];
    failure.checks.push(Check {
        name: text("s3-bucket-policy"),
        outcome: Outcome::Denied,
        why: None,
        ms: Some(31),
        requests: Some(1),
    });
    report(vec![failure])
}

/// Three failures of one run.
fn several() -> Report {
    let mut download = no_allow().failures.remove(0);
    download.line = text(
        "download failed: s3://acme-logs/2026/07/app.log to ./app.log An error occurred (403) when calling the GetObject operation: Forbidden",
    );
    download.count = 1_234_567;
    let mut deny = deny().failures.remove(0);
    deny.line = text(
        "upload failed: ./b.txt to s3://acme-logs/b.txt An error occurred (AccessDenied) when calling the PutObject operation: Access Denied",
    );
    let mut hidden = hidden_key().failures.remove(0);
    hidden.line = String::new();
    report(vec![download, deny, hidden])
}

/// A bucket policy on one line, as S3 returns them.
fn minified() -> Report {
    let document: serde_json::Value = serde_json::from_str(BUCKET_POLICY).expect("the policy is JSON");
    let mut report = deny();
    let labels = [
        ("\"aws:SourceVpce\":\"vpce-0a1b2c3d\"", "this request used no VPC endpoint"),
        ("\"Deny\"", "a matching Deny wins over every Allow"),
    ];
    report.failures[0].blockers[0].excerpt =
        Some(excerpt("bucket policy of acme-logs", &document.to_string(), &labels));
    report
}

/// Nobody answered.
fn unanswered() -> Report {
    let cause = Blocker {
        evidence: vec![],
        fix: Some(advice("try again with more time: `WHY403_TIMEOUT=10`", &[])),
        ..blocker(
            "undetermined",
            Certainty::Possible,
            "what could be read does not settle why `s3:GetObject` on `acme-logs` was refused",
        )
    };
    let mut failure = failure(vec![cause]);
    failure.caller = None;
    failure.checks = ["sts-identity", "s3-replay", "s3-bucket", "iam-policies", "s3-bucket-policy"]
        .map(|name| Check {
            name: text(name),
            outcome: Outcome::TimedOut,
            why: None,
            ms: Some(3000),
            requests: Some(1),
        })
        .to_vec();
    report(vec![failure])
}

/// Credentials: no document, and a command for the user.
fn expired() -> Report {
    let cause = Blocker {
        evidence: vec![text("sts-identity")],
        fix: Some(advice("sign in again", &["aws sso login --profile ci"])),
        ..blocker("expired-credentials", Certainty::Proven, "the SSO token of profile `ci` ended 2 hours ago")
    };
    let mut failure = failure(vec![cause]);
    failure.line = text(
        "An error occurred (ExpiredToken) when calling the ListObjectsV2 operation: The provided token has expired.",
    );
    failure.caller = Some(Caller { arn: None, account: None, source: text("profile ci: sso_session acme") });
    report(vec![failure])
}

/// The same text of a stranger in every field that can hold one.
pub fn hostile(stranger: &str) -> Report {
    let s = || stranger.to_owned();
    let fix = || Fix {
        summary: format!("allow `{stranger}`"),
        who: s(),
        edits: [EditOp::AddStatement, EditOp::ReplaceStatement, EditOp::RemoveStatement]
            .map(|op| Edit {
                target: EditTarget { kind: DocumentKind::BucketPolicy, owner: Some(s()), policy: Some(s()) },
                op,
                statement_index: Some(1),
                statement: (op != EditOp::RemoveStatement)
                    .then(|| json!({"Sid": stranger, stranger: [stranger, {stranger: stranger}]})),
                document: None,
            })
            .to_vec(),
        commands: vec![format!("aws s3 ls '{stranger}'")],
    };
    let document = format!("{{\n  \"Effect\": \"Deny\",\n  \"{stranger}\": \"{stranger}\"\n}}");
    let marked = |certainty| Blocker {
        place: Some(Place {
            document: DocumentKind::BucketPolicy,
            owner: Some(s()),
            policy: Some(s()),
            statement: Some(StatementRef { index: 0, sid: Some(s()) }),
            pointer: Some(s()),
        }),
        near_miss: Some(s()),
        evidence: vec![s()],
        fix: Some(fix()),
        other_fixes: vec![fix()],
        notes: vec![s(), format!("`{stranger}` is a key")],
        excerpt: Some(Excerpt {
            title: s(),
            text: document.clone(),
            marks: vec![
                Mark { span: 25..25 + 2 + stranger.len(), label: s(), primary: true },
                Mark { span: 4..document.len() + 9, label: s(), primary: false },
            ],
        }),
        ..blocker(stranger, certainty, &format!("the key `{stranger}` of {stranger}"))
    };
    let failure = |line: String| Failure {
        line,
        count: 2,
        operation: Some(s()),
        error_code: Some(s()),
        request: RequestSummary {
            action: Some(s()),
            bucket: Some(s()),
            key: Some(s()),
            version_id: Some(s()),
            profile: Some(s()),
            region: Some(s()),
            endpoint: Some(s()),
            signed: false,
        },
        script: None,
        caller: Some(Caller { arn: Some(s()), account: Some(s()), source: s() }),
        blockers: vec![marked(Certainty::Proven), marked(Certainty::Proven), marked(Certainty::Likely)],
        ruled_out: vec![note(stranger, stranger)],
        open: vec![note(stranger, stranger)],
        checks: [Outcome::Ok, Outcome::Denied, Outcome::Failed, Outcome::TimedOut, Outcome::Skipped]
            .map(|outcome| Check { name: s(), outcome, why: Some(s()), ms: Some(1), requests: Some(1) })
            .to_vec(),
    };
    Report {
        schema: SCHEMA,
        tool: Tool { name: s(), version: s() },
        command: CommandRun { argv: vec![s(), s()], exit_code: 1 },
        time: None,
        elapsed_ms: 1,
        failures: vec![failure(s()), failure(String::new())],
    }
}
