//! The server's time, from the `Date` header of its answer (RFC 9110, 6.6.1), so that this machine's clock is never
//! compared with AWS's.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::date_time::{DateTime, Format};

/// Records the date of the answer to its call.
#[derive(Clone, Debug, Default)]
pub(super) struct Date(Arc<AtomicI64>);

impl Date {
    /// How long before the answer something was written; zero if the answer has no date. Both are whole seconds.
    pub(super) fn since(&self, written: &DateTime) -> Duration {
        let seconds = self.0.load(Ordering::SeqCst).saturating_sub(written.secs());
        Duration::from_secs(u64::try_from(seconds).unwrap_or_default())
    }
}

impl Intercept for Date {
    fn name(&self) -> &'static str {
        "date of the answer"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context.response().headers().get("date");
        if let Some(date) = date.and_then(|date| DateTime::from_str(date, Format::HttpDate).ok()) {
            self.0.store(date.secs(), Ordering::SeqCst);
        }
        Ok(())
    }
}
