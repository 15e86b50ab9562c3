//! What happens to every call: retries of reads only, the permit, the log, and a check for empty answers.

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    AfterDeserializationInterceptorContextRef, BeforeSerializationInterceptorContextRef,
    BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::retry::RetryConfig;

use super::permit::Permit;

/// Whether an operation only reads, by its name. KMS keeps no data key that it has generated.
fn reads(config: &ConfigBag) -> bool {
    const VERBS: [&str; 7] = ["Describe", "Get", "List", "Head", "BatchGet", "Simulate", "GenerateDataKey"];
    config.load::<Metadata>().is_some_and(|operation| VERBS.iter().any(|verb| operation.name().starts_with(verb)))
}

/// Calls that change something: the SDK does not retry them, and without a valid permit they are withheld, right before
/// sending. CreateVpc, retried blindly after a lost answer, is a second VPC: the engine retries after looking for the
/// result of the first attempt.
#[derive(Debug)]
pub struct Guard(pub Permit);

impl Intercept for Guard {
    fn name(&self) -> &'static str {
        "no retry, and no change without a permit"
    }

    fn read_before_serialization(
        &self,
        _context: &BeforeSerializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if !reads(config) {
            config.interceptor_state().store_put(RetryConfig::disabled());
        }
        Ok(())
    }

    fn read_before_transmit(
        &self,
        _context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if !reads(config) {
            self.0.check()?;
        }
        Ok(())
    }
}

/// Logs which calls are made and how they end, but never their content: some hold secrets. Rejects empty answers to
/// reads, which would mean "there is nothing": AWS answers with an empty list at least.
#[derive(Debug)]
pub struct Calls;

impl Intercept for Calls {
    fn name(&self) -> &'static str {
        "log of calls, and no empty answers"
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(operation) = config.load::<Metadata>() else { return Ok(()) };
        let status = context.response().map(|response| response.status().as_u16());
        let id = context.response().and_then(|response| {
            let headers = response.headers();
            headers.get("x-amzn-requestid").or_else(|| headers.get("x-amz-request-id"))
        });
        tracing::debug!(service = operation.service(), operation = operation.name(), status, request_id = id, "call");
        Ok(())
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // Objects may be empty, and answers to HEAD have no body.
        let may_be_empty = |name: &str| name == "GetObject" || name.starts_with("Head");
        let is_read =
            reads(config) && config.load::<Metadata>().is_some_and(|operation| !may_be_empty(operation.name()));
        let response = context.response();
        let is_empty = response.body().bytes().is_some_and(|body| body.is_empty());
        if is_read && is_empty && response.status().is_success() {
            return Err("it is empty".into());
        }
        Ok(())
    }
}
