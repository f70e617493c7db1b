//! The S3 endpoints of the account's VPCs in the command's region, with their policies: `ec2:DescribeVpcEndpoints`.
//! Which of them the request went through, if any, is for the judge to say.

use crate::aws::answer::Reply;
use crate::aws::clients::Clients;
use crate::aws::ledger::Ledger;
use crate::aws::xml;
use crate::evidence::Answer;
use aws_credential_types::Credentials;
use std::sync::Arc;
use std::time::SystemTime;

pub const NAME: &str = "vpc-endpoints";

/// One endpoint for S3.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VpcEndpoint {
    pub id: String,
    pub vpc: String,
    /// `Gateway` or `Interface`.
    pub kind: String,
    pub policy: String,
}

/// Asks for the available ones of S3.
pub async fn describe(
    clients: &Clients<'_>,
    keys: &Credentials,
    now: SystemTime,
    ledger: &Arc<Ledger>,
) -> Answer<Vec<VpcEndpoint>> {
    let service = format!("com.amazonaws.{}.s3", clients.region());
    let body =
        format!("Action=DescribeVpcEndpoints&Version=2016-11-15&Filter.1.Name=service-name&Filter.1.Value.1={service}");
    let reply: Reply<Vec<u8>> = match clients.ec2(keys, "DescribeVpcEndpoints", body, now, ledger).await {
        Ok(reply) => reply,
        Err(why) => return Answer::Skipped(why),
    };
    reply.into_answer().map(|body| read(&body))
}

/// Reads the answer's XML; what it does not know it passes over.
fn read(body: &[u8]) -> Vec<VpcEndpoint> {
    let (mut found, mut current): (Vec<VpcEndpoint>, VpcEndpoint) = (Vec::new(), VpcEndpoint::default());
    xml::walk(body, |path, text| {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        match path.as_slice() {
            [_, "vpcEndpointSet", "item"] => found.push(std::mem::take(&mut current)),
            [_, "vpcEndpointSet", "item", "vpcEndpointId"] => text.clone_into(&mut current.id),
            [_, "vpcEndpointSet", "item", "vpcId"] => text.clone_into(&mut current.vpc),
            [_, "vpcEndpointSet", "item", "vpcEndpointType"] => text.clone_into(&mut current.kind),
            [_, "vpcEndpointSet", "item", "policyDocument"] => text.clone_into(&mut current.policy),
            _ => {}
        }
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_read_with_their_policies() {
        let body = br#"<DescribeVpcEndpointsResponse><vpcEndpointSet>
<item><vpcEndpointId>vpce-1</vpcEndpointId><vpcEndpointType>Gateway</vpcEndpointType><vpcId>vpc-9</vpcId><policyDocument>{&quot;Statement&quot;:[]}</policyDocument><tagSet><item><key>vpcId</key><value>x</value></item></tagSet></item>
<item><vpcEndpointId>vpce-2</vpcEndpointId></item></vpcEndpointSet></DescribeVpcEndpointsResponse>"#;
        let found = read(body);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].id, "vpce-1");
        assert_eq!(found[0].vpc, "vpc-9");
        assert_eq!(found[0].policy, r#"{"Statement":[]}"#);
        assert!(read(b"not xml <").is_empty());
    }
}
