//! Who asks: the principal of a request.
//!
//! A role is never seen on the wire: whoever uses one asks as a *session* of it
//! (`arn:aws:sts::111122223333:assumed-role/app/i-0abc`), and that ARN has lost the role's path. Role names are unique
//! within an account whatever their path, so a session is matched to its role by account and name.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html>

use std::fmt;
use std::str::FromStr;

/// The caller. [`FromStr`] reads ARNs, service principals and `anonymous`; [`Display`](fmt::Display) writes them back.
///
/// Paths are as IAM has them: `/`, or `/team/ci/`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Principal {
    /// An unsigned request.
    Anonymous,
    Root {
        partition: String,
        account: String,
    },
    User {
        partition: String,
        account: String,
        path: String,
        name: String,
    },
    /// Any session of this role: the ARN was given, not the session's.
    Role {
        partition: String,
        account: String,
        path: String,
        name: String,
    },
    Session {
        partition: String,
        account: String,
        role: String,
        session: String,
        /// The role's path, where it is known: the session's ARN does not tell.
        role_path: Option<String>,
    },
    /// A session of `GetFederationToken`.
    Federated {
        partition: String,
        account: String,
        name: String,
    },
    /// An AWS service acting by itself: `logging.s3.amazonaws.com`.
    Service {
        name: String,
    },
}

/// Text that names no principal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is no principal: a user, role, assumed-role session, federated-user or root ARN, a service principal, or `anonymous` is"
)]
pub struct PrincipalError {
    pub text: String,
}

impl Principal {
    /// The account that the principal belongs to. Services and unsigned requests have none.
    #[must_use]
    pub fn account(&self) -> Option<&str> {
        match self {
            Self::Anonymous | Self::Service { .. } => None,
            Self::Root { account, .. }
            | Self::User { account, .. }
            | Self::Role { account, .. }
            | Self::Session { account, .. }
            | Self::Federated { account, .. } => Some(account),
        }
    }

    /// `aws`, `aws-cn`, `aws-us-gov`.
    #[must_use]
    pub fn partition(&self) -> Option<&str> {
        match self {
            Self::Anonymous | Self::Service { .. } => None,
            Self::Root { partition, .. }
            | Self::User { partition, .. }
            | Self::Role { partition, .. }
            | Self::Session { partition, .. }
            | Self::Federated { partition, .. } => Some(partition),
        }
    }

    /// The role's ARN of a role or of a session of it (with the path where that is known).
    #[must_use]
    pub fn role_arn(&self) -> Option<String> {
        match self {
            Self::Role { partition, account, path, name } => {
                Some(format!("arn:{partition}:iam::{account}:role{}{name}", slashed(path)))
            }
            Self::Session { partition, account, role, role_path, .. } => {
                let path = role_path.as_deref().unwrap_or("/");
                Some(format!("arn:{partition}:iam::{account}:role{}{role}", slashed(path)))
            }
            _ => None,
        }
    }

    /// The role's name of a role or of a session of it.
    #[must_use]
    pub fn role_name(&self) -> Option<&str> {
        match self {
            Self::Role { name, .. } | Self::Session { role: name, .. } => Some(name),
            _ => None,
        }
    }

    /// The ARN of the identity that policies hang on and that a policy names to let it in: the role's for a session,
    /// the user's, the federated session's, the account's for the root user.
    #[must_use]
    pub fn identity_arn(&self) -> Option<String> {
        match self {
            Self::Anonymous | Self::Service { .. } => None,
            Self::Role { .. } | Self::Session { .. } => self.role_arn(),
            other => Some(other.to_string()),
        }
    }

    /// What AWS puts into `aws:PrincipalArn`: the role's ARN for a session, else the principal's own.
    /// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html>
    #[must_use]
    pub fn condition_arn(&self) -> Option<String> {
        self.identity_arn()
    }

    /// The role is one that a service made for itself. Organizations' policies do not apply to those.
    /// Source: <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html>
    #[must_use]
    pub fn is_service_linked_role(&self) -> bool {
        match self {
            Self::Role { path, .. } => path.starts_with("/aws-service-role/"),
            Self::Session { role, role_path, .. } => match role_path {
                Some(path) => path.starts_with("/aws-service-role/"),
                // IAM reserves the prefix for service-linked roles.
                None => role.starts_with("AWSServiceRoleFor"),
            },
            _ => false,
        }
    }
}

/// A path that starts and ends with a slash, whatever was stored.
fn slashed(path: &str) -> std::borrow::Cow<'_, str> {
    if path.starts_with('/') && path.ends_with('/') {
        return path.into();
    }
    let trimmed = path.trim_matches('/');
    if trimmed.is_empty() { "/".into() } else { format!("/{trimmed}/").into() }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => f.write_str("anonymous"),
            Self::Root { partition, account } => write!(f, "arn:{partition}:iam::{account}:root"),
            Self::User { partition, account, path, name } => {
                write!(f, "arn:{partition}:iam::{account}:user{}{name}", slashed(path))
            }
            Self::Role { partition, account, path, name } => {
                write!(f, "arn:{partition}:iam::{account}:role{}{name}", slashed(path))
            }
            Self::Session { partition, account, role, session, .. } => {
                write!(f, "arn:{partition}:sts::{account}:assumed-role/{role}/{session}")
            }
            Self::Federated { partition, account, name } => {
                write!(f, "arn:{partition}:sts::{account}:federated-user/{name}")
            }
            Self::Service { name } => f.write_str(name),
        }
    }
}

impl FromStr for Principal {
    type Err = PrincipalError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        read(text).ok_or_else(|| PrincipalError { text: text.to_owned() })
    }
}

fn read(text: &str) -> Option<Principal> {
    if text == "anonymous" {
        return Some(Principal::Anonymous);
    }
    if is_service(text) {
        return Some(Principal::Service { name: text.to_owned() });
    }
    let mut segments = text.splitn(6, ':');
    let (arn, partition, service) = (segments.next()?, segments.next()?, segments.next()?);
    let (region, account, resource) = (segments.next()?, segments.next()?, segments.next()?);
    if arn != "arn" || partition.is_empty() || !region.is_empty() || !is_account(account) {
        return None;
    }
    let (partition, account) = (partition.to_owned(), account.to_owned());
    if resource == "root" && service == "iam" {
        return Some(Principal::Root { partition, account });
    }
    let (kind, rest) = resource.split_once('/')?;
    match (service, kind) {
        ("iam", "user") => {
            let (path, name) = path_and_name(rest)?;
            Some(Principal::User { partition, account, path, name })
        }
        ("iam", "role") => {
            let (path, name) = path_and_name(rest)?;
            Some(Principal::Role { partition, account, path, name })
        }
        ("sts", "assumed-role") => {
            let (role, session) = rest.split_once('/')?;
            if role.is_empty() || session.is_empty() {
                return None;
            }
            let (role, session) = (role.to_owned(), session.to_owned());
            Some(Principal::Session { partition, account, role, session, role_path: None })
        }
        ("sts", "federated-user") if !rest.is_empty() => {
            Some(Principal::Federated { partition, account, name: rest.to_owned() })
        }
        _ => None,
    }
}

fn path_and_name(rest: &str) -> Option<(String, String)> {
    let (path, name) = match rest.rsplit_once('/') {
        Some((path, name)) => (format!("/{path}/"), name),
        None => ("/".to_owned(), rest),
    };
    if name.is_empty() { None } else { Some((path, name.to_owned())) }
}

/// Twelve digits.
pub(crate) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `ec2.amazonaws.com`, `states.us-east-1.amazonaws.com.cn`.
pub(crate) fn is_service(text: &str) -> bool {
    let domains = [".amazonaws.com", ".amazonaws.com.cn", ".amazon.com", ".aws.internal"];
    domains.iter().any(|domain| text.strip_suffix(domain).is_some_and(|name| !name.is_empty()))
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_written_back() {
        for text in [
            "anonymous",
            "arn:aws:iam::111122223333:root",
            "arn:aws:iam::111122223333:user/ana",
            "arn:aws-cn:iam::111122223333:user/team/ci/ana",
            "arn:aws:iam::111122223333:role/app",
            "arn:aws:iam::111122223333:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX",
            "arn:aws:sts::111122223333:assumed-role/app/i-0abc",
            "arn:aws:sts::111122223333:federated-user/bob",
            "logging.s3.amazonaws.com",
        ] {
            assert_eq!(text.parse::<Principal>().map(|principal| principal.to_string()).as_deref(), Ok(text));
        }
    }

    #[test]
    fn other_text_is_no_principal() {
        for text in [
            "",
            "*",
            "arn:aws:iam::1:user/x",
            "arn:aws:iam::111122223333:group/g",
            "arn:aws:s3:::b",
            "ana",
            "arn:aws:iam::111122223333:user/",
            ".amazonaws.com",
            "arn:aws:sts::111122223333:assumed-role/app",
        ] {
            assert!(text.parse::<Principal>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_session_has_its_roles_arn_with_the_path_where_known() {
        let mut session: Principal = "arn:aws:sts::111122223333:assumed-role/app/s".parse().unwrap();
        assert_eq!(session.role_arn().as_deref(), Some("arn:aws:iam::111122223333:role/app"));
        if let Principal::Session { role_path, .. } = &mut session {
            *role_path = Some("/team/".to_owned());
        }
        assert_eq!(session.role_arn().as_deref(), Some("arn:aws:iam::111122223333:role/team/app"));
    }
}
