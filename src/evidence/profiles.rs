//! Whether another profile of this user's could make the request: the replay again, signed by each profile that
//! needs no prompt.

use crate::aws::answer::Exchange;
use crate::aws::clients::{Clients, Signer};
use crate::aws::credentials::Sources;
use crate::aws::ledger::Ledger;
use crate::evidence::Answer;
use crate::evidence::replay::{self, Stand};
use crate::request::{ProfileOption, Request};
use futures_util::future::join_all;
use std::sync::Arc;

pub const NAME: &str = "other-profiles";

/// More are not tried: each is a request that somebody may see in a log.
const MOST: usize = 4;

/// What one profile's request met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileAttempt {
    pub profile: String,
    pub answer: Answer<Exchange>,
}

impl ProfileAttempt {
    #[must_use]
    pub fn succeeded(&self) -> bool {
        self.answer.known().is_some_and(|exchange| matches!(exchange.status, 200..=299 | 416))
    }
}

/// Tries them side by side. `used` is the access key id that was refused: profiles with the same are left out.
pub async fn try_all(
    sources: &Sources<'_>,
    clients: &Clients<'_>,
    options: &[ProfileOption],
    used: &str,
    request: &Request,
    stand: Stand,
    ledger: &Arc<Ledger>,
) -> Answer<Vec<ProfileAttempt>> {
    let attempts = options.iter().take(MOST).map(|option| async move {
        let keys = sources.load(&option.plan).await.ok()?;
        if keys.access_key_id() == used {
            return None;
        }
        let client = clients.s3(&Signer::Keys(keys), None);
        let answer = replay::send(&client, request, stand, ledger).await;
        Some(ProfileAttempt { profile: option.name.clone(), answer })
    });
    Answer::Known(join_all(attempts).await.into_iter().flatten().collect())
}
