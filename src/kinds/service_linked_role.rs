//! Service-linked roles: one an account and service, shared with everything else in the account.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::aws::error::on;
use crate::aws::grant::Grant;
use crate::engine::address::Address;
use crate::engine::failure::{Cause, Failure};
use crate::engine::kind::{Kind, Lifecycle, Part, Spec};
use crate::engine::run::Made;
use crate::partition::principals;

use super::place::Place;
use super::resource::{Context, Depth, Found, Resource, Seen, Tags, Target, made};

/// The role that an AWS service works with. Outputs: `id` (the name), `name`, `arn`.
///
/// Address by service: `service-linked-role/ecs`, `service-linked-role/elasticloadbalancing`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ServiceLinkedRole {
    /// `ecs.amazonaws.com` or `elasticloadbalancing.amazonaws.com`.
    pub service: String,
}

/// Services and the names of their roles. Source: user guides of Amazon ECS and of Elastic Load Balancing, "Using
/// service-linked roles".
const ROLES: [(&str, &str); 2] =
    [(principals::ECS, "AWSServiceRoleForECS"), (principals::LOAD_BALANCING, "AWSServiceRoleForElasticLoadBalancing")];

impl Spec for ServiceLinkedRole {
    const KIND: Kind = Kind {
        lifecycle: Lifecycle::Shared,
        tagged: false,
        spreads: true,
        ..Kind::new("service-linked-role", Part::Identity)
    };
}

#[async_trait]
impl Resource for ServiceLinkedRole {
    async fn list(context: &Context, _depth: Depth) -> Result<Seen<Self>, Failure> {
        // One call for both; tags and boundaries, which lists do not tell, do not matter here.
        let pages = context.aws.iam.list_roles().path_prefix("/aws-service-role/").into_paginator().items().send();
        let roles = pages.collect::<Result<Vec<_>, _>>().await.map_err(on("iam ListRoles"))?;
        let found = ROLES.iter().filter_map(|(service, name)| {
            let role = roles.iter().find(|role| role.role_name() == *name)?;
            let address = Address::new(Self::KIND.name, service.split('.').next().unwrap_or(service));
            let spec = Self { service: (*service).to_owned() };
            Some(Found::new(address, name).output("name", name).output("arn", role.arn()).spec(spec))
        });
        Ok(found.collect::<Vec<_>>().into())
    }

    async fn create(&self, context: &Context, _at: &Target) -> Result<Made, Failure> {
        let Some((service, name)) = ROLES.iter().find(|(service, _)| *service == self.service) else {
            return Err(Failure::of(Cause::Internal, format!("no service-linked role is known for {}", self.service)));
        };
        let answer = context.aws.iam.create_service_linked_role().aws_service_name(*service).send().await;
        match answer.map_err(on("iam CreateServiceLinkedRole")) {
            // Somebody else's first load balancer came first.
            Err(failure) if failure.code == "InvalidInput" && failure.message.contains("has been taken") => {}
            Err(failure) => return Err(failure),
            Ok(_) => {}
        }
        let arn = context.names.arn_global("iam", &format!("role/aws-service-role/{service}/{name}"));
        Ok(made(name, &[("name", name), ("arn", &arn)]))
    }

    async fn update(&self, _context: &Context, target: &Target) -> Result<Made, Failure> {
        Ok(Made { id: target.id.clone(), outputs: target.outputs.clone() })
    }

    /// Never: other things of the account work with it.
    async fn delete(_context: &Context, target: &Target) -> Result<(), Failure> {
        Err(Failure::of(Cause::Internal, format!("{} belongs to the whole account", target.address)))
    }

    async fn retag(_context: &Context, target: &Target, _set: &Tags, _remove: &[String]) -> Result<(), Failure> {
        Err(Failure::of(Cause::Internal, format!("{} carries no tags", target.address)))
    }

    fn grants(place: &Place) -> Vec<Grant> {
        let linked = ROLES.iter().map(|(service, _)| place.linking(service));
        place.grants("iam", &[]).see(&["ListRoles"]).and(linked).done()
    }
}
