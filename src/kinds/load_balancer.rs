//! The application load balancer.

use aws_sdk_elasticloadbalancingv2::types::{
    self as sdk, IpAddressType, LoadBalancerAttribute, LoadBalancerState, LoadBalancerStateEnum, LoadBalancerTypeEnum,
};

use super::bucket::Bucket;
use super::prelude::*;
use super::security_group::SecurityGroup;
use super::subnet::Subnet;

/// An application load balancer. Outputs: `id` and `arn` (the ARN), `dns`, `zone` (its hosted zone), `name`,
/// `full_name` (`app/<name>/<id>`, as CloudWatch knows it).
///
/// Its name must be `context.names.stack()` and its address `load-balancer/main`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LoadBalancer {
    pub name: String,
    /// `internal` or `internet-facing`.
    pub scheme: String,
    pub subnets: Set<Ref<Subnet>>,
    pub groups: Set<Ref<SecurityGroup>>,
    pub deletion_protection: bool,
    /// Seconds.
    pub idle_timeout: u32,
    pub drop_invalid_headers: bool,
    /// `None`: off. AWS writes a test object when it is turned on, so the bucket's policy must exist before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_logs: Option<AccessLogs>,
}

/// Where access logs go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessLogs {
    /// The bucket's `id`, its name.
    pub bucket: Ref<Bucket>,
    /// Without a leading or trailing slash; may be empty.
    pub prefix: String,
}

impl Spec for LoadBalancer {
    const KIND: Kind = Kind {
        immutable: &["name", "scheme"],
        // Public Terraform logs: active after 131 to 187 s.
        seconds: Seconds { create: 2.0, ready: 150.0, gone: 20.0, patience: 900.0 },
        ..Kind::new("load-balancer", Part::Ingress)
    };
}

#[async_trait]
impl Resource for LoadBalancer {
    const TAGGING: Tagging = Tagging::Elb;
    const ACT: Option<Action> = Some(Action::Unprotect);

    /// While waiting, the name is enough to know it by: no other can have it.
    async fn list(context: &Context, depth: Depth) -> Result<Vec<Found<Self>>, Failure> {
        let call = context.aws.elb.describe_load_balancers().names(context.names.stack());
        let answer = call.send().await.unless_gone()?;
        let Some(live) = answer.as_ref().and_then(|answer| answer.load_balancers().first()) else {
            return Ok(Vec::new());
        };
        let arn = required("elb DescribeLoadBalancers", "LoadBalancerArn", live.load_balancer_arn())?;
        let found = Found::of(made_of(live)).phase(phase(live.state()));
        if depth == Depth::Phase {
            return Ok(vec![found.at(Address::new(Self::KIND.name, Self::PURPOSE))]);
        }
        let (tags, attributes) = tokio::try_join!(tags::of_balancing(context, arn), attributes(context, arn))?;
        Ok(vec![found.tags(tags).spec(Self::read(live, &attributes))])
    }

    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let elb = &context.aws.elb;
        let call = elb
            .create_load_balancer()
            .name(&self.name)
            .r#type(LoadBalancerTypeEnum::Application)
            .ip_address_type(IpAddressType::Ipv4)
            .scheme(self.scheme.as_str().into())
            .set_subnets(Some(self.subnets.texts()))
            .set_security_groups(Some(self.groups.texts()))
            .set_tags(Some(tags::write(&target.tags)));
        let answer = call.send().await.answer()?;
        let arn = member(&answer, "LoadBalancerArn", |answer| answer.load_balancers().first()?.load_balancer_arn())?;
        self.set_attributes(context, arn).await?;
        Ok(answer.load_balancers().first().map(made_of).unwrap_or_default())
    }

    async fn update(&self, context: &Context, target: &Target) -> Result<(), Failure> {
        let elb = &context.aws.elb;
        let attributes = ["deletion_protection", "idle_timeout", "drop_invalid_headers", "access_logs"];
        if attributes.into_iter().any(|property| target.is_due(property)) {
            self.set_attributes(context, &target.id).await?;
        }
        if target.is_due("subnets") {
            let call = elb.set_subnets().load_balancer_arn(&target.id).set_subnets(Some(self.subnets.texts()));
            call.send().await.answer()?;
        }
        if target.is_due("groups") {
            let call = elb.set_security_groups().load_balancer_arn(&target.id);
            call.set_security_groups(Some(self.groups.texts())).send().await.answer()?;
        }
        Ok(())
    }

    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        context.aws.elb.delete_load_balancer().load_balancer_arn(&target.id).send().await.done()
    }

    async fn act(context: &Context, target: &Target) -> Result<(), Failure> {
        modify(context, &target.id, [(PROTECTION, "false".to_owned())]).await
    }

    fn grants(place: &Place) -> Grants<'_> {
        let named = format!("loadbalancer/app/{}/*", place.names.stack());
        Grants::new(place, "elasticloadbalancing", &[&named])
            .see(&["DescribeLoadBalancers", "DescribeLoadBalancerAttributes", "DescribeTags"])
            .create("CreateLoadBalancer")
            .change(&["ModifyLoadBalancerAttributes", "SetSecurityGroups", "SetSubnets"])
            .remove(&["ModifyLoadBalancerAttributes", "DeleteLoadBalancer"])
    }
}

// Elastic Load Balancing API reference, LoadBalancerAttribute.
const PROTECTION: &str = "deletion_protection.enabled";
const IDLE: &str = "idle_timeout.timeout_seconds";
const DROP_INVALID: &str = "routing.http.drop_invalid_header_fields.enabled";
const LOGS: &str = "access_logs.s3.enabled";
const LOGS_BUCKET: &str = "access_logs.s3.bucket";
const LOGS_PREFIX: &str = "access_logs.s3.prefix";

impl LoadBalancer {
    /// The name of the one load balancer's address: its own name is the deployment's.
    pub const PURPOSE: &str = "main";

    fn read(live: &sdk::LoadBalancer, attributes: &Tags) -> Self {
        let attribute = |key: &str| attributes.get(key).map(String::as_str).unwrap_or_default();
        Self {
            name: text(live.load_balancer_name()),
            scheme: text(live.scheme().map(|scheme| scheme.as_str())),
            subnets: live.availability_zones().iter().filter_map(|zone| zone.subnet_id()).map(Ref::value).collect(),
            groups: live.security_groups().iter().map(Ref::value).collect(),
            deletion_protection: attribute(PROTECTION) == "true",
            idle_timeout: attribute(IDLE).parse().unwrap_or_default(),
            drop_invalid_headers: attribute(DROP_INVALID) == "true",
            access_logs: (attribute(LOGS) == "true").then(|| AccessLogs {
                bucket: attribute(LOGS_BUCKET).into(),
                prefix: attribute(LOGS_PREFIX).to_owned(),
            }),
        }
    }

    async fn set_attributes(&self, context: &Context, arn: &str) -> Result<(), Failure> {
        let mut attributes = vec![
            (PROTECTION, self.deletion_protection.to_string()),
            (IDLE, self.idle_timeout.to_string()),
            (DROP_INVALID, self.drop_invalid_headers.to_string()),
            (LOGS, self.access_logs.is_some().to_string()),
        ];
        let Some(logs) = &self.access_logs else { return modify(context, arn, attributes).await };
        attributes.push((LOGS_BUCKET, logs.bucket.text().to_owned()));
        attributes.push((LOGS_PREFIX, logs.prefix.clone()));
        modify(context, arn, attributes).await.map_err(|failure| logs_refused(failure, logs.bucket.text()))
    }
}

/// What to check when AWS keeps refusing the bucket of the access logs (Elastic Load Balancing user guide, "Enable
/// access logs for your Application Load Balancer").
fn logs_refused(failure: Failure, bucket: &str) -> Failure {
    if failure.code != "InvalidConfigurationRequest" {
        return failure;
    }
    failure
        .hint(format!(
            "ce-aws has written the policy of the bucket {bucket} that lets load balancers deliver their logs, and a \
             new policy takes effect within seconds: if this persists, check that nobody has changed it \
             (`aws s3api get-bucket-policy --bucket {bucket}`)"
        ))
        .hint(
            "the bucket must be in the load balancer's region and encrypted with SSE-S3 (AES256), not with a KMS key, \
             and no policy of the organization may deny s3:PutObject to \
             logdelivery.elasticloadbalancing.amazonaws.com",
        )
        .hint("without access logs: `access_logs = false` in [load_balancer]")
}

async fn modify(
    context: &Context,
    arn: &str,
    attributes: impl IntoIterator<Item = (&'static str, String)>,
) -> Result<(), Failure> {
    let attribute = |(key, value)| LoadBalancerAttribute::builder().key(key).value(value).build();
    let attributes = attributes.into_iter().map(attribute).collect();
    let call = context.aws.elb.modify_load_balancer_attributes().load_balancer_arn(arn);
    call.set_attributes(Some(attributes)).send().await.done()
}

async fn attributes(context: &Context, arn: &str) -> Result<Tags, Failure> {
    let answer = context.aws.elb.describe_load_balancer_attributes().load_balancer_arn(arn).send().await.answer()?;
    Ok(tags::read(answer.attributes()))
}

fn made_of(live: &sdk::LoadBalancer) -> Made {
    let arn = live.load_balancer_arn().unwrap_or_default();
    let full_name = arn.split_once(":loadbalancer/").map_or("", |(_, name)| name);
    let outputs = [
        ("arn", arn),
        ("dns", live.dns_name().unwrap_or_default()),
        ("zone", live.canonical_hosted_zone_id().unwrap_or_default()),
        ("name", live.load_balancer_name().unwrap_or_default()),
        ("full_name", full_name),
    ];
    made(arn, &outputs)
}

fn phase(state: Option<&LoadBalancerState>) -> Phase {
    let reason = state.and_then(LoadBalancerState::reason).unwrap_or_default();
    match state.and_then(LoadBalancerState::code) {
        Some(LoadBalancerStateEnum::Active) => Phase::Ready,
        Some(LoadBalancerStateEnum::Provisioning) | None => Phase::Pending("provisioning".to_owned()),
        Some(code) => Phase::Failed(format!("its state is {} {reason}", code.as_str()).trim_end().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_logs_name_the_bucket_and_what_to_check() {
        let refused = |code: &str| Failure { code: code.to_owned(), ..Failure::of(Cause::NotYetTrusted, "") };
        let hints = logs_refused(refused("InvalidConfigurationRequest"), "ce-prod-logs").hints.join("\n");
        for word in ["ce-prod-logs", "get-bucket-policy", "KMS", "region", "access_logs = false"] {
            assert!(hints.contains(word), "{word}: {hints}");
        }
        assert_eq!(logs_refused(refused("LoadBalancerNotFound"), "ce-prod-logs").hints, [""; 0]);
    }
}
