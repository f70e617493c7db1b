//! One unsigned GET of the SSO portal, which trades the user's cached token for the session of the role that the failing
//! command used. It hands out nothing that the command did not have.

use crate::aws::allowlist;
use crate::aws::transport::Transport;
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// `GetRoleCredentials`; nothing where the portal refused or did not answer.
pub async fn role_credentials(
    transport: &Transport,
    portal: &str,
    account: &str,
    role: &str,
    token: &str,
) -> Option<Vec<u8>> {
    if !allowlist::allows("SSO", "GetRoleCredentials") {
        return None;
    }
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let url = format!("{portal}/federation/credentials?role_name={}&account_id={}", encoded(role), encoded(account));
    let mut request = HttpRequest::new(SdkBody::empty());
    request.set_method("GET").ok()?;
    request.set_uri(url).ok()?;
    request.headers_mut().try_insert("x-amz-sso_bearer_token", token.to_owned()).ok()?;
    request.headers_mut().try_insert("user-agent", "why403").ok()?;
    let response = transport.call(request).await.ok()?;
    (response.status().as_u16() == 200).then(|| response.body().bytes().map(<[u8]>::to_vec)).flatten()
}
