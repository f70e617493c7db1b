//! KMS's own rules: the key policy is where it begins.
//!
//! An identity policy counts only where the key policy hands the decision to the account (its root ARN as a principal). A
//! key policy that names the caller is enough within the account. A grant lets its grantee use the key for its
//! operations, within what the encryption context has to be. Not even the root user gets in without the key policy.
//!
//! Sources: <https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html> and
//! <https://docs.aws.amazon.com/kms/latest/developerguide/grants.html>

use super::arn::Arn;
use super::layers::{Grant, GrantConstraints};
use super::principal::Principal;
use super::request::{Facts, Lookup, Request};
use super::truth::Truth;

/// A request for a key.
pub(crate) fn is_key(request: &Request) -> bool {
    let kms = request.action.get(..4).is_some_and(|service| service.eq_ignore_ascii_case("kms:"));
    kms && Arn::parse(&request.resource).is_some_and(|arn| arn.service == "kms" && arn.resource.starts_with("key/"))
}

/// Whether the grant lets the caller do this.
#[must_use]
pub fn grant_covers(grant: &Grant, request: &Request) -> Truth {
    grants_this(grant, &Facts::new(request))
}

/// Whether one of the grants lets the caller do this.
pub(crate) fn granted(grants: &[Grant], facts: &Facts<'_>) -> Truth {
    grants.iter().fold(Truth::False, |any, grant| any.or(grants_this(grant, facts)))
}

fn grants_this(grant: &Grant, facts: &Facts<'_>) -> Truth {
    let request = facts.request;
    let operation = request.action.split_once(':').map_or("", |(_, operation)| operation);
    let covered = grant.operations.iter().any(|own| own.eq_ignore_ascii_case(operation));
    if !covered || !is_grantee(&grant.grantee, &request.principal) {
        return Truth::False;
    }
    let pairs = match &grant.constraints {
        GrantConstraints::None => return Truth::True,
        GrantConstraints::Unread => return Truth::Unknown,
        GrantConstraints::Subset(pairs) | GrantConstraints::Equals(pairs) => pairs,
    };
    let held = pairs.iter().fold(Truth::True, |all, (key, value)| {
        let key = format!("kms:encryptioncontext:{}", key.to_ascii_lowercase());
        all.and(match facts.lookup(&key) {
            Lookup::Values(values) => values.iter().any(|own| own == value).into(),
            Lookup::Absent => Truth::False,
            Lookup::Unknown | Lookup::Other => Truth::Unknown,
        })
    });
    if matches!(grant.constraints, GrantConstraints::Subset(_)) {
        return held;
    }
    held.and(match facts.lookup("kms:encryptioncontextkeys") {
        Lookup::Values(keys) => {
            let exact = keys.len() == pairs.len()
                && keys.iter().all(|key| pairs.iter().any(|(own, _)| own.eq_ignore_ascii_case(key)));
            exact.into()
        }
        Lookup::Absent => pairs.is_empty().into(),
        Lookup::Unknown | Lookup::Other => Truth::Unknown,
    })
}

fn is_grantee(grantee: &str, caller: &Principal) -> bool {
    let Ok(grantee) = grantee.parse::<Principal>() else { return false };
    match (&grantee, caller) {
        (Principal::Role { account, name, .. }, Principal::Session { account: a, role, role_path: None, .. }) => {
            account == a && name == role
        }
        (Principal::Role { .. }, Principal::Session { .. }) => Some(grantee.to_string()) == caller.role_arn(),
        // A grant to the account is one to everybody in it.
        (Principal::Root { account, .. }, caller) => caller.account() == Some(account),
        (grantee, caller) => grantee == caller,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Context;

    #[test]
    fn a_grant_covers_its_operations_within_its_encryption_context() {
        let mut request = Request {
            principal: "arn:aws:sts::111122223333:assumed-role/app/s".parse().unwrap(),
            action: "kms:Decrypt".to_owned(),
            resource: "arn:aws:kms:us-east-1:111122223333:key/k".to_owned(),
            resource_account: Some("111122223333".to_owned()),
            object_owner: None,
            context: Context::closed(),
        };
        let mut grant = Grant {
            id: "g".to_owned(),
            grantee: "arn:aws:iam::111122223333:role/team/app".to_owned(),
            operations: vec!["Decrypt".to_owned()],
            constraints: GrantConstraints::None,
        };
        assert_eq!(granted(std::slice::from_ref(&grant), &Facts::new(&request)), Truth::True);
        grant.constraints = GrantConstraints::Equals(vec![("aws:s3:arn".to_owned(), "x".to_owned())]);
        assert_eq!(granted(std::slice::from_ref(&grant), &Facts::new(&request)), Truth::False);
        request.context.set("kms:EncryptionContext:aws:s3:arn", ["x"]).set("kms:EncryptionContextKeys", ["aws:s3:arn"]);
        assert_eq!(granted(std::slice::from_ref(&grant), &Facts::new(&request)), Truth::True);
        request.context.set("kms:EncryptionContextKeys", ["aws:s3:arn", "other"]);
        assert_eq!(granted(std::slice::from_ref(&grant), &Facts::new(&request)), Truth::False);
        grant.constraints = GrantConstraints::Unread;
        assert_eq!(grant_covers(&grant, &request), Truth::Unknown);
        request.action = "kms:Encrypt".to_owned();
        grant.constraints = GrantConstraints::None;
        assert_eq!(granted(&[grant], &Facts::new(&request)), Truth::False);
    }
}
