//! AWS's errors, reduced once to a [`Cause`].
//!
//! The codes are those of the services' API references; messages are considered only where several meanings share one
//! code (ECS answers `InvalidParameterException` and `ClientException` for nearly everything).

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_smithy_types::error::operation::BuildError;
use aws_types::request_id::RequestId;

use crate::engine::failure::{Cause, Failure};

use super::no_answer;
use super::permit::NotPermitted;

/// A request that lacks what the service requires: a bug of this program, found before any call.
pub fn incomplete(error: BuildError) -> Failure {
    Failure::of(Cause::Internal, error.to_string())
}

/// Turns the error of an operation into a [`Failure`]; `operation` is service and operation: `ec2 CreateVpc`.
pub(super) fn failure<E>(operation: &str, error: &SdkError<E, HttpResponse>) -> Failure
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
{
    let status = error.raw_response().map(|response| response.status().as_u16());
    let request_id = error.request_id().map(str::to_owned);
    let Some(code) = error.as_service_error().and_then(ProvideErrorMetadata::code) else {
        let is_ours = matches!(error, SdkError::ConstructionFailure(_));
        let mut failure = match is_not_permitted(error) {
            true => Failure::of(Cause::LeaseLost, NotPermitted.to_string()),
            false => no_answer::failure(error, status, is_ours),
        };
        (failure.operation, failure.request_id) = (operation.to_owned(), request_id);
        return failure;
    };
    let message = error.as_service_error().and_then(ProvideErrorMetadata::message).unwrap_or_default();
    let mut failure = Failure::of(cause(operation, code, message, status), message);
    (failure.operation, failure.code, failure.request_id) = (operation.to_owned(), code.to_owned(), request_id);
    explain(failure)
}

/// A failure that AWS reports inside an answer that is a success as a whole (`Unsuccessful`, `failures`).
pub fn reported(operation: &str, code: &str, message: &str) -> Failure {
    let mut failure = Failure::of(cause(operation, code, message, None), message);
    (failure.operation, failure.code) = (operation.to_owned(), code.to_owned());
    explain(failure)
}

/// Whether this program itself withheld the call.
fn is_not_permitted(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut sources = std::iter::successors(Some(error), |error| error.source());
    sources.any(|source| source.downcast_ref::<NotPermitted>().is_some())
}

/// What to do about codes, and about messages behind codes, that mean the same for every operation (common errors of
/// the API references; IAM user guide, "Troubleshoot signed requests").
fn explain(failure: Failure) -> Failure {
    let says = |words: &[&str]| words.iter().any(|words| failure.message.contains(words));
    if let (Cause::Cooldown, Some(moment)) = (failure.cause, moment_in(&failure.message)) {
        let hint = "everything else continues, and what exists keeps working; run the same command again after";
        return failure.clone().hint(format!("{hint} {moment}"));
    }
    match failure.code.as_str() {
        "RequestTimeTooSkewed" => failure.hint(CLOCK),
        _ if says(&["Signature expired", "Signature not yet current"]) => failure.hint(CLOCK),
        "AuthorizationHeaderMalformed" | "PermanentRedirect" | "IllegalLocationConstraintException" => {
            failure.hint(REGION)
        }
        _ if says(&["scoped to a valid region"]) => failure.hint(REGION),
        "RequestExpired" => failure.hint(LOG_IN).hint(CLOCK),
        "ExpiredToken" | "ExpiredTokenException" | "TokenRefreshRequired" => failure.hint(LOG_IN),
        "InvalidClientTokenId"
        | "UnrecognizedClientException"
        | "AuthFailure"
        | "SignatureDoesNotMatch"
        | "InvalidSignatureException"
        | "InvalidAccessKeyId"
        | "InvalidToken" => failure
            .hint("AWS does not accept these credentials: check AWS_PROFILE and the access key")
            .hint("a disabled region gives the same answer: `aws account list-regions` lists them"),
        "OptInRequired" => {
            failure.hint("this region is disabled for the account: `aws account enable-region` enables it")
        }
        _ => failure,
    }
}

const CLOCK: &str = "AWS rejects signatures more than five minutes off its own time: set this machine's clock";
const REGION: &str =
    "the request reached another region: check the region in the plan file, AWS_REGION and AWS_ENDPOINT_URL";
const LOG_IN: &str = "the credentials have expired: log in again and run the same command again; it continues";

/// Codes that mean the same to every operation, whatever the message. `InvalidResourceStateException`: AWS Backup is
/// already working on this recovery point (AWS Backup API reference, DeleteRecoveryPoint).
const CODES: [(Cause, &str); 5] = [
    (
        Cause::Throttled,
        "Throttling ThrottlingException ThrottledException RequestLimitExceeded TooManyRequestsException \
         RequestThrottled RequestThrottledException SlowDown PriorRequestNotComplete \
         BandwidthLimitExceeded EC2ThrottledException",
    ),
    (
        Cause::StillHeld,
        "DependencyViolation ResourceInUse ResourceInUseException FileSystemInUse BucketNotEmpty \
         DeleteConflict ClusterContainsServicesException ClusterContainsTasksException \
         IncorrectFileSystemLifeCycleState IncorrectMountTargetState InvalidIPAddress.InUse \
         IncorrectState OperationAborted OperationAbortedException UpdateInProgressException \
         ConcurrentModification ConcurrentModificationException ConcurrentMutationLimitExceeded \
         InvalidResourceStateException",
    ),
    (
        Cause::Unavailable,
        "InternalError InternalFailure InternalServerError InternalServiceError InternalServiceException \
         ServerException ServiceUnavailable ServiceUnavailableException ServiceFailure Unavailable \
         RequestTimeout RequestTimeoutException",
    ),
    (
        Cause::Denied,
        "AccessDenied AccessDeniedException UnauthorizedOperation AuthorizationError AllAccessDisabled \
         ExpiredToken ExpiredTokenException RequestExpired InvalidClientTokenId \
         UnrecognizedClientException SignatureDoesNotMatch InvalidSignatureException AuthFailure \
         InvalidAccessKeyId InvalidToken TokenRefreshRequired RequestTimeTooSkewed \
         AuthorizationHeaderMalformed PermanentRedirect OptInRequired",
    ),
    (
        Cause::Taken,
        "Resource.AlreadyAssociated BucketAlreadyOwnedByYou BucketAlreadyExists MountTargetConflict \
         InvalidGroup.Duplicate InvalidPermission.Duplicate ResourceExistsException \
         InvalidSubnet.Conflict",
    ),
];

/// Codes with several meanings: operation, end of the code, and words of the message, of which the first and the last
/// may be empty.
const MEANINGS: [(&str, &str, &str, Cause); 14] = [
    // Elastic Load Balancing writes a test object when access logs are turned on, which may be refused for seconds
    // after the bucket's policy was written (see `docs/aws-behaviour.md`).
    ("", "InvalidConfigurationRequest", "validation transient issue", Cause::NotYetTrusted),
    ("", "InvalidConfigurationRequest", "Access Denied for bucket", Cause::NotYetTrusted),
    // The throughput mode changes once in 24 hours (EFS API reference, UpdateFileSystem); the name of a secret is free
    // again only after the recovery window of the one before (Secrets Manager API reference, DeleteSecret).
    ("efs UpdateFileSystem", "TooManyRequests", "", Cause::Cooldown),
    ("secretsmanager CreateSecret", "InvalidRequestException", "scheduled for deletion", Cause::Cooldown),
    // A task with this token exists already (ECS API reference, RunTask); lists show it a little later.
    ("ecs RunTask", "ConflictException", "", Cause::NotYetVisible),
    // A family without an active revision.
    ("", "ClientException", "Unable to describe task definition", Cause::Gone),
    // "Unable to Start a service that is still Draining."
    ("", "InvalidParameterException", "raining", Cause::StillHeld),
    // "Backup vault cannot be deleted (contains recovery points)": they disappear a while after their deletion was
    // accepted.
    ("", "InvalidRequestException", "contains recovery points", Cause::StillHeld),
    ("", "InvalidParameterException", "not idempotent", Cause::Taken),
    // It has an associated subnet still (hashicorp/terraform-provider-aws#14115); or this subnet is associated already.
    ("ec2 DeleteClientVpnEndpoint", "ClientVpnEndpointAssociationExists", "", Cause::StillHeld),
    ("", "ClientVpnEndpointAssociationExists", "", Cause::Taken),
    ("", "InvalidClientVpnDuplicateAssociationException", "", Cause::Taken),
    ("", "InvalidClientVpnDuplicateAuthorizationRule", "", Cause::Taken),
    // A topic of that name with other tags or attributes (SNS API reference, CreateTopic).
    ("sns CreateTopic", "InvalidParameter", "already exists with different", Cause::Taken),
];

/// What a code means.
fn cause(operation: &str, code: &str, message: &str, status: Option<u16>) -> Cause {
    if let Some((cause, _)) = CODES.iter().find(|(_, codes)| codes.split(' ').any(|known| known == code)) {
        return *cause;
    }
    let meaning = MEANINGS.iter().find(|(of, end, words, _)| {
        (of.is_empty() || *of == operation) && code.ends_with(end) && message.contains(words)
    });
    if let Some((.., cause)) = meaning {
        return *cause;
    }
    if code.contains("AlreadyExists") || code.starts_with("Duplicate") {
        return Cause::Taken;
    }
    if code.contains("LimitExceeded") || code.contains("QuotaExceeded") || code.starts_with("TooMany") {
        return Cause::Quota;
    }
    if code == "Gateway.NotAttached"
        || code.contains("NotFound")
        || code.starts_with("NoSuch")
        || code.ends_with("Unknown")
    {
        return if is_about_one_resource(operation) { Cause::Gone } else { Cause::NotYetVisible };
    }
    match status {
        Some(500..=599) => Cause::Unavailable,
        Some(429) => Cause::Throttled,
        Some(403) => Cause::Denied,
        _ => Cause::Refused,
    }
}

/// The time that AWS names in "Wait until 2023-12-29T12:51:32Z UTC and try again."
fn moment_in(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("until ")?;
    let word = rest.split_whitespace().next()?.trim_end_matches(['.', ',']);
    word.starts_with(|c: char| c.is_ascii_digit()).then_some(word)
}

/// Whether "not found" is about the operation's own resource, and not about something that it refers to.
fn is_about_one_resource(operation: &str) -> bool {
    const VERBS: &str =
        "Delete Describe Filter Get Head List Release Detach Disassociate Deregister Revoke Remove Untag Restore";
    let name = operation.rsplit(' ').next().unwrap_or_default();
    VERBS.split(' ').any(|verb| name.starts_with(verb))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn not_found_means_gone_to_a_delete_and_not_yet_visible_to_a_create() {
        let of = |operation| cause(operation, "InvalidVpcID.NotFound", "", Some(400));
        assert_eq!(of("ec2 DeleteVpc"), Cause::Gone);
        assert_eq!(of("ec2 CreateSubnet"), Cause::NotYetVisible);
        assert_eq!(of("logs FilterLogEvents"), Cause::Gone);
        let of = |operation| cause(operation, "Gateway.NotAttached", "", Some(400));
        assert_eq!((of("ec2 DetachInternetGateway"), of("ec2 CreateNatGateway")), (Cause::Gone, Cause::NotYetVisible));
    }

    #[test]
    fn codes_with_several_meanings_are_distinguished_by_message() {
        let ecs = |message| cause("ecs CreateService", "InvalidParameterException", message, Some(400));
        assert_eq!(ecs("Unable to Start a service that is still Draining."), Cause::StillHeld);
        assert_eq!(ecs("Creation of service was not idempotent."), Cause::Taken);
        // Whether it may pass depends on how old the role is, which the engine knows.
        assert_eq!(ecs("Unable to assume the service linked role. Please verify it exists."), Cause::Refused);
        assert_eq!(ecs("desiredCount must be positive"), Cause::Refused);
        let backup = |code, message| cause("backup DeleteBackupVault", code, message, Some(400));
        let full = "Backup vault cannot be deleted (contains recovery points): ce-prod";
        assert_eq!(backup("InvalidRequestException", full), Cause::StillHeld);
        assert_eq!(backup("InvalidRequestException", "The vault is locked."), Cause::Refused);
        let unknown = "IAM Role arn:aws:iam::1:role/backup cannot be assumed by AWS Backup";
        assert_eq!(backup("InvalidParameterValueException", unknown), Cause::Refused);
        let describe = |message| cause("ecs DescribeTaskDefinition", "ClientException", message, Some(400));
        assert_eq!(describe("Unable to describe task definition."), Cause::Gone);
        assert_eq!(describe("Invalid revision number."), Cause::Refused);
    }

    #[test]
    fn a_bucket_refused_right_after_its_policy_was_written_is_retried() {
        let of = |message| cause("elb ModifyLoadBalancerAttributes", "InvalidConfigurationRequest", message, Some(400));
        assert_eq!(of("S3Bucket validation transient issue"), Cause::NotYetTrusted);
        assert_eq!(of("Access Denied for bucket: b. Please check S3bucket permission"), Cause::NotYetTrusted);
        assert_eq!(of("A load balancer cannot be attached to two subnets of a zone"), Cause::Refused);
    }

    #[test]
    fn what_aws_permits_rarely_is_neither_throttling_nor_a_quota() {
        let message = "You have reached the maximum number of throughput mode changes or provisioned throughput value \
                       decreases. Wait until 2023-12-29T12:51:32Z UTC and try again.";
        let failure = reported("efs UpdateFileSystem", "TooManyRequests", message);
        assert_eq!(failure.cause, Cause::Cooldown);
        assert!(failure.hints[0].ends_with("again after 2023-12-29T12:51:32Z"), "{failure:?}");
        assert_eq!(reported("ec2 CreateVpc", "TooManyVpcs", message).cause, Cause::Quota);
        let secret = |message| cause("secretsmanager CreateSecret", "InvalidRequestException", message, Some(400));
        let taken = "You can't create this secret because a secret with this name is already scheduled for deletion.";
        assert_eq!((secret(taken), secret("Odd.")), (Cause::Cooldown, Cause::Refused));
    }

    #[test]
    fn families_of_codes() {
        let of = |code| cause("ec2 CreateVpc", code, "", Some(400));
        assert_eq!(of("RequestLimitExceeded"), Cause::Throttled);
        assert_eq!(of("VpcLimitExceeded"), Cause::Quota);
        assert_eq!(of("DuplicateLoadBalancerName"), Cause::Taken);
        assert_eq!(of("UnauthorizedOperation"), Cause::Denied);
        assert_eq!(cause("s3 PutObject", "Odd", "", Some(503)), Cause::Unavailable);
    }
}
