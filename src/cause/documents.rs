//! The documents that were read, as the evaluator's layers, each with where it came from. What was not read is a
//! layer unread, never an empty one.

use super::case::Case;
use super::verdict::{bucket_of, is_no_resource, owns_other_bucket};
use crate::diagnosis::DocumentKind;
use crate::evidence::Answer;
use crate::evidence::bucket_policy::BucketPolicy;
use crate::evidence::identity_policies::{AttachedPolicy, Boundary, PolicyKind};
use crate::evidence::organization::OrganizationLevel;
use crate::policy::{
    self, Document, Grant, GrantConstraints, Layer, Layers, Level, NamedPolicy, Principal, Reading, Rules, Truth,
};
use crate::request::{BucketKind, CredentialPlan};
use std::collections::BTreeMap;

/// Whose resource policy decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    S3,
    /// The bucket at the other end of a copy: of that one the policy was read, and nothing else.
    OtherBucket,
    /// The access point's own policy in place of the bucket's.
    AccessPoint,
    Key,
    Role,
}

/// Where a document came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    pub kind: DocumentKind,
    /// An ARN, or the bucket's name.
    pub owner: Option<String>,
    /// Which of the owner's policies, where there are several.
    pub policy: Option<String>,
    /// What to call it on the screen: `policy LogsRead (v3)`, `bucket policy of acme-logs`.
    pub title: String,
    /// A managed policy's ARN.
    pub arn: Option<String>,
    /// Whether AWS maintains it: nobody else can edit it.
    pub aws_managed: bool,
    /// Whether it may be attached to others too, whom an edit would reach.
    pub shared: bool,
}

/// The layers and their sources; a source has the index that the evaluator calls `policy_index`.
#[derive(Clone, Debug, Default)]
pub struct Documents {
    pub layers: Layers,
    pub sources: BTreeMap<Layer, Vec<Source>>,
    /// Documents that IAM holds and that could not be parsed: the title, and what was wrong.
    pub unparsed: Vec<(Layer, String)>,
    /// Grants that may let the request through, as notes; what nothing else allows is not certain while there are any.
    pub grants_in_doubt: Vec<String>,
}

impl Documents {
    pub(super) fn of(case: &Case<'_>, principal: &Principal, subject: Subject, resource: &str) -> Self {
        let mut documents = Self::default();
        documents.layers.identity = documents.identity(case, principal);
        documents.layers.permissions_boundary = documents.boundary(case, principal);
        documents.layers.session = session(case, principal);
        documents.layers.service_control = documents.organization(case, principal, Layer::ServiceControl);
        documents.layers.resource_control = if is_no_resource(resource) {
            Reading::NotApplicable
        } else if is_of_the_callers_account(case, subject, resource) {
            documents.organization(case, principal, Layer::ResourceControl)
        } else {
            // Another account's resources are under another account's resource control policies.
            Reading::Unread
        };
        documents.layers.resource = if is_no_resource(resource) || case.request.makes_its_bucket() {
            Reading::NotApplicable
        } else if subject == Subject::S3 && resource.contains(":accesspoint/") {
            // Two policies decide, each by its own name of the resource.
            Reading::Unread
        } else {
            documents.resource(case, subject, resource)
        };
        documents.layers.vpc_endpoint = documents.endpoints(case, subject);
        documents.layers.block_public_access = match subject {
            Subject::S3 if is_no_resource(resource) => Reading::NotApplicable,
            Subject::S3 | Subject::AccessPoint => public_access(case),
            Subject::OtherBucket => Reading::Unread,
            Subject::Key | Subject::Role => Reading::NotApplicable,
        };
        documents
    }

    /// Takes up the grants of the key that `request` is about. Those that may hold or not are no grants to the evaluator,
    /// which says what is so without them; whoever relies on that has to look at [`Documents::grants_in_doubt`].
    pub(super) fn add_grants(&mut self, case: &Case<'_>, request: &policy::Request) {
        let Some(key) = case.evidence.key.known() else { return };
        let Some(found) = key.grants.known() else {
            self.grants_in_doubt.push("a grant on the key could let it through, and none could be read".to_owned());
            return;
        };
        for own in &found.grants {
            let grant = Grant {
                id: own.id.clone(),
                grantee: own.grantee.clone(),
                operations: own.operations.clone(),
                constraints: own.constraints.clone(),
            };
            let may_hold = match &grant.constraints {
                GrantConstraints::Subset(pairs) | GrantConstraints::Equals(pairs) => {
                    pairs.iter().all(|(key, value)| may_be_in_the_context(case, key, value))
                }
                GrantConstraints::None | GrantConstraints::Unread => true,
            };
            match policy::grant_covers(&grant, request) {
                Truth::Unknown if may_hold => self.grants_in_doubt.push(format!(
                    "grant `{}` on the key lets {} do it within constraints; whether they hold cannot be seen from here",
                    short_id(&grant.id),
                    case.who(),
                )),
                Truth::Unknown => {}
                Truth::True | Truth::False => self.layers.grants.push(grant),
            }
        }
        if found.more {
            self.grants_in_doubt
                .push("the key has more grants than were read, and one could let it through".to_owned());
        }
    }

    /// The source of a policy of a layer.
    #[must_use]
    pub fn source(&self, layer: Layer, index: usize) -> Option<&Source> {
        self.sources.get(&layer)?.get(index)
    }

    /// The document itself.
    #[must_use]
    pub fn document(&self, layer: Layer, index: usize) -> Option<&Document> {
        let layers = &self.layers;
        let policy = match layer {
            Layer::Identity => layers.identity.known()?.get(index)?,
            Layer::PermissionsBoundary => layers.permissions_boundary.known()?.get(index)?,
            Layer::Session => layers.session.known()?.get(index)?,
            Layer::ServiceControl => {
                layers.service_control.known()?.iter().flat_map(|level| &level.policies).nth(index)?
            }
            Layer::ResourceControl => {
                layers.resource_control.known()?.iter().flat_map(|level| &level.policies).nth(index)?
            }
            Layer::Resource => layers.resource.known()?,
            Layer::VpcEndpoint => layers.vpc_endpoint.known()?.get(index)?,
            Layer::BlockPublicAccess => return None,
        };
        Some(&policy.document)
    }

    /// Parses one document into a layer; one that does not parse is a gap of the layer.
    fn take(&mut self, layer: Layer, rules: Rules, name: &str, text: &str, source: Source) -> Option<NamedPolicy> {
        match Document::parse(text, rules) {
            Ok(document) => {
                self.sources.entry(layer).or_default().push(source);
                Some(NamedPolicy { name: name.to_owned(), document })
            }
            Err(error) => {
                self.unparsed.push((layer, format!("{} could not be read: {}", source.title, error.message)));
                None
            }
        }
    }

    fn identity(&mut self, case: &Case<'_>, principal: &Principal) -> Reading<Vec<NamedPolicy>> {
        match principal {
            Principal::Anonymous | Principal::Root { .. } | Principal::Service { .. } => return Reading::NotApplicable,
            _ => {}
        }
        let Some(found) = case.evidence.identity_policies.known() else { return Reading::Unread };
        let mut policies = Vec::new();
        let mut gaps = found.unread.iter().any(|unread| !matches!(unread.call, "iam:GetUser" | "iam:GetRole"));
        for attached in &found.policies {
            let source = attached_source(attached, &found.principal, DocumentKind::IdentityPolicy);
            match self.take(Layer::Identity, Rules::Identity, &attached.name, &attached.text, source) {
                Some(policy) => policies.push(policy),
                None => gaps = true,
            }
        }
        if gaps { Reading::Partly(policies) } else { Reading::Read(policies) }
    }

    fn boundary(&mut self, case: &Case<'_>, principal: &Principal) -> Reading<Vec<NamedPolicy>> {
        // A federated user has the boundary of the user whose session it is, and that one its ARN does not tell.
        if matches!(principal, Principal::Anonymous | Principal::Root { .. } | Principal::Service { .. }) {
            return Reading::NotApplicable;
        }
        let Some(found) = case.evidence.identity_policies.known() else { return Reading::Unread };
        match &found.boundary {
            Boundary::None => Reading::NotApplicable,
            Boundary::Unread => Reading::Unread,
            Boundary::Policy(policy) => {
                let source = attached_source(policy, &found.principal, DocumentKind::PermissionsBoundary);
                let parsed = self.take(Layer::PermissionsBoundary, Rules::Boundary, &policy.name, &policy.text, source);
                parsed.map_or(Reading::Unread, |policy| Reading::Read(vec![policy]))
            }
        }
    }

    fn organization(&mut self, case: &Case<'_>, principal: &Principal, layer: Layer) -> Reading<Vec<Level>> {
        let evidence = case.evidence;
        let (answer, kind, rules) = match layer {
            Layer::ServiceControl => {
                (&evidence.service_control, DocumentKind::ServiceControlPolicy, Rules::ServiceControl)
            }
            _ => (&evidence.resource_control, DocumentKind::ResourceControlPolicy, Rules::ResourceControl),
        };
        if principal.is_service_linked_role()
            || (layer == Layer::ServiceControl && matches!(principal, Principal::Anonymous))
        {
            return Reading::NotApplicable;
        }
        let alone = |answer: Option<&crate::evidence::ApiError>| {
            answer.is_some_and(|error| error.code == "AWSOrganizationsNotInUseException")
        };
        let managing = evidence.organization.known().zip(case.account());
        if alone(evidence.organization.denied())
            || alone(answer.denied())
            || managing.is_some_and(|(organization, account)| organization.management_account == account)
        {
            return Reading::NotApplicable;
        }
        let Answer::Known(levels) = answer else { return Reading::Unread };
        let mut gaps = false;
        let mut found = Vec::new();
        for OrganizationLevel { level, policies } in levels {
            let mut parsed = Vec::new();
            for policy in policies {
                let source = Source {
                    kind,
                    owner: Some(policy.arn.clone()),
                    policy: Some(policy.name.clone()),
                    title: format!("{} at {level}", policy.name),
                    arn: Some(policy.arn.clone()),
                    aws_managed: policy.arn.contains("::aws:"),
                    shared: true,
                };
                match self.take(layer, rules, &policy.name, &policy.text, source) {
                    Some(policy) => parsed.push(policy),
                    None => gaps = true,
                }
            }
            found.push(Level { level: level.clone(), policies: parsed });
        }
        if gaps { Reading::Partly(found) } else { Reading::Read(found) }
    }

    fn resource(&mut self, case: &Case<'_>, subject: Subject, resource: &str) -> Reading<NamedPolicy> {
        let evidence = case.evidence;
        let (text, source) = match subject {
            Subject::S3 | Subject::OtherBucket => {
                let (bucket, policy) = if subject == Subject::S3 {
                    (case.bucket_name(), &evidence.bucket_policy)
                } else {
                    let asked = case.request.other_bucket().filter(|asked| bucket_of(resource) == Some(asked));
                    (asked, &evidence.other_bucket_policy)
                };
                let is_asked = subject == Subject::S3 || bucket.is_some();
                let bucket = bucket.unwrap_or_default().to_owned();
                match policy.known().filter(|_| is_asked) {
                    Some(BucketPolicy::None) => return Reading::NotApplicable,
                    Some(BucketPolicy::Document(text)) => (
                        text,
                        Source {
                            kind: DocumentKind::BucketPolicy,
                            title: format!("bucket policy of {bucket}"),
                            owner: Some(bucket),
                            policy: None,
                            arn: None,
                            aws_managed: false,
                            shared: false,
                        },
                    ),
                    _ => return Reading::Unread,
                }
            }
            Subject::AccessPoint => {
                let Some(point) = evidence.access_point.known() else { return Reading::Unread };
                let text = match &point.policy {
                    Answer::Known(Some(text)) => text,
                    Answer::Known(None) => return Reading::NotApplicable,
                    _ => return Reading::Unread,
                };
                let name = point.arn.rsplit('/').next().unwrap_or(&point.arn);
                (
                    text,
                    Source {
                        kind: DocumentKind::AccessPointPolicy,
                        owner: Some(point.arn.clone()),
                        policy: None,
                        title: format!("policy of access point {name}"),
                        arn: None,
                        aws_managed: false,
                        shared: false,
                    },
                )
            }
            Subject::Key => {
                let Some(key) = evidence.key.known() else { return Reading::Unread };
                let Some(text) = key.policy.known() else { return Reading::Unread };
                let id = key.arn.rsplit('/').next().unwrap_or(&key.arn).to_owned();
                let aws_managed = key.about.known().is_some_and(|about| about.aws_managed);
                (
                    text,
                    Source {
                        kind: DocumentKind::KeyPolicy,
                        owner: Some(key.arn.clone()),
                        policy: None,
                        title: format!("key policy of {id}"),
                        arn: None,
                        aws_managed,
                        shared: false,
                    },
                )
            }
            Subject::Role => {
                let Some(trust) = evidence.role_trust.known() else { return Reading::Unread };
                let name = trust.arn.rsplit('/').next().unwrap_or(&trust.arn).to_owned();
                (
                    &trust.text,
                    Source {
                        kind: DocumentKind::RoleTrustPolicy,
                        owner: Some(trust.arn.clone()),
                        policy: None,
                        title: format!("trust policy of {name}"),
                        arn: None,
                        aws_managed: false,
                        shared: false,
                    },
                )
            }
        };
        let rules = if subject == Subject::Role { Rules::Trust } else { Rules::Resource };
        let name = source.title.clone();
        self.take(Layer::Resource, rules, &name, text, source).map_or(Reading::Unread, Reading::Read)
    }

    fn endpoints(&mut self, case: &Case<'_>, subject: Subject) -> Reading<Vec<NamedPolicy>> {
        use crate::recognize::DeniedLayer;
        if !matches!(subject, Subject::S3 | Subject::OtherBucket | Subject::AccessPoint) {
            return Reading::Unread;
        }
        let named = case.denied_layer() == Some(DeniedLayer::VpcEndpointPolicy);
        let Some(found) = case.evidence.vpc_endpoints.known() else { return Reading::Unread };
        // Which endpoint the request took, if any, is known only where AWS named the layer and there is one.
        let [endpoint] = found.as_slice() else { return Reading::Unread };
        if !named {
            return Reading::Unread;
        }
        let source = Source {
            kind: DocumentKind::VpcEndpointPolicy,
            owner: Some(endpoint.id.clone()),
            policy: None,
            title: format!("policy of {}", endpoint.id),
            arn: None,
            aws_managed: false,
            shared: false,
        };
        let parsed = self.take(Layer::VpcEndpoint, Rules::VpcEndpoint, &endpoint.id, &endpoint.policy, source);
        parsed.map_or(Reading::Unread, |policy| Reading::Read(vec![policy]))
    }
}

fn attached_source(attached: &AttachedPolicy, principal: &str, kind: DocumentKind) -> Source {
    // A group's policy is the group's; everything else hangs on the principal itself.
    let holder = principal.rsplit('/').next().unwrap_or(principal);
    let owner = if attached.owner.is_empty() || attached.owner == holder {
        principal.to_owned()
    } else {
        let account = principal.split(':').nth(4).unwrap_or_default();
        let partition = principal.split(':').nth(1).unwrap_or("aws");
        format!("arn:{partition}:iam::{account}:group/{}", attached.owner)
    };
    let (arn, version) = match &attached.kind {
        PolicyKind::Inline => (None, None),
        PolicyKind::Managed { arn, version, .. } => (Some(arn.clone()), Some(version)),
    };
    let what = if kind == DocumentKind::PermissionsBoundary { "boundary" } else { "policy" };
    let title = match version {
        Some(version) => format!("{what} {} ({version})", attached.name),
        None => format!("{what} {}", attached.name),
    };
    Source {
        kind,
        owner: Some(owner),
        policy: Some(attached.name.clone()),
        title,
        arn,
        aws_managed: attached.kind.is_aws_managed(),
        shared: attached.kind.is_shared(),
    }
}

/// A session policy cannot be read from anywhere; where the CLI itself made the session, there is none.
fn session(case: &Case<'_>, principal: &Principal) -> Reading<Vec<NamedPolicy>> {
    match principal {
        Principal::Session { .. } => match &case.settings.credentials {
            CredentialPlan::AssumeRole { .. }
            | CredentialPlan::WebIdentity { .. }
            | CredentialPlan::Sso { .. }
            | CredentialPlan::InstanceMetadata => Reading::NotApplicable,
            _ => Reading::Unread,
        },
        Principal::Federated { .. } => Reading::Unread,
        _ => Reading::NotApplicable,
    }
}

/// Whether the resource is known to be of the account whose organization's policies were read.
fn is_of_the_callers_account(case: &Case<'_>, subject: Subject, resource: &str) -> bool {
    match subject {
        Subject::S3 | Subject::AccessPoint => case.same_account() == Some(true),
        Subject::OtherBucket => owns_other_bucket(case, resource) == Some(true),
        Subject::Key | Subject::Role => case.account().is_some_and(|own| resource.split(':').nth(4) == Some(&*own)),
    }
}

fn public_access(case: &Case<'_>) -> Reading<bool> {
    let (bucket, account) = (case.evidence.public_access.known(), case.evidence.account_public_access.known());
    let restricts =
        |block: Option<&crate::evidence::settings::PublicAccessBlock>| block.map(|block| block.restrict_public_buckets);
    match (restricts(bucket), restricts(account)) {
        (Some(true), _) | (_, Some(true)) => Reading::Read(true),
        (Some(false), Some(false)) => Reading::Read(false),
        _ => Reading::Unread,
    }
}

/// Whether the request can have this pair in its encryption context. S3's own is the object's ARN, or the bucket's where
/// the bucket has a key of its own; which it is, the object alone tells. What else a writer put in is not to be seen.
fn may_be_in_the_context(case: &Case<'_>, key: &str, value: &str) -> bool {
    let (Some(bucket), Some(object)) = (case.bucket_name(), case.request.key.as_deref()) else { return true };
    if key != "aws:s3:arn" || case.request.bucket_kind != BucketKind::General || case.request.other.is_some() {
        return true;
    }
    let is_of = |arn: &str| arn.split_once(":s3:::").is_some_and(|(_, rest)| value.ends_with(&format!(":s3:::{rest}")));
    let arn = format!("arn:aws:s3:::{bucket}");
    is_of(&arn) || is_of(&format!("{arn}/{object}"))
}

/// `0c237476b392`: enough of a grant's id to find it among the key's.
fn short_id(id: &str) -> &str {
    id.get(..12).unwrap_or(id)
}
