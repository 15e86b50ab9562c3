//! Listeners of the load balancer.

use std::collections::BTreeSet;

use aws_sdk_elasticloadbalancingv2::types::{
    self as sdk, ActionTypeEnum, Certificate, RedirectActionConfig, RedirectActionStatusCodeEnum,
};

use super::certificate;
use super::load_balancer::LoadBalancer;
use super::prelude::*;
use super::target_group::{self, TargetGroup};

/// A listener. Outputs: `id` and `arn` (the ARN).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Listener {
    pub load_balancer: Ref<LoadBalancer>,
    pub port: u16,
    /// `HTTP` or `HTTPS`.
    pub protocol: String,
    /// ARN of the certificate, of the user's or ours; HTTPS only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Ref<certificate::Certificate>>,
    /// Security policy; HTTPS only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_policy: Option<String>,
    pub action: Action,
}

/// What a listener does with a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    Forward {
        target_group: Ref<TargetGroup>,
    },
    /// Permanently (301), host, path and query kept.
    Redirect {
        protocol: String,
        port: u16,
    },
    /// Anything that this program does not create, as AWS calls it: `fixed-response`.
    Other(String),
}

impl Spec for Listener {
    const KIND: Kind = Kind {
        parents: &["load-balancer"],
        immutable: &["load_balancer"],
        replaceable: Some("the UI cannot be reached for a moment"),
        ..Kind::new("listener", Part::Ingress)
    };
}

#[async_trait]
impl Resource for Listener {
    const TAGGING: Tagging = Tagging::Elb;

    async fn list(context: &Context, _depth: Depth) -> Result<Vec<Found<Self>>, Failure> {
        let mut balancers: BTreeSet<_> = context.outputs("load-balancer", "id").into_iter().collect();
        if balancers.is_empty() {
            // Then a listener is on the user's load balancer to which our target group is attached.
            balancers.extend(target_group::balancers(context).await?);
        }
        balancers.extend(context.load_balancer.clone());
        let of_each = try_join_all(balancers.iter().map(|arn| of_balancer(context, arn))).await?;
        with_tags(context, of_each.concat()).await
    }

    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let elb = &context.aws.elb;
        let call = elb
            .create_listener()
            .load_balancer_arn(self.load_balancer.text())
            .port(self.port.into())
            .protocol(self.protocol.as_str().into())
            .set_certificates(self.certificates())
            .set_ssl_policy(self.tls_policy.clone())
            .default_actions(self.action.write()?)
            .set_tags(Some(tags::write(&target.tags)));
        let answer = call.send().await.answer()?;
        let arn = answer.listeners().first().and_then(|listener| listener.listener_arn()).unwrap_or_default();
        Ok(made(arn, &[("arn", arn)]))
    }

    async fn update(&self, context: &Context, target: &Target) -> Result<(), Failure> {
        let elb = &context.aws.elb;
        let call = elb
            .modify_listener()
            .listener_arn(&target.id)
            .port(self.port.into())
            .protocol(self.protocol.as_str().into())
            .set_certificates(self.certificates())
            .set_ssl_policy(self.tls_policy.clone())
            .default_actions(self.action.write()?);
        call.send().await.done()
    }

    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        context.aws.elb.delete_listener().listener_arn(&target.id).send().await.done()
    }

    /// The one at its port. The ports of the user's load balancer have a check of their own.
    async fn candidates(&self, context: &Context, _ids: &[String]) -> Result<Vec<Found<Self>>, Failure> {
        let balancer = self.load_balancer.text();
        if balancer.is_empty() || context.load_balancer.as_deref() == Some(balancer) {
            return Ok(Vec::new());
        }
        let mut listeners = of_balancer(context, balancer).await?;
        listeners.retain(|one| one.port() == Some(i32::from(self.port)));
        with_tags(context, listeners).await
    }

    fn grants(place: &Place) -> Grants<'_> {
        let ours = format!("loadbalancer/app/{}/*", place.names.stack());
        Grants::new(place, "elasticloadbalancing", &["listener/app/*"])
            .see(&["DescribeListeners", "DescribeTags"])
            .tag_new("CreateListener")
            .retag()
            .change(&["ModifyListener"])
            .remove(&["DeleteListener"])
            .at(&[&ours])
            .inside(place.load_balancer.as_slice(), &["CreateListener"])
    }
}

/// The listeners of a load balancer; none where that is gone.
async fn of_balancer(context: &Context, arn: &str) -> Result<Vec<sdk::Listener>, Failure> {
    let pages = context.aws.elb.describe_listeners().load_balancer_arn(arn).into_paginator().items().send();
    Ok(pages.try_collect().await.unless_gone()?.unwrap_or_default())
}

async fn with_tags(context: &Context, listeners: Vec<sdk::Listener>) -> Result<Vec<Found<Listener>>, Failure> {
    let arns: Vec<_> = listeners.iter().filter_map(|one| one.listener_arn()).map(str::to_owned).collect();
    let mut tags = tags::by_arn(context, &arns).await?;
    let found = listeners.iter().map(|listener| {
        let arn = listener.listener_arn();
        let tags = arn.and_then(|arn| tags.remove(arn)).unwrap_or_default();
        Found::new(arn).output("arn", arn).spec(Listener::read(listener)).tags(tags)
    });
    Ok(found.collect())
}

impl Listener {
    fn read(live: &sdk::Listener) -> Self {
        Self {
            load_balancer: live.load_balancer_arn().unwrap_or_default().into(),
            port: number(live.port()),
            protocol: text(live.protocol().map(|protocol| protocol.as_str())),
            certificate: live.certificates().first().and_then(Certificate::certificate_arn).map(Ref::from),
            tls_policy: live.ssl_policy().filter(|policy| !policy.is_empty()).map(str::to_owned),
            action: Action::read(live.default_actions()),
        }
    }

    fn certificates(&self) -> Option<Vec<Certificate>> {
        self.certificate.as_ref().map(|arn| vec![Certificate::builder().certificate_arn(arn.text()).build()])
    }
}

impl Action {
    fn read(actions: &[sdk::Action]) -> Self {
        let [action] = actions else { return Self::Other(format!("{} actions", actions.len())) };
        let name = action.r#type().map(ActionTypeEnum::as_str).unwrap_or_default();
        let understood = match action.r#type() {
            Some(ActionTypeEnum::Forward) => read_forward(action),
            Some(ActionTypeEnum::Redirect) => action.redirect_config().and_then(read_redirect),
            _ => None,
        };
        understood.unwrap_or_else(|| Self::Other(name.to_owned()))
    }

    fn write(&self) -> Result<sdk::Action, Failure> {
        let action = match self {
            Self::Forward { target_group } => {
                sdk::Action::builder().r#type(ActionTypeEnum::Forward).target_group_arn(target_group.text())
            }
            Self::Redirect { protocol, port } => {
                let config = RedirectActionConfig::builder()
                    .protocol(protocol)
                    .port(port.to_string())
                    .status_code(RedirectActionStatusCodeEnum::Http301);
                sdk::Action::builder().r#type(ActionTypeEnum::Redirect).redirect_config(config.build())
            }
            Self::Other(name) => {
                return Err(Failure::of(Cause::Internal, format!("a listener's action {name:?} is never wanted")));
            }
        };
        Ok(action.build())
    }
}

/// AWS returns the one target group twice, as such and as a weighted list.
fn read_forward(action: &sdk::Action) -> Option<Action> {
    let listed = action.forward_config().map(|config| config.target_groups()).unwrap_or_default();
    let arn = match listed {
        [] => action.target_group_arn(),
        [one] => one.target_group_arn(),
        _ => None,
    };
    Some(Action::Forward { target_group: arn?.into() })
}

/// Only a permanent one that keeps host, path and query (AWS's placeholders for "as it was").
fn read_redirect(config: &RedirectActionConfig) -> Option<Action> {
    let keeps = |part: Option<&str>, same: &str| part.is_none_or(|part| part == same);
    let is_ours = config.status_code() == Some(&RedirectActionStatusCodeEnum::Http301)
        && keeps(config.host(), "#{host}")
        && keeps(config.path(), "/#{path}")
        && keeps(config.query(), "#{query}");
    let port = config.port()?.parse().ok()?;
    is_ours.then(|| Action::Redirect { protocol: text(config.protocol()), port })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_are_read_as_they_were_written() {
        let forward = Action::Forward { target_group: "arn:tg".into() };
        let redirect = Action::Redirect { protocol: "HTTPS".into(), port: 443 };
        for action in [forward, redirect] {
            assert_eq!(Action::read(&[action.write().unwrap()]), action);
        }
    }

    #[test]
    fn an_action_set_by_hand_is_not_mistaken_for_ours() {
        let found = RedirectActionConfig::builder().protocol("HTTPS").port("443").host("elsewhere.example");
        let found = found.status_code(RedirectActionStatusCodeEnum::Http301).build();
        let action = sdk::Action::builder().r#type(ActionTypeEnum::Redirect).redirect_config(found).build();
        assert_eq!(Action::read(&[action]), Action::Other("redirect".into()));
        assert_eq!(Action::read(&[]), Action::Other("0 actions".into()));
    }
}
