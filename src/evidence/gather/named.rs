//! What a refusal's own words make worth asking for: the key, the endpoint, the organization, the access point.

use super::ask::{ask_endpoints, ask_public_access, read_key};
use super::desk::{Desk, Later, not_needed};
use super::owner::LaterOwner;
use super::{FOREIGN, KMS_KEY_HEADER, OWN, organization};
use crate::aws::answer::Exchange;
use crate::aws::clients::Signer;
use crate::evidence::bucket_policy::BucketPolicy;
use crate::evidence::replay::{Replay, Stand};
use crate::evidence::{
    Answer, Evidence, NOT_NEEDED, authorization, identity, kms, object, profiles, replay, settings, variants,
    vpc_endpoints,
};
use crate::recognize::{Denial, DeniedLayer};
use crate::request::Side;
use aws_credential_types::Credentials;
use futures_util::future::{join, join3};

/// The answers that a refusal's own words made worth asking for.
pub(super) struct Named {
    pub(super) profiles: Answer<Vec<profiles::ProfileAttempt>>,
    pub(super) signed: Answer<Exchange>,
    pub(super) without_owner: Answer<Exchange>,
    pub(super) object: Answer<Exchange>,
    pub(super) default_key: Answer<Option<String>>,
    pub(super) key: Answer<kms::Key>,
    pub(super) authorization: Answer<authorization::Authorization>,
    pub(super) public_access: Answer<settings::PublicAccessBlock>,
    pub(super) account_public_access: Answer<settings::PublicAccessBlock>,
    pub(super) policy_is_public: Answer<bool>,
    pub(super) vpc_endpoints: Answer<Vec<vpc_endpoints::VpcEndpoint>>,
    pub(super) organization: organization::Found,
}

impl Named {
    pub(super) fn put(self, evidence: &mut Evidence) {
        evidence.profiles = self.profiles;
        evidence.signed = self.signed;
        evidence.without_owner = self.without_owner;
        evidence.object = self.object;
        evidence.default_key = self.default_key;
        evidence.key = self.key;
        evidence.authorization = self.authorization;
        evidence.public_access = self.public_access;
        evidence.account_public_access = self.account_public_access;
        evidence.policy_is_public = self.policy_is_public;
        evidence.vpc_endpoints = self.vpc_endpoints;
        self.organization.put(evidence);
    }
}

/// As whom, and where, the questions are asked.
#[derive(Clone, Copy)]
pub(super) struct Asker<'a> {
    pub(super) signer: &'a Signer,
    /// Somebody's keys, where an unsigned request has none, for the documents.
    pub(super) keys: Option<&'a Credentials>,
    pub(super) region: Option<&'a str>,
}

pub(super) async fn ask_named(
    desk: &Desk<'_>,
    Asker { signer, keys, region }: Asker<'_>,
    denial: Option<&Denial>,
    refused: Option<&Replay>,
    policy: Later<'_, BucketPolicy>,
    owner: LaterOwner<'_>,
    identity: Later<'_, identity::Identity>,
) -> Named {
    let plan = desk.plan;
    let request = plan.request;
    let stand = replay::stand_in(request).ok();
    let client = plan.clients.s3(signer, region);
    let layer = denial.and_then(|denial| denial.layer);
    let unsigned = matches!(signer, Signer::Nobody);
    let goes_through = refused.is_some_and(Replay::succeeded);
    let code = refused.map_or("", |replay| replay.decisive().code());
    let no_bucket = code == "NoSuchBucket";
    // Where AWS gives no reason, what no document of the account shows is asked for beside those documents.
    let unexplained = code == "AccessDenied" && layer.is_none() && !unsigned;

    let profiles = async {
        match (keys, stand, refused) {
            _ if goes_through => desk.skip(profiles::NAME, "the request goes through"),
            (Some(keys), Some(stand), Some(_)) if !unsigned && !plan.options.is_empty() && !no_bucket => {
                let used = keys.access_key_id().to_owned();
                desk.ask(profiles::NAME, |ledger| async move {
                    profiles::try_all(plan.sources, plan.clients, plan.options, &used, request, stand, &ledger).await
                })
                .await
            }
            _ => desk.skip(profiles::NAME, "no other profile can be tried without a prompt"),
        }
    };
    let signed = async {
        match (unsigned, stand, keys) {
            (true, Some(stand), Some(keys)) => {
                let client = plan.clients.s3(&Signer::Keys(keys.clone()), region);
                desk.ask(variants::SIGNED, |ledger| async move { replay::send(&client, request, stand, &ledger).await })
                    .await
            }
            _ => Answer::Skipped("the request was signed".to_owned()),
        }
    };
    let without_owner = async {
        match (stand, &request.expected_bucket_owner) {
            (Some(stand), Some(_)) => {
                let client = client.clone();
                desk.ask(variants::WITHOUT_OWNER, |ledger| async move {
                    variants::without_owner(&client, request, stand, &ledger).await
                })
                .await
            }
            _ => Answer::Skipped("the command named no expected bucket owner".to_owned()),
        }
    };
    let by_kms = denial.is_some_and(names_kms) || code.starts_with("KMS.");
    let named_key = async {
        let arn = denial.filter(|denial| names_kms(denial)).and_then(|denial| denial.resource.as_deref())?;
        let arn = (arn.starts_with("arn:") && arn.contains(":kms:")).then_some(arn)?;
        Some(read_key(desk, keys?, arn).await)
    };
    let encryption = async {
        let object = match stand {
            Some(Stand::Object) if request.operation == "GetObject" || by_kms || code == "InvalidObjectState" => {
                let client = client.clone();
                desk.ask(object::NAME, |ledger| async move { object::head(&client, request, &ledger).await }).await
            }
            _ => not_needed(),
        };
        let refused_by_policy = matches!(layer, Some(DeniedLayer::IdentityPolicy)) && !by_kms;
        let uploads = matches!(request.operation.as_str(), "PutObject" | "CreateMultipartUpload")
            || (request.operation == "CopyObject" && request.side == Side::Destination);
        let uploads_with_kms = (by_kms || (uploads && (plan.documents_only || refused_by_policy)))
            && !matches!(stand, Some(Stand::Object))
            && !request.names_encryption();
        // A read that S3 itself refuses does not show the object's key; the bucket's default one is the best guess.
        let reads = matches!(stand, Some(Stand::Object)) && refused_by_policy && object.known().is_none();
        let default_key = match (&request.bucket, uploads_with_kms || (reads && keys.is_some())) {
            (Some(bucket), true) => {
                let client = client.clone();
                desk.ask(
                    settings::ENCRYPTION,
                    |ledger| async move { settings::default_key(&client, bucket, &ledger).await },
                )
                .await
            }
            _ => not_needed(),
        };
        let arn = object
            .known()
            .and_then(|exchange| exchange.kms_key.clone())
            .or_else(|| request.conditions.get(KMS_KEY_HEADER).cloned())
            .or_else(|| default_key.known().cloned().flatten().filter(|_| uploads_with_kms));
        (object, default_key, arn)
    };
    // AWS's message may name the key: then nothing has to show it first.
    let encryption = async {
        let (key, (object, default_key, arn)) = join(named_key, encryption).await;
        let key = match (key, arn, keys) {
            (Some(key), ..) => key,
            (None, Some(arn), Some(keys)) => read_key(desk, keys, &arn).await,
            _ => desk.skip(kms::NAME, "no KMS key is named"),
        };
        (object, default_key, key)
    };
    let authorization = async {
        match (keys, denial.and_then(|denial| denial.authorization_id.as_deref())) {
            (Some(keys), Some(id)) => {
                desk.ask(authorization::NAME, |ledger| async move {
                    authorization::read(plan.clients, keys, id, plan.world.now, &ledger).await
                })
                .await
            }
            _ => not_needed(),
        }
    };
    let public = async {
        let masquerades = matches!(layer, Some(DeniedLayer::ResourcePolicy));
        let is_named = matches!(layer, Some(DeniedLayer::BlockPublicAccess(_)));
        let whole_world = unsigned && keys.is_some();
        let is_sure = is_named || whole_world || request.names_public_acl();
        if !(masquerades || is_sure) {
            return (not_needed(), not_needed());
        }
        // Whose the bucket is tells whether it reaches the caller, and whether they are told.
        let is_own = match policy.clone().await.known() {
            _ if is_sure => None,
            Some(policy) => Some(policy.is_the_callers()),
            None => owner.await.own_buckets.known().and_then(|own| own.owns(request.bucket.as_deref()?)),
        };
        let why_not = is_own.map(|is_own| if is_own { OWN } else { FOREIGN });
        if let Some(why) = why_not {
            (desk.skip(settings::PUBLIC_ACCESS, why), desk.skip(settings::ACCOUNT_PUBLIC_ACCESS, why))
        } else {
            let viewer = match (unsigned, keys) {
                (true, Some(keys)) => plan.clients.s3(&Signer::Keys(keys.clone()), region),
                _ => client.clone(),
            };
            ask_public_access(desk, &viewer, keys, identity.clone()).await
        }
    };
    // A policy that may not be read may still be asked whether it is public, which S3 tells as it judges it itself.
    let status = async {
        match (keys, request.bucket.as_deref()) {
            (Some(keys), Some(bucket)) if unsigned && policy.clone().await.known().is_none() => {
                let client = plan.clients.s3(&Signer::Keys(keys.clone()), region);
                desk.ask(settings::POLICY_STATUS, |ledger| async move {
                    settings::policy_is_public(&client, bucket, &ledger).await
                })
                .await
            }
            _ => not_needed(),
        }
    };
    let network = async {
        match keys {
            Some(keys) if unexplained || matches!(layer, Some(DeniedLayer::VpcEndpointPolicy)) => {
                ask_endpoints(desk, keys).await
            }
            _ => not_needed(),
        }
    };
    let organization = async {
        match (keys, layer) {
            (Some(keys), Some(layer)) => organization::ask_named(desk, keys, layer, identity.clone()).await,
            (Some(keys), None) if unexplained => organization::ask_everything(desk, keys, identity.clone()).await,
            _ => organization::Found::skipped(NOT_NEEDED),
        }
    };
    let (
        (profiles, signed, without_owner),
        (encryption, public, policy_is_public),
        (vpc_endpoints, organization, authorization),
    ) = tokio::join!(
        join3(profiles, signed, without_owner),
        join3(encryption, public, status),
        join3(network, organization, authorization)
    );
    let (object, default_key, key) = encryption;
    let (public_access, account_public_access) = public;
    Named {
        profiles,
        signed,
        without_owner,
        object,
        default_key,
        key,
        authorization,
        public_access,
        account_public_access,
        policy_is_public,
        vpc_endpoints,
        organization,
    }
}

/// Whether the refusal is KMS's.
pub(super) fn names_kms(denial: &Denial) -> bool {
    denial.layer == Some(DeniedLayer::KmsKey)
        || denial.action.as_deref().is_some_and(|action| action.starts_with("kms:"))
}
