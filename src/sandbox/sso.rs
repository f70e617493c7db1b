//! The SSO portal's `GetRoleCredentials`, and the token endpoint that refreshes nothing.

use crate::sandbox::call::Call;
use crate::sandbox::fault::Fault;
use crate::sandbox::http::Reply;
use crate::sandbox::state::State;
use crate::sandbox::sts;
use serde_json::json;

/// Answers one call of the portal.
///
/// # Errors
/// The refusal.
pub fn portal(state: &mut State, call: &Call<'_>) -> Result<Reply, Fault> {
    let token = call.incoming.header("x-amz-sso_bearer_token").unwrap_or_default();
    let known = state.scenario.sso_tokens.iter().find(|known| known.token == token && !known.expired).cloned();
    let known = known.ok_or_else(|| Fault::new(401, "UnauthorizedException", "Session token not found or invalid"))?;
    if call.incoming.raw_path != "/federation/credentials" {
        return Err(Fault::new(404, "ResourceNotFoundException", "Not found"));
    }
    let account = call.incoming.parameter("account_id").unwrap_or_default();
    let name = call.incoming.parameter("role_name").unwrap_or_default();
    let opened = known.roles.iter().any(|pair| pair == &format!("{account}/{name}"));
    // IAM holds the role of a permission set under a longer name.
    let role = state.scenario.roles.iter().find(|role| {
        role.account == account && (role.name == name || role.name.starts_with(&format!("AWSReservedSSO_{name}_")))
    });
    let role = role.filter(|_| opened).cloned().ok_or_else(|| Fault::new(403, "ForbiddenException", "No access"))?;
    let session = sts::open(state, call, role, "alice@acme.example", Vec::new(), 3600);
    let body = json!({ "roleCredentials": {
        "accessKeyId": session.key.id,
        "secretAccessKey": session.key.secret,
        "sessionToken": session.key.token,
        "expiration": session.expires.unix_timestamp() * 1000,
    }});
    Ok(Reply::json(200, "application/json", &body))
}

/// A sign-in that has run out cannot be refreshed here: that takes a browser.
///
/// # Errors
/// Always.
pub fn oidc(_call: &Call<'_>) -> Result<Reply, Fault> {
    Err(Fault::new(400, "InvalidGrantException", "Invalid refresh token provided"))
}
