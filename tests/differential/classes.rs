//! The known classes of disagreement. Each is decided in `DISAGREEMENTS.md`, under the same name.
//!
//! A class is a rewriting of the line into one that AWS's documentation says is decided alike, without the thing that the
//! evaluators read differently. A disagreement is of a class if the rewritten line is decided by us as before, and by
//! the other evaluator as by us: so no class can cover for anything but its own cause.

use crate::generate::{OTHER, OWN};
use serde_json::{Value, json};

/// A class: its name, and the same question put without what it is about. `None` is a line that it has nothing to do with.
pub struct Class {
    pub name: &'static str,
    pub rewrite: fn(&Value) -> Option<Value>,
}

/// In the order in which they are applied where several meet in one line.
pub const CLASSES: [Class; 12] = [
    Class { name: "zero-length-prefix", rewrite: zero_length_prefix },
    Class { name: "seconds-since-the-epoch", rewrite: seconds_since_the_epoch },
    Class { name: "variables-of-2008", rewrite: variables_of_2008 },
    Class { name: "empty-tag-and-default", rewrite: empty_tag_and_default },
    Class { name: "variable-without-value", rewrite: variable_without_value },
    Class { name: "set-operator-if-exists", rewrite: set_operator_if_exists },
    Class { name: "address-of-the-other-kind", rewrite: address_of_the_other_kind },
    Class { name: "not-principal-misses-a-name", rewrite: not_principal_misses_a_name },
    Class { name: "root-user", rewrite: root_user },
    Class { name: "caller-that-cannot-assume-a-role", rewrite: caller_that_cannot_assume_a_role },
    Class { name: "federated-user-without-session-policy", rewrite: federated_user_without_session_policy },
    Class { name: "session-let-in-by-name", rewrite: session_let_in_by_name },
];

/// Both refuse, and differ in what to call it where Block Public Access does: this one cannot be put another way.
pub const PUBLIC_ACCESS: &str = "block-public-access-is-an-explicit-deny";

pub fn is_public_access(line: &Value, ours: &Value, theirs: &str) -> bool {
    line["block_public_access"] == true
        && ours["decision"] == "explicitly-denied"
        && theirs == "implicitly-denied"
        && ours["denied_by"].as_array().is_some_and(|layers| layers.contains(&"block_public_access".into()))
}

/// Changes every text that is a value.
fn texts(value: &mut Value, change: &mut impl FnMut(&mut String)) {
    match value {
        Value::String(text) => change(text),
        Value::Array(items) => items.iter_mut().for_each(|item| texts(item, change)),
        Value::Object(members) => members.values_mut().for_each(|member| texts(member, change)),
        _ => {}
    }
}

/// Changes every policy document.
fn documents(value: &mut Value, change: &mut impl FnMut(&mut Value)) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| documents(item, change)),
        Value::Object(members) => {
            for (name, member) in members {
                if name == "document" { change(member) } else { documents(member, change) }
            }
        }
        _ => {}
    }
}

/// Changes every statement; those for which `keep` is false go. A policy of no statement allows and denies nothing, and is
/// written as one of a statement that meets no request here.
fn statements(line: &mut Value, mut keep: impl FnMut(&mut Value) -> bool) {
    documents(&mut line["policies"], &mut |document| {
        let Some(list) = document["Statement"].as_array_mut() else { return };
        let before = list.clone();
        list.retain_mut(&mut keep);
        if list.is_empty()
            && let Some(mut first) = before.into_iter().next()
        {
            if let Some(members) = first.as_object_mut() {
                for name in ["NotAction", "NotPrincipal", "Condition"] {
                    if members.remove(name).is_some() && name == "NotPrincipal" {
                        members.insert("Principal".to_owned(), "*".into());
                    }
                }
            }
            first["Action"] = "sts:GetSessionToken".into();
            list.push(first);
        }
    });
}

fn changed(line: &Value, change: impl FnOnce(&mut Value)) -> Option<Value> {
    let mut other = line.clone();
    change(&mut other);
    (other != *line).then_some(other)
}

/// One value, or a list of them.
fn values(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items.clone(),
        one => vec![one.clone()],
    }
}

fn caller(line: &Value) -> &str {
    line["request"]["principal"].as_str().unwrap_or_default()
}

/// `0.0.0.0/0` is every IPv4 address, and so are its two halves.
fn zero_length_prefix(line: &Value) -> Option<Value> {
    conditions(line, |_, _, wanted| {
        let all = values(wanted).into_iter().flat_map(|value| match value.as_str() {
            Some("0.0.0.0/0") => vec![json!("0.0.0.0/1"), json!("128.0.0.0/1")],
            _ => vec![value],
        });
        let all: Vec<Value> = all.collect();
        if values(wanted) != all {
            *wanted = all.into();
        }
        true
    })
}

/// Changes the value of every key of every condition; those for which `keep` is false go, as conditions that hold.
fn conditions(line: &Value, mut keep: impl FnMut(&str, &str, &mut Value) -> bool) -> Option<Value> {
    changed(line, |line| {
        statements(line, |statement| {
            let Some(operators) = statement["Condition"].as_object_mut() else {
                // Indexing made a null of it.
                statement.as_object_mut().map(|members| members.remove("Condition"));
                return true;
            };
            operators.retain(|operator, keys| {
                let Some(keys) = keys.as_object_mut() else { return true };
                keys.retain(|key, wanted| keep(operator, key, wanted));
                !keys.is_empty()
            });
            if operators.is_empty() {
                statement.as_object_mut().map(|members| members.remove("Condition"));
            }
            true
        });
    })
}

/// The same moment, as ISO 8601.
fn seconds_since_the_epoch(line: &Value) -> Option<Value> {
    changed(line, |line| {
        texts(&mut line["policies"], &mut |text| {
            if text == "1767225600" {
                "2026-01-01T00:00:00Z".clone_into(text);
            }
        });
    })
}

/// Before version 2012-10-17 a `${` is plain text; after it, plain text is written `${$}{`.
fn variables_of_2008(line: &Value) -> Option<Value> {
    changed(line, |line| {
        documents(&mut line["policies"], &mut |document| {
            if document["Version"] == "2008-10-17" {
                texts(document, &mut |text| *text = text.replace("${", "${$}{"));
                document["Version"] = "2012-10-17".into();
            }
        });
    })
}

/// The default of a variable is for a key that is missing; an empty value is a value.
fn empty_tag_and_default(line: &Value) -> Option<Value> {
    if line["request"]["context"]["aws:PrincipalTag/team"] != "" {
        return None;
    }
    changed(line, |line| {
        texts(&mut line["policies"], &mut |text| *text = text.replace("${aws:PrincipalTag/team, '2026'}", ""));
    })
}

/// A variable that has no value makes the statement match nothing, also where the element is negated.
fn variable_without_value(line: &Value) -> Option<Value> {
    let context = line["request"]["context"].as_object()?.clone();
    let is_missing = |value: &Value| {
        let text = value.as_str().unwrap_or_default();
        ["aws:username", "aws:PrincipalTag/other"]
            .iter()
            .any(|key| !context.contains_key(*key) && text.contains(&format!("${{{key}}}")))
    };
    changed(line, |line| {
        statements(line, |statement| {
            let members = statement.as_object();
            let resources = members.and_then(|members| members.get("NotResource")).map(values).unwrap_or_default();
            let negated = members
                .and_then(|members| members.get("Condition"))
                .and_then(Value::as_object)
                .into_iter()
                .flatten()
                .filter(|(operator, _)| operator.contains("Not"))
                .flat_map(|(_, keys)| keys.as_object().into_iter().flatten());
            // A key that the request lacks is not compared with anything.
            let mut wanted =
                negated.filter(|(key, _)| context.contains_key(*key)).flat_map(|(_, wanted)| values(wanted));
            !(resources.iter().any(is_missing) || wanted.any(|value| is_missing(&value)))
        });
    })
}

/// "If the key is not present, evaluate the condition element as true": also where a set operator stands before it.
fn set_operator_if_exists(line: &Value) -> Option<Value> {
    let context = line["request"]["context"].as_object()?.clone();
    conditions(line, |operator, key, _| {
        !(operator.starts_with("For") && operator.ends_with("IfExists") && !context.contains_key(key))
    })
}

/// An IPv6 address is in no network of IPv4, and so it is outside every one.
fn address_of_the_other_kind(line: &Value) -> Option<Value> {
    let source = line["request"]["context"]["aws:SourceIp"].as_str()?.to_owned();
    conditions(line, |operator, _, wanted| {
        if !operator.contains("NotIpAddress") {
            return true;
        }
        let same: Vec<Value> = values(wanted)
            .into_iter()
            .filter(|value| value.as_str().is_some_and(|value| value.contains(':')) == source.contains(':'))
            .collect();
        if same.len() < values(wanted).len() {
            *wanted = same.into();
        }
        wanted.as_array().is_none_or(|same| !same.is_empty())
    })
}

/// `NotPrincipal` spares a caller if all the names that it goes by are listed, and not if one of them is missing.
fn not_principal_misses_a_name(line: &Value) -> Option<Value> {
    let caller = caller(line).to_owned();
    let account = caller.split(':').nth(4).filter(|account| [OWN, OTHER].contains(account))?.to_owned();
    let role = caller.split_once(":assumed-role/").and_then(|(_, rest)| rest.split_once('/')).map(|(role, _)| role);
    let role = role.map(|role| format!("arn:aws:iam::{account}:role/{role}"));
    let root = format!("arn:aws:iam::{account}:root");
    changed(line, |line| {
        statements(line, |statement| {
            let Some(members) = statement.as_object_mut() else { return true };
            let Some(names) = members.get("NotPrincipal").map(|element| values(&element["AWS"])) else { return true };
            let has = |name: &str| names.iter().any(|own| own == name);
            let has_account = has(&account) || has(&root);
            // The root user is the account.
            let has_all = has_account && (caller == root || has(&caller)) && role.as_deref().is_none_or(has);
            if !has("*") && !has_all {
                members.remove("NotPrincipal");
                members.insert("Principal".to_owned(), "*".into());
            }
            true
        });
    })
}

fn allow_everything() -> Value {
    json!({"Effect": "Allow", "Action": "*", "Resource": "*"})
}

/// The root user needs no policy's Allow in its account, and can repair the bucket policy that keeps it out.
fn root_user(line: &Value) -> Option<Value> {
    if !caller(line).ends_with(":root") {
        return None;
    }
    changed(line, |line| {
        let policies = &mut line["policies"];
        policies["identity"] =
            json!([{"name": "root", "document": {"Version": "2012-10-17", "Statement": [allow_everything()]}}]);
        let own = line["request"]["resource_account"] == OWN;
        if own && line["request"]["action"] == "s3:GetBucketPolicy" {
            line["policies"].as_object_mut().map(|policies| policies.remove("resource"));
        }
    })
}

/// The root user and sessions of `GetFederationToken` cannot assume a role: no trust policy's Allow is for them.
fn caller_that_cannot_assume_a_role(line: &Value) -> Option<Value> {
    let cannot = caller(line).ends_with(":root") || caller(line).contains(":federated-user/");
    if !cannot || line["request"]["action"] != "sts:AssumeRole" {
        return None;
    }
    changed(line, |line| {
        let mut trust = json!({"policies": {"resource": line["policies"]["resource"]}});
        statements(&mut trust, |statement| statement["Effect"] != "Allow");
        line["policies"]["resource"] = trust["policies"]["resource"].take();
    })
}

/// A session of `GetFederationToken` that was given no policy has no permissions of its own.
fn federated_user_without_session_policy(line: &Value) -> Option<Value> {
    if !caller(line).contains(":federated-user/") || line["policies"].get("session").is_some() {
        return None;
    }
    changed(line, |line| {
        let nothing = json!({"Effect": "Allow", "Action": "sts:GetSessionToken", "Resource": "*"});
        line["policies"]["session"] =
            json!([{"name": "none", "document": {"Version": "2012-10-17", "Statement": [nothing]}}]);
    })
}

/// What a resource's policy gives to everybody, or to the session by its own name, no session policy has to give again.
fn session_let_in_by_name(line: &Value) -> Option<Value> {
    line["policies"].get("session")?;
    changed(line, |line| {
        if let Some(list) = line["policies"]["session"][0]["document"]["Statement"].as_array_mut() {
            list.push(allow_everything());
        }
    })
}
