//! What S3 would answer to somebody, without asking over the wire and without a trace: for checks that a repair opens one
//! door and no other.

use crate::sandbox::Sandbox;
use crate::sandbox::call::Call;
use crate::sandbox::caller::{Caller, find};
use crate::sandbox::http::Incoming;
use crate::sandbox::s3;
use crate::sandbox::scenario::User;
use crate::sandbox::server;
use crate::sandbox::service::Service;
use crate::sandbox::state::State;
use hyper::header::HeaderMap;
use std::sync::PoisonError;

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sentinel<'a> {
    /// Somebody of the scenario: `user/NAME`, `session/NAME`, `root/ACCOUNT`.
    Identity(&'a str),
    /// A user of that account to whom nothing is attached.
    Colleague {
        account: &'a str,
    },
    /// An administrator of an account that the scenario does not know.
    Stranger,
    Anonymous,
}

/// The stranger's account.
const ELSEWHERE: &str = "210987654321";

impl Sandbox {
    /// The status of S3's answer to `method` on `target` (`/bucket/key?query`, percent-encoded). The world stays as it is, and
    /// the log too. An identity that the scenario does not hold is anonymous.
    #[must_use]
    pub fn would_answer(&self, who: Sentinel<'_>, method: &str, target: &str) -> u16 {
        let state = self.shared.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut copy = state.clone();
        drop(state);
        let caller = caller(&copy, who);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let incoming = Incoming::new(
            method.to_owned(),
            "127.0.0.1".to_owned(),
            path.to_owned(),
            query.to_owned(),
            HeaderMap::new(),
            Vec::new(),
        );
        let now = server::now(copy.scenario.clock.offset);
        let call =
            Call { incoming: &incoming, signing: None, caller, service: Service::S3, now, request_id: String::new() };
        match s3::handle(&mut copy, &call) {
            Ok(reply) => reply.status,
            Err(fault) => fault.status,
        }
    }
}

fn caller(state: &State, who: Sentinel<'_>) -> Caller {
    match who {
        Sentinel::Identity(identity) => state
            .scenario
            .keys_of(identity)
            .and_then(|key| find(state, &key.id))
            .map_or(Caller::Anonymous, |(caller, _, _)| caller),
        Sentinel::Colleague { account } => Caller::User(Box::new(User::plain("colleague", account, &[]))),
        Sentinel::Stranger => {
            let all = "arn:aws:iam::aws:policy/AdministratorAccess";
            Caller::User(Box::new(User::plain("stranger", ELSEWHERE, &[all])))
        }
        Sentinel::Anonymous => Caller::Anonymous,
    }
}
