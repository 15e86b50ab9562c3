//! One client a service, and how they are made.

use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeSerializationInterceptorContextRef, BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::os_shim_internal::{Env, Fs};

use crate::engine::failure::Failure;

use super::error::on;
use super::exec::signature::Signer;
use super::no_answer::{self, NothingIsNoAnswer};
use super::permit::Permit;
use super::profile::Origin;

/// Where to work and as whom, as far as the command line says it; the SDK's own environment and profiles decide the rest.
#[derive(Clone, Debug, Default)]
pub struct Access {
    pub region: Option<String>,
    pub profile: Option<String>,
    /// A role to assume first.
    pub role_arn: Option<String>,
    pub endpoint_url: Option<String>,
}

/// The account and region that the credentials lead to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Twelve digits.
    pub account: String,
    /// The caller's own ARN.
    pub arn: String,
    pub region: String,
    /// `aws`, `aws-cn` or `aws-us-gov`, read from the caller's ARN.
    pub partition: String,
}

/// The clients of every service in use.
#[derive(Clone, Debug)]
pub struct Clients {
    pub acm: aws_sdk_acm::Client,
    pub backup: aws_sdk_backup::Client,
    /// For the control bucket: not guarded by the permit, and every call is repeated, because each is conditional or sets
    /// what it would set again.
    pub control: aws_sdk_s3::Client,
    pub ec2: aws_sdk_ec2::Client,
    pub ecr: aws_sdk_ecr::Client,
    pub ecs: aws_sdk_ecs::Client,
    pub efs: aws_sdk_efs::Client,
    pub elb: aws_sdk_elasticloadbalancingv2::Client,
    pub iam: aws_sdk_iam::Client,
    pub kms: aws_sdk_kms::Client,
    pub logs: aws_sdk_cloudwatchlogs::Client,
    pub quotas: aws_sdk_servicequotas::Client,
    pub s3: aws_sdk_s3::Client,
    pub secrets: aws_sdk_secretsmanager::Client,
    pub sts: aws_sdk_sts::Client,
    /// Of all of them, for what no client of a service signs.
    pub credentials: Option<SharedCredentialsProvider>,
    /// Whether calls that change something may be made.
    pub permit: Permit,
    /// The profile that the command line names.
    pub profile: Option<String>,
    /// The credentials with which a role is assumed, if one is.
    pub assuming: Option<SharedCredentialsProvider>,
}

/// Whether an operation only reads, by its name.
pub(super) fn reads(config: &ConfigBag) -> bool {
    config.load::<Metadata>().is_some_and(|operation| {
        ["Describe", "Get", "List", "Head", "BatchGet", "Simulate"]
            .iter()
            .any(|verb| operation.name().starts_with(verb))
    })
}

/// Reads are repeated by the SDK. Writes are not: a lost answer to CreateVpc, repeated blindly, is a second VPC. The
/// engine repeats those after looking.
#[derive(Debug)]
struct ReadsOnly;

impl Intercept for ReadsOnly {
    fn name(&self) -> &'static str {
        "retry reads only"
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
}

/// Makes no call that changes something without a valid permit; looks at the last moment.
#[derive(Debug)]
struct Guard(Permit);

impl Intercept for Guard {
    fn name(&self) -> &'static str {
        "no change without a permit"
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

/// Tells the log which calls are made and how they end. Never what is in them: some hold secrets.
#[derive(Debug)]
struct Calls;

impl Intercept for Calls {
    fn name(&self) -> &'static str {
        "log of calls"
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
}

/// A read that fails for good ends a command, or makes a step look failed: it is insisted on for a minute at most.
fn patient(attempts: u32) -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(attempts)
        .with_initial_backoff(Duration::from_millis(300))
        .with_max_backoff(Duration::from_secs(8))
}

impl Clients {
    /// Clients for what `access` and the environment say. Makes no call; credentials are looked for on first use.
    pub async fn new(access: &Access) -> Self {
        let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12()).retry_config(patient(12)).timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(Duration::from_secs(5))
                .read_timeout(Duration::from_secs(30))
                .build(),
        );
        if let Some(region) = &access.region {
            loader = loader.region(Region::new(region.clone()));
        }
        if let Some(profile) = &access.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(url) = &access.endpoint_url {
            loader = loader.endpoint_url(url);
        }
        let mut config = loader.load().await;
        let mut assuming = None;
        if let Some(role) = &access.role_arn {
            let provider = aws_config::sts::AssumeRoleProvider::builder(role)
                .session_name("ce-aws")
                .configure(&config)
                .build()
                .await;
            assuming = config.credentials_provider();
            let credentials = SharedCredentialsProvider::new(provider);
            config = config.into_builder().credentials_provider(credentials).build();
        }
        Self { profile: access.profile.clone(), assuming, ..Self::from_config(&config) }
    }

    fn from_config(config: &SdkConfig) -> Self {
        let permit = Permit::default();
        macro_rules! guarded {
            ($sdk:ident) => {
                $sdk::config::Builder::from(config)
                    .interceptor(ReadsOnly)
                    .interceptor(Guard(permit.clone()))
                    .interceptor(Calls)
                    .interceptor(NothingIsNoAnswer)
            };
        }
        macro_rules! client {
            ($sdk:ident) => {
                $sdk::Client::from_conf(guarded!($sdk).build())
            };
        }
        // A bucket name cannot become a host name under an address of our own choice, such as a test bed's.
        let by_path = config.endpoint_url().is_some() || std::env::var_os("AWS_ENDPOINT_URL").is_some();
        let s3 = guarded!(aws_sdk_s3).force_path_style(by_path).build();
        // A lease is renewed in seconds or not at all.
        let control = aws_sdk_s3::config::Builder::from(config)
            .retry_config(patient(6))
            .interceptor(Calls)
            .interceptor(NothingIsNoAnswer)
            .force_path_style(by_path)
            .build();
        Self {
            acm: client!(aws_sdk_acm),
            backup: client!(aws_sdk_backup),
            control: aws_sdk_s3::Client::from_conf(control),
            ec2: client!(aws_sdk_ec2),
            ecr: client!(aws_sdk_ecr),
            ecs: client!(aws_sdk_ecs),
            efs: client!(aws_sdk_efs),
            elb: client!(aws_sdk_elasticloadbalancingv2),
            iam: client!(aws_sdk_iam),
            kms: client!(aws_sdk_kms),
            logs: client!(aws_sdk_cloudwatchlogs),
            quotas: client!(aws_sdk_servicequotas),
            s3: aws_sdk_s3::Client::from_conf(s3),
            secrets: client!(aws_sdk_secretsmanager),
            // The first call: without a network, or with a wrong address, that must not take long to say.
            sts: aws_sdk_sts::Client::from_conf(guarded!(aws_sdk_sts).retry_config(patient(7)).build()),
            credentials: config.credentials_provider(),
            permit,
            profile: None,
            assuming: None,
        }
    }

    /// Who signs what no client of a service does; none without credentials or region.
    pub fn signer(&self) -> Option<Signer> {
        Some(Signer { credentials: self.credentials.clone()?, region: self.region()?.to_owned() })
    }

    /// The region in force, if any.
    pub fn region(&self) -> Option<&str> {
        self.ec2.config().region().map(Region::as_ref)
    }

    /// Where the credentials come from.
    pub async fn origin(&self) -> Origin {
        Origin::read(self.profile.as_deref(), &Env::real(), &Fs::real()).await
    }

    /// Why no credentials can be loaded; AWS itself need not be asked for that.
    pub async fn no_credentials(&self) -> Option<Failure> {
        let provider = self.assuming.as_ref().or(self.credentials.as_ref())?;
        let error = provider.provide_credentials().await.err()?;
        Some(self.origin().await.explain(no_answer::credentials(&error)))
    }

    /// Asks AWS who we are. One call.
    ///
    /// # Errors
    ///
    /// No credentials, expired ones, no region, no network: whatever the first call meets.
    pub async fn caller(&self) -> Result<Caller, Failure> {
        let identity = match self.sts.get_caller_identity().send().await.map_err(on("sts GetCallerIdentity")) {
            Ok(identity) => identity,
            // What is refused is the role, and not what the profile says.
            Err(failure) if self.assuming.is_some() && self.no_credentials().await.is_none() => {
                return Err(failure.hint("the role of --role-arn must exist, and trust whoever assumes it"));
            }
            Err(failure) => return Err(self.origin().await.explain(failure)),
        };
        let arn = identity.arn().unwrap_or_default().to_owned();
        Ok(Caller {
            account: identity.account().unwrap_or_default().to_owned(),
            region: self.region().unwrap_or_default().to_owned(),
            partition: arn.split(':').nth(1).filter(|word| !word.is_empty()).unwrap_or("aws").to_owned(),
            arn,
        })
    }
}
