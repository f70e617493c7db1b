//! Who the caller was, by an earlier diagnosis: a question less, where an answer of this one shows that it still holds.

use super::desk::Desk;
use crate::cache::{Cache, Whose};
use crate::evidence::Answer;
use crate::evidence::identity::{self, Identity};
use crate::evidence::identity_policies::IdentityPolicies;
use crate::request::ServiceId;
use aws_credential_types::Credentials;

/// The cache's place for the caller, and what stands there.
pub(super) struct Kept<'a> {
    cache: &'a Cache,
    pub(super) keys: &'a Credentials,
    place: String,
    pub(super) identity: Option<Identity>,
}

impl<'a> Kept<'a> {
    /// Nothing where the cache is not to be used, or nobody asks.
    pub(super) fn of(desk: &Desk<'a>, keys: Option<&'a Credentials>) -> Option<Self> {
        let (cache, keys) = (desk.plan.cache?, keys?);
        let mut kept = Self { cache, keys, place: desk.plan.clients.place(ServiceId::Sts), identity: None };
        // AWS's own message may have named the caller: then that is who it is.
        let said = desk.plan.denial.and_then(|denial| denial.caller_arn.as_deref());
        kept.identity = cache.identity(kept.whose()).filter(|kept| said.is_none_or(|said| said == kept.arn));
        Some(kept)
    }

    fn whose(&self) -> Whose<'_> {
        Whose { keys: self.keys, place: &self.place }
    }

    /// Whether the caller is who it was: a user can be renamed, and another can be given the name.
    pub(super) fn is_still(&self, identity: &Answer<Identity>, policies: &Answer<IdentityPolicies>) -> bool {
        let Some(kept) = &self.identity else { return true };
        let is_same = identity.known().is_none_or(|identity| identity == kept);
        let is_gone = policies.denied().is_some_and(|error| error.code == "NoSuchEntity");
        is_same && !is_gone && !policies.known().is_some_and(|policies| policies.are_of_another(&kept.user_id))
    }

    /// Keeps what STS told just now.
    pub(super) fn renew(&self, desk: &Desk<'_>, identity: &Answer<Identity>) {
        if let (Some(identity), true) = (identity.known(), desk.has_asked(identity::NAME)) {
            self.cache.keep_identity(self.whose(), identity);
        }
    }
}
