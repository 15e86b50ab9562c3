//! The application load balancer.

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_elasticloadbalancingv2::types::{
    self as sdk, IpAddressType, LoadBalancerAttribute, LoadBalancerState, LoadBalancerStateEnum, LoadBalancerTypeEnum,
};
use serde::{Deserialize, Serialize};

use crate::aws::answer::{lacks, required};
use crate::aws::error::{on, unless_gone};
use crate::aws::grant::Grant;
use crate::engine::address::Address;
use crate::engine::failure::{Cause, Failure};
use crate::engine::inventory::Phase;
use crate::engine::kind::{Kind, Part, Seconds, Spec};
use crate::engine::plan::Action;
use crate::engine::reference::{Outputs, Ref};
use crate::engine::run::Made;
use crate::engine::set::Set;

use super::bucket::Bucket;
use super::place::Place;
use super::resource::{Context, Depth, Found, Resource, Seen, Tags, Target};
use super::security_group::SecurityGroup;
use super::subnet::Subnet;
use super::tags;

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
    /// `None`: off. AWS writes a test object when it is turned on, so that the bucket's policy must be there before.
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
    /// While waiting, the name is enough to know it by: no other can have it.
    async fn list(context: &Context, depth: Depth) -> Result<Seen<Self>, Failure> {
        let call = context.aws.elb.describe_load_balancers().names(context.names.stack());
        let answer = unless_gone(call.send().await.map_err(on("elb DescribeLoadBalancers")))?;
        let Some(live) = answer.as_ref().and_then(|answer| answer.load_balancers().first()) else {
            return Ok(Vec::new().into());
        };
        let arn = required("elb DescribeLoadBalancers", "LoadBalancerArn", live.load_balancer_arn())?;
        let mut found = Found::new(Address::new(Self::KIND.name, Self::PURPOSE), arn).phase(phase(live.state()));
        found.outputs.extend(outputs(live));
        if depth == Depth::Full {
            let arns = [arn.to_owned()];
            let ours = tags::elb::ours(context, Self::KIND.name, &arns);
            let (mut ours, attributes) = tokio::try_join!(ours, attributes(context, arn))?;
            let Some((address, tags)) = ours.remove(arn) else { return Ok(Vec::new().into()) };
            found = Found { address, tags, spec: Some(Self::read(live, &attributes)), ..found };
        }
        Ok(vec![found].into())
    }

    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let call = context
            .aws
            .elb
            .create_load_balancer()
            .name(&self.name)
            .r#type(LoadBalancerTypeEnum::Application)
            .ip_address_type(IpAddressType::Ipv4)
            .scheme(self.scheme.as_str().into())
            .set_subnets(Some(self.subnets.texts()))
            .set_security_groups(Some(self.groups.texts()))
            .set_tags(Some(tags::elb::write(&target.tags)));
        let answer = call.send().await.map_err(on("elb CreateLoadBalancer"))?;
        let Some(live) = answer.load_balancers().first() else {
            return Err(lacks("elb CreateLoadBalancer", "load balancer"));
        };
        let arn = required("elb CreateLoadBalancer", "LoadBalancerArn", live.load_balancer_arn())?;
        self.set_attributes(context, arn).await?;
        Ok(Made { id: arn.to_owned(), outputs: outputs(live) })
    }

    async fn update(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let changed = |property: &str| target.changes.is_empty() || target.changed(property);
        let attributes = async {
            if ["deletion_protection", "idle_timeout", "drop_invalid_headers", "access_logs"].into_iter().any(changed) {
                self.set_attributes(context, &target.id).await?;
            }
            Ok(())
        };
        let subnets = async {
            if changed("subnets") {
                let call =
                    context.aws.elb.set_subnets().load_balancer_arn(&target.id).set_subnets(Some(self.subnets.texts()));
                call.send().await.map_err(on("elb SetSubnets"))?;
            }
            Ok(())
        };
        let groups = async {
            if changed("groups") {
                let call = context.aws.elb.set_security_groups().load_balancer_arn(&target.id);
                let call = call.set_security_groups(Some(self.groups.texts()));
                call.send().await.map_err(on("elb SetSecurityGroups"))?;
            }
            Ok(())
        };
        tokio::try_join!(attributes, subnets, groups)?;
        Ok(Made { id: target.id.clone(), outputs: target.outputs.clone() })
    }

    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        let call = context.aws.elb.delete_load_balancer().load_balancer_arn(&target.id);
        call.send().await.map_err(on("elb DeleteLoadBalancer"))?;
        Ok(())
    }

    async fn retag(context: &Context, target: &Target, set: &Tags, remove: &[String]) -> Result<(), Failure> {
        tags::elb::set(context, &target.id, set, remove).await
    }

    async fn act(context: &Context, target: &Target, action: Action) -> Result<Made, Failure> {
        if action != Action::Unprotect {
            return Err(Failure::of(Cause::Internal, format!("{} has no step {action:?}", target.address)));
        }
        modify(context, &target.id, [(PROTECTION, "false".to_owned())]).await?;
        Ok(Made { id: target.id.clone(), outputs: target.outputs.clone() })
    }

    fn grants(place: &Place) -> Vec<Grant> {
        let named = format!("loadbalancer/app/{}/*", place.names.stack());
        place
            .grants("elasticloadbalancing", &[&named])
            .see(&["DescribeLoadBalancers", "DescribeLoadBalancerAttributes", "DescribeTags"])
            .create("CreateLoadBalancer")
            .change(&["ModifyLoadBalancerAttributes", "SetSecurityGroups", "SetSubnets"])
            .remove(&["ModifyLoadBalancerAttributes", "DeleteLoadBalancer"])
            .done()
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

    fn read(live: &sdk::LoadBalancer, attributes: &BTreeMap<String, String>) -> Self {
        let text = |key: &str| attributes.get(key).cloned().unwrap_or_default();
        Self {
            name: live.load_balancer_name().unwrap_or_default().to_owned(),
            scheme: live.scheme().map(|scheme| scheme.as_str().to_owned()).unwrap_or_default(),
            subnets: live.availability_zones().iter().filter_map(|zone| zone.subnet_id()).map(Ref::value).collect(),
            groups: live.security_groups().iter().map(Ref::value).collect(),
            deletion_protection: text(PROTECTION) == "true",
            idle_timeout: text(IDLE).parse().unwrap_or_default(),
            drop_invalid_headers: text(DROP_INVALID) == "true",
            access_logs: (text(LOGS) == "true")
                .then(|| AccessLogs { bucket: text(LOGS_BUCKET).into(), prefix: text(LOGS_PREFIX) }),
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

/// What to look at when AWS goes on refusing the bucket of the access logs (Elastic Load Balancing user guide, "Enable access
/// logs for your Application Load Balancer").
fn logs_refused(failure: Failure, bucket: &str) -> Failure {
    if failure.code != "InvalidConfigurationRequest" {
        return failure;
    }
    failure
        .hint(format!(
            "ce-aws has written the policy of the bucket {bucket} that lets load balancers deliver their logs, and a new policy counts \
             after seconds: if this goes on, see that nobody has changed it (`aws s3api get-bucket-policy --bucket {bucket}`)"
        ))
        .hint(
            "the bucket must be in the load balancer's region and encrypted with SSE-S3 (AES256), not with a KMS key, and no policy of \
             the organization may deny s3:PutObject to logdelivery.elasticloadbalancing.amazonaws.com",
        )
        .hint("without access logs: `access_logs = false` in [load_balancer]")
}

async fn modify(
    context: &Context,
    arn: &str,
    attributes: impl IntoIterator<Item = (&'static str, String)>,
) -> Result<(), Failure> {
    let attributes = attributes
        .into_iter()
        .map(|(key, value)| LoadBalancerAttribute::builder().key(key).value(value).build())
        .collect();
    let call =
        context.aws.elb.modify_load_balancer_attributes().load_balancer_arn(arn).set_attributes(Some(attributes));
    call.send().await.map_err(on("elb ModifyLoadBalancerAttributes"))?;
    Ok(())
}

async fn attributes(context: &Context, arn: &str) -> Result<BTreeMap<String, String>, Failure> {
    let call = context.aws.elb.describe_load_balancer_attributes().load_balancer_arn(arn);
    let answer = call.send().await.map_err(on("elb DescribeLoadBalancerAttributes"))?;
    Ok(tags::collect(answer.attributes(), |attribute| (attribute.key(), attribute.value())))
}

fn outputs(live: &sdk::LoadBalancer) -> Outputs {
    let arn = live.load_balancer_arn().unwrap_or_default();
    let full_name = arn.split_once(":loadbalancer/").map_or("", |(_, name)| name);
    let pairs = [
        ("id", arn),
        ("arn", arn),
        ("dns", live.dns_name().unwrap_or_default()),
        ("zone", live.canonical_hosted_zone_id().unwrap_or_default()),
        ("name", live.load_balancer_name().unwrap_or_default()),
        ("full_name", full_name),
    ];
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
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
    fn refused_logs_name_the_bucket_and_what_to_look_at() {
        let refused = |code: &str| Failure { code: code.to_owned(), ..Failure::of(Cause::NotYetTrusted, "") };
        let hints = logs_refused(refused("InvalidConfigurationRequest"), "ce-prod-logs").hints.join("\n");
        for word in ["ce-prod-logs", "get-bucket-policy", "KMS", "region", "access_logs = false"] {
            assert!(hints.contains(word), "{word}: {hints}");
        }
        assert_eq!(logs_refused(refused("LoadBalancerNotFound"), "ce-prod-logs").hints, [""; 0]);
    }
}
