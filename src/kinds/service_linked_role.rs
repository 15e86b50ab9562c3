//! Service-linked roles: one an account and service, shared with everything else in the account.

use super::prelude::*;

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
    async fn list(context: &Context, _depth: Depth) -> Result<Vec<Found<Self>>, Failure> {
        // One call for both. It returns neither tags nor boundaries, which do not matter here.
        let call = context.aws.iam.list_roles().path_prefix("/aws-service-role/");
        let roles = call.into_paginator().items().send().try_collect().await.answer()?;
        let found = ROLES.iter().filter_map(|(service, name)| {
            let role = roles.iter().find(|role| role.role_name() == *name)?;
            let address = Address::new(Self::KIND.name, service.split('.').next().unwrap_or(service));
            let spec = Self { service: (*service).to_owned() };
            Some(Found::new(*name).at(address).output("name", *name).output("arn", role.arn()).spec(spec))
        });
        Ok(found.collect())
    }

    async fn create(&self, context: &Context, _target: &Target) -> Result<Made, Failure> {
        let Some((service, name)) = ROLES.iter().find(|(service, _)| *service == self.service) else {
            return Err(Failure::of(Cause::Internal, format!("no service-linked role is known for {}", self.service)));
        };
        let created = context.aws.iam.create_service_linked_role().aws_service_name(*service).send().await;
        // Somebody else's first load balancer may have been faster.
        created.done_or(|failure| failure.code == "InvalidInput" && failure.message.contains("has been taken"))?;
        let arn = context.names.arn_global("iam", &format!("role/aws-service-role/{service}/{name}"));
        Ok(made(*name, &[("name", name), ("arn", &arn)]))
    }

    /// Never: other things of the account work with it.
    async fn delete(_context: &Context, target: &Target) -> Result<(), Failure> {
        Err(Failure::of(Cause::Internal, format!("{} belongs to the whole account", target.address)))
    }

    fn grants(place: &Place) -> Grants<'_> {
        let linked = ROLES.iter().map(|(service, _)| place.linking(service));
        Grants::new(place, "iam", &[]).see(&["ListRoles"]).and(linked)
    }
}
