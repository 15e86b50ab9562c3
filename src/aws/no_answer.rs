//! Calls that AWS has not answered: no credentials, no way to it, or something that is no answer of AWS's.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::AfterDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

use crate::engine::failure::{Cause, Failure};

use super::clients::reads;

/// What to make of an error without a code of AWS's. `status` is HTTP's, if anything came back; `is_ours` says that the
/// call was never made.
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
    // The SDK's own word for an error without a code and a text.
    let why = if innermost == "Error" { String::new() } else { format!(": {innermost}") };
    Failure::of(cause, format!("HTTP {status}, and what came with it is no answer of AWS's{why}")).hint(
        "if it stays so, something between here and AWS answers in its place: check HTTPS_PROXY and AWS_ENDPOINT_URL",
    )
}

/// An error, and what it says it comes from.
fn sources<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| (*error).source())
}

/// Nobody could say who we are.
pub(super) fn credentials(error: &CredentialsError) -> Failure {
    let innermost = sources(error).last().map(ToString::to_string).unwrap_or_default();
    if let CredentialsError::CredentialsNotLoaded(_) = error {
        // The text lists every place that was looked at, which nobody can do anything with.
        return Failure::of(Cause::Denied, "there are no AWS credentials: none in the environment, none in a profile")
            .hint(
                "log in with `aws sso login`, or set an access key, and name the profile with --profile or AWS_PROFILE",
            );
    }
    let failure = Failure::of(Cause::Denied, format!("there are no AWS credentials: {}", innermost.trim()));
    if ["SSO", "sso", "token has expired"].iter().any(|word| innermost.contains(word)) {
        return failure.hint("log in with `aws sso login`, with the same --profile or AWS_PROFILE");
    }
    // The innermost is only that there is no such file.
    let of_login = |text: &String| text.contains("Login token") || text.contains("login") && text.contains("cache");
    if let Some(why) = sources(error).map(ToString::to_string).find(of_login) {
        return Failure::of(Cause::Denied, format!("there are no AWS credentials: {why}"))
            .hint("log in with `aws login`, with the same --profile or AWS_PROFILE");
    }
    failure.hint("try `aws sts get-caller-identity` with the same profile; once that succeeds, run this again")
}

/// Nothing came back.
fn unreachable(why: String) -> Failure {
    let failure = |why: &str| Failure::of(Cause::Unavailable, format!("AWS cannot be reached: {why}"));
    if why.contains("certificate") {
        return failure(&why).hint(
            "this machine does not trust who answers: where a proxy opens TLS, name its authority's file in SSL_CERT_FILE",
        );
    }
    if why.contains("corrupt message") {
        return failure(&why).hint("what answers does not speak TLS: check AWS_ENDPOINT_URL and HTTPS_PROXY");
    }
    failure(&why).hint(
        "check the network, HTTPS_PROXY and the AWS Health Dashboard, then run the same command again: it continues",
    )
}

/// Takes no empty answer for "there is nothing": every answer to a question has at least an empty list in it.
#[derive(Debug)]
pub(super) struct NothingIsNoAnswer;

impl Intercept for NothingIsNoAnswer {
    fn name(&self) -> &'static str {
        "an empty answer is no answer"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // What is in a bucket may be empty, and so are answers to HEAD.
        let may_be_empty = |name: &str| name == "GetObject" || name.starts_with("Head");
        let asks = reads(config) && config.load::<Metadata>().is_some_and(|operation| !may_be_empty(operation.name()));
        let response = context.response();
        let is_empty = response.body().bytes().is_some_and(|body| body.is_empty());
        if asks && is_empty && response.status().is_success() {
            return Err("it is empty".into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("dispatch failure")]
    struct Outer(#[source] BoxError);

    fn told(inner: impl Into<BoxError>, status: Option<u16>) -> String {
        let Failure { cause, message, hints, .. } = failure(&Outer(inner.into()), status, false);
        format!("{}: {message}\n  {}", cause.code(), hints.join("\n  "))
    }

    #[test]
    fn each_says_what_is_wrong_and_what_to_do() {
        let expired = CredentialsError::provider_error("failed to load the cached SSO token");
        let process = CredentialsError::provider_error("external process exited with code exit status: 1");
        let all = [
            told(CredentialsError::not_loaded("no providers in chain provided credentials"), None),
            told(expired, None),
            told(process, None),
            told("Connection refused (os error 111)", None),
            told("invalid peer certificate: UnknownIssuer", None),
            told("received corrupt message of type InvalidContentType", None),
            told("Error", Some(503)),
            told("error parsing XML: no root element", Some(200)),
            told("Error", Some(407)),
        ];
        insta::assert_snapshot!(all.join("\n"));
    }
}
