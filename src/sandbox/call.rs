//! One authenticated request, and the condition keys that come with it whatever it asks.

use crate::policy::Context;
use crate::sandbox::caller::{Caller, iso};
use crate::sandbox::http::Incoming;
use crate::sandbox::scenario::DEFAULT_REGION;
use crate::sandbox::service::Service;
use crate::sandbox::sigv4::Signing;
use crate::sandbox::state::State;
use std::collections::BTreeMap;
use time::OffsetDateTime;

#[derive(Clone, Debug)]
pub struct Call<'a> {
    pub incoming: &'a Incoming,
    pub signing: Option<&'a Signing>,
    pub caller: Caller,
    pub service: Service,
    /// AWS's clock.
    pub now: OffsetDateTime,
    pub request_id: String,
}

impl Call<'_> {
    /// The region that the request was signed for.
    #[must_use]
    pub fn region(&self) -> &str {
        self.signing.map_or(DEFAULT_REGION, |signing| signing.region.as_str())
    }

    /// The global condition keys. A key that is not here is absent, as it would be in AWS.
    #[must_use]
    pub fn context(&self, state: &State) -> Context {
        let mut context = Context::closed();
        let network = &state.scenario.network;
        context.set("aws:CurrentTime", [iso(self.now)]);
        context.set("aws:EpochTime", [self.now.unix_timestamp().to_string()]);
        context.set("aws:SecureTransport", [network.secure_transport.to_string()]);
        context.set("aws:RequestedRegion", [self.region()]);
        context.set("aws:ViaAWSService", ["false"]);
        for (key, header) in [("aws:UserAgent", "user-agent"), ("aws:Referer", "referer")] {
            if let Some(value) = self.incoming.header(header) {
                context.set(key, [value]);
            }
        }
        match state.vpc_endpoint().filter(|_| matches!(self.service, Service::S3 | Service::S3Control)) {
            Some(endpoint) => {
                context.set("aws:SourceVpce", [endpoint.id.as_str()]);
                context.set("aws:SourceVpc", [endpoint.vpc.as_str()]);
                context.set("aws:VpcSourceIp", ["10.0.1.23"]);
            }
            None => {
                context.set("aws:SourceIp", [network.source_ip.as_str()]);
            }
        }
        self.caller_keys(state, &mut context);
        if self.service == Service::S3 {
            self.s3_keys(state, &mut context);
        }
        context
    }

    fn caller_keys(&self, state: &State, context: &mut Context) {
        let Some(account) = self.caller.account() else { return };
        context.set("aws:userid", [self.caller.user_id()]);
        let tags: BTreeMap<&String, &String> = match &self.caller {
            Caller::User(user) => user.tags.iter().collect(),
            // A session's own tags win over the role's.
            Caller::Session(session) => session.role.tags.iter().chain(&session.tags).collect(),
            Caller::Anonymous | Caller::Root { .. } => BTreeMap::new(),
        };
        for (key, value) in tags {
            context.set(&format!("aws:PrincipalTag/{key}"), [value.as_str()]);
        }
        if let Caller::Session(session) = &self.caller {
            context.set("aws:MultiFactorAuthPresent", [session.mfa.to_string()]);
            context.set("aws:TokenIssueTime", [iso(session.expires - time::Duration::HOUR)]);
        }
        if let Some(organization) = state.scenario.organization.as_ref().filter(|_| state.is_member(account)) {
            context.set("aws:PrincipalOrgID", [organization.id.as_str()]);
            let unit = state.scenario.account(account).and_then(|account| account.unit.as_deref());
            let path: String = unit.map_or_else(String::new, |unit| {
                organization.path_to(unit).iter().fold(String::new(), |path, unit| path + &unit.id + "/")
            });
            context.set("aws:PrincipalOrgPaths", [format!("{}/{path}", organization.id)]);
        }
    }

    fn s3_keys(&self, state: &State, context: &mut Context) {
        if let Some(signing) = self.signing {
            context.set("s3:signatureversion", ["AWS4-HMAC-SHA256"]);
            context.set("s3:authType", [if signing.expires.is_some() { "REST-QUERY-STRING" } else { "REST-HEADER" }]);
            context.set("s3:signatureAge", [(self.now - signing.time).whole_milliseconds().max(0).to_string()]);
        }
        if state.scenario.network.secure_transport {
            context.set("s3:TlsVersion", ["1.3"]);
        }
        for header in [
            "x-amz-acl",
            "x-amz-content-sha256",
            "x-amz-copy-source",
            "x-amz-grant-full-control",
            "x-amz-grant-read",
            "x-amz-grant-read-acp",
            "x-amz-grant-write",
            "x-amz-grant-write-acp",
            "x-amz-metadata-directive",
            "x-amz-server-side-encryption",
            "x-amz-server-side-encryption-aws-kms-key-id",
            "x-amz-server-side-encryption-customer-algorithm",
            "x-amz-storage-class",
            "x-amz-website-redirect-location",
        ] {
            if let Some(value) = self.incoming.header(header) {
                context.set(&format!("s3:{header}"), [value]);
            }
        }
        if let Some(value) = self.incoming.parameter("versionId") {
            context.set("s3:VersionId", [value]);
        }
        if let Some(tagging) = self.incoming.header("x-amz-tagging") {
            let tags = tags_of_query(tagging);
            for (key, value) in &tags {
                context.set(&format!("s3:RequestObjectTag/{key}"), [value.as_str()]);
            }
            context.set("s3:RequestObjectTagKeys", tags.keys().map(String::as_str));
        }
    }
}

/// Tags as the `x-amz-tagging` header writes them.
#[must_use]
pub fn tags_of_query(text: &str) -> BTreeMap<String, String> {
    let decode =
        |part: &str| percent_encoding::percent_decode_str(&part.replace('+', " ")).decode_utf8_lossy().into_owned();
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(key, value)| (decode(key), decode(value)))
        .collect()
}
