//! What AWS answered: a value, or a [`Failure`] that names the operation.

use std::any::type_name;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::engine::failure::{Cause, Failure};

use super::error::failure;

/// The result of a call. The operation's name comes from the type of its error, so that no caller has to repeat it:
///
/// ```text
/// let answer = ec2.create_vpc().cidr_block(cidr).send().await.answer()?;
/// ```
pub trait Answer<T>: Sized {
    /// The answer, or why there is none.
    fn answer(self) -> Result<T, Failure>;

    /// The same; `None` if what was asked about does not exist.
    fn unless_gone(self) -> Result<Option<T>, Failure> {
        match self.answer() {
            Err(failure) if failure.cause == Cause::Gone => Ok(None),
            other => other.map(Some),
        }
    }

    /// Only whether the call succeeded.
    fn done(self) -> Result<(), Failure> {
        self.answer().map(drop)
    }

    /// The same, where what does not exist counts as done.
    fn done_or_gone(self) -> Result<(), Failure> {
        self.done_or(|failure| failure.cause == Cause::Gone)
    }

    /// The same, where some failures count as done.
    fn done_or(self, is_done: impl FnOnce(&Failure) -> bool) -> Result<(), Failure> {
        self.done().or_else(|failure| if is_done(&failure) { Ok(()) } else { Err(failure) })
    }
}

impl<T, E> Answer<T> for Result<T, SdkError<E, HttpResponse>>
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
{
    fn answer(self) -> Result<T, Failure> {
        self.map_err(|error| failure(&operation::<E>(), &error))
    }
}

/// What is a failure already, to go on with.
impl<T> Answer<T> for Result<T, Failure> {
    fn answer(self) -> Self {
        self
    }
}

/// A member that AWS always returns: an identifier, an ARN. If it is missing or empty (the SDK fills in what a
/// service's model calls required), the call may still have been executed: look for the result before repeating it.
///
/// ```text
/// let id = member(&answer, "VpcId", |answer| answer.vpc()?.vpc_id())?;
/// ```
pub fn member<'a, T>(
    answer: &'a T,
    name: &str,
    read: impl FnOnce(&'a T) -> Option<&'a str>,
) -> Result<&'a str, Failure> {
    required(&operation::<T>(), name, read(answer))
}

/// The same for a part of an answer, whose type does not name the operation.
pub fn required<'a>(operation: &str, name: &str, value: Option<&'a str>) -> Result<&'a str, Failure> {
    let lacks = || Failure {
        operation: operation.to_owned(),
        ..Failure::of(Cause::Unavailable, format!("the answer has no {name}"))
    };
    value.filter(|text| !text.is_empty()).ok_or_else(lacks)
}

/// `ec2 CreateVpc`, of `aws_sdk_ec2::operation::create_vpc::CreateVpcError` or `CreateVpcOutput`. The language does not
/// guarantee the form of type names; the test below notices a compiler that changes it.
pub fn operation<T>() -> String {
    let path = type_name::<T>();
    let sdk = path.strip_prefix("aws_sdk_").and_then(|rest| rest.split("::").next()).unwrap_or_default();
    let service = match sdk {
        "cloudwatchlogs" => "logs",
        "elasticloadbalancingv2" => "elb",
        other => other,
    };
    let name = path.rsplit("::").next().unwrap_or_default();
    let name = name.strip_suffix("Error").or_else(|| name.strip_suffix("Output")).unwrap_or(name);
    format!("{service} {name}")
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::operation::create_vpc::{CreateVpcError, CreateVpcOutput};
    use aws_sdk_ec2::types::Vpc;

    use super::*;

    #[test]
    fn an_operation_is_named_after_its_types() {
        assert_eq!(operation::<CreateVpcError>(), "ec2 CreateVpc");
        assert_eq!(operation::<CreateVpcOutput>(), "ec2 CreateVpc");
        // Those that `super::error` knows by name.
        assert_eq!(operation::<aws_sdk_ecs::operation::run_task::RunTaskError>(), "ecs RunTask");
        let efs = operation::<aws_sdk_efs::operation::update_file_system::UpdateFileSystemError>();
        assert_eq!(efs, "efs UpdateFileSystem");
        let secret = operation::<aws_sdk_secretsmanager::operation::create_secret::CreateSecretError>();
        assert_eq!(secret, "secretsmanager CreateSecret");
        // Those whose crate is called differently.
        let elb = operation::<aws_sdk_elasticloadbalancingv2::operation::add_tags::AddTagsError>();
        assert_eq!(elb, "elb AddTags");
        let logs = operation::<aws_sdk_cloudwatchlogs::operation::tag_resource::TagResourceError>();
        assert_eq!(logs, "logs TagResource");
        let s3 = operation::<aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Error>();
        assert_eq!(s3, "s3 ListObjectsV2");
        use aws_sdk_servicequotas::operation::get_aws_default_service_quota::GetAWSDefaultServiceQuotaError;
        assert_eq!(operation::<GetAWSDefaultServiceQuotaError>(), "servicequotas GetAWSDefaultServiceQuota");
    }

    #[test]
    fn an_empty_identifier_is_a_failure_that_may_have_created_something() {
        let read =
            |answer: &CreateVpcOutput| member(answer, "VpcId", |answer| answer.vpc()?.vpc_id()).map(str::to_owned);
        let answer = |id: &str| CreateVpcOutput::builder().vpc(Vpc::builder().vpc_id(id).build()).build();
        assert_eq!(read(&answer("vpc-1")).unwrap(), "vpc-1");
        for missing in [answer(""), CreateVpcOutput::builder().build()] {
            let failure = read(&missing).unwrap_err();
            assert_eq!(failure.to_string(), "ec2 CreateVpc failed: the answer has no VpcId");
            assert!(failure.may_have_made(), "it has to be looked for before it is created again");
        }
    }
}
