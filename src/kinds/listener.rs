//! Listeners of the load balancer.

use std::collections::BTreeSet;

use async_trait::async_trait;
use aws_sdk_elasticloadbalancingv2::types::{
    self as sdk, ActionTypeEnum, Certificate, RedirectActionConfig, RedirectActionStatusCodeEnum,
};
use futures::future::try_join_all;
use serde::{Deserialize, Serialize};

use crate::aws::answer::required;
use crate::aws::error::{on, unless_gone};
use crate::aws::grant::Grant;
use crate::engine::failure::{Cause, Failure};
use crate::engine::kind::{Kind, Part, Spec};
use crate::engine::reference::Ref;
use crate::engine::run::Made;

use super::load_balancer::LoadBalancer;
use super::place::Place;
use super::resource::{Context, Depth, Found, Neighbour, Resource, Seen, Tags, Target, made};
use super::tags;
use super::target_group::{self, TargetGroup};

/// A listener. Outputs: `id` and `arn` (the ARN).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Listener {
    pub load_balancer: Ref<LoadBalancer>,
    pub port: u16,
    /// `HTTP` or `HTTPS`.
    pub protocol: String,
    /// ARN of the certificate; HTTPS only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
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
    /// Anything that this program does not make, as AWS calls it: `fixed-response`.
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
    async fn list(context: &Context, _depth: Depth) -> Result<Seen<Self>, Failure> {
        let ours = context.outputs("load-balancer", "id");
        // Without one of ours, a listener is on the user's load balancer to which our target group is attached.
        let attached = if ours.is_empty() { target_group::balancer(context).await? } else { None };
        let all: BTreeSet<_> = ours.into_iter().chain(attached).chain(context.load_balancer.clone()).collect();
        let of_each = all.into_iter().map(|arn| async move {
            let pages = context.aws.elb.describe_listeners().load_balancer_arn(arn).into_paginator().items().send();
            unless_gone(pages.collect::<Result<Vec<_>, _>>().await.map_err(on("elb DescribeListeners")))
        });
        let all: Vec<_> = try_join_all(of_each).await?.into_iter().flatten().flatten().collect();
        let arns: Vec<_> = all.iter().filter_map(|listener| listener.listener_arn()).map(str::to_owned).collect();
        let mut ours = tags::elb::ours(context, Self::KIND.name, &arns).await?;
        let mut found = Vec::new();
        for listener in &all {
            let arn = required("elb DescribeListeners", "ListenerArn", listener.listener_arn())?;
            let Some((address, tags)) = ours.remove(arn) else { continue };
            found.push(Found::new(address, arn).output("arn", arn).spec(Self::read(listener)).tags(tags));
        }
        Ok(found.into())
    }

    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let call = context
            .aws
            .elb
            .create_listener()
            .load_balancer_arn(self.load_balancer.text())
            .port(self.port.into())
            .protocol(self.protocol.as_str().into())
            .set_certificates(self.certificates())
            .set_ssl_policy(self.tls_policy.clone())
            .default_actions(self.action.write()?)
            .set_tags(Some(tags::elb::write(&target.tags)));
        let answer = call.send().await.map_err(on("elb CreateListener"))?;
        let arn = answer.listeners().first().and_then(|listener| listener.listener_arn());
        let arn = required("elb CreateListener", "ListenerArn", arn)?;
        Ok(made(arn, &[("arn", arn)]))
    }

    async fn update(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let call = context
            .aws
            .elb
            .modify_listener()
            .listener_arn(&target.id)
            .port(self.port.into())
            .protocol(self.protocol.as_str().into())
            .set_certificates(self.certificates())
            .set_ssl_policy(self.tls_policy.clone())
            .default_actions(self.action.write()?);
        call.send().await.map_err(on("elb ModifyListener"))?;
        Ok(made(&target.id, &[("arn", &target.id)]))
    }

    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        context.aws.elb.delete_listener().listener_arn(&target.id).send().await.map_err(on("elb DeleteListener"))?;
        Ok(())
    }

    async fn retag(context: &Context, target: &Target, set: &Tags, remove: &[String]) -> Result<(), Failure> {
        tags::elb::set(context, &target.id, set, remove).await
    }

    /// The one at its port. Of the ports of the user's load balancer there is a check of its own.
    async fn neighbours(&self, context: &Context, _ids: &[String]) -> Result<Vec<Neighbour>, Failure> {
        let balancer = self.load_balancer.text();
        if balancer.is_empty() || context.load_balancer.as_deref() == Some(balancer) {
            return Ok(Vec::new());
        }
        let call = context.aws.elb.describe_listeners().load_balancer_arn(balancer);
        let all = call.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await;
        let all = unless_gone(all.map_err(on("elb DescribeListeners")))?.unwrap_or_default();
        let at_port = all.iter().filter(|one| one.port() == Some(i32::from(self.port)));
        let arns: Vec<String> = at_port.filter_map(|one| one.listener_arn()).map(str::to_owned).collect();
        let mut tags = tags::elb::read(context, &arns).await?;
        let neighbour =
            |arn: &String| Neighbour::new(Some(arn), tags.remove(arn).unwrap_or_default()).output("arn", Some(arn));
        Ok(arns.iter().map(neighbour).collect())
    }

    fn grants(place: &Place) -> Vec<Grant> {
        let ours = format!("loadbalancer/app/{}/*", place.names.stack());
        place
            .grants("elasticloadbalancing", &["listener/app/*"])
            .see(&["DescribeListeners", "DescribeTags"])
            .tag_new("CreateListener")
            .retag()
            .change(&["ModifyListener"])
            .remove(&["DeleteListener"])
            .at(&[&ours])
            .inside(place.load_balancer.as_slice(), &["CreateListener"])
            .done()
    }
}

impl Listener {
    fn read(live: &sdk::Listener) -> Self {
        Self {
            load_balancer: live.load_balancer_arn().unwrap_or_default().into(),
            port: live.port().and_then(|port| u16::try_from(port).ok()).unwrap_or_default(),
            protocol: live.protocol().map(|protocol| protocol.as_str().to_owned()).unwrap_or_default(),
            certificate: live.certificates().first().and_then(Certificate::certificate_arn).map(str::to_owned),
            tls_policy: live.ssl_policy().filter(|policy| !policy.is_empty()).map(str::to_owned),
            action: Action::read(live.default_actions()),
        }
    }

    fn certificates(&self) -> Option<Vec<Certificate>> {
        self.certificate.as_ref().map(|arn| vec![Certificate::builder().certificate_arn(arn).build()])
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

/// AWS tells the one target group twice, as such and as a weighted list.
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
    let as_made = config.status_code() == Some(&RedirectActionStatusCodeEnum::Http301)
        && keeps(config.host(), "#{host}")
        && keeps(config.path(), "/#{path}")
        && keeps(config.query(), "#{query}");
    let port = config.port()?.parse().ok()?;
    as_made.then(|| Action::Redirect { protocol: config.protocol().unwrap_or_default().to_owned(), port })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_survive_the_way_to_aws_and_back() {
        let forward = Action::Forward { target_group: "arn:tg".into() };
        let redirect = Action::Redirect { protocol: "HTTPS".into(), port: 443 };
        for action in [forward, redirect] {
            assert_eq!(Action::read(&[action.write().unwrap()]), action);
        }
    }

    #[test]
    fn what_was_put_there_by_hand_is_not_taken_for_ours() {
        let found = RedirectActionConfig::builder().protocol("HTTPS").port("443").host("elsewhere.example");
        let found = found.status_code(RedirectActionStatusCodeEnum::Http301).build();
        let action = sdk::Action::builder().r#type(ActionTypeEnum::Redirect).redirect_config(found).build();
        assert_eq!(Action::read(&[action]), Action::Other("redirect".into()));
        assert_eq!(Action::read(&[]), Action::Other("0 actions".into()));
    }
}
