//! What AWS says inside a refusal: who, what, on what, and which layer said no. Pure.
//!
//! It reads the message of an `AccessDenied`, on the screen or in a body, in every form that S3, KMS
//! and STS are known to use: quoted, bare and missing resources, a policy's ARN at the end, an
//! authorization id, KMS's own words. Codes (an expired token, a skewed clock) say enough by themselves
//! and are not read here. Strangers choose part of the text (a key may hold a whole reason), so the
//! *last* reason counts: AWS puts its own after the resource.

use std::borrow::Cow;

/// A refusal, as far as its message tells. What it leaves out is `None`; a bare `Access Denied` is no
/// [`Denial`] at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Denial {
    /// An ARN, or what else AWS calls the caller (`anonymous`).
    pub caller_arn: Option<String>,
    /// `s3:GetObject`; `kms:Decrypt` where S3 passes on what KMS said.
    pub action: Option<String>,
    pub resource: Option<String>,
    pub effect: Option<DenyEffect>,
    pub layer: Option<DeniedLayer>,
    /// The policy with the explicit deny, where AWS names it.
    pub policy_arn: Option<String>,
    /// What `iam:GetRequestAuthorizationDetails` takes.
    pub authorization_id: Option<String>,
}

/// How the layer said no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DenyEffect {
    /// A statement or a setting denies it.
    Explicit,
    /// Nothing allows it.
    Implicit,
}

/// Which layer refused. AWS names one even where several would.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeniedLayer {
    IdentityPolicy,
    /// The bucket policy, for S3. Block Public Access hides behind it too: `IgnorePublicAcls` looks
    /// like an implicit and `RestrictPublicBuckets` like an explicit deny.
    ResourcePolicy,
    PermissionsBoundary,
    SessionPolicy,
    VpcEndpointPolicy,
    ServiceControlPolicy,
    ResourceControlPolicy,
    AccessPointPolicy,
    BlockPublicAccess(PublicAccessSetting),
    /// The KMS key is of another region or account, is gone, or its policy lets nobody in: KMS does
    /// not say which.
    KmsKey,
    /// The bucket takes no uploads with customer-provided keys.
    CustomerKeysBlocked,
    /// The object has another customer-provided key than the request.
    CustomerKeyWrong,
    ObjectLock,
    /// The bucket has MFA delete on, and the request came without the root user's MFA code.
    MfaDelete,
    /// A presigned URL past its end.
    RequestExpired,
    /// Something on the way added headers that the signature does not cover.
    HeadersNotSigned,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PublicAccessSetting {
    BlockPublicAcls,
    IgnorePublicAcls,
    BlockPublicPolicy,
    RestrictPublicBuckets,
}

impl Denial {
    /// Reads the message of an error; nothing when it says no more than that access was denied.
    #[must_use]
    pub fn read(message: &str) -> Option<Self> {
        let message = decoded(message);
        let message = message.trim();
        let reason = last_reason(message);
        let (before, after) = match &reason {
            Some(reason) => (&message[..reason.start], &message[reason.start..]),
            None => (message, ""),
        };
        let mut denial = Self {
            effect: reason.as_ref().and_then(|reason| reason.effect),
            layer: reason.as_ref().and_then(|reason| reason.layer),
            policy_arn: policy_arn(after),
            // A key could hold the sentence too; AWS's own comes after its reason.
            authorization_id: authorization_id(if reason.is_some() { after } else { message }),
            ..Self::default()
        };
        denial.read_subject(before);
        if denial.action.is_none() {
            denial.action = reason.and_then(|reason| reason.action);
        }
        (denial != Self::default()).then_some(denial)
    }

    /// `User: {caller} is not authorized to perform: {action} on resource: {resource}`
    fn read_subject(&mut self, text: &str) {
        // The first: caller and action come before anything that a stranger chose.
        let Some((at, before)) =
            text.find(NOT_AUTHORIZED).and_then(|at| Some((at, text[..at].strip_suffix(['n', 'N'])?)))
        else {
            return;
        };
        if let Some((_, caller)) = before.split_once("User: ") {
            self.caller_arn = some(caller.strip_suffix(" is ").unwrap_or(caller).trim());
        }
        let rest = text[at + NOT_AUTHORIZED.len()..].trim_start_matches(':').trim_start();
        let end = rest.find(|char: char| char.is_whitespace() || matches!(char, ',' | '"')).unwrap_or(rest.len());
        self.action = some(rest[..end].trim_end_matches('.'));
        let Some((_, resource)) =
            rest[end..].split_once(" on resource: ").or_else(|| rest[end..].split_once(" on resource "))
        else {
            return;
        };
        let resource = resource.split(" Encoded authorization failure message").next().unwrap_or(resource);
        self.resource = some(unquoted(without_authorization_id(resource).trim()));
    }
}

/// Some services begin the sentence with it, some have a caller before it.
const NOT_AUTHORIZED: &str = "ot authorized to perform";

struct Reason {
    start: usize,
    effect: Option<DenyEffect>,
    layer: Option<DeniedLayer>,
    action: Option<String>,
}

/// Reasons in words of their own, behind who, what and on what.
#[rustfmt::skip]
const OWN_WORDS: [(&str, Option<DenyEffect>, DeniedLayer); 2] = [
    ("because the resource does not exist in this Region", None, DeniedLayer::KmsKey),
    ("because this bucket has blocked upload requests that specify Server Side Encryption with Customer provided keys",
        Some(DenyEffect::Explicit), DeniedLayer::CustomerKeysBlocked),
];

/// Messages that are nothing but a reason, with the action where they imply one.
#[rustfmt::skip]
const WHOLE_MESSAGES: [(&str, Option<DenyEffect>, DeniedLayer, Option<&str>); 6] = [
    ("The ciphertext refers to a customer master key that does not exist", None, DeniedLayer::KmsKey,
        Some("kms:Decrypt")),
    ("Customer provided keys must provide the correct secret key", None, DeniedLayer::CustomerKeyWrong, None),
    ("object protected by object lock", Some(DenyEffect::Explicit), DeniedLayer::ObjectLock, None),
    // https://repost.aws/knowledge-center/s3-bucket-mfa-delete
    ("Mfa Authentication must be used for this request", Some(DenyEffect::Explicit), DeniedLayer::MfaDelete, None),
    ("Request has expired", None, DeniedLayer::RequestExpired, None),
    ("headers present in the request which were not signed", None, DeniedLayer::HeadersNotSigned, None),
];

/// The last reason in the message, and where it begins.
fn last_reason(message: &str) -> Option<Reason> {
    let own_words = OWN_WORDS.iter().filter_map(|(words, effect, layer)| {
        Some(Reason { start: message.rfind(words)?, effect: *effect, layer: Some(*layer), action: None })
    });
    let named = [explicit(message), implicit(message), public_access(message)].into_iter().flatten();
    let last = own_words.chain(named).max_by_key(|reason| reason.start);
    // Where AWS names an action, these words could only be a stranger's.
    if last.is_some() || message.contains(NOT_AUTHORIZED) {
        return last;
    }
    WHOLE_MESSAGES.iter().find_map(|(words, effect, layer, action)| {
        let start = message.find(words)?;
        Some(Reason { start, effect: *effect, layer: Some(*layer), action: action.map(str::to_owned) })
    })
}

/// `with an explicit deny in a resource-based policy`
fn explicit(message: &str) -> Option<Reason> {
    let start = message.rfind("explicit deny")?;
    let named = message[start + "explicit deny".len()..].trim_start();
    let named = named.strip_prefix("in ").unwrap_or("");
    let layer = ["a ", "an ", "the "].iter().find_map(|article| named.strip_prefix(article)).and_then(layer_at);
    // The words before it belong to the reason and not to the resource.
    let lead = ["with an ", "because of an ", "due to an "];
    let start = lead.iter().find_map(|lead| message[..start].strip_suffix(lead)).map_or(start, str::len);
    Some(Reason { start, effect: Some(DenyEffect::Explicit), layer, action: None })
}

/// `because no identity-based policy allows the s3:GetObject action`
fn implicit(message: &str) -> Option<Reason> {
    let start = message.rfind("because no ")?;
    let named = &message[start + "because no ".len()..];
    let layer = layer_at(named)?;
    let action = named.split_once(" the ").filter(|(layer, _)| layer.len() < 64).map(|(_, rest)| rest);
    let action = action.and_then(|rest| rest.split_once(" action")).map(|(action, _)| action);
    let action = action.filter(|action| action.contains(':') && !action.contains(char::is_whitespace));
    Some(Reason { start, effect: Some(DenyEffect::Implicit), layer: Some(layer), action: action.map(str::to_owned) })
}

/// `because public ACLs are prevented by the BlockPublicAcls setting in S3 Block Public Access`
fn public_access(message: &str) -> Option<Reason> {
    let (before, _) = message.rsplit_once(" setting in S3 Block Public Access")?;
    let (before, setting) = before.rsplit_once("prevented by the ")?;
    let setting = match setting {
        "BlockPublicAcls" => PublicAccessSetting::BlockPublicAcls,
        "IgnorePublicAcls" => PublicAccessSetting::IgnorePublicAcls,
        "BlockPublicPolicy" => PublicAccessSetting::BlockPublicPolicy,
        "RestrictPublicBuckets" => PublicAccessSetting::RestrictPublicBuckets,
        _ => return None,
    };
    let start = before.rfind("because public ").unwrap_or(before.len());
    let layer = Some(DeniedLayer::BlockPublicAccess(setting));
    Some(Reason { start, effect: Some(DenyEffect::Explicit), layer, action: None })
}

#[rustfmt::skip]
const LAYERS: [(&str, DeniedLayer); 10] = [
    ("identity-based polic", DeniedLayer::IdentityPolicy),
    ("resource-based polic", DeniedLayer::ResourcePolicy),
    ("permissions boundar", DeniedLayer::PermissionsBoundary),
    ("permission boundar", DeniedLayer::PermissionsBoundary),
    ("session polic", DeniedLayer::SessionPolicy),
    ("vpc endpoint polic", DeniedLayer::VpcEndpointPolicy),
    ("service control polic", DeniedLayer::ServiceControlPolicy),
    ("resource control polic", DeniedLayer::ResourceControlPolicy),
    ("access point polic", DeniedLayer::AccessPointPolicy),
    ("bucket polic", DeniedLayer::ResourcePolicy),
];

/// The layer whose name `text` begins with: singular or plural, in any case.
fn layer_at(text: &str) -> Option<DeniedLayer> {
    LAYERS.iter().find_map(|(name, layer)| {
        text.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)).then_some(*layer)
    })
}

/// An ARN of a policy, behind the reason: `: arn:…:policy/x`, `, with policy ARN: arn:…`.
fn policy_arn(reason: &str) -> Option<String> {
    reason.match_indices("arn:").find_map(|(at, _)| {
        let rest = &reason[at..];
        let end = rest.find(|char: char| char.is_whitespace() || matches!(char, '"' | '\'' | ',' | ')' | ';'));
        let arn = rest[..end.unwrap_or(rest.len())].trim_end_matches(['.', ':']);
        arn.contains(":policy/").then(|| arn.to_owned())
    })
}

/// `… with the following authorization id: 0abc` or `…/authorization-details/0abc`
fn authorization_id(message: &str) -> Option<String> {
    ["authorization id: ", "authorization ID: ", "authorization-details/"].iter().find_map(|mark| {
        let (_, rest) = message.rsplit_once(mark)?;
        let end = rest.find(|char: char| !char.is_ascii_alphanumeric() && char != '-').unwrap_or(rest.len());
        some(&rest[..end])
    })
}

/// The sentence about an authorization id may follow the resource at once.
fn without_authorization_id(resource: &str) -> &str {
    let Some(at) = resource.rfind("/authorization-details/").or_else(|| resource.rfind("authorization id: ")) else {
        return resource;
    };
    resource[..at].rfind(". Go to ").map_or(resource, |end| &resource[..end])
}

fn unquoted(resource: &str) -> &str {
    let Some(rest) = resource.strip_prefix('"') else { return resource };
    rest.strip_suffix('"').or_else(|| rest.strip_suffix("\".")).unwrap_or(rest)
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// Bodies carry quotes as entities. Only a message that has them so is decoded: in another, `&amp;` is
/// part of a key.
fn decoded(message: &str) -> Cow<'_, str> {
    if !message.contains("&quot;") {
        return Cow::Borrowed(message);
    }
    let mut out = String::with_capacity(message.len());
    let mut rest = message;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let entities = [("quot;", '"'), ("apos;", '\''), ("#39;", '\''), ("lt;", '<'), ("gt;", '>'), ("amp;", '&')];
        let entity = entities.iter().find_map(|(name, char)| after.strip_prefix(name).map(|rest| (*char, rest)));
        let (char, after) = entity.unwrap_or(('&', after));
        out.push(char);
        rest = after;
    }
    out.push_str(rest);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests;
