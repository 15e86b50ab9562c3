//! Calls that AWS has not answered: no credentials, no connection, or an answer that is not from AWS.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;

use crate::engine::failure::{Cause, Failure};

/// The failure of an error without a code of AWS's. `status` is HTTP's, if there was a response; `is_ours` means that
/// the call was never made.
pub(super) fn failure(error: &(dyn Error + 'static), status: Option<u16>, is_ours: bool) -> Failure {
    if let Some(of_credentials) = sources(error).find_map(|source| source.downcast_ref::<CredentialsError>()) {
        return credentials(of_credentials);
    }
    let innermost = sources(error).last().map(ToString::to_string).unwrap_or_default();
    if is_ours {
        return Failure::of(Cause::Internal, innermost);
    }
    let Some(status) = status else { return unreachable(innermost) };
    let cause = if (400..=499).contains(&status) { Cause::Refused } else { Cause::Unavailable };
    // What the SDK calls an error without a code and a message.
    let why = if innermost == "Error" { String::new() } else { format!(": {innermost}") };
    Failure::of(cause, format!("HTTP {status} with a response that is not from AWS{why}")).hint(
        "if this persists, something between this machine and AWS answers instead: check HTTPS_PROXY and \
         AWS_ENDPOINT_URL",
    )
}

/// An error and its sources.
fn sources<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| (*error).source())
}

/// No provider had usable credentials.
pub(super) fn credentials(error: &CredentialsError) -> Failure {
    let innermost = sources(error).last().map(ToString::to_string).unwrap_or_default();
    if let CredentialsError::CredentialsNotLoaded(_) = error {
        // The SDK's message lists every provider, which helps nobody.
        return Failure::of(Cause::Denied, "there are no AWS credentials: none in the environment, none in a profile")
            .hint(
                "log in with `aws sso login`, or set an access key, and name the profile with --profile or AWS_PROFILE",
            );
    }
    let failure = Failure::of(Cause::Denied, format!("there are no AWS credentials: {}", innermost.trim()));
    if ["SSO", "sso", "token has expired"].iter().any(|word| innermost.contains(word)) {
        return failure.hint("log in with `aws sso login`, with the same --profile or AWS_PROFILE");
    }
    // The innermost error only says that a file does not exist.
    let of_login = |text: &String| text.contains("Login token") || text.contains("login") && text.contains("cache");
    if let Some(why) = sources(error).map(ToString::to_string).find(of_login) {
        return Failure::of(Cause::Denied, format!("there are no AWS credentials: {why}"))
            .hint("log in with `aws login`, with the same --profile or AWS_PROFILE");
    }
    failure.hint("try `aws sts get-caller-identity` with the same profile; once that succeeds, run this again")
}

/// There was no response.
fn unreachable(why: String) -> Failure {
    let failure = |why: &str| Failure::of(Cause::Unavailable, format!("AWS cannot be reached: {why}"));
    if why.contains("certificate") {
        return failure(&why).hint(
            "this machine does not trust the server's certificate: if a proxy inspects TLS, set SSL_CERT_FILE to the \
             file with its CA certificate",
        );
    }
    if why.contains("corrupt message") {
        return failure(&why).hint("the server does not speak TLS: check AWS_ENDPOINT_URL and HTTPS_PROXY");
    }
    failure(&why).hint(
        "check the network, HTTPS_PROXY and the AWS Health Dashboard, then run the same command again: it continues",
    )
}

#[cfg(test)]
mod tests {
    use aws_smithy_runtime_api::box_error::BoxError;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("dispatch failure")]
    struct Outer(#[source] BoxError);

    fn text(inner: impl Into<BoxError>, status: Option<u16>) -> String {
        let Failure { cause, message, hints, .. } = failure(&Outer(inner.into()), status, false);
        format!("{}: {message}\n  {}", cause.code(), hints.join("\n  "))
    }

    #[test]
    fn each_says_what_is_wrong_and_what_to_do() {
        let expired = CredentialsError::provider_error("failed to load the cached SSO token");
        let process = CredentialsError::provider_error("external process exited with code exit status: 1");
        let all = [
            text(CredentialsError::not_loaded("no providers in chain provided credentials"), None),
            text(expired, None),
            text(process, None),
            text("Connection refused (os error 111)", None),
            text("invalid peer certificate: UnknownIssuer", None),
            text("received corrupt message of type InvalidContentType", None),
            text("Error", Some(503)),
            text("error parsing XML: no root element", Some(200)),
            text("Error", Some(407)),
        ];
        insta::assert_snapshot!(all.join("\n"));
    }
}
