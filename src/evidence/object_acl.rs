//! Who may read the object by its ACL, and who owns it: `GetObjectAcl`, which usually answers the object's owner only.

use crate::aws::answer::ask;
use crate::aws::ledger::Ledger;
use crate::evidence::Answer;
use crate::request::Request;
use std::sync::Arc;

pub const NAME: &str = "s3-object-acl";

/// The ACL, as far as it decides about reading.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObjectAcl {
    /// The canonical user id of the object's owner.
    pub owner: Option<String>,
    /// The canonical ids and group URIs that may read it.
    pub readers: Vec<String>,
}

/// Asks.
pub async fn read(client: &aws_sdk_s3::Client, request: &Request, ledger: &Arc<Ledger>) -> Answer<ObjectAcl> {
    let call = client
        .get_object_acl()
        .set_bucket(request.bucket.clone())
        .set_key(request.key.clone())
        .set_version_id(request.version_id.clone());
    let reply = ask(ledger, |capture| call.customize().interceptor(capture).send()).await;
    reply.into_answer().map(|output| ObjectAcl {
        owner: output.owner.and_then(|owner| owner.id),
        readers: output
            .grants
            .unwrap_or_default()
            .into_iter()
            .filter(|grant| {
                grant
                    .permission
                    .as_ref()
                    .is_some_and(|permission| matches!(permission.as_str(), "READ" | "FULL_CONTROL"))
            })
            .filter_map(|grant| grant.grantee.and_then(|grantee| grantee.id.or(grantee.uri)))
            .collect(),
    })
}
