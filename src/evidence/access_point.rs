//! The access point that the request goes through: its network origin, its Block Public Access, its policy.

use crate::aws::clients::Clients;
use crate::aws::ledger::Ledger;
use crate::aws::xml;
use crate::evidence::{Answer, ApiError};
use aws_credential_types::Credentials;
use futures_util::future::join;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

pub const NAME: &str = "s3-access-point";

/// What could be learned of an access point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessPoint {
    pub arn: String,
    pub about: Answer<AccessPointFacts>,
    /// `None`: it has no policy.
    pub policy: Answer<Option<String>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessPointFacts {
    pub bucket: String,
    pub bucket_account: Option<String>,
    /// The VPC that alone may use it, where its origin is `VPC`.
    pub vpc: Option<String>,
}

/// Reads `arn:aws:s3:region:account:accesspoint/name`.
pub async fn read(
    clients: &Clients<'_>,
    keys: &Credentials,
    arn: &str,
    now: SystemTime,
    ledger: &Arc<Ledger>,
) -> Answer<AccessPoint> {
    let mut parts = arn.splitn(6, ':').skip(4);
    let (account, name) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let Some(name) = name.strip_prefix("accesspoint/").or_else(|| name.strip_prefix("accesspoint:")) else {
        return Answer::Skipped("only an access point's ARN tells whose it is".to_owned());
    };
    let (about, policy) = join(
        clients.s3_control(keys, "GetAccessPoint", account, &format!("accesspoint/{name}"), now, ledger),
        clients.s3_control(keys, "GetAccessPointPolicy", account, &format!("accesspoint/{name}/policy"), now, ledger),
    )
    .await;
    let policy = match policy {
        Answer::Known(body) => Answer::Known(elements(&body).remove("Policy")),
        Answer::Denied(ApiError { code, .. }) if code == "NoSuchAccessPointPolicy" => Answer::Known(None),
        other => other.map(|_| None),
    };
    let about = about.map(|body| {
        let mut elements = elements(&body);
        AccessPointFacts {
            bucket: elements.remove("Bucket").unwrap_or_default(),
            bucket_account: elements.remove("BucketAccountId"),
            vpc: elements.remove("VpcId"),
        }
    });
    Answer::Known(AccessPoint { arn: arn.to_owned(), about, policy })
}

/// The text of each element, by name.
fn elements(body: &[u8]) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    xml::walk(body, |path, text| {
        if let Some(name) = path.last() {
            found.entry(name.clone()).or_insert_with(|| text.to_owned());
        }
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_found_by_name() {
        let found = elements(b"<GetAccessPointResult><Bucket>b</Bucket><VpcConfiguration><VpcId>vpc-1</VpcId></VpcConfiguration></GetAccessPointResult>");
        assert_eq!(found.get("Bucket").map(String::as_str), Some("b"));
        assert_eq!(found.get("VpcId").map(String::as_str), Some("vpc-1"));
    }
}
