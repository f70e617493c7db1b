//! May the caller do this in this bucket? Puts the question to the evaluator with everything that S3 adds: the
//! bucket's policy, ACLs, object ownership, Block Public Access, access points.

use crate::policy::Rules;
use crate::sandbox::authorize::{Question, Refused, decide};
use crate::sandbox::call::Call;
use crate::sandbox::fault::Fault;
use crate::sandbox::message;
use crate::sandbox::s3::{Place, acl};
use crate::sandbox::scenario::{BlockPublicAccess, Network, PolicyText};
use crate::sandbox::state::{BucketState, State, Version};
use serde_json::{Value, json};

/// More condition keys of one operation.
pub type Keys<'a> = &'a [(&'a str, String)];

/// The flags in force: the bucket's and its account's together.
#[must_use]
pub fn account_settings(state: &State, bucket: &BucketState) -> BlockPublicAccess {
    let of_account = state.scenario.account(&bucket.spec.account).map(|account| account.block_public_access);
    bucket.spec.block_public_access.with(of_account.unwrap_or_default())
}

impl Place {
    /// An action on the key of this place.
    ///
    /// # Errors
    /// `AccessDenied`, worded as AWS words it.
    pub(super) fn allow_object(
        &self,
        state: &State,
        call: &Call<'_>,
        action: &str,
        version: Option<&Version>,
        keys: Keys<'_>,
    ) -> Result<(), Fault> {
        let key = self.key()?.to_owned();
        self.allow_key(state, call, action, &key, version, keys)
    }

    /// An action on a key of this bucket.
    ///
    /// # Errors
    /// `AccessDenied`.
    pub(super) fn allow_key(
        &self,
        state: &State,
        call: &Call<'_>,
        action: &str,
        key: &str,
        version: Option<&Version>,
        keys: Keys<'_>,
    ) -> Result<(), Fault> {
        let bucket = self.held(state)?;
        let tags = version.map(|version| &version.object.tags);
        let tag_keys: Vec<(String, String)> = tags
            .into_iter()
            .flatten()
            .map(|(name, value)| (format!("s3:ExistingObjectTag/{name}"), value.clone()))
            .collect();
        let keys: Vec<(&str, String)> =
            keys.iter().cloned().chain(tag_keys.iter().map(|(name, value)| (name.as_str(), value.clone()))).collect();
        let plain = format!("arn:aws:s3:::{}/{key}", bucket.spec.name);
        let shown = self.object_arn(&bucket.spec.region, key);
        self.allow(state, call, action, (&shown, &plain), version, &keys)
    }

    /// An action on the bucket itself.
    ///
    /// # Errors
    /// `AccessDenied`.
    pub(super) fn allow_bucket(
        &self,
        state: &State,
        call: &Call<'_>,
        action: &str,
        keys: Keys<'_>,
    ) -> Result<(), Fault> {
        let bucket = self.held(state)?;
        let plain = bucket.spec.arn();
        let shown = self.point.as_ref().map_or_else(|| plain.clone(), |point| point.arn(&bucket.spec.region));
        self.allow(state, call, action, (&shown, &plain), None, keys)
    }

    fn allow(
        &self,
        state: &State,
        call: &Call<'_>,
        action: &str,
        (shown, plain): (&str, &str),
        version: Option<&Version>,
        keys: Keys<'_>,
    ) -> Result<(), Fault> {
        let bucket = self.held(state)?;
        // A session was given for all that is in a directory bucket.
        if bucket.spec.name.ends_with("--x-s3") && call.incoming.header("x-amz-s3session-token").is_some() {
            return Ok(());
        }
        let word = |refused: Refused| Fault::access_denied(message::s3(&refused, state.scenario.messages));
        if let Some(point) = &self.point {
            if !reaches(&state.scenario.network, state, point.vpc.as_deref()) {
                return Err(Fault::access_denied(message::BARE));
            }
            let mut question = Question::plain(state, call, action, shown).of_account(&point.account);
            self.add_keys(bucket, keys, &mut question);
            if let Some(text) = &point.policy {
                question.restricts_public = point.block_public_access.restrict_public_buckets && text.is_public();
                question = question.with_policy(
                    format!("access point policy of {}", point.name),
                    text.clone(),
                    Rules::Resource,
                );
            }
            decide(state, call, &question).map_err(word)?;
        }
        let mut question = Question::plain(state, call, action, plain);
        self.add_keys(bucket, keys, &mut question);
        let question = complete(state, bucket, version, question);
        decide(state, call, &question).map_err(|refused| {
            // Whose policy it is that S3 speaks for is the bucket's account, whoever owns the object.
            let across = call.caller.account().is_some_and(|account| account != bucket.spec.account);
            let related = call
                .caller
                .account()
                .is_some_and(|account| !across || state.same_organization(account, &bucket.spec.account));
            word(Refused { resource: shown.to_owned(), crosses_accounts: across, may_say_why: related, ..refused })
        })
    }

    fn add_keys(&self, bucket: &BucketState, keys: Keys<'_>, question: &mut Question) {
        question.context.set("s3:ResourceAccount", [bucket.spec.account.as_str()]);
        question.context.set("aws:ResourceAccount", [bucket.spec.account.as_str()]);
        for (name, value) in keys {
            question.context.set(name, [value.as_str()]);
        }
        if let Some(point) = &self.point {
            question.context.set("s3:DataAccessPointArn", [point.arn(&bucket.spec.region)]);
            question.context.set("s3:DataAccessPointAccount", [point.account.as_str()]);
            question.context.set("s3:AccessPointNetworkOrigin", [if point.vpc.is_some() { "VPC" } else { "Internet" }]);
        }
    }
}

/// Whether the network is the VPC that an access point is restricted to.
fn reaches(network: &Network, state: &State, vpc: Option<&str>) -> bool {
    let Some(vpc) = vpc else { return true };
    network.vpc_endpoint.is_some() && state.vpc_endpoint().is_some_and(|endpoint| endpoint.vpc == vpc)
}

/// Adds what the bucket itself says: its policy and its ACLs, as one document. An object that another account owns
/// is reached by its ACL alone; the bucket's denials stand.
fn complete(state: &State, bucket: &BucketState, version: Option<&Version>, question: Question) -> Question {
    let owner = version.map_or(bucket.spec.account.as_str(), |version| bucket.owner_of(version)).to_owned();
    let foreign = owner != bucket.spec.account;
    let flags = account_settings(state, bucket);
    let mut question = question.of_account(&owner);
    if let Some(organization) = state.scenario.organization.as_ref().filter(|_| state.is_member(&bucket.spec.account)) {
        question.context.set("aws:ResourceOrgID", [organization.id.as_str()]);
    }
    let mut statements: Vec<Value> = bucket.spec.policy.as_ref().map(PolicyText::statements).unwrap_or_default();
    if foreign {
        statements.retain(|statement| statement.get("Effect").and_then(Value::as_str) == Some("Deny"));
    }
    let granted = if bucket.spec.ownership.acls_enabled() {
        acl::as_statements(bucket, version, &question.resource, flags.ignore_public_acls)
    } else {
        Vec::new()
    };
    let policy_is_public = bucket.spec.policy.as_ref().is_some_and(PolicyText::is_public);
    question.restricts_public = flags.restrict_public_buckets && policy_is_public;
    let text = match (&bucket.spec.policy, foreign, granted.is_empty()) {
        (Some(text), false, true) => Some(text.clone()),
        _ if statements.is_empty() && granted.is_empty() => None,
        _ => {
            statements.extend(granted);
            Some(PolicyText::new(json!({ "Version": "2012-10-17", "Statement": statements }).to_string()))
        }
    };
    match text {
        Some(text) => question.with_policy(format!("bucket policy of {}", bucket.spec.name), text, Rules::Resource),
        None => question,
    }
}
