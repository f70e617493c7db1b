//! The world while the sandbox runs: the scenario, and what commands have changed in it since.

use crate::sandbox::ids;
use crate::sandbox::scenario::{
    AccessKey, AccessPoint, Bucket, Edit, EditError, KmsKey, Object, PolicyText, Role, Scenario, Session, User,
    VpcEndpoint,
};
use crate::sandbox::toolbox::Authorizations;
use std::collections::BTreeMap;
use time::{Duration, OffsetDateTime};

#[derive(Clone, Debug)]
pub struct State {
    pub scenario: Scenario,
    pub sessions: Vec<LiveSession>,
    pub buckets: BTreeMap<String, BucketState>,
    pub uploads: BTreeMap<String, Upload>,
    /// Requests that older permissions still refuse.
    pub spreading: u32,
    /// What was evaluated for refused requests.
    pub authorizations: Authorizations,
    serial: u64,
}

/// Temporary credentials that are good, or were once.
#[derive(Clone, Debug)]
pub struct LiveSession {
    pub key: AccessKey,
    pub role: Role,
    pub name: String,
    pub expires: OffsetDateTime,
    /// Session policies: name or ARN, and text.
    pub policies: Vec<(String, PolicyText)>,
    pub mfa: bool,
    pub federated: bool,
    pub tags: BTreeMap<String, String>,
}

#[derive(Clone, Debug)]
pub struct BucketState {
    pub spec: Bucket,
    /// Oldest version first.
    pub objects: BTreeMap<String, Vec<Version>>,
    pub created: OffsetDateTime,
}

/// One version of an object, or a delete marker.
#[derive(Clone, Debug)]
pub struct Version {
    pub id: String,
    pub object: Object,
    pub body: Vec<u8>,
    pub modified: OffsetDateTime,
    pub content_type: String,
    /// `x-amz-meta-…` and the like, as they were sent.
    pub metadata: Vec<(String, String)>,
}

/// The version id of an object in a bucket without versioning.
pub const NULL_VERSION: &str = "null";

impl Version {
    /// Opaque, as S3's are for encrypted and multipart objects.
    #[must_use]
    pub fn etag(&self) -> String {
        format!("\"{}\"", ids::hex(&[&self.object.key, &String::from_utf8_lossy(&self.body)], 32))
    }

    #[must_use]
    pub fn is_archived(&self) -> bool {
        matches!(self.object.storage_class.as_deref(), Some("GLACIER" | "DEEP_ARCHIVE")) && !self.object.restored
    }
}

/// A multipart upload that is under way.
#[derive(Clone, Debug)]
pub struct Upload {
    pub bucket: String,
    pub template: Version,
    pub parts: BTreeMap<u32, Vec<u8>>,
}

impl BucketState {
    /// The current version, delete marker or not.
    #[must_use]
    pub fn current(&self, key: &str) -> Option<&Version> {
        self.objects.get(key).and_then(|versions| versions.last())
    }

    #[must_use]
    pub fn version(&self, key: &str, id: &str) -> Option<&Version> {
        self.objects.get(key)?.iter().find(|version| version.id == id)
    }

    /// The account that owns a version: the writer while ACLs are enabled, else the bucket's.
    #[must_use]
    pub fn owner_of<'a>(&'a self, version: &'a Version) -> &'a str {
        match &version.object.owner {
            Some(owner) if self.spec.ownership.acls_enabled() => owner,
            _ => &self.spec.account,
        }
    }
}

impl State {
    /// The world as the scenario tells it, `now` by AWS's clock.
    #[must_use]
    pub fn new(scenario: Scenario, now: OffsetDateTime) -> Self {
        let sessions = scenario.sessions.iter().filter_map(|session| live(&scenario, session, now)).collect();
        let buckets = scenario.buckets.iter().map(|spec| (spec.name.clone(), bucket_state(spec, now))).collect();
        Self {
            spreading: scenario.spreading,
            scenario,
            sessions,
            buckets,
            uploads: BTreeMap::new(),
            authorizations: Authorizations::default(),
            serial: 0,
        }
    }

    /// Replaces a policy, in what is served as well as in the scenario that it came from.
    ///
    /// # Errors
    /// When there is no such document, or the new text is no policy.
    pub fn apply(&mut self, edit: &Edit) -> Result<(), EditError> {
        self.scenario.apply(edit)?;
        for spec in &self.scenario.buckets {
            if let Some(bucket) = self.buckets.get_mut(&spec.name).filter(|_| edit.target.kind == "bucket-policy") {
                bucket.spec.policy.clone_from(&spec.policy);
            }
        }
        if edit.target.kind == "session-policy" {
            for session in &self.scenario.sessions {
                let live = self.sessions.iter_mut().find(|live| live.key.id == session.key.id);
                if let (Some(live), Some(text)) = (live, &session.policy) {
                    live.policies.retain(|(name, _)| name.starts_with("arn:"));
                    live.policies.insert(0, ("session policy".to_owned(), text.clone()));
                }
            }
        }
        Ok(())
    }

    /// A number that was not handed out before.
    pub fn serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    #[must_use]
    pub fn user(&self, account: &str, name: &str) -> Option<&User> {
        self.scenario.users.iter().find(|user| user.account == account && user.name == name)
    }

    #[must_use]
    pub fn role(&self, account: &str, name: &str) -> Option<&Role> {
        self.scenario.roles.iter().find(|role| role.account == account && role.name == name)
    }

    /// The access point of that alias or of that `NAME-ACCOUNT` host label.
    #[must_use]
    pub fn access_point(&self, name: &str) -> Option<&AccessPoint> {
        self.scenario
            .access_points
            .iter()
            .find(|point| point.alias() == name || format!("{}-{}", point.name, point.account) == name)
    }

    #[must_use]
    pub fn vpc_endpoint(&self) -> Option<&VpcEndpoint> {
        let id = self.scenario.network.vpc_endpoint.as_ref()?;
        self.scenario.vpc_endpoints.iter().find(|endpoint| endpoint.id == *id)
    }

    /// The KMS key that `name` means to a caller of `account`.
    #[must_use]
    pub fn kms_key(&self, name: &str, account: &str) -> Option<&KmsKey> {
        self.scenario.kms_keys.iter().find(|key| key.answers_to(name, account))
    }

    /// The account's `aws/s3` key in a region: KMS makes it when it is first wanted.
    #[must_use]
    pub fn aws_managed_key(&self, account: &str, region: &str) -> KmsKey {
        let found = self
            .scenario
            .kms_keys
            .iter()
            .find(|key| key.is_aws_managed() && key.account == account && key.region == region);
        found.cloned().unwrap_or_else(|| KmsKey {
            id: uuid(&["aws/s3", account, region]),
            account: account.to_owned(),
            region: region.to_owned(),
            alias: Some("alias/aws/s3".to_owned()),
            state: super::scenario::KeyState::Enabled,
            policy: None,
            grants: Vec::new(),
        })
    }

    /// Whether both accounts are members of the organization.
    #[must_use]
    pub fn same_organization(&self, one: &str, other: &str) -> bool {
        let member = |id: &str| self.scenario.organization.is_some() && self.is_member(id);
        member(one) && member(other)
    }

    #[must_use]
    pub fn is_member(&self, account: &str) -> bool {
        self.scenario.organization.as_ref().is_some_and(|organization| {
            organization.management_account == account
                || self.scenario.account(account).is_some_and(|account| account.unit.is_some())
        })
    }
}

/// An id in the shape of a UUID.
#[must_use]
pub fn uuid(parts: &[&str]) -> String {
    let hex = ids::hex(parts, 32);
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

fn live(scenario: &Scenario, session: &Session, now: OffsetDateTime) -> Option<LiveSession> {
    let role = scenario.roles.iter().find(|role| role.account == session.account && role.name == session.role)?;
    let inline = session.policy.iter().map(|text| ("session policy".to_owned(), text.clone()));
    let managed = session.policy_arns.iter().filter_map(|name| super::managed::find(scenario, &session.account, name));
    Some(LiveSession {
        key: session.key.clone(),
        role: role.clone(),
        name: session.name.clone(),
        expires: now + Duration::seconds(session.expires_in),
        policies: inline.chain(managed.map(|policy| (policy.arn, policy.text))).collect(),
        mfa: session.mfa,
        federated: session.federated,
        tags: session.tags.clone(),
    })
}

fn bucket_state(spec: &Bucket, now: OffsetDateTime) -> BucketState {
    let mut objects: BTreeMap<String, Vec<Version>> = BTreeMap::new();
    for (index, object) in spec.objects.iter().enumerate() {
        let made_up = || {
            if spec.versioning {
                ids::base64ish(&[&spec.name, &index.to_string()], 32).replace(['+', '/'], "_")
            } else {
                NULL_VERSION.to_owned()
            }
        };
        let version = Version {
            id: object.version_id.clone().unwrap_or_else(made_up),
            body: object.body.clone().into_bytes(),
            object: object.clone(),
            // Written some time ago, each later than the one before.
            modified: now - Duration::days(30) + Duration::seconds(i64::try_from(index).unwrap_or(0)),
            content_type: "binary/octet-stream".to_owned(),
            metadata: Vec::new(),
        };
        objects.entry(object.key.clone()).or_default().push(version);
    }
    BucketState { spec: spec.clone(), objects, created: now - Duration::days(400) }
}
