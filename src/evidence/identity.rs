//! Who the caller is: `sts:GetCallerIdentity`, which no policy can refuse.

use crate::aws::answer::ask;
use crate::aws::ledger::Ledger;
use crate::evidence::Answer;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

pub const NAME: &str = "sts-identity";

/// The caller, as STS names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    pub arn: String,
    pub account: String,
    /// `AIDA…`, `AROA…:session`, or the account's id for root.
    pub user_id: String,
}

/// Asks STS.
pub async fn ask_sts(client: &aws_sdk_sts::Client, ledger: &Arc<Ledger>) -> Answer<Identity> {
    let reply = ask(ledger, |capture| client.get_caller_identity().customize().interceptor(capture).send()).await;
    match reply.into_answer() {
        Answer::Known(output) => match (output.arn, output.account, output.user_id) {
            (Some(arn), Some(account), user_id) => {
                Answer::Known(Identity { arn, account, user_id: user_id.unwrap_or_default() })
            }
            _ => Answer::Failed("the answer of sts:GetCallerIdentity is incomplete".to_owned()),
        },
        other => other.map(|_| Identity { arn: String::new(), account: String::new(), user_id: String::new() }),
    }
}
