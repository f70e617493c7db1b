//! VPC endpoints, all of EC2 that has to do with S3's refusals: described, and their policy changed.

use crate::sandbox::authorize::{Question, decide};
use crate::sandbox::call::Call;
use crate::sandbox::fault::Fault;
use crate::sandbox::http::{Form, Reply};
use crate::sandbox::message;
use crate::sandbox::scenario::{Edit, Target, VpcEndpoint};
use crate::sandbox::state::State;
use crate::sandbox::xml::Xml;

const NAMESPACE: &str = "xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"";

/// Answers one call.
///
/// # Errors
/// The refusal.
pub fn handle(state: &mut State, call: &Call<'_>) -> Result<Reply, Fault> {
    let form = call.incoming.form();
    let action = form.get("Action").unwrap_or_default();
    if !matches!(action, "DescribeVpcEndpoints" | "ModifyVpcEndpoint") {
        return Err(Fault::new(400, "InvalidAction", "The action is not valid for this web service."));
    }
    decide(state, call, &Question::plain(state, call, &format!("ec2:{action}"), "*")).map_err(|refused| {
        let text = message::plain(&refused, "*", state.scenario.messages);
        // EC2 names no resource for a call that has none.
        let text = text.replacen(" on resource: *", "", 1);
        Fault::new(403, "UnauthorizedOperation", format!("You are not authorized to perform this operation. {text}"))
    })?;
    if action == "ModifyVpcEndpoint" {
        return modify(state, call, &form);
    }
    let account = call.caller.account().unwrap_or_default();
    let here = state
        .scenario
        .vpc_endpoints
        .iter()
        .filter(|endpoint| endpoint.account == account && endpoint.region == call.region());
    let mut list = Xml::new();
    let ids = form.list("VpcEndpointId");
    for endpoint in
        here.filter(|endpoint| (ids.is_empty() || ids.contains(&endpoint.id.as_str())) && passes(&form, endpoint))
    {
        list = list.within("item", item(endpoint));
    }
    let body = Xml::new().leaf("requestId", &call.request_id).within("vpcEndpointSet", list);
    Ok(Reply::xml(200, body.document("DescribeVpcEndpointsResponse", NAMESPACE)))
}

fn modify(state: &mut State, call: &Call<'_>, form: &Form) -> Result<Reply, Fault> {
    let owner = form.get("VpcEndpointId").unwrap_or_default().to_owned();
    let target = Target { kind: "vpc-endpoint-policy".to_owned(), owner, policy: None };
    let document = form.get("PolicyDocument").unwrap_or_default().to_owned();
    state
        .apply(&Edit { target, document })
        .map_err(|error| Fault::new(400, "InvalidPolicyDocument", error.to_string()))?;
    let body = Xml::new().leaf("requestId", &call.request_id).leaf("return", "true");
    Ok(Reply::xml(200, body.document("ModifyVpcEndpointResponse", NAMESPACE)))
}

fn service_name(endpoint: &VpcEndpoint) -> String {
    format!("com.amazonaws.{}.s3", endpoint.region)
}

fn passes(form: &Form, endpoint: &VpcEndpoint) -> bool {
    (1..).map_while(|index| Some((index, form.get(&format!("Filter.{index}.Name"))?))).all(|(index, name)| {
        let values: Vec<&str> = (1..).map_while(|value| form.get(&format!("Filter.{index}.Value.{value}"))).collect();
        match name {
            "vpc-id" => values.contains(&endpoint.vpc.as_str()),
            "vpc-endpoint-id" => values.contains(&endpoint.id.as_str()),
            "service-name" => values.contains(&service_name(endpoint).as_str()),
            _ => true,
        }
    })
}

fn item(endpoint: &VpcEndpoint) -> Xml {
    Xml::new()
        .leaf("vpcEndpointId", &endpoint.id)
        .leaf("vpcEndpointType", if endpoint.interface { "Interface" } else { "Gateway" })
        .leaf("vpcId", &endpoint.vpc)
        .leaf("serviceName", &service_name(endpoint))
        .leaf("state", "available")
        .leaf("policyDocument", endpoint.policy().as_str())
        .leaf("privateDnsEnabled", "false")
        .leaf("ownerId", &endpoint.account)
}
