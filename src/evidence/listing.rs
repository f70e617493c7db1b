//! What is there near the key: one page of `ListObjectsV2`, with each object's owner.

use crate::aws::answer::ask;
use crate::aws::clients::Signer;
use crate::aws::ledger::Ledger;
use crate::evidence::Answer;
use crate::evidence::near;
use crate::evidence::region::Places;
use crate::request::Request;
use aws_sdk_s3::types::RequestPayer;
use std::sync::Arc;

pub const NAME: &str = "s3-list";

/// The keys near the one that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// What was listed.
    pub prefix: String,
    pub objects: Vec<Listed>,
    /// Whether there are more than the page held.
    pub truncated: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub key: String,
    /// The canonical user id of the account that owns the object.
    pub owner: Option<String>,
}

impl Listing {
    /// Whether the key exists, where the page can tell.
    #[must_use]
    pub fn has(&self, key: &str) -> Option<bool> {
        if self.objects.iter().any(|listed| listed.key == key) {
            return Some(true);
        }
        // Keys come in the order of their UTF-8 bytes, so a page that went past the key has told.
        let past = self.objects.last().is_some_and(|last| last.key.as_bytes() > key.as_bytes());
        let covered = key.starts_with(&self.prefix);
        (covered && (past || !self.truncated)).then_some(false)
    }

    /// The owner of the object of that key.
    #[must_use]
    pub fn owner_of(&self, key: &str) -> Option<&str> {
        self.objects.iter().find(|listed| listed.key == key)?.owner.as_deref()
    }

    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.objects.iter().map(|listed| listed.key.as_str())
    }
}

/// Lists where the key, and every spelling of it that people mix up, would be.
pub async fn near(
    places: &Places<'_>,
    signer: &Signer,
    request: &Request,
    bucket: &str,
    key: &str,
    ledger: &Arc<Ledger>,
) -> Answer<Listing> {
    let prefix = near::common_folder(key);
    let question = async |client: aws_sdk_s3::Client| {
        let call = client
            .list_objects_v2()
            .bucket(bucket)
            .prefix(&prefix)
            .fetch_owner(true)
            .set_expected_bucket_owner(request.expected_bucket_owner.clone())
            .set_request_payer(request.request_payer.then_some(RequestPayer::Requester))
            .max_keys(1000);
        ask(ledger, |capture| call.customize().interceptor(capture).send()).await
    };
    let reply = places.ask(signer, question).await;
    reply.into_answer().map(|page| Listing {
        prefix,
        truncated: page.is_truncated().unwrap_or(false),
        objects: page
            .contents
            .unwrap_or_default()
            .into_iter()
            .filter_map(|object| Some(Listed { key: object.key?, owner: object.owner.and_then(|owner| owner.id) }))
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_tells_of_absence_only_as_far_as_it_reaches() {
        let listed = |key: &str| Listed { key: key.to_owned(), owner: None };
        let page = |truncated| Listing { prefix: String::new(), objects: vec![listed("a"), listed("c")], truncated };
        assert_eq!(page(true).has("a"), Some(true));
        assert_eq!(page(true).has("b"), Some(false));
        assert_eq!(page(true).has("d"), None);
        assert_eq!(page(false).has("d"), Some(false));
    }

    #[test]
    fn a_page_of_another_folder_tells_nothing() {
        let page = Listing { prefix: "x/".to_owned(), objects: vec![], truncated: false };
        assert_eq!(page.has("y/k"), None);
        assert_eq!(page.has("x/k"), Some(false));
    }
}
