//! All that is known of one failed request: what the CLI said, what was asked, what the probes brought, and what the
//! policy evaluator makes of the documents. Made once, read by every cause.

use super::verdict::{Verdict, Verdicts};
use crate::evidence::Evidence;
use crate::evidence::access_point::AccessPointFacts;
use crate::evidence::bucket_policy::BucketPolicy;
use crate::policy::Principal;
use crate::recognize::{AwsFailure, Denial, DeniedLayer, FailureKind};
use crate::render::untrusted::is_unseen;
use crate::request::{BucketKind, EndpointChoice, Request, ServiceId, Settings};

/// One case.
#[derive(Debug)]
pub struct Case<'a> {
    pub failure: &'a AwsFailure,
    pub request: &'a Request,
    pub settings: &'a Settings,
    pub evidence: &'a Evidence,
    /// What AWS's own message names: the replay's where it came, else the CLI's.
    pub denial: Option<Denial>,
    pub verdicts: Verdicts,
    /// The profile and region flags as the user gave them, for commands that work when pasted.
    pub flags: Vec<String>,
}

impl<'a> Case<'a> {
    #[must_use]
    pub fn new(
        failure: &'a AwsFailure,
        request: &'a Request,
        settings: &'a Settings,
        evidence: &'a Evidence,
        flags: Vec<String>,
    ) -> Self {
        let replayed = evidence.replay.known().and_then(|replay| Denial::read(replay.decisive().message()));
        let said = failure.service().and_then(|error| Denial::read(&error.message));
        let mut case = Self {
            failure,
            request,
            settings,
            evidence,
            denial: replayed.or(said),
            verdicts: Verdicts::default(),
            flags,
        };
        case.verdicts = Verdicts::of(&case);
        case
    }

    /// The code that AWS gave: the replay's, else the CLI's where it is a name and not a HEAD's status.
    #[must_use]
    pub fn code(&self) -> &str {
        let replayed = self.evidence.replay.known().map_or("", |replay| replay.decisive().code());
        if replayed.is_empty() { self.said_code() } else { replayed }
    }

    /// The code on the screen, empty where it is only a status.
    #[must_use]
    pub fn said_code(&self) -> &str {
        let code = self.failure.service().map_or("", |error| error.code.as_str());
        if code.bytes().all(|byte| byte.is_ascii_digit()) { "" } else { code }
    }

    /// The HTTP status on the screen, for a HEAD.
    #[must_use]
    pub fn said_status(&self) -> Option<u16> {
        self.failure.service()?.code.parse().ok()
    }

    /// The message that goes with [`Case::code`].
    #[must_use]
    pub fn message(&self) -> &str {
        let replayed = self.evidence.replay.known().map_or("", |replay| replay.decisive().message());
        if replayed.is_empty() { self.failure.service().map_or("", |error| error.message.as_str()) } else { replayed }
    }

    /// Which check the code and message came from.
    #[must_use]
    pub fn told_by(&self) -> &'static str {
        if self.evidence.replay.known().is_some_and(|replay| !replay.decisive().code().is_empty()) {
            "s3-replay"
        } else {
            "cli"
        }
    }

    /// Whether AWS refused for lack of permission, as far as anybody said.
    #[must_use]
    pub fn is_access_denied(&self) -> bool {
        let code = self.code();
        matches!(code, "AccessDenied" | "AccessDeniedException" | "Forbidden" | "UnauthorizedAccess")
            || (code.is_empty() && (self.said_status() == Some(403) || self.failure.kind == FailureKind::Silent))
    }

    /// The layer that AWS's message names.
    #[must_use]
    pub fn denied_layer(&self) -> Option<DeniedLayer> {
        self.denial.as_ref().and_then(|denial| denial.layer)
    }

    /// Whether the message is about a KMS key.
    #[must_use]
    pub fn names_kms(&self) -> bool {
        self.denial.as_ref().is_some_and(is_kms)
    }

    /// Whether the refusal came without a reason.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        self.is_access_denied() && self.denied_layer().is_none()
    }

    /// Whether the very request goes through now.
    #[must_use]
    pub fn goes_through(&self) -> bool {
        self.evidence.replay.known().is_some_and(crate::evidence::replay::Replay::succeeded)
    }

    /// Whether a HEAD of the object goes through: it needs the very permission that a GET needs of S3, and no key's.
    #[must_use]
    pub fn head_goes_through(&self) -> bool {
        self.evidence.object.known().is_some_and(crate::aws::answer::Exchange::succeeded)
    }

    /// Whether anything showed that the object exists.
    #[must_use]
    pub fn object_exists(&self) -> bool {
        let read = |exchange: Option<&crate::aws::answer::Exchange>| {
            exchange.is_some_and(|exchange| exchange.succeeded() || exchange.status == 416)
        };
        let listed = self.request.key.as_deref().zip(self.evidence.listing.known());
        self.goes_through()
            || self.head_goes_through()
            || read(self.evidence.unsigned.known())
            || read(self.evidence.signed.known())
            || read(self.evidence.without_owner.known())
            || listed.and_then(|(key, listing)| listing.has(key)) == Some(true)
            || self.evidence.object_acl.known().is_some()
            || self.evidence.profiles.known().is_some_and(|tried| tried.iter().any(|attempt| attempt.succeeded()))
    }

    /// The access point that the request goes through.
    #[must_use]
    pub fn access_point_arn(&self) -> Option<&str> {
        let read = self.evidence.access_point.known().map(|point| point.arn.as_str());
        let named = self
            .denial
            .as_ref()
            .and_then(|denial| denial.resource.as_deref())
            .and_then(|arn| arn.split_once("/object/"));
        let named = named.map(|(arn, _)| arn).filter(|arn| arn.contains(":accesspoint/"));
        self.request.access_point_arn.as_deref().or(read).or(named)
    }

    /// What could be read about that access point, where it names its bucket.
    #[must_use]
    pub fn access_point_facts(&self) -> Option<&AccessPointFacts> {
        let facts = self.evidence.access_point.known()?.about.known()?;
        (!facts.bucket.is_empty()).then_some(facts)
    }

    /// The access point's name, where the bucket behind it is not known.
    #[must_use]
    pub fn point_to_nowhere(&self) -> Option<&str> {
        let arn = self.access_point_arn().filter(|_| self.access_point_facts().is_none())?;
        arn.rsplit(['/', ':']).next()
    }

    /// Whether a KMS key is what remains: the object is encrypted with one, HEAD goes through, and GET does not.
    #[must_use]
    pub fn suspects_kms(&self) -> bool {
        self.names_kms()
            || (self.is_bare()
                && self.head_goes_through()
                && self.evidence.object.known().is_some_and(|exchange| exchange.kms_key.is_some()))
    }

    /// Whether it is AWS that answers, and not a server that speaks S3 alone.
    #[must_use]
    pub fn is_aws(&self) -> bool {
        !matches!(self.settings.endpoints.for_service(ServiceId::Sts), EndpointChoice::NotReachable { .. })
    }

    /// The caller, by STS or by AWS's own message.
    #[must_use]
    pub fn caller(&self) -> Option<Principal> {
        let by_sts = self.evidence.identity.known().map(|identity| identity.arn.as_str());
        let by_message = self.denial.as_ref().and_then(|denial| denial.caller_arn.as_deref());
        let arn = by_sts.or(by_message)?;
        let mut principal: Principal = arn.parse().ok()?;
        // IAM tells the role's path, which the session's ARN has lost.
        let read = self.evidence.identity_policies.known().map(|policies| policies.principal.as_str());
        if let (Principal::Session { role_path, .. }, Some(Ok(Principal::Role { path, .. }))) =
            (&mut principal, read.map(str::parse::<Principal>))
        {
            *role_path = Some(path);
        }
        Some(principal)
    }

    /// The caller's account.
    #[must_use]
    pub fn account(&self) -> Option<String> {
        if let Some(identity) = self.evidence.identity.known() {
            return Some(identity.account.clone());
        }
        self.caller().and_then(|caller| caller.account().map(str::to_owned))
    }

    /// `role/ci-deploy`, `user/ana`: how the caller is called after its ARN was shown once.
    #[must_use]
    pub fn caller_name(&self) -> Option<String> {
        Some(short_name(&self.caller()?))
    }

    /// The caller in a sentence: its name in backticks, or who it is when that is not known.
    #[must_use]
    pub fn who(&self) -> String {
        self.caller_name().map_or_else(|| "the caller".to_owned(), |name| format!("`{name}`"))
    }

    /// Whether the caller is a session of `GetFederationToken`.
    #[must_use]
    pub fn is_federated(&self) -> bool {
        matches!(self.caller(), Some(Principal::Federated { .. }))
    }

    /// Whose identity-based policies count, in a sentence: a federated user has none of its own.
    #[must_use]
    pub fn whose_policies(&self) -> String {
        if self.is_federated() { format!("the user behind {}", self.who()) } else { self.who() }
    }

    /// What IAM attaches policies to: the user, or the role behind the session.
    #[must_use]
    pub fn policy_holder(&self) -> Option<String> {
        let read = self.evidence.identity_policies.known().map(|policies| policies.principal.clone());
        if let Some(principal) = read.filter(|principal| !principal.is_empty()) {
            return Some(principal);
        }
        match self.caller()? {
            principal @ (Principal::User { .. } | Principal::Role { .. }) => Some(principal.to_string()),
            principal @ Principal::Session { .. } => principal.role_arn(),
            _ => None,
        }
    }

    /// Whether the bucket is of the caller's account, where anything told.
    #[must_use]
    pub fn same_account(&self) -> Option<bool> {
        if self.request.makes_its_bucket() {
            return Some(true);
        }
        match self.evidence.bucket_policy.known() {
            Some(BucketPolicy::Document(_) | BucketPolicy::None) => return Some(true),
            Some(BucketPolicy::NotTheOwner) => return Some(false),
            None => {}
        }
        let bucket = self.bucket_name()?;
        if let Some(owns) = self.evidence.own_buckets.known().and_then(|own| own.owns(bucket)) {
            return Some(owns);
        }
        let account = self.account()?;
        self.access_point_facts().and_then(|facts| facts.bucket_account.as_ref()).map(|owner| *owner == account)
    }

    /// The account that owns the bucket, where its number is known.
    #[must_use]
    pub fn bucket_account(&self) -> Option<String> {
        if self.same_account() == Some(true) {
            return self.account();
        }
        self.access_point_facts().and_then(|facts| facts.bucket_account.clone())
    }

    /// The bucket that the request ends at, by name.
    #[must_use]
    pub fn bucket_name(&self) -> Option<&str> {
        self.access_point_facts().map(|facts| facts.bucket.as_str()).or(self.request.bucket.as_deref())
    }

    /// The key and bucket as a person writes them: `acme-logs/2026/07/app.log`.
    #[must_use]
    pub fn target(&self) -> String {
        let bucket = self.request.bucket.as_deref().unwrap_or("the bucket");
        match (&self.request.key, &self.request.prefix) {
            (Some(key), _) => format!("{bucket}/{key}"),
            (None, Some(prefix)) if !prefix.is_empty() => format!("{bucket}/{prefix}"),
            _ => bucket.to_owned(),
        }
    }

    /// What was asked for, to stand behind the question: " on `acme-logs/2026/07/app.log`"; nothing where no bucket is known.
    #[must_use]
    pub fn on_target(&self) -> String {
        self.request.bucket.as_ref().map_or_else(String::new, |_| format!(" on `{}`", self.target()))
    }

    /// The bucket in a sentence: its name in backticks, or what it is when that is not known.
    #[must_use]
    pub fn bucket_or_so(&self) -> String {
        if let Some(point) = self.point_to_nowhere() {
            return format!("the bucket behind `{point}`");
        }
        self.bucket_name().map_or_else(|| "the bucket".to_owned(), |name| format!("`{name}`"))
    }

    /// The S3 permission that was refused: the one that AWS names, else the operation's own.
    #[must_use]
    pub fn asked_action(&self) -> Option<String> {
        let named = self
            .denial
            .as_ref()
            .filter(|denial| !is_kms(denial) && !super::key_not_found_hidden::is_hint(self, denial));
        named.and_then(|denial| denial.action.clone()).or_else(|| self.request.action.clone())
    }

    /// Who can change things in the caller's account.
    #[must_use]
    pub fn own_administrator(&self) -> String {
        self.account().map_or_else(
            || "an administrator of the caller's account".to_owned(),
            |account| format!("an administrator of {account}"),
        )
    }

    /// Who can change things of the bucket.
    #[must_use]
    pub fn bucket_administrator(&self) -> String {
        if self.same_account() == Some(true) {
            return self.own_administrator();
        }
        if let Some(point) = self.point_to_nowhere() {
            return format!("the owner of the bucket behind {point}");
        }
        let bucket = self.bucket_name().unwrap_or("the bucket");
        match self.bucket_account() {
            Some(account) => format!("the owner of {bucket}, account {account}"),
            None => format!("the owner of {bucket}"),
        }
    }

    /// Who can change things of the bucket that a verdict is about.
    #[must_use]
    pub(super) fn administrator_of(&self, verdict: Option<&Verdict>) -> String {
        match verdict.filter(|verdict| verdict.is_of_other_bucket()) {
            None => self.bucket_administrator(),
            Some(other) if other.same_account(self) == Some(true) => self.own_administrator(),
            Some(other) => format!("the owner of {}", other.bucket(self).unwrap_or("the bucket")),
        }
    }

    /// The bucket that a verdict is about, in a sentence.
    #[must_use]
    pub(super) fn bucket_of(&self, verdict: Option<&Verdict>) -> String {
        match verdict.filter(|verdict| verdict.is_of_other_bucket()).and_then(|verdict| verdict.bucket(self)) {
            Some(name) => format!("`{name}`"),
            None => self.bucket_or_so(),
        }
    }

    #[must_use]
    pub fn is_general_bucket(&self) -> bool {
        self.request.bucket_kind == BucketKind::General
    }

    /// A command of the AWS CLI that works when pasted, with the user's own profile and region.
    #[must_use]
    pub fn command(&self, words: &[&str]) -> String {
        let words = words.iter().map(|word| (*word).to_owned()).chain(self.flags.iter().cloned());
        std::iter::once("aws".to_owned()).chain(words).map(|word| quote(&word)).collect::<Vec<_>>().join(" ")
    }
}

/// Whether a refusal is KMS's, passed on by S3.
#[must_use]
pub fn is_kms(denial: &Denial) -> bool {
    denial.layer == Some(DeniedLayer::KmsKey)
        || denial.action.as_deref().is_some_and(|action| action.starts_with("kms:"))
}

/// `role/ci-deploy` of a session, `user/ana` of a user.
#[must_use]
pub fn short_name(principal: &Principal) -> String {
    match principal {
        Principal::Anonymous => "anonymous".to_owned(),
        Principal::Root { account, .. } => format!("root of {account}"),
        Principal::User { name, .. } => format!("user/{name}"),
        Principal::Role { name, .. } => format!("role/{name}"),
        Principal::Session { role, .. } => format!("role/{role}"),
        Principal::Federated { name, .. } => format!("federated-user/{name}"),
        Principal::Service { name } => name.clone(),
    }
}

/// One word as a POSIX shell reads it back. What nobody can see is spelt out in `$'…'`: it would be shown in another way
/// and no longer be the same word, and a line break in it would begin a line of a stranger's.
#[must_use]
pub fn quote(word: &str) -> String {
    let plain = !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "-_./:=@,+%".contains(c));
    if plain {
        return word.to_owned();
    }
    if !word.contains(is_unseen) {
        return format!("'{}'", word.replace('\'', r"'\''"));
    }
    let mut out = "$'".to_owned();
    for c in word.chars() {
        match c {
            '\'' | '\\' => out.extend(['\\', c]),
            c if is_unseen(c) => c.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| out += &format!("\\{byte:03o}")),
            c => out.push(c),
        }
    }
    out + "'"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_only_where_a_shell_needs_it() {
        assert_eq!(quote("s3://b/a-b_c.csv"), "s3://b/a-b_c.csv");
        assert_eq!(quote("a b"), "'a b'");
        assert_eq!(quote("it's"), r"'it'\''s'");
        assert_eq!(quote("$(reboot)"), "'$(reboot)'");
        assert_eq!(quote(""), "''");
        assert_eq!(quote("it's\n--- a\\b\u{1b}7\u{200b}é"), r"$'it\'s\012--- a\\b\0337\342\200\213é'");
    }
}
