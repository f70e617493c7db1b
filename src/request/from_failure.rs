//! From a failure that the CLI printed, and the command, to the request that was refused.
//!
//! The operation is the failure's; which bucket and key it was about is the failure line's where it names them, and
//! the command line's otherwise. For a silent failure the command line alone tells.

use crate::recognize::{AwsFailure, FailureKind, TransferVerb};
use crate::request::bucket::Location;
use crate::request::plan::CredentialPlan;
use crate::request::{Arguments, BucketKind, Request, Settings, Side, customer_key, headers, operation};

/// The two ends of a command, as far as they are in S3.
#[derive(Clone, Debug, Default)]
struct Ends {
    source: Option<Location>,
    destination: Option<Location>,
    /// The file name that an upload into a folder gets.
    local_name: Option<String>,
}

impl Request {
    /// The request that `failure` is about.
    #[must_use]
    pub fn from_failure(arguments: &Arguments, failure: &AwsFailure, settings: &Settings) -> Self {
        let recursive = is_recursive(arguments);
        let typed = typed_ends(arguments);
        let ends = printed_ends(failure, arguments).unwrap_or_else(|| typed.completed(recursive));
        let error = failure.service();
        // Of an archived object the CLI says so before it asks for the object itself.
        let skipped = (failure.kind == FailureKind::Archived && failure.transfer.is_some() && recursive)
            .then(|| "GetObject".to_owned());
        let operation =
            error.and_then(|error| error.operation.clone()).or(skipped).or_else(|| first_operation(arguments, &typed));
        let mut request = Self {
            operation: operation.unwrap_or_default(),
            recursive,
            moves: arguments.s3_command() == Some("mv"),
            partition: settings.partition().to_owned(),
            ..Self::default()
        };
        let said = error.map_or("", |error| error.message.as_str());
        request.choose_side(&ends, arguments, failure, said);
        request.set_prefix(arguments, &typed, failure.transfer.is_some());
        request.request_payer = arguments.s3_command().map_or_else(
            || arguments.parameter("--request-payer", "RequestPayer").is_some_and(|payer| payer == "requester"),
            |_| arguments.has("--request-payer"),
        );
        let source_of_copy = request.side == Side::Source
            && (operation::is_copy(&request.operation) || arguments.s3_command().is_some());
        request.expected_bucket_owner = if source_of_copy {
            arguments.parameter("--expected-source-bucket-owner", "ExpectedSourceBucketOwner")
        } else {
            arguments.parameter("--expected-bucket-owner", "ExpectedBucketOwner")
        };
        request.sse_c = customer_key::of(arguments, source_of_copy && request.other.is_some());
        if request.operation.starts_with("AssumeRole") {
            request.role_arn = role_arn(&settings.credentials).map(str::to_owned);
        }
        request.set_action();
        headers::fill(&mut request, arguments, settings);
        request.at_other_end = request.copy_at_other_end(&typed, arguments, settings).map(Box::new);
        request.each = request.each_of_the_list(&typed, arguments, settings).map(Box::new);
        request
    }

    /// What the command was to do with the objects of this list.
    fn each_of_the_list(&self, typed: &Ends, arguments: &Arguments, settings: &Settings) -> Option<Self> {
        if self.operation != "ListObjectsV2" || !self.recursive || self.bucket_kind != BucketKind::General {
            return None;
        }
        let at_destination = match self.side {
            Side::Destination => true,
            Side::Source => false,
            Side::Only => typed.source.is_none(),
        };
        let operation = match arguments.s3_command()? {
            "rm" => "DeleteObject",
            "cp" | "mv" | "sync" if at_destination => "PutObject",
            "cp" | "mv" | "sync" => "GetObject",
            _ => return None,
        };
        let prefix = self.prefix.clone().unwrap_or_default();
        let all = Location { bucket: self.bucket.clone()?, key: format!("{prefix}*"), version_id: None };
        let mut each = Self {
            operation: operation.to_owned(),
            recursive: true,
            moves: self.moves,
            partition: self.partition.clone(),
            prefix: Some(prefix),
            ..Self::default()
        };
        each.take(&all, self.side);
        each.set_action();
        headers::fill(&mut each, arguments, settings);
        Some(each)
    }

    /// The copy at its other end: of a copy that was refused, or of one that begins with the read that was.
    fn copy_at_other_end(&self, typed: &Ends, arguments: &Arguments, settings: &Settings) -> Option<Self> {
        let begins = self.operation == "HeadObject" && self.side == Side::Source;
        let copies = operation::is_copy(&self.operation);
        let there = self.other.as_ref().filter(|_| copies || begins)?;
        let mut request = Self {
            operation: if copies { self.operation.clone() } else { "CopyObject".to_owned() },
            recursive: self.recursive,
            partition: settings.partition().to_owned(),
            other: self.bucket.clone().map(|bucket| Location {
                bucket,
                key: self.key.clone().unwrap_or_default(),
                version_id: self.version_id.clone(),
            }),
            ..Self::default()
        };
        request.take(there, if self.side == Side::Source { Side::Destination } else { Side::Source });
        request.sse_c = customer_key::of(arguments, request.side == Side::Source);
        request.set_prefix(arguments, typed, true);
        request.set_action();
        headers::fill(&mut request, arguments, settings);
        if !copies {
            // A large object is copied in parts, by requests that name no source at first.
            request.conditions.remove("s3:x-amz-copy-source");
        }
        Some(request)
    }

    /// Takes the bucket and key of the end that the operation works on.
    fn choose_side(&mut self, ends: &Ends, arguments: &Arguments, failure: &AwsFailure, said: &str) {
        let (Some(source), Some(destination)) = (&ends.source, &ends.destination) else {
            let only = ends.source.as_ref().or(ends.destination.as_ref());
            if let Some(only) = only {
                self.take(only, Side::Only);
            }
            return;
        };
        // Where AWS names the bucket or the action, that settles it.
        let named = |location: &Location| {
            said.match_indices(":s3:::").any(|(at, sign)| {
                let after = &said[at + sign.len()..];
                after.strip_prefix(location.bucket.as_str()).is_some_and(|rest| !rest.starts_with(is_of_a_bucket_name))
            })
        };
        // Of a copy it is a source that is not there for which S3 misses the permission to list.
        let reads = ["perform: s3:GetObject", "perform: s3:ListBucket", "perform: kms:Decrypt"]
            .iter()
            .any(|action| said.contains(action));
        let writes =
            ["perform: s3:PutObject", "perform: kms:GenerateDataKey"].iter().any(|action| said.contains(action));
        let from_source = match (named(source), named(destination)) {
            (true, false) => true,
            (false, true) => false,
            _ if reads != writes => reads,
            _ => match self.operation.as_str() {
                "PutObject" | "PutObjectTagging" | "PutObjectAcl" | "CreateMultipartUpload" | "UploadPart"
                | "CompleteMultipartUpload" | "AbortMultipartUpload" | "CreateBucket"
                // A single copy has read the source with HEAD a moment before, so it is the other end's turn.
                | "CopyObject" | "UploadPartCopy" => false,
                "DeleteObject" => !failure.transfer.as_ref().is_some_and(|transfer| transfer.verb == TransferVerb::Delete)
                    || arguments.s3_command() != Some("sync"),
                _ => true,
            },
        };
        let (this, that, side) =
            if from_source { (source, destination, Side::Source) } else { (destination, source, Side::Destination) };
        self.take(this, side);
        self.other = Some(that.clone());
    }

    fn take(&mut self, location: &Location, side: Side) {
        self.set_bucket(&location.bucket);
        self.key = Some(location.key.clone()).filter(|key| !key.is_empty());
        self.version_id.clone_from(&location.version_id);
        self.side = side;
    }

    /// What is listed, or covered by a recursive command.
    fn set_prefix(&mut self, arguments: &Arguments, typed: &Ends, of_one_key: bool) {
        let lists = operation::is_list(&self.operation);
        let about_bucket =
            lists || matches!(operation::action(&self.operation, false), Some((_, operation::Level::Bucket)));
        if arguments.s3_command().is_some() {
            // The end as it was typed: a failing line names one key of many.
            let of_bucket =
                |end: &Option<Location>| end.as_ref().filter(|end| Some(&end.bucket) == self.bucket.as_ref()).cloned();
            let root = match self.side {
                Side::Destination => of_bucket(&typed.destination),
                _ => of_bucket(&typed.source).or_else(|| of_bucket(&typed.destination)),
            };
            if lists || self.recursive {
                let root = root.map(|end| end.key).unwrap_or_default();
                let folder = self.recursive && arguments.s3_command() != Some("ls");
                self.prefix =
                    Some(if folder && !root.is_empty() && !root.ends_with('/') { format!("{root}/") } else { root });
            }
        } else if lists {
            self.prefix = arguments.parameter("--prefix", "Prefix");
        }
        // Without a line, a recursive command names a folder and none of the keys in it.
        if about_bucket || (self.recursive && !of_one_key) {
            self.key = None;
            self.version_id = None;
        }
    }
}

fn is_of_a_bucket_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '-' | '.' | '_')
}

fn is_recursive(arguments: &Arguments) -> bool {
    match arguments.s3_command() {
        Some("sync") => true,
        Some(_) => arguments.has("--recursive"),
        None => false,
    }
}

/// The role of the outermost hop: the one whose assumption the CLI asks for last.
fn role_arn(plan: &CredentialPlan) -> Option<&str> {
    plan.hops().first().copied()
}

/// The ends that the command names.
fn typed_ends(arguments: &Arguments) -> Ends {
    if let Some(command) = arguments.s3_command() {
        let mut paths = arguments.positionals.iter();
        let (first, second) = (paths.next(), paths.next());
        // These need no `s3://` in front.
        let one_end = matches!(command, "ls" | "rm" | "mb" | "rb" | "presign" | "website");
        let location = |path: &String| match Location::of_uri(path) {
            None if one_end => Some(Location::of_path(path)),
            found => found,
        };
        return Ends {
            source: first.and_then(location),
            destination: second.filter(|_| !one_end).and_then(location),
            local_name: first.filter(|path| !path.starts_with("s3://")).map(|path| file_name(path).to_owned()),
        };
    }
    let place = arguments.parameter("--bucket", "Bucket").map(|bucket| Location {
        bucket,
        key: arguments.parameter("--key", "Key").unwrap_or_default(),
        version_id: arguments.parameter("--version-id", "VersionId"),
    });
    match arguments.parameter("--copy-source", "CopySource") {
        Some(source) => Ends { source: Some(Location::of_copy_source(&source)), destination: place, local_name: None },
        None => Ends { source: place, destination: None, local_name: None },
    }
}

fn file_name(path: &str) -> &str {
    path.trim_end_matches('/').rsplit('/').next().unwrap_or_default()
}

impl Ends {
    /// With the key that a copy into a folder gives its result.
    fn completed(&self, recursive: bool) -> Self {
        let mut ends = self.clone();
        let name = self.source.as_ref().map(Location::base_name).or(self.local_name.as_deref()).unwrap_or_default();
        if let Some(destination) = &mut ends.destination
            && !recursive
            && !matches!(name, "" | "-")
            && (destination.key.is_empty() || destination.key.ends_with('/'))
        {
            destination.key.push_str(name);
        }
        ends
    }
}

/// The ends that the failing line names.
fn printed_ends(failure: &AwsFailure, arguments: &Arguments) -> Option<Ends> {
    let transfer = failure.transfer.as_ref()?;
    let source = Location::of_uri(&transfer.source);
    let destination = transfer.destination.as_deref().and_then(Location::of_uri);
    if source.is_none() && destination.is_none() {
        // `make_bucket failed: s3://b` always has its `s3://`; anything else is no line about S3.
        return None;
    }
    // What `sync --delete` removes stands alone in its line, and is at the destination.
    if transfer.verb == TransferVerb::Delete && arguments.s3_command() == Some("sync") {
        return Some(Ends { source: None, destination: source, local_name: None });
    }
    Some(Ends { source, destination, local_name: None })
}

/// The operation that the command begins with, where no failure names one.
fn first_operation(arguments: &Arguments, ends: &Ends) -> Option<String> {
    let Some(command) = arguments.s3_command() else { return arguments.api_operation() };
    let recursive = is_recursive(arguments);
    let named = |location: &Option<Location>| location.as_ref().is_some_and(|end| !end.bucket.is_empty());
    Some(
        match command {
            "ls" if named(&ends.source) => "ListObjectsV2",
            "ls" => "ListBuckets",
            "mb" => "CreateBucket",
            "rb" if arguments.has("--force") => "ListObjectsV2",
            "rb" => "DeleteBucket",
            "website" => "PutBucketWebsite",
            "presign" => "GetObject",
            "sync" => "ListObjectsV2",
            // An upload lists nothing of S3's.
            _ if recursive && named(&ends.source) => "ListObjectsV2",
            "rm" => "DeleteObject",
            "cp" | "mv" if named(&ends.source) => "HeadObject",
            "cp" | "mv" => "PutObject",
            _ => return None,
        }
        .to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folder_destinations_get_the_name() {
        let ends = Ends {
            source: Location::of_uri("s3://a/x/k.csv"),
            destination: Location::of_uri("s3://b/y/"),
            local_name: None,
        };
        assert_eq!(ends.completed(false).destination.unwrap().key, "y/k.csv");
        assert_eq!(ends.completed(true).destination.unwrap().key, "y/");
    }
}
