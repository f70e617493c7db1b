//! The trust policy of a role that could not be assumed: `iam:GetRole`, asked as the identity that tried.

use crate::aws::answer::ask;
use crate::aws::ledger::Ledger;
use crate::evidence::Answer;
use percent_encoding::percent_decode_str;
use std::sync::Arc;

pub const NAME: &str = "iam-role-trust";

/// The role as IAM holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleTrust {
    pub arn: String,
    /// The trust policy's JSON, decoded.
    pub text: String,
}

/// Reads the role that `arn` names.
pub async fn read(client: &aws_sdk_iam::Client, arn: &str, ledger: &Arc<Ledger>) -> Answer<RoleTrust> {
    let name = arn.rsplit('/').next().unwrap_or(arn);
    let reply = ask(ledger, |capture| client.get_role().role_name(name).customize().interceptor(capture).send()).await;
    match reply.into_answer() {
        // GetRole knows the caller's own account only: a role of the same name there is another role.
        Answer::Known(output) => match output.role {
            Some(role) if role.arn == arn => match role.assume_role_policy_document {
                Some(text) => Answer::Known(RoleTrust {
                    arn: role.arn,
                    text: percent_decode_str(&text).decode_utf8_lossy().into_owned(),
                }),
                None => Answer::Failed("the answer of iam:GetRole holds no trust policy".to_owned()),
            },
            _ => Answer::Skipped("the role is another account's".to_owned()),
        },
        other => other.map(|_| RoleTrust { arn: String::new(), text: String::new() }),
    }
}
