//! S3 Control: the account's Block Public Access, and access points.

use crate::policy::Rules;
use crate::sandbox::authorize::{Question, decide};
use crate::sandbox::call::Call;
use crate::sandbox::fault::Fault;
use crate::sandbox::http::{Incoming, Reply};
use crate::sandbox::message;
use crate::sandbox::s3::public_access_block;
use crate::sandbox::scenario::{AccessPoint, Edit, Target};
use crate::sandbox::state::State;
use crate::sandbox::xml::{Element, Xml};
use percent_encoding::percent_decode_str;

const ROOT: &str = "/v20180820";
const NAMESPACE: &str = "xmlns=\"http://awss3control.amazonaws.com/doc/2018-08-20/\"";

/// The operation's name; empty for a shape that none has.
#[must_use]
pub fn name(incoming: &Incoming) -> &'static str {
    let path = incoming.raw_path.strip_prefix(ROOT).unwrap_or_default();
    match (incoming.method.as_str(), path) {
        ("GET", "/configuration/publicAccessBlock") => "GetPublicAccessBlock",
        ("GET", "/accesspoint") => "ListAccessPoints",
        ("PUT", path) if path.starts_with("/accesspoint/") && path.ends_with("/policy") => "PutAccessPointPolicy",
        ("GET", path) if path.starts_with("/accesspoint/") && path.ends_with("/policyStatus") => {
            "GetAccessPointPolicyStatus"
        }
        ("GET", path) if path.starts_with("/accesspoint/") && path.ends_with("/policy") => "GetAccessPointPolicy",
        ("GET", path) if path.starts_with("/accesspoint/") => "GetAccessPoint",
        _ => "",
    }
}

/// Answers one call.
///
/// # Errors
/// The refusal.
pub fn handle(state: &mut State, call: &Call<'_>) -> Result<Reply, Fault> {
    let in_host = call
        .incoming
        .host
        .split('.')
        .next()
        .filter(|label| label.len() == 12 && label.bytes().all(|byte| byte.is_ascii_digit()));
    let account = call.incoming.header("x-amz-account-id").or(in_host).unwrap_or_default();
    match name(call.incoming) {
        "GetPublicAccessBlock" => {
            allow(state, call, "s3:GetAccountPublicAccessBlock", "*", account, None)?;
            public_access_block(
                state.scenario.account(account).map(|account| account.block_public_access).unwrap_or_default(),
            )
        }
        "GetAccessPoint" => {
            let point = point(state, call, account, "s3:GetAccessPoint")?;
            Ok(Reply::xml(200, describe(&point).document("GetAccessPointResult", NAMESPACE)))
        }
        "GetAccessPointPolicy" => {
            let point = point(state, call, account, "s3:GetAccessPointPolicy")?;
            let text = point.policy.as_ref().ok_or_else(|| {
                Fault::new(404, "NoSuchAccessPointPolicy", "The specified accesspoint policy does not exist")
            })?;
            Ok(Reply::xml(
                200,
                Xml::new().leaf("Policy", text.as_str()).document("GetAccessPointPolicyResult", NAMESPACE),
            ))
        }
        "PutAccessPointPolicy" => {
            let point = point(state, call, account, "s3:PutAccessPointPolicy")?;
            let sent =
                Element::parse(&call.incoming.body).ok().and_then(|root| root.text_of("Policy").map(str::to_owned));
            let owner = point.arn(region_of(state, &point));
            let target = Target { kind: "access-point-policy".to_owned(), owner, policy: None };
            let edited = state.apply(&Edit { target, document: sent.unwrap_or_default() });
            edited.map_err(|error| Fault::new(400, "MalformedPolicy", error.to_string()))?;
            Ok(Reply::new(200))
        }
        "ListAccessPoints" => list(state, call, account),
        _ => Err(Fault::not_implemented()),
    }
}

fn allow(
    state: &State,
    call: &Call<'_>,
    action: &str,
    resource: &str,
    account: &str,
    point: Option<&AccessPoint>,
) -> Result<(), Fault> {
    let mut question = Question::plain(state, call, action, resource).of_account(account);
    if let Some((point, text)) = point.and_then(|point| Some((point, point.policy.clone()?))) {
        question = question.with_policy(format!("access point policy of {}", point.name), text, Rules::Resource);
    }
    decide(state, call, &question)
        .map_err(|refused| Fault::access_denied(message::s3(&refused, state.scenario.messages)))
}

fn region_of<'a>(state: &'a State, point: &AccessPoint) -> &'a str {
    state.buckets.get(&point.bucket).map_or("us-east-1", |bucket| &bucket.spec.region)
}

fn point(state: &State, call: &Call<'_>, account: &str, action: &str) -> Result<AccessPoint, Fault> {
    let path = call.incoming.raw_path.strip_prefix(ROOT).unwrap_or_default();
    let wanted = path.split('/').nth(2).unwrap_or_default();
    let wanted = percent_decode_str(wanted).decode_utf8_lossy().into_owned();
    // The SDKs may send the ARN in place of the name.
    let name = wanted.rsplit('/').next().unwrap_or(&wanted);
    let found = state.scenario.access_points.iter().find(|point| point.account == account && point.name == name);
    let arn = found.map_or_else(
        || format!("arn:aws:s3:{}:{account}:accesspoint/{name}", call.region()),
        |point| point.arn(region_of(state, point)),
    );
    allow(state, call, action, &arn, account, found)?;
    found.cloned().ok_or_else(|| Fault::new(404, "NoSuchAccessPoint", "The specified accesspoint does not exist"))
}

fn describe(point: &AccessPoint) -> Xml {
    let word = |flag: bool| if flag { "true" } else { "false" };
    let flags = point.block_public_access;
    let xml = Xml::new()
        .leaf("Name", &point.name)
        .leaf("Bucket", &point.bucket)
        .leaf("NetworkOrigin", if point.vpc.is_some() { "VPC" } else { "Internet" });
    let xml = match &point.vpc {
        Some(vpc) => xml.within("VpcConfiguration", Xml::new().leaf("VpcId", vpc)),
        None => xml,
    };
    let block = Xml::new()
        .leaf("BlockPublicAcls", word(flags.block_public_acls))
        .leaf("IgnorePublicAcls", word(flags.ignore_public_acls))
        .leaf("BlockPublicPolicy", word(flags.block_public_policy))
        .leaf("RestrictPublicBuckets", word(flags.restrict_public_buckets));
    xml.within("PublicAccessBlockConfiguration", block)
        .leaf("Alias", &point.alias())
        .leaf("BucketAccountId", &point.account)
}

fn list(state: &State, call: &Call<'_>, account: &str) -> Result<Reply, Fault> {
    allow(state, call, "s3:ListAccessPoints", "*", account, None)?;
    let bucket = call.incoming.parameter("bucket");
    let points = state
        .scenario
        .access_points
        .iter()
        .filter(|point| point.account == account && bucket.is_none_or(|bucket| point.bucket == bucket));
    let list = Xml::new().each(points, |xml, point| {
        let one = describe(point).leaf("AccessPointArn", &point.arn(region_of(state, point)));
        xml.within("AccessPoint", one)
    });
    Ok(Reply::xml(200, Xml::new().within("AccessPointList", list).document("ListAccessPointsResult", NAMESPACE)))
}
