//! Requests and policies at random, as lines of `why403 simulate`.
//!
//! The vocabulary is small, so that statements meet requests: a random ARN would never match a random pattern. What is
//! generated is what IAM accepts. Every choice comes from a [`Choose`], so that a seed, and a fuzzer's bytes, give the same
//! line every time.

use serde_json::{Map, Value, json};

/// Where choices come from.
pub trait Choose {
    /// A number below `n`, which is not zero.
    fn below(&mut self, n: usize) -> usize;

    fn one<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }

    /// True in so many of a hundred cases.
    fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }
}

pub const OWN: &str = "111122223333";
pub const OTHER: &str = "444455556666";

const BUCKET: &str = "arn:aws:s3:::acme-data";
const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/0a1b";
const QUEUE: &str = "arn:aws:sqs:us-east-1:111122223333:jobs";
const ROLE: &str = "arn:aws:iam::111122223333:role/target";

const CALLERS: [&str; 9] = [
    "arn:aws:iam::111122223333:user/ana",
    "arn:aws:iam::111122223333:user/team/bob",
    "arn:aws:iam::111122223333:role/app",
    "arn:aws:sts::111122223333:assumed-role/app/i-0abc",
    "arn:aws:iam::111122223333:root",
    "arn:aws:sts::111122223333:federated-user/fay",
    "arn:aws:iam::444455556666:user/eve",
    "arn:aws:sts::444455556666:assumed-role/ops/s1",
    "anonymous",
];

const ASKED: [(&str, &str); 9] = [
    ("s3:GetObject", "arn:aws:s3:::acme-data/2026/07/app.log"),
    ("s3:GetObject", "arn:aws:s3:::acme-data/home/ana/notes"),
    ("s3:PutObject", "arn:aws:s3:::acme-data/2026/07/app.log"),
    ("s3:DeleteObject", "arn:aws:s3:::acme-data/a"),
    ("s3:ListBucket", BUCKET),
    ("s3:GetBucketPolicy", BUCKET),
    ("sqs:SendMessage", QUEUE),
    ("kms:Decrypt", KEY),
    ("sts:AssumeRole", ROLE),
];

const ACTIONS: [&str; 14] = [
    "*",
    "s3:*",
    "s3:GetObject",
    "S3:getobject",
    "s3:Get*",
    "s3:*Object",
    "s3:GetObjec?",
    "s3:PutObject",
    "s3:List*",
    "s3:Delete*",
    "sqs:*",
    "kms:Decrypt",
    "kms:*",
    "sts:AssumeRole",
];

const RESOURCES: [&str; 18] = [
    "*",
    "arn:aws:s3:::acme-data",
    "arn:aws:s3:::acme-data/*",
    "arn:aws:s3:::acme-data*",
    "arn:aws:s3:::acme-*/2026/*",
    "arn:aws:s3:::acme-data/2025/*",
    "arn:aws:s3:::acme-data/2026/??/app.log",
    "arn:aws:s3:::acme-data/2026/07/app.log",
    "arn:aws:s3:::acme-data/*.log",
    "arn:aws:s3:::ACME-data/*",
    "arn:aws:s3:::other/*",
    "arn:*:s3:::acme-data/*",
    "arn:aws:s3:::acme-data/home/${aws:username}/*",
    "arn:aws:s3:::acme-data/${aws:PrincipalTag/team, '2026'}/*",
    "arn:aws:sqs:*:111122223333:jobs",
    "arn:aws:sqs:us-*-1:*:*",
    KEY,
    "arn:aws:iam::111122223333:role/*",
];

const NAMED: [&str; 12] = [
    "*",
    OWN,
    "arn:aws:iam::111122223333:root",
    "arn:aws:iam::111122223333:user/ana",
    "arn:aws:iam::111122223333:user/team/bob",
    "arn:aws:iam::111122223333:role/app",
    "arn:aws:sts::111122223333:assumed-role/app/i-0abc",
    "arn:aws:sts::111122223333:federated-user/fay",
    OTHER,
    "arn:aws:iam::444455556666:root",
    "arn:aws:iam::444455556666:user/eve",
    "arn:aws:iam::444455556666:role/ops",
];

/// A key that conditions ask for: the operators that suit it, values for policies, values for requests.
struct Key {
    name: &'static str,
    operators: &'static [&'static str],
    wanted: &'static [&'static str],
    given: &'static [&'static str],
    is_many: bool,
}

const TEXT: &[&str] = &[
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
    "StringLike",
    "StringNotLike",
    "StringEqualsIfExists",
    "StringNotEqualsIfExists",
    "StringLikeIfExists",
    "StringNotLikeIfExists",
    "Null",
];

const KEYS: [Key; 11] = [
    Key {
        name: "aws:PrincipalTag/team",
        operators: TEXT,
        wanted: &["red", "blue", "r*", "?lue", "*", "", "${aws:username}", "${aws:PrincipalTag/other}"],
        given: &["red", "Red", "blue", "", "2026", "*", "ana"],
        is_many: false,
    },
    Key {
        name: "aws:SourceVpce",
        operators: TEXT,
        wanted: &["vpce-0a1b", "vpce-*"],
        given: &["vpce-0a1b", "vpce-ffff"],
        is_many: false,
    },
    Key {
        name: "s3:prefix",
        operators: TEXT,
        wanted: &["home/${aws:username}/*", "home/*", "", "2026/"],
        given: &["home/ana/", "", "2026/"],
        is_many: false,
    },
    Key {
        name: "aws:SourceIp",
        operators: &["IpAddress", "NotIpAddress", "IpAddressIfExists", "NotIpAddressIfExists", "Null"],
        wanted: &["203.0.113.0/24", "203.0.113.7", "2001:db8::/32", "0.0.0.0/0", "198.51.100.0/25"],
        given: &["203.0.113.7", "198.51.100.200", "2001:db8::1"],
        is_many: false,
    },
    Key {
        name: "aws:SecureTransport",
        operators: &["Bool", "BoolIfExists", "Null"],
        wanted: &["true", "false"],
        given: &["true", "false"],
        is_many: false,
    },
    Key {
        name: "aws:MultiFactorAuthPresent",
        operators: &["Bool", "BoolIfExists", "Null"],
        wanted: &["true", "false"],
        given: &["true", "false"],
        is_many: false,
    },
    Key {
        name: "aws:CurrentTime",
        operators: &["DateGreaterThan", "DateLessThan", "DateLessThanEquals", "DateNotEquals", "DateEqualsIfExists"],
        wanted: &["2026-01-01T00:00:00Z", "2026-07-01T12:00:00Z", "1767225600"],
        given: &["2026-07-01T12:00:00Z", "2025-12-31T23:59:59Z"],
        is_many: false,
    },
    Key {
        name: "s3:max-keys",
        operators: &[
            "NumericEquals",
            "NumericNotEquals",
            "NumericLessThan",
            "NumericLessThanEquals",
            "NumericGreaterThan",
            "NumericGreaterThanEqualsIfExists",
        ],
        wanted: &["10", "10.0", "100", "-1"],
        given: &["10", "99", "1000"],
        is_many: false,
    },
    Key {
        name: "aws:PrincipalArn",
        operators: &[
            "ArnEquals",
            "ArnLike",
            "ArnNotEquals",
            "ArnNotLike",
            "ArnLikeIfExists",
            "StringLike",
            "StringNotEquals",
        ],
        wanted: &[
            "arn:aws:iam::111122223333:role/app",
            "arn:aws:iam::*:role/*",
            "arn:aws:iam::111122223333:user/*",
            "arn:aws:iam::11112222333?:*/a*",
            "arn:aws:sts::111122223333:assumed-role/app/*",
        ],
        given: &[],
        is_many: false,
    },
    Key {
        name: "aws:PrincipalAccount",
        operators: &["StringEquals", "StringNotEquals", "StringLike"],
        wanted: &[OWN, OTHER, "1111*"],
        given: &[],
        is_many: false,
    },
    Key {
        name: "aws:CalledVia",
        operators: &[
            "ForAllValues:StringEquals",
            "ForAnyValue:StringEquals",
            "ForAllValues:StringLike",
            "ForAnyValue:StringLike",
            "ForAllValues:StringNotEquals",
            "ForAnyValue:StringNotEquals",
            "ForAllValues:StringEqualsIfExists",
            "ForAnyValue:StringEqualsIfExists",
            "Null",
        ],
        wanted: &["athena.amazonaws.com", "dynamodb.*", "kms.amazonaws.com"],
        given: &["athena.amazonaws.com", "dynamodb.amazonaws.com", "kms.amazonaws.com", "cloudformation.amazonaws.com"],
        is_many: true,
    },
];

/// A line that `why403 simulate` answers without an error.
pub fn line(choose: &mut impl Choose, id: &str) -> Value {
    let caller = choose.one(&CALLERS);
    let (action, resource) = ASKED[choose.below(ASKED.len())];
    let is_identity = !(caller == "anonymous" || caller.ends_with(":root"));
    let is_session = caller.contains(":sts:") || caller.contains(":role/");
    // The queue, the key and the role say whose they are.
    let owner = if resource.starts_with(BUCKET) && choose.percent(30) { OTHER } else { OWN };

    let mut policies = Map::new();
    if is_identity {
        let count = 1 + choose.below(2);
        let documents: Vec<Value> =
            (0..count).map(|index| named(choose, &format!("identity-{index}"), Kind::Own)).collect();
        policies.insert("identity".to_owned(), documents.into());
        if choose.percent(25) {
            policies.insert("permissions_boundary".to_owned(), json!([named(choose, "boundary", Kind::Own)]));
        }
        if is_session && choose.percent(25) {
            policies.insert("session".to_owned(), json!([named(choose, "session", Kind::Own)]));
        }
    }
    if caller != "anonymous" && choose.percent(20) {
        policies.insert("service_control".to_owned(), levels(choose, Kind::Own));
    }
    if choose.percent(10) {
        policies.insert("resource_control".to_owned(), levels(choose, Kind::ResourceControl));
    }
    let trust = action == "sts:AssumeRole";
    if trust || action == "kms:Decrypt" || choose.percent(60) {
        let kind = if trust { Kind::Trust } else { Kind::OfResource };
        policies.insert("resource".to_owned(), named(choose, "resource policy", kind));
    }
    if choose.percent(10) {
        policies.insert("vpc_endpoint".to_owned(), json!([named(choose, "vpce-0a1b", Kind::Endpoint)]));
    }
    let mut line = json!({
        "id": id,
        "request": {"principal": caller, "action": action, "resource": resource, "resource_account": owner,
                    "context": context(choose, caller, action)},
        "policies": policies,
    });
    if resource.starts_with(BUCKET) && choose.percent(15) {
        line["block_public_access"] = true.into();
    }
    line
}

/// What a policy is attached to, as far as its grammar is concerned.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// An identity, or its account: no principal.
    Own,
    /// A resource.
    OfResource,
    /// A role.
    Trust,
    /// The way in. That of a gateway names everybody.
    Endpoint,
    /// An organization's resources: it denies, and names everybody.
    ResourceControl,
}

fn levels(choose: &mut impl Choose, kind: Kind) -> Value {
    let count = 1 + choose.below(2);
    let of_resources = kind == Kind::ResourceControl;
    (0..count)
        .map(|index| {
            let mut everything = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
            if of_resources {
                everything["Principal"] = "*".into();
            }
            let name = if of_resources { RCP_FULL } else { "FullAWSAccess" };
            let full = json!({"name": name, "document": {"Version": "2012-10-17", "Statement": [everything]}});
            let policies = match choose.below(3) {
                0 if !of_resources => vec![named(choose, "narrow", kind)],
                1 => vec![full],
                _ => vec![full, named(choose, "more", kind)],
            };
            json!({"level": format!("level-{index}"), "policies": policies})
        })
        .collect()
}

/// The policy that AWS attaches everywhere, and that cannot be detached.
pub const RCP_FULL: &str = "RCPFullAWSAccess";

fn named(choose: &mut impl Choose, name: &str, kind: Kind) -> Value {
    let count = 1 + choose.below(3);
    let statements: Vec<Value> = (0..count).map(|_| statement(choose, kind)).collect();
    let is_new = kind == Kind::ResourceControl || choose.percent(95);
    json!({"name": name, "document": {"Version": if is_new { "2012-10-17" } else { "2008-10-17" }, "Statement": statements}})
}

fn statement(choose: &mut impl Choose, kind: Kind) -> Value {
    let mut statement = Map::new();
    let allows = kind != Kind::ResourceControl && choose.percent(75);
    statement.insert("Effect".to_owned(), if allows { "Allow" } else { "Deny" }.into());
    match kind {
        Kind::Own => {}
        Kind::ResourceControl | Kind::Endpoint => {
            statement.insert("Principal".to_owned(), "*".into());
        }
        Kind::OfResource if !allows && choose.percent(10) => {
            statement.insert("NotPrincipal".to_owned(), principals(choose));
        }
        Kind::OfResource | Kind::Trust => {
            let element = if choose.percent(25) { "*".into() } else { principals(choose) };
            statement.insert("Principal".to_owned(), element);
        }
    }
    let actions = match kind {
        Kind::Trust if choose.percent(60) => "sts:AssumeRole".into(),
        // The star alone is the default policy's.
        Kind::ResourceControl => some(choose, &ACTIONS[1..]),
        _ => some(choose, &ACTIONS),
    };
    let is_negated = kind != Kind::ResourceControl && choose.percent(10);
    statement.insert(if is_negated { "NotAction" } else { "Action" }.to_owned(), actions);
    if kind != Kind::Trust {
        statement
            .insert(if choose.percent(10) { "NotResource" } else { "Resource" }.to_owned(), some(choose, &RESOURCES));
    }
    if choose.percent(35) {
        let count = 1 + choose.below(2);
        let mut conditions = Map::new();
        for _ in 0..count {
            condition(choose, &mut conditions);
        }
        statement.insert("Condition".to_owned(), conditions.into());
    }
    statement.into()
}

fn principals(choose: &mut impl Choose) -> Value {
    json!({"AWS": some(choose, &NAMED)})
}

/// One, or a list.
fn some(choose: &mut impl Choose, of: &[&str]) -> Value {
    if choose.percent(60) {
        return choose.one(of).into();
    }
    let count = 1 + choose.below(3);
    (0..count).map(|_| choose.one(of)).collect()
}

fn condition(choose: &mut impl Choose, conditions: &mut Map<String, Value>) {
    let key = &KEYS[choose.below(KEYS.len())];
    let operator = choose.one(key.operators);
    let wanted = if operator == "Null" { choose.one(&["true", "false"]).into() } else { some(choose, key.wanted) };
    if let Some(keys) = conditions.entry(operator).or_insert_with(|| json!({})).as_object_mut() {
        keys.insert(key.name.to_owned(), wanted);
    }
}

/// The keys that a request carries, with those that follow from who asks.
fn context(choose: &mut impl Choose, caller: &str, action: &str) -> Value {
    let mut context = Map::new();
    for key in KEYS {
        // S3's own keys here are those of a listing.
        let is_carried = !key.name.starts_with("s3:") || action == "s3:ListBucket";
        if key.given.is_empty() || !choose.percent(60) || !is_carried {
            continue;
        }
        let value = if key.is_many {
            let count = 1 + choose.below(2);
            (0..count).map(|_| choose.one(key.given)).collect()
        } else {
            choose.one(key.given).into()
        };
        context.insert(key.name.to_owned(), value);
    }
    if caller == "anonymous" {
        context.remove("aws:PrincipalTag/team");
        return context.into();
    }
    let account = caller.split(':').nth(4).unwrap_or_default();
    context.insert("aws:PrincipalAccount".to_owned(), account.into());
    let arn = match caller.split_once(":assumed-role/").and_then(|(_, rest)| rest.split_once('/')) {
        Some((role, _)) => format!("arn:aws:iam::{account}:role/{role}"),
        None => caller.to_owned(),
    };
    context.insert("aws:PrincipalArn".to_owned(), arn.into());
    if let Some((_, path)) = caller.split_once(":user/") {
        let name = path.rsplit('/').next().unwrap_or_default();
        context.insert("aws:username".to_owned(), name.into());
    }
    context.into()
}
