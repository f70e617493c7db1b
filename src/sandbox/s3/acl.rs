//! ACLs: read, written, and turned into the statements that they amount to.

use crate::sandbox::call::Call;
use crate::sandbox::caller::Caller;
use crate::sandbox::fault::Fault;
use crate::sandbox::http::{Incoming, Reply};
use crate::sandbox::ids;
use crate::sandbox::message;
use crate::sandbox::s3::read::found;
use crate::sandbox::s3::{Place, account_settings};
use crate::sandbox::scenario::{AclGrant, Grantee, Permission};
use crate::sandbox::state::{BucketState, State, Version};
use crate::sandbox::xml::Element;
use serde_json::{Value, json};

const EVERYONE: &str = "http://acs.amazonaws.com/groups/global/AllUsers";
const AUTHENTICATED: &str = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers";

/// What the ACLs that bear on `resource` allow, as policy statements: the object's for an object that is there, the
/// bucket's for the bucket and for what is written into it.
#[must_use]
pub fn as_statements(
    bucket: &BucketState,
    version: Option<&Version>,
    resource: &str,
    ignore_public: bool,
) -> Vec<Value> {
    let of_bucket = bucket.spec.grants.iter().flat_map(|grant| {
        let on_bucket = statement(grant, bucket_actions(grant.permission), &bucket.spec.arn(), ignore_public);
        let inside =
            statement(grant, inside_actions(grant.permission), &format!("{}/*", bucket.spec.arn()), ignore_public);
        on_bucket.into_iter().chain(inside)
    });
    let of_object = version.into_iter().flat_map(|version| {
        let full =
            AclGrant { to: Grantee::Account(bucket.owner_of(version).to_owned()), permission: Permission::FullControl };
        // The owner's own grant is not written out in a scenario; its account's policies do the rest.
        let owner = (bucket.owner_of(version) != bucket.spec.account).then_some(full);
        version
            .object
            .grants
            .iter()
            .cloned()
            .chain(owner)
            .filter_map(|grant| statement(&grant, object_actions(grant.permission), resource, ignore_public))
            .collect::<Vec<_>>()
    });
    of_bucket.chain(of_object).collect()
}

fn statement(grant: &AclGrant, actions: &[&str], resource: &str, ignore_public: bool) -> Option<Value> {
    if actions.is_empty() || (ignore_public && grant.to.is_public()) {
        return None;
    }
    let mut statement = json!({ "Effect": "Allow", "Action": actions, "Resource": resource });
    let principal = match &grant.to {
        Grantee::Everyone => json!("*"),
        Grantee::Authenticated => {
            statement["Condition"] = json!({ "Null": { "aws:PrincipalAccount": "false" } });
            json!({ "AWS": "*" })
        }
        Grantee::Account(account) => json!({ "AWS": format!("arn:aws:iam::{account}:root") }),
    };
    statement["Principal"] = principal;
    Some(statement)
}

const fn bucket_actions(permission: Permission) -> &'static [&'static str] {
    match permission {
        Permission::Read => &["s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads"],
        Permission::Write => &[],
        Permission::ReadAcp => &["s3:GetBucketAcl"],
        Permission::WriteAcp => &["s3:PutBucketAcl"],
        Permission::FullControl => &[
            "s3:ListBucket",
            "s3:ListBucketVersions",
            "s3:ListBucketMultipartUploads",
            "s3:GetBucketAcl",
            "s3:PutBucketAcl",
        ],
    }
}

const fn inside_actions(permission: Permission) -> &'static [&'static str] {
    match permission {
        Permission::Write | Permission::FullControl => &["s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion"],
        _ => &[],
    }
}

const fn object_actions(permission: Permission) -> &'static [&'static str] {
    match permission {
        Permission::Read => &["s3:GetObject", "s3:GetObjectVersion"],
        Permission::Write => &[],
        Permission::ReadAcp => &["s3:GetObjectAcl", "s3:GetObjectVersionAcl"],
        Permission::WriteAcp => &["s3:PutObjectAcl", "s3:PutObjectVersionAcl"],
        Permission::FullControl => &[
            "s3:GetObject",
            "s3:GetObjectVersion",
            "s3:GetObjectAcl",
            "s3:GetObjectVersionAcl",
            "s3:PutObjectAcl",
            "s3:PutObjectVersionAcl",
        ],
    }
}

/// `GetObjectAcl`.
pub(super) fn of_object(state: &State, call: &Call<'_>, at: &Place) -> Result<Reply, Fault> {
    let bucket = at.held(state)?;
    let version = found(state, call, at, "s3:GetObjectAcl", "s3:GetObjectVersionAcl")?;
    let owner = bucket.owner_of(version);
    // With ACLs off there is one answer, whatever was stored: the owner's full control.
    let grants = if bucket.spec.ownership.acls_enabled() { version.object.grants.as_slice() } else { &[] };
    Ok(document(owner, grants))
}

/// `GetBucketAcl`.
pub(super) fn of_bucket(state: &State, call: &Call<'_>, at: &Place) -> Result<Reply, Fault> {
    at.allow_bucket(state, call, "s3:GetBucketAcl", &[])?;
    let bucket = at.held(state)?;
    let grants = if bucket.spec.ownership.acls_enabled() { bucket.spec.grants.as_slice() } else { &[] };
    Ok(document(&bucket.spec.account, grants))
}

fn document(owner: &str, grants: &[AclGrant]) -> Reply {
    let full = AclGrant { to: Grantee::Account(owner.to_owned()), permission: Permission::FullControl };
    let list = std::iter::once(&full).chain(grants).fold(String::new(), |text, grant| text + &written(grant));
    let id = ids::canonical(owner);
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<AccessControlPolicy xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
         <Owner><ID>{id}</ID></Owner><AccessControlList>{list}</AccessControlList></AccessControlPolicy>"
    );
    Reply::xml(200, body)
}

fn written(grant: &AclGrant) -> String {
    let xsi = "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"";
    let grantee = match &grant.to {
        Grantee::Everyone => format!("<Grantee {xsi} xsi:type=\"Group\"><URI>{EVERYONE}</URI></Grantee>"),
        Grantee::Authenticated => format!("<Grantee {xsi} xsi:type=\"Group\"><URI>{AUTHENTICATED}</URI></Grantee>"),
        Grantee::Account(account) => {
            format!("<Grantee {xsi} xsi:type=\"CanonicalUser\"><ID>{}</ID></Grantee>", ids::canonical(account))
        }
    };
    format!("<Grant>{grantee}<Permission>{}</Permission></Grant>", grant.permission.name())
}

/// The grants that an upload or `PutObjectAcl` asks for, besides the owner's full control.
pub(super) fn requested(
    state: &State,
    incoming: &Incoming,
    bucket: &BucketState,
) -> Result<Option<Vec<AclGrant>>, Fault> {
    if let Some(canned) = incoming.header("x-amz-acl") {
        return canned_grants(canned, bucket).map(Some);
    }
    let headers = [
        ("x-amz-grant-read", Permission::Read),
        ("x-amz-grant-read-acp", Permission::ReadAcp),
        ("x-amz-grant-write-acp", Permission::WriteAcp),
        ("x-amz-grant-full-control", Permission::FullControl),
    ];
    let grants: Vec<AclGrant> = headers
        .iter()
        .filter_map(|(name, permission)| Some((incoming.header(name)?, *permission)))
        .flat_map(|(value, permission)| {
            value.split(',').filter_map(move |one| {
                let (kind, id) = one.trim().split_once('=')?;
                let to = grantee(state, kind, id.trim_matches('"'))?;
                Some(AclGrant { to, permission })
            })
        })
        .collect();
    let asked = headers.iter().any(|(name, _)| incoming.header(name).is_some());
    Ok(asked.then_some(grants))
}

fn grantee(state: &State, kind: &str, id: &str) -> Option<Grantee> {
    match (kind, id) {
        ("uri" | "URI", EVERYONE) => Some(Grantee::Everyone),
        ("uri" | "URI", AUTHENTICATED) => Some(Grantee::Authenticated),
        _ => {
            let account = state.scenario.accounts.iter().find(|account| account.canonical_id() == id)?;
            Some(Grantee::Account(account.id.clone()))
        }
    }
}

fn canned_grants(canned: &str, bucket: &BucketState) -> Result<Vec<AclGrant>, Fault> {
    let one = |to, permission| vec![AclGrant { to, permission }];
    let owner = || Grantee::Account(bucket.spec.account.clone());
    Ok(match canned {
        "private" => Vec::new(),
        "public-read" => one(Grantee::Everyone, Permission::Read),
        "public-read-write" => {
            [one(Grantee::Everyone, Permission::Read), one(Grantee::Everyone, Permission::Write)].concat()
        }
        "authenticated-read" => one(Grantee::Authenticated, Permission::Read),
        "bucket-owner-read" => one(owner(), Permission::Read),
        "bucket-owner-full-control" => one(owner(), Permission::FullControl),
        _ => return Err(Fault::new(400, "InvalidArgument", "").detail("ArgumentName", "x-amz-acl")),
    })
}

/// Whether the ACL that a request asks for may be set on this bucket at all.
pub(super) fn settable(state: &State, call: &Call<'_>, bucket: &BucketState, grants: &[AclGrant]) -> Result<(), Fault> {
    let harmless = matches!(call.incoming.header("x-amz-acl"), Some("bucket-owner-full-control" | "private"));
    if !bucket.spec.ownership.acls_enabled() && !harmless {
        return Err(Fault::new(400, "AccessControlListNotSupported", "The bucket does not allow ACLs"));
    }
    let public = grants.iter().any(|grant| grant.to.is_public());
    if public && account_settings(state, bucket).block_public_acls {
        let related = call.caller.account() == Some(&bucket.spec.account)
            && state.scenario.messages != crate::sandbox::scenario::Messages::Bare;
        let message = match call.caller.arn().filter(|_| related) {
            Some(arn) => format!(
                "User: {arn} is not authorized to perform: s3:PutObjectAcl on resource: \"{}/{}\" because public ACLs are \
                 prevented by the BlockPublicAcls setting in S3 Block Public Access",
                bucket.spec.arn(),
                crate::sandbox::s3::Target::of(call.incoming).key.unwrap_or_default()
            ),
            None => message::BARE.to_owned(),
        };
        return Err(Fault::access_denied(message));
    }
    Ok(())
}

/// `PutObjectAcl`.
pub(super) fn put(state: &mut State, call: &Call<'_>, at: &Place) -> Result<Reply, Fault> {
    let bucket = at.held(state)?;
    let version = found(state, call, at, "s3:PutObjectAcl", "s3:PutObjectVersionAcl")?.id.clone();
    let grants = match requested(state, call.incoming, bucket)? {
        Some(grants) => grants,
        None => from_body(state, call.incoming)?,
    };
    settable(state, call, bucket, &grants)?;
    let key = at.key()?.to_owned();
    let held = state.buckets.get_mut(&at.bucket).and_then(|bucket| bucket.objects.get_mut(&key));
    if let Some(version) = held.and_then(|versions| versions.iter_mut().find(|it| it.id == version)) {
        version.object.grants = grants;
    }
    Ok(Reply::new(200))
}

fn from_body(state: &State, incoming: &Incoming) -> Result<Vec<AclGrant>, Fault> {
    let malformed = || {
        Fault::new(
            400,
            "MalformedACLError",
            "The XML you provided was not well-formed or did not validate against our published schema",
        )
    };
    let root = Element::parse(&incoming.body).map_err(|_| malformed())?;
    let list = root.child("AccessControlList").ok_or_else(malformed)?;
    Ok(list
        .children("Grant")
        .filter_map(|grant| {
            let grantee_element = grant.child("Grantee")?;
            let permission = Permission::parse(grant.text_of("Permission")?)?;
            let to = match grantee_element.text_of("URI") {
                Some(uri) => grantee(state, "uri", uri)?,
                None => grantee(state, "id", grantee_element.text_of("ID")?)?,
            };
            Some(AclGrant { to, permission })
        })
        .collect())
}

/// Who owns what this caller writes into this bucket.
#[must_use]
pub fn writer<'a>(call: &'a Call<'_>, bucket: &'a BucketState) -> Option<&'a str> {
    use crate::sandbox::scenario::Ownership;
    let account = match &call.caller {
        Caller::Anonymous => return None,
        caller => caller.account()?,
    };
    let gives_up = call.incoming.header("x-amz-acl") == Some("bucket-owner-full-control");
    match bucket.spec.ownership {
        Ownership::BucketOwnerEnforced => None,
        Ownership::BucketOwnerPreferred if gives_up => None,
        _ => (account != bucket.spec.account).then_some(account),
    }
}
