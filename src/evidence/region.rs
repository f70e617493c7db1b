//! Where the bucket is. S3 points a request that went to another region to the bucket's own, and the question is put there
//! again, once.

use crate::aws::answer::{Exchange, Reply};
use crate::aws::clients::{Clients, Signer};
use std::cell::RefCell;

/// The command's region, and the bucket's once an answer pointed there.
pub struct Places<'a> {
    clients: &'a Clients<'a>,
    pointed: &'a RefCell<Option<String>>,
}

impl<'a> Places<'a> {
    #[must_use]
    pub fn new(clients: &'a Clients<'a>, pointed: &'a RefCell<Option<String>>) -> Self {
        Self { clients, pointed }
    }

    /// The bucket's region, where it is known to be another than the command's.
    #[must_use]
    pub fn pointed(&self) -> Option<String> {
        self.pointed.borrow().clone()
    }

    /// S3 where the bucket is, as far as is known by now.
    #[must_use]
    pub fn client(&self, signer: &Signer) -> aws_sdk_s3::Client {
        self.clients.s3(signer, self.pointed().as_deref())
    }

    /// The region that an answer points to, if it is another than the command's.
    pub fn learn(&self, exchange: Option<&Exchange>) -> Option<String> {
        let region = exchange.and_then(pointed_region).filter(|region| *region != self.clients.region())?;
        *self.pointed.borrow_mut() = Some(region.to_owned());
        Some(region.to_owned())
    }

    /// Asks where the command did, and where the answer points.
    pub async fn ask<T>(&self, signer: &Signer, question: impl AsyncFn(aws_sdk_s3::Client) -> Reply<T>) -> Reply<T> {
        let reply = question(self.client(signer)).await;
        match self.learn(reply.exchange.as_ref()) {
            Some(_) => question(self.client(signer)).await,
            None => reply,
        }
    }
}

/// The region that an answer points to, when it is a complaint about the region.
#[must_use]
pub fn pointed_region(exchange: &Exchange) -> Option<&str> {
    let code = exchange.error.as_ref().map_or("", |error| error.code.as_str());
    let complains = matches!(exchange.status, 301 | 307)
        || matches!(
            code,
            "AuthorizationHeaderMalformed"
                | "PermanentRedirect"
                | "TemporaryRedirect"
                | "IllegalLocationConstraintException"
        )
        || (exchange.status == 400 && code.is_empty());
    if !complains {
        return None;
    }
    exchange
        .error
        .as_ref()
        .and_then(|error| error.details.get("Region"))
        .or(exchange.bucket_region.as_ref())
        .map(String::as_str)
}
