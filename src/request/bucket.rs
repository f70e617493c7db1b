//! What stands where a bucket's name stands: a bucket, an access point's alias or ARN; and a key after it.
//!
//! Paths are split as the CLI splits them (awscli, `s3/utils.py`, `find_bucket_key`).

/// The kinds of thing that the `Bucket` parameter can name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BucketKind {
    /// A general purpose bucket.
    #[default]
    General,
    /// S3 Express One Zone: `name--azid--x-s3`, and access points to one (`--xa-s3`).
    Directory,
    /// An access point by its ARN.
    AccessPoint,
    /// An access point by its alias, `…-s3alias`: the account and name behind it cannot be seen from here.
    AccessPointAlias,
    MultiRegionAccessPoint,
    ObjectLambda,
    Outpost,
}

impl BucketKind {
    /// Told by the name alone.
    #[must_use]
    pub fn of(name: &str) -> Self {
        if let Some(arn) = Arn::parse(name) {
            return match arn.service {
                "s3-object-lambda" => Self::ObjectLambda,
                "s3-outposts" => Self::Outpost,
                "s3express" => Self::Directory,
                _ if arn.resource.starts_with("accesspoint") && arn.region.is_empty() => Self::MultiRegionAccessPoint,
                _ if arn.resource.starts_with("accesspoint") => Self::AccessPoint,
                _ => Self::General,
            };
        }
        // The endings are reserved: no bucket can be given such a name.
        let endings = [
            ("--x-s3", Self::Directory),
            ("--xa-s3", Self::Directory),
            ("-s3alias", Self::AccessPointAlias),
            ("--ol-s3", Self::ObjectLambda),
            ("--op-s3", Self::Outpost),
            (".mrap", Self::MultiRegionAccessPoint),
        ];
        endings.iter().find(|(ending, _)| name.ends_with(ending)).map_or(Self::General, |(_, kind)| *kind)
    }
}

/// The access point's name in its alias: `reports` of `reports-1d34…b0e2-s3alias`. What follows the name is AWS's, 34 letters and
/// digits without a hyphen.
#[must_use]
pub fn alias_name(alias: &str) -> Option<&str> {
    let (name, made_up) = alias.strip_suffix("-s3alias")?.rsplit_once('-')?;
    (!name.is_empty() && made_up.bytes().all(|byte| byte.is_ascii_alphanumeric())).then_some(name)
}

/// A bucket and what is meant in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Location {
    pub bucket: String,
    /// Empty where only the bucket is named.
    pub key: String,
    pub version_id: Option<String>,
}

impl Location {
    /// `s3://bucket/key`; `None` for a path on this machine.
    #[must_use]
    pub fn of_uri(uri: &str) -> Option<Self> {
        uri.strip_prefix("s3://").map(Self::of_path)
    }

    /// `bucket/key`, where `bucket` may be an access point's ARN. A path of nothing has an empty bucket.
    #[must_use]
    pub fn of_path(path: &str) -> Self {
        let (bucket, key) = split_arn(path).or_else(|| path.split_once('/')).unwrap_or((path, ""));
        Self { bucket: bucket.to_owned(), key: key.to_owned(), version_id: None }
    }

    /// `--copy-source` of `aws s3api`: as of a path, with a version id, and not percent-encoded (the CLI does that).
    #[must_use]
    pub fn of_copy_source(source: &str) -> Self {
        let (path, version_id) = match source.rsplit_once("?versionId=") {
            Some((path, version)) if !version.is_empty() && !version.contains(char::is_whitespace) => {
                (path, Some(version))
            }
            _ => (source, None),
        };
        let mut location = Self::of_path(path.strip_prefix('/').unwrap_or(path));
        if BucketKind::of(&location.bucket) != BucketKind::General
            && let Some(key) = location.key.strip_prefix("object/")
        {
            location.key = key.to_owned();
        }
        location.version_id = version_id.map(str::to_owned);
        location
    }

    /// The last part of the key, as a copy into a folder names its result.
    #[must_use]
    pub(crate) fn base_name(&self) -> &str {
        self.key.rsplit('/').next().unwrap_or_default()
    }
}

/// An access point's ARN in front of a key.
fn split_arn(path: &str) -> Option<(&str, &str)> {
    let arn = Arn::parse(path)?;
    let parts = match arn.service {
        "s3" | "s3-object-lambda" | "s3express" if arn.resource.starts_with("accesspoint") => 2,
        "s3-outposts" => 4,
        _ => return None,
    };
    let start = path.len() - arn.resource.len();
    // The name ends at a slash; colons and slashes both stand between the parts before it.
    let separators = arn.resource.match_indices([':', '/']).nth(parts - 2).map(|(at, _)| start + at + 1)?;
    let end = path[separators..].find('/').map_or(path.len(), |at| separators + at);
    Some((&path[..end], path.get(end + 1..).unwrap_or_default()))
}

/// The parts of an ARN that matter here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Arn<'a> {
    pub partition: &'a str,
    pub service: &'a str,
    pub region: &'a str,
    pub account: &'a str,
    pub resource: &'a str,
}

impl<'a> Arn<'a> {
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        let (Some("arn"), Some(partition), Some(service), Some(region), Some(account), Some(resource)) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return None;
        };
        Some(Self { partition, service, region, account, resource })
    }

    /// The ARN as policies write it: a slash between an access point's kind and name.
    pub(crate) fn normal(self) -> String {
        let Self { partition, service, region, account, resource } = self;
        format!("arn:{partition}:{service}:{region}:{account}:{}", resource.replace(':', "/"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POINT: &str = "arn:aws:s3:us-west-2:111122223333:accesspoint/logs";
    const OUTPOST: &str = "arn:aws:s3-outposts:us-west-2:111122223333:outpost/op-01/accesspoint/logs";

    #[test]
    fn paths_are_split_as_the_cli_splits_them() {
        let cases = [
            ("s3://b", "b", ""),
            ("s3://b/", "b", ""),
            ("s3://b/a key/with  blanks", "b", "a key/with  blanks"),
            ("s3://b//double", "b", "/double"),
            ("s3://", "", ""),
            ("s3://arn:aws:s3:us-west-2:111122223333:accesspoint/logs/2026/a", POINT, "2026/a"),
            ("s3://arn:aws:s3:us-west-2:111122223333:accesspoint/logs", POINT, ""),
            (
                "s3://arn:aws:s3:us-west-2:111122223333:accesspoint:logs/k:1",
                "arn:aws:s3:us-west-2:111122223333:accesspoint:logs",
                "k:1",
            ),
            ("s3://arn:aws:s3::111122223333:accesspoint/m.mrap/k", "arn:aws:s3::111122223333:accesspoint/m.mrap", "k"),
            ("s3://arn:aws:s3-outposts:us-west-2:111122223333:outpost/op-01/accesspoint/logs/k/l", OUTPOST, "k/l"),
        ];
        for (uri, bucket, key) in cases {
            let location = Location::of_uri(uri).unwrap();
            assert_eq!((location.bucket.as_str(), location.key.as_str()), (bucket, key), "{uri}");
        }
        assert_eq!(Location::of_uri("./s3://x"), None);
    }

    #[test]
    fn copy_sources() {
        let location = Location::of_copy_source("/b/k ey?versionId=v1");
        assert_eq!(
            (location.bucket.as_str(), location.key.as_str(), location.version_id.as_deref()),
            ("b", "k ey", Some("v1"))
        );
        let location = Location::of_copy_source(&format!("{POINT}/object/a/b"));
        assert_eq!((location.bucket.as_str(), location.key.as_str()), (POINT, "a/b"));
        assert_eq!(Location::of_copy_source("b/object/a").key, "object/a");
        assert_eq!(Location::of_copy_source("b/what?versionId=").key, "what?versionId=");
    }

    #[test]
    fn kinds_by_name() {
        for (name, kind) in [
            ("acme-data", BucketKind::General),
            ("acme--use1-az4--x-s3", BucketKind::Directory),
            ("logs-abcdefghij-s3alias", BucketKind::AccessPointAlias),
            ("ol-abcdef--ol-s3", BucketKind::ObjectLambda),
            (POINT, BucketKind::AccessPoint),
            ("arn:aws:s3::111122223333:accesspoint/m.mrap", BucketKind::MultiRegionAccessPoint),
            ("arn:aws:s3-object-lambda:us-west-2:111122223333:accesspoint/f", BucketKind::ObjectLambda),
            (OUTPOST, BucketKind::Outpost),
            ("arn:aws:s3:::acme-data", BucketKind::General),
            ("arn:", BucketKind::General),
        ] {
            assert_eq!(BucketKind::of(name), kind, "{name}");
        }
    }
}
