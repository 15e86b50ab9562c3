//! One client a service, and how they are configured.

use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::os_shim_internal::{Env, Fs};

use crate::engine::failure::Failure;

use super::answer::Answer;
use super::exec::signature::Signer;
use super::interceptors::{Calls, Guard};
use super::no_answer;
use super::permit::Permit;
use super::profile::Origin;

/// Region and credentials as far as the command line names them; the SDK's environment variables and profiles decide
/// the rest.
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
    pub cloudwatch: aws_sdk_cloudwatch::Client,
    /// For the control bucket: not guarded by the permit, and every call is retried, because each is conditional or
    /// idempotent.
    pub control: aws_sdk_s3::Client,
    pub ec2: aws_sdk_ec2::Client,
    pub ecr: aws_sdk_ecr::Client,
    pub ecs: aws_sdk_ecs::Client,
    pub efs: aws_sdk_efs::Client,
    pub elb: aws_sdk_elasticloadbalancingv2::Client,
    pub events: aws_sdk_eventbridge::Client,
    pub iam: aws_sdk_iam::Client,
    pub kms: aws_sdk_kms::Client,
    pub logs: aws_sdk_cloudwatchlogs::Client,
    /// Of the one region that has the Price List of this partition.
    pub pricing: aws_sdk_pricing::Client,
    pub quotas: aws_sdk_servicequotas::Client,
    /// A global service: the SDK knows its one endpoint of each partition, and in which region requests are signed.
    pub route53: aws_sdk_route53::Client,
    pub s3: aws_sdk_s3::Client,
    pub secrets: aws_sdk_secretsmanager::Client,
    pub sns: aws_sdk_sns::Client,
    pub ssm: aws_sdk_ssm::Client,
    pub sts: aws_sdk_sts::Client,
    /// Of all clients, for requests that no client signs.
    pub credentials: Option<SharedCredentialsProvider>,
    /// Whether calls that change something may be made.
    pub permit: Permit,
    /// The profile that the command line names.
    pub profile: Option<String>,
    /// The credentials with which a role is assumed, if one is.
    pub assuming: Option<SharedCredentialsProvider>,
}

/// Where the Price List of the configured region's partition is: it has endpoints in a few regions only, which have the
/// prices of all (AWS Billing user guide, "AWS Price List Query API").
fn price_list(config: &SdkConfig) -> Region {
    let region = config.region().map(Region::as_ref).unwrap_or_default();
    Region::from_static(if region.starts_with("cn-") { "cn-northwest-1" } else { "us-east-1" })
}

/// A read that fails for good ends a command, or makes a step look failed: it is retried for a minute at most.
fn patient(attempts: u32) -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(attempts)
        .with_initial_backoff(Duration::from_millis(300))
        .with_max_backoff(Duration::from_secs(8))
}

impl Clients {
    /// Clients for `access` and the environment. Makes no call; credentials are resolved on first use.
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
                $sdk::config::Builder::from(config).interceptor(Guard(permit.clone())).interceptor(Calls)
            };
        }
        macro_rules! client {
            ($sdk:ident) => {
                $sdk::Client::from_conf(guarded!($sdk).build())
            };
        }
        // A bucket name cannot be part of the host name of a custom endpoint, such as the emulator's.
        let by_path = config.endpoint_url().is_some() || std::env::var_os("AWS_ENDPOINT_URL").is_some();
        let s3 = guarded!(aws_sdk_s3).force_path_style(by_path).build();
        // A lease is renewed in seconds or not at all.
        let control = aws_sdk_s3::config::Builder::from(config)
            .retry_config(patient(6))
            .interceptor(Calls)
            .force_path_style(by_path)
            .build();
        Self {
            acm: client!(aws_sdk_acm),
            backup: client!(aws_sdk_backup),
            cloudwatch: client!(aws_sdk_cloudwatch),
            control: aws_sdk_s3::Client::from_conf(control),
            ec2: client!(aws_sdk_ec2),
            ecr: client!(aws_sdk_ecr),
            ecs: client!(aws_sdk_ecs),
            efs: client!(aws_sdk_efs),
            elb: client!(aws_sdk_elasticloadbalancingv2),
            events: client!(aws_sdk_eventbridge),
            iam: client!(aws_sdk_iam),
            kms: client!(aws_sdk_kms),
            logs: client!(aws_sdk_cloudwatchlogs),
            pricing: aws_sdk_pricing::Client::from_conf(guarded!(aws_sdk_pricing).region(price_list(config)).build()),
            quotas: client!(aws_sdk_servicequotas),
            route53: client!(aws_sdk_route53),
            s3: aws_sdk_s3::Client::from_conf(s3),
            secrets: client!(aws_sdk_secretsmanager),
            sns: client!(aws_sdk_sns),
            ssm: client!(aws_sdk_ssm),
            // The first call: without a network, or with a wrong endpoint, it must fail quickly.
            sts: aws_sdk_sts::Client::from_conf(guarded!(aws_sdk_sts).retry_config(patient(7)).build()),
            credentials: config.credentials_provider(),
            permit,
            profile: None,
            assuming: None,
        }
    }

    /// Signs requests that no client signs; `None` without credentials or region.
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

    /// The caller's identity, by one call.
    ///
    /// # Errors
    ///
    /// No credentials, expired ones, no region, no network: whatever the first call meets.
    pub async fn caller(&self) -> Result<Caller, Failure> {
        let identity = match self.sts.get_caller_identity().send().await.answer() {
            Ok(identity) => identity,
            // AWS refused the role, not the profile.
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
