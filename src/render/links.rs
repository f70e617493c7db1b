//! Where a code and a document can be read further. Addresses are made from parts that can only be what they
//! are (a code of lower case letters, a percent-encoded name), because they end up in escape sequences.

use super::outline;
use crate::diagnosis::{DocumentKind, Place};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// The page of a cause; `None` for what is not shaped like a code.
#[must_use]
pub fn cause(code: &str) -> Option<String> {
    outline::is_code(code).then(|| format!("{}/blob/main/src/cause/pages/{code}.md", env!("CARGO_PKG_REPOSITORY")))
}

/// The console's page of a document, for documents of AWS's standard partition that have one.
#[must_use]
pub fn document(place: &Place) -> Option<String> {
    let owner = place.owner.as_deref()?;
    match place.document {
        DocumentKind::BucketPolicy if !owner.contains(':') => {
            Some(format!("https://console.aws.amazon.com/s3/buckets/{}?tab=permissions", encoded(owner)))
        }
        DocumentKind::IdentityPolicy | DocumentKind::PermissionsBoundary | DocumentKind::RoleTrustPolicy => {
            let resource = owner.strip_prefix("arn:aws:iam::")?.split_once(':')?.1;
            let (kind, path) = resource.split_once('/')?;
            let name = path.rsplit('/').next()?;
            let page = match kind {
                "role" => "roles",
                "user" => "users",
                "group" => "groups",
                _ => return None,
            };
            Some(format!("https://console.aws.amazon.com/iam/home#/{page}/details/{}", encoded(name)))
        }
        _ => None,
    }
}

fn encoded(name: &str) -> String {
    utf8_percent_encode(name, NON_ALPHANUMERIC).to_string().replace("%2D", "-").replace("%2E", ".").replace("%5F", "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(document: DocumentKind, owner: &str) -> Place {
        Place { document, owner: Some(owner.to_owned()), policy: None, statement: None, pointer: None }
    }

    #[test]
    fn documents_with_a_page_have_a_link() {
        let bucket = document(&place(DocumentKind::BucketPolicy, "acme-logs"));
        assert_eq!(bucket.as_deref(), Some("https://console.aws.amazon.com/s3/buckets/acme-logs?tab=permissions"));
        let role = document(&place(DocumentKind::IdentityPolicy, "arn:aws:iam::111122223333:role/ci/deploy"));
        assert_eq!(role.as_deref(), Some("https://console.aws.amazon.com/iam/home#/roles/details/deploy"));
        assert_eq!(document(&place(DocumentKind::IdentityPolicy, "arn:aws-cn:iam::1:role/x")), None);
        assert_eq!(document(&place(DocumentKind::KeyPolicy, "arn:aws:kms:x")), None);
    }

    #[test]
    fn nothing_can_end_the_sequence_that_a_link_stands_in() {
        assert_eq!(cause("bad\u{1b}\\"), None);
        let link = document(&place(DocumentKind::BucketPolicy, "a\u{1b}\\\u{7}b")).unwrap();
        assert!(link.chars().all(|c| c.is_ascii_graphic()), "{link}");
    }
}
