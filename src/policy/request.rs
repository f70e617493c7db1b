//! What is asked: principal, action, resource, and the request context.
//!
//! A context key is present with values, absent, or unknown. A [`Context::closed`] one takes every key that nobody
//! set for absent, as AWS does with the context that it built itself; a [`Context::open`] one, of a request seen
//! from outside, takes it for unknown. Key names are not case-sensitive, tag keys in them included.
//!
//! Keys that the request itself fixes need not be given: who the principal is settles `aws:PrincipalArn`,
//! `aws:PrincipalAccount`, `aws:PrincipalType`, `aws:username`, `aws:PrincipalIsAWSService` and
//! `aws:PrincipalServiceName`, and where the resource lives settles `aws:ResourceAccount` and `s3:ResourceAccount`.
//! What was set by hand wins over what is derived.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html> (each key's
//! "Availability")

use super::layers::{Layers, Reading};
use super::principal::Principal;
use super::truth::Truth;
use std::collections::BTreeMap;

/// One request to be decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub principal: Principal,
    /// `s3:GetObject`.
    pub action: String,
    /// An ARN. For a recursive command it may end with `/*`: the prefix that was named.
    pub resource: String,
    /// The account that owns the resource. `None` is unknown: then whether the request crosses accounts is too.
    pub resource_account: Option<String>,
    /// The account that owns the S3 object, where it is not the bucket's owner.
    pub object_owner: Option<String>,
    pub context: Context,
}

impl Request {
    /// The caller is a session whose role's path nobody told.
    pub(crate) fn path_is_unknown(&self) -> bool {
        self.context.open && matches!(self.principal, Principal::Session { role_path: None, .. })
    }
}

/// A role that IAM Identity Center made. It never stands in the root path.
/// Source: <https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html>
pub(crate) fn is_of_identity_center(role: &str) -> bool {
    role.starts_with("AWSReservedSSO_")
}

/// The condition keys of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// By lower-case name.
    slots: BTreeMap<Box<str>, Slot>,
    /// Lower-case beginnings of names: of these keys there are none but those that are set.
    complete: Vec<Box<str>>,
    open: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Slot {
    Values(Vec<String>),
    /// With the name as it was given.
    Unknown(Box<str>),
    Absent,
    /// One value, and none of those that the policies name.
    Other,
}

/// What is known of one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lookup<'a> {
    Values(&'a [String]),
    Absent,
    Unknown,
    /// Present with one value that no policy names literally; nothing else is known of it.
    Other,
}

impl Context {
    /// A key that is neither set nor declared unknown is absent.
    #[must_use]
    pub fn closed() -> Self {
        Self { slots: BTreeMap::new(), complete: Vec::new(), open: false }
    }

    /// A key that is neither set nor declared absent is unknown.
    #[must_use]
    pub fn open() -> Self {
        Self { slots: BTreeMap::new(), complete: Vec::new(), open: true }
    }

    /// The key is present with these values. No values at all is a key that is absent.
    pub fn set<V: Into<String>>(&mut self, key: &str, values: impl IntoIterator<Item = V>) -> &mut Self {
        let values: Vec<String> = values.into_iter().map(Into::into).collect();
        self.slots.insert(fold(key), if values.is_empty() { Slot::Absent } else { Slot::Values(values) });
        self
    }

    /// Whether the key is present, and with what, is not known.
    pub fn set_unknown(&mut self, key: &str) -> &mut Self {
        self.slots.insert(fold(key), Slot::Unknown(key.into()));
        self
    }

    /// The request does not carry the key.
    pub fn set_absent(&mut self, key: &str) -> &mut Self {
        self.slots.insert(fold(key), Slot::Absent);
        self
    }

    /// The request carries no other keys that begin so than those that are set: `aws:PrincipalTag/`.
    pub fn set_complete(&mut self, beginning: &str) -> &mut Self {
        self.complete.push(fold(beginning));
        self
    }

    /// The key has one value, and it is none of those that the policies name. For [`super::cases`].
    pub(crate) fn set_other(&mut self, key: &str) -> &mut Self {
        self.slots.insert(fold(key), Slot::Other);
        self
    }

    #[must_use]
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// The values of a key that is set.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&[String]> {
        match self.slots.get(&*fold(key)) {
            Some(Slot::Values(values)) => Some(values),
            _ => None,
        }
    }

    /// The name that the key was declared unknown by.
    pub(crate) fn unknown_name(&self, folded: &str) -> Option<&str> {
        match self.slots.get(folded) {
            Some(Slot::Unknown(name)) => Some(name),
            _ => None,
        }
    }

    fn explicit(&self, folded: &str) -> Option<Lookup<'_>> {
        let Some(slot) = self.slots.get(folded) else {
            let none = self.complete.iter().any(|beginning| folded.starts_with(&**beginning));
            return none.then_some(Lookup::Absent);
        };
        Some(match slot {
            Slot::Values(values) => Lookup::Values(values),
            Slot::Unknown(_) => Lookup::Unknown,
            Slot::Absent => Lookup::Absent,
            Slot::Other => Lookup::Other,
        })
    }
}

impl Default for Context {
    fn default() -> Self {
        Self::closed()
    }
}

fn fold(key: &str) -> Box<str> {
    key.to_ascii_lowercase().into_boxed_str()
}

/// A request with the keys that it fixes itself worked out, once for all the statements that look at them.
pub(crate) struct Facts<'a> {
    pub request: &'a Request,
    /// A permissions boundary is attached to the caller.
    pub bounded: Truth,
    principal_arn: Option<[String; 1]>,
    account: Option<[String; 1]>,
    resource_account: Option<[String; 1]>,
    kind: Option<[String; 1]>,
    username: Option<[String; 1]>,
    userid: Option<[String; 1]>,
    service: Option<[String; 1]>,
    is_service: Option<[String; 1]>,
}

impl<'a> Facts<'a> {
    pub fn new(request: &'a Request) -> Self {
        let principal = &request.principal;
        let one = |text: &str| Some([text.to_owned()]);
        let kind = match principal {
            Principal::Anonymous => one("Anonymous"),
            Principal::Root { .. } => one("Account"),
            Principal::User { .. } => one("User"),
            Principal::Role { .. } | Principal::Session { .. } => one("AssumedRole"),
            Principal::Federated { .. } => one("FederatedUser"),
            Principal::Service { .. } => None,
        };
        Self {
            request,
            bounded: Truth::False,
            principal_arn: principal.condition_arn().map(|arn| [arn]),
            account: match principal {
                // "For anonymous requests, the request context returns `anonymous`."
                Principal::Anonymous => one("anonymous"),
                _ => principal.account().and_then(one),
            },
            resource_account: request.resource_account.as_deref().and_then(one),
            kind,
            username: match principal {
                Principal::User { name, .. } => one(name),
                _ => None,
            },
            // A user's and a session's hold ids that no ARN tells.
            userid: match principal {
                Principal::Anonymous => one("anonymous"),
                Principal::Root { account, .. } => one(account),
                Principal::Federated { account, name, .. } => Some([format!("{account}:{name}")]),
                _ => None,
            },
            service: match principal {
                Principal::Service { name } => one(name),
                _ => None,
            },
            is_service: match principal {
                Principal::Anonymous => None,
                Principal::Service { .. } => one("true"),
                _ => one("false"),
            },
        }
    }

    /// The same, among the layers that the request meets.
    pub fn among(request: &'a Request, layers: &Layers) -> Self {
        let bounded = match layers.permissions_boundary {
            Reading::NotApplicable => Truth::False,
            Reading::Unread => Truth::Unknown,
            Reading::Read(_) | Reading::Partly(_) => Truth::True,
        };
        Self { bounded, ..Self::new(request) }
    }

    /// What is known of a key, by its lower-case name.
    pub fn lookup(&self, folded: &str) -> Lookup<'_> {
        if let Some(found) = self.request.context.explicit(folded) {
            return found;
        }
        let default = if self.request.context.open { Lookup::Unknown } else { Lookup::Absent };
        let principal = &self.request.principal;
        let derived: Option<&[String; 1]> = match folded {
            "aws:principalarn" => self.principal_arn.as_ref(),
            "aws:principalaccount" => self.account.as_ref(),
            "aws:principaltype" => self.kind.as_ref(),
            "aws:username" => self.username.as_ref(),
            "aws:userid" => self.userid.as_ref(),
            "aws:principalservicename" => self.service.as_ref(),
            "aws:principalisawsservice" => self.is_service.as_ref(),
            "aws:resourceaccount" => self.resource_account.as_ref(),
            "s3:resourceaccount" if self.request.resource.split(':').nth(2) == Some("s3") => {
                self.resource_account.as_ref()
            }
            // Only what a service asks for itself carries the names of that service.
            "aws:principalservicenameslist" if !matches!(principal, Principal::Service { .. }) => None,
            _ => {
                // An unsigned request carries nothing else about a principal.
                let of_principal = folded.starts_with("aws:principal");
                return if of_principal && *principal == Principal::Anonymous { Lookup::Absent } else { default };
            }
        };
        match derived {
            Some(values) => Lookup::Values(values),
            // What the principal's kind excludes is absent; what only AWS knows is not.
            None => match (folded, principal) {
                ("aws:userid" | "aws:resourceaccount" | "s3:resourceaccount", _) => default,
                ("aws:principaltype" | "aws:principalarn" | "aws:principalaccount", Principal::Service { .. }) => {
                    default
                }
                _ => Lookup::Absent,
            },
        }
    }

    /// What the key holds is not known, or not in full.
    pub fn is_open(&self, folded: &str) -> bool {
        matches!(self.lookup(folded), Lookup::Unknown | Lookup::Other)
    }

    /// What `aws:PrincipalArn` may be where the role's path is not known: the session's ARN has lost it, and what is not told is
    /// unknown here. One ARN for each form that the path can have; nothing where the one ARN is known.
    pub fn possible_role_arns(&self) -> Option<Vec<String>> {
        if !self.request.path_is_unknown() || self.request.context.explicit("aws:principalarn").is_some() {
            return None;
        }
        let Principal::Session { partition, account, role, .. } = &self.request.principal else { return None };
        // No policy names these by chance: what matches them matches any path.
        let paths: &[&str] = if is_of_identity_center(role) {
            &["/aws-reserved/sso.amazonaws.com/", "/aws-reserved/sso.amazonaws.com/q9z7-path-4/"]
        } else {
            &["/", "/q9z7-path-4/", "/q9z7-path-4/x8/"]
        };
        Some(paths.iter().map(|path| format!("arn:{partition}:iam::{account}:role{path}{role}")).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(principal: &str, context: Context) -> Request {
        Request {
            principal: principal.parse().unwrap(),
            action: "s3:GetObject".to_owned(),
            resource: "arn:aws:s3:::b/k".to_owned(),
            resource_account: Some("111122223333".to_owned()),
            object_owner: None,
            context,
        }
    }

    fn values(request: &Request, key: &str) -> Option<Vec<String>> {
        match Facts::new(request).lookup(key) {
            Lookup::Values(values) => Some(values.to_vec()),
            _ => None,
        }
    }

    #[test]
    fn a_session_carries_its_roles_arn() {
        let request = request("arn:aws:sts::111122223333:assumed-role/app/s", Context::closed());
        assert_eq!(values(&request, "aws:principalarn").unwrap(), ["arn:aws:iam::111122223333:role/app"]);
        assert_eq!(values(&request, "aws:principaltype").unwrap(), ["AssumedRole"]);
        assert_eq!(values(&request, "s3:resourceaccount").unwrap(), ["111122223333"]);
        assert_eq!(Facts::new(&request).lookup("aws:username"), Lookup::Absent);
    }

    #[test]
    fn what_was_set_by_hand_wins_and_names_have_no_case() {
        let mut context = Context::open();
        context.set("AWS:PrincipalArn", ["x"]).set_absent("aws:SourceVpce");
        let request = request("arn:aws:iam::111122223333:user/ana", context);
        assert_eq!(values(&request, "aws:principalarn").unwrap(), ["x"]);
        assert_eq!(Facts::new(&request).lookup("aws:sourcevpce"), Lookup::Absent);
        assert_eq!(Facts::new(&request).lookup("aws:sourceip"), Lookup::Unknown);
        assert_eq!(Facts::new(&request).lookup("aws:userid"), Lookup::Unknown);
    }

    #[test]
    fn where_all_keys_of_a_kind_are_told_the_others_are_absent() {
        let mut context = Context::open();
        context.set("aws:PrincipalTag/Team", ["ops"]).set_complete("aws:PrincipalTag/");
        let request = request("arn:aws:iam::111122223333:user/ana", context);
        assert_eq!(values(&request, "aws:principaltag/team").unwrap(), ["ops"]);
        assert_eq!(Facts::new(&request).lookup("aws:principaltag/cost"), Lookup::Absent);
        assert_eq!(Facts::new(&request).lookup("aws:principalorgid"), Lookup::Unknown);
    }

    #[test]
    fn an_unsigned_request_has_no_principal_keys_even_in_an_open_context() {
        let request = request("anonymous", Context::open());
        for key in [
            "aws:principalarn",
            "aws:principalorgid",
            "aws:principaltag/team",
            "aws:username",
            "aws:principalisawsservice",
        ] {
            assert_eq!(Facts::new(&request).lookup(key), Lookup::Absent, "{key}");
        }
        assert_eq!(values(&request, "aws:userid").unwrap(), ["anonymous"]);
        assert_eq!(values(&request, "aws:principalaccount").unwrap(), ["anonymous"]);
        assert_eq!(values(&request, "aws:principaltype").unwrap(), ["Anonymous"]);
    }

    #[test]
    fn only_a_services_own_request_has_the_services_names() {
        let of = |principal: &str| request(principal, Context::open());
        let (user, service) = (of("arn:aws:iam::111122223333:user/ana"), of("logging.s3.amazonaws.com"));
        assert_eq!(Facts::new(&user).lookup("aws:principalservicenameslist"), Lookup::Absent);
        assert_eq!(Facts::new(&service).lookup("aws:principalservicenameslist"), Lookup::Unknown);
    }
}
