//! The load balancer's target group.

use aws_sdk_elasticloadbalancingv2::types::{
    self as sdk, Matcher, ProtocolEnum, TargetGroupAttribute, TargetGroupIpAddressTypeEnum,
};

use super::notes;
use super::prelude::*;
use super::vpc::Vpc;

/// A target group. Outputs: `id` and `arn` (the ARN), `name`, `full_name` (`targetgroup/<name>/<id>`), and `balancer`,
/// the ARN of the load balancer that it is attached to, if it is.
///
/// Its name must be `context.names.part("ui")` and its address `target-group/ui`; or `ui-https` instead of `ui`, where
/// the UI's own web server speaks HTTPS. AWS cannot change the protocol, so that one is created before the other is
/// deleted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TargetGroup {
    pub name: String,
    pub vpc: Ref<Vpc>,
    pub port: u16,
    /// `HTTP` or `HTTPS`.
    pub protocol: String,
    /// `HTTP1`.
    pub protocol_version: String,
    /// `ip`: tasks of Fargate are registered by address.
    pub target_type: String,
    pub health: Health,
    /// Seconds between the end of new requests to a target and the end of it.
    pub deregistration_delay: u32,
    /// Whether a client stays with its target.
    pub stickiness: bool,
    /// Seconds during which a new target gets a growing share; 0 is off.
    pub slow_start: u32,
    /// `round_robin`.
    pub algorithm: String,
}

/// The load balancer's own health check. Times in seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    pub protocol: String,
    /// A number, or `traffic-port`.
    pub port: String,
    pub path: String,
    pub interval: u32,
    pub timeout: u32,
    /// Successes in a row.
    pub healthy: u32,
    /// Failures in a row.
    pub unhealthy: u32,
    /// Status codes that count as success: `200`, `200-299`.
    pub matcher: String,
}

impl TargetGroup {
    /// As the vendor's template has it (CE 5.0.0), with `HTTP` or `HTTPS`: to addresses, `GET /` every 30 s, 200
    /// within 10 s, healthy after 2, unhealthy after 3, deregistration within 30 s.
    pub fn new(protocol: &str, name: &str, vpc: Ref<Vpc>, port: u16) -> Self {
        Self {
            name: name.to_owned(),
            vpc,
            port,
            protocol: protocol.to_owned(),
            protocol_version: "HTTP1".to_owned(),
            target_type: "ip".to_owned(),
            health: Health {
                protocol: protocol.to_owned(),
                port: "traffic-port".to_owned(),
                path: "/".to_owned(),
                interval: 30,
                timeout: 10,
                healthy: 2,
                unhealthy: 3,
                matcher: "200".to_owned(),
            },
            deregistration_delay: 30,
            stickiness: false,
            slow_start: 0,
            algorithm: "round_robin".to_owned(),
        }
    }
}

impl Spec for TargetGroup {
    const KIND: Kind = Kind {
        parents: &["security-group"],
        immutable: &["name", "vpc", "port", "protocol", "protocol_version", "target_type"],
        gone_after: &["listener"],
        stopped_after: &["service"],
        ..Kind::new("target-group", Part::Ingress)
    };
}

/// Creating and modifying a target group take the same parameters of its health check, in two types of the SDK.
macro_rules! with_health {
    ($call:expr, $health:expr) => {
        $call
            .health_check_enabled(true)
            .health_check_protocol($health.protocol.as_str().into())
            .health_check_port(&$health.port)
            .health_check_path(&$health.path)
            .health_check_interval_seconds(signed($health.interval))
            .health_check_timeout_seconds(signed($health.timeout))
            .healthy_threshold_count(signed($health.healthy))
            .unhealthy_threshold_count(signed($health.unhealthy))
            .matcher(Matcher::builder().http_code(&$health.matcher).build())
    };
}

#[async_trait]
impl Resource for TargetGroup {
    const TAGGING: Tagging = Tagging::Elb;

    async fn list(context: &Context, depth: Depth) -> Result<Vec<Found<Self>>, Failure> {
        let of_each = names(context).into_iter().map(|purpose| of_name(context, purpose, depth));
        Ok(try_join_all(of_each).await?.into_iter().flatten().collect())
    }

    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let elb = &context.aws.elb;
        let call = elb
            .create_target_group()
            .name(&self.name)
            .vpc_id(self.vpc.text())
            .port(self.port.into())
            .protocol(self.protocol.as_str().into())
            .protocol_version(&self.protocol_version)
            .target_type(self.target_type.as_str().into())
            .ip_address_type(TargetGroupIpAddressTypeEnum::Ipv4)
            .set_tags(Some(tags::write(&target.tags)));
        let answer = with_health!(call, self.health).send().await.answer()?;
        let arn = member(&answer, "TargetGroupArn", |answer| answer.target_groups().first()?.target_group_arn())?;
        self.set_attributes(context, arn).await?;
        Ok(answer.target_groups().first().map(made_of).unwrap_or_default())
    }

    async fn update(&self, context: &Context, target: &Target) -> Result<(), Failure> {
        if target.is_due("health") {
            let call = context.aws.elb.modify_target_group().target_group_arn(&target.id);
            with_health!(call, self.health).send().await.answer()?;
        }
        let attributes = ["deregistration_delay", "stickiness", "slow_start", "algorithm"];
        if attributes.into_iter().any(|property| target.is_due(property)) {
            self.set_attributes(context, &target.id).await?;
        }
        Ok(())
    }

    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        context.aws.elb.delete_target_group().target_group_arn(&target.id).send().await.done()
    }

    fn grants(place: &Place) -> Grants<'_> {
        let named = format!("targetgroup/{}/*", place.names.part("*"));
        Grants::new(place, "elasticloadbalancing", &[&named])
            .see(&["DescribeTargetGroups", "DescribeTargetGroupAttributes", "DescribeTags"])
            .create("CreateTargetGroup")
            .change(&["ModifyTargetGroup", "ModifyTargetGroupAttributes"])
            .remove(&["DeleteTargetGroup"])
    }
}

// Elastic Load Balancing API reference, TargetGroupAttribute.
const DELAY: &str = "deregistration_delay.timeout_seconds";
const STICKINESS: &str = "stickiness.enabled";
const SLOW_START: &str = "slow_start.duration_seconds";
const ALGORITHM: &str = "load_balancing.algorithm.type";

impl TargetGroup {
    /// The name of the target group's address, and the end of its own name.
    pub const PURPOSE: &str = "ui";
    /// The same where the UI's own web server speaks HTTPS.
    pub const OVER_TLS: &str = "ui-https";

    fn read(live: &sdk::TargetGroup, attributes: &Tags) -> Self {
        let attribute = |key: &str| attributes.get(key).map(String::as_str).unwrap_or_default();
        Self {
            name: text(live.target_group_name()),
            vpc: text(live.vpc_id()).into(),
            port: number(live.port()),
            protocol: text(live.protocol().map(ProtocolEnum::as_str)),
            protocol_version: text(live.protocol_version()),
            target_type: text(live.target_type().map(|target_type| target_type.as_str())),
            health: Health {
                protocol: text(live.health_check_protocol().map(ProtocolEnum::as_str)),
                port: text(live.health_check_port()),
                path: text(live.health_check_path()),
                interval: number(live.health_check_interval_seconds()),
                timeout: number(live.health_check_timeout_seconds()),
                healthy: number(live.healthy_threshold_count()),
                unhealthy: number(live.unhealthy_threshold_count()),
                matcher: text(live.matcher().and_then(Matcher::http_code)),
            },
            deregistration_delay: attribute(DELAY).parse().unwrap_or_default(),
            stickiness: attribute(STICKINESS) == "true",
            slow_start: attribute(SLOW_START).parse().unwrap_or_default(),
            algorithm: attribute(ALGORITHM).to_owned(),
        }
    }

    async fn set_attributes(&self, context: &Context, arn: &str) -> Result<(), Failure> {
        let attributes = [
            (DELAY, self.deregistration_delay.to_string()),
            (STICKINESS, self.stickiness.to_string()),
            (SLOW_START, self.slow_start.to_string()),
            (ALGORITHM, self.algorithm.clone()),
        ];
        let attributes = attributes.map(|(key, value)| TargetGroupAttribute::builder().key(key).value(value).build());
        let call = context.aws.elb.modify_target_group_attributes().target_group_arn(arn);
        call.set_attributes(Some(attributes.into())).send().await.done()
    }
}

/// The ends of the names under which there may be target groups.
fn names(context: &Context) -> Vec<&'static str> {
    let over_tls = notes::UI_CERTIFICATE.read(context).map(|_| TargetGroup::OVER_TLS);
    over_tls.into_iter().chain([TargetGroup::PURPOSE]).collect()
}

async fn of_name(
    context: &Context,
    purpose: &'static str,
    depth: Depth,
) -> Result<Option<Found<TargetGroup>>, Failure> {
    let Some(live) = &by_name(context, purpose).await? else { return Ok(None) };
    let arn = required("elb DescribeTargetGroups", "TargetGroupArn", live.target_group_arn())?;
    let found = Found::of(made_of(live));
    if depth == Depth::Phase {
        return Ok(Some(found.at(Address::new(TargetGroup::KIND.name, purpose))));
    }
    let (tags, attributes) = tokio::try_join!(tags::of_balancing(context, arn), attributes(context, arn))?;
    Ok(Some(found.tags(tags).spec(TargetGroup::read(live, &attributes))))
}

async fn by_name(context: &Context, purpose: &str) -> Result<Option<sdk::TargetGroup>, Failure> {
    let call = context.aws.elb.describe_target_groups().names(context.names.part(purpose));
    let answer = call.send().await.unless_gone()?;
    Ok(answer.and_then(|answer| answer.target_groups.unwrap_or_default().into_iter().next()))
}

/// The load balancers to which target groups of these names are attached.
pub async fn balancers(context: &Context) -> Result<Vec<String>, Failure> {
    let groups = try_join_all(names(context).into_iter().map(|purpose| by_name(context, purpose))).await?;
    let attached = groups.into_iter().flatten().filter_map(|group| group.load_balancer_arns);
    Ok(attached.filter_map(|arns| arns.into_iter().next()).collect())
}

async fn attributes(context: &Context, arn: &str) -> Result<Tags, Failure> {
    let answer = context.aws.elb.describe_target_group_attributes().target_group_arn(arn).send().await.answer()?;
    Ok(tags::read(answer.attributes()))
}

fn made_of(live: &sdk::TargetGroup) -> Made {
    let arn = live.target_group_arn().unwrap_or_default();
    let full_name = arn.rsplit(':').next().unwrap_or_default();
    let mut outputs =
        vec![("arn", arn), ("name", live.target_group_name().unwrap_or_default()), ("full_name", full_name)];
    outputs.extend(live.load_balancer_arns().first().map(|arn| ("balancer", arn.as_str())));
    made(arn, &outputs)
}
