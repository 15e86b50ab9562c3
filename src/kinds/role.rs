//! IAM roles.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use futures::future::try_join_all;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::aws::answer::required;
use crate::aws::error::{on, unless_gone};
use crate::aws::grant::{Grant, Use};
use crate::engine::failure::Failure;
use crate::engine::kind::{Kind, Part, Spec};
use crate::engine::run::Made;

use super::place::Place;
use super::resource::{Context, Depth, Found, Resource, Seen, Tags, Target, made};
use super::{document, tags};

/// A role under the deployment's own path. Outputs: `id` (the name), `name`, `arn`.
///
/// Policy documents are in normal form ([`document::normal`]); see [`Role::normal`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Role {
    pub name: String,
    /// `/ce-aws/<deployment>/<region>/`.
    pub path: String,
    pub description: String,
    /// Who may assume it.
    pub trust: Value,
    /// Inline policies by name; a document may hold references.
    pub inline: BTreeMap<String, Value>,
    /// ARNs of attached managed policies, sorted.
    pub managed: Vec<String>,
    /// ARN of the permissions boundary; `None` leaves whatever an administrator has set.
    pub boundary: Option<String>,
}

impl Spec for Role {
    const KIND: Kind = Kind {
        // AWS Backup manages a recovery point with the role that made it (AWS Backup developer guide, "Identity and access
        // management in AWS Backup").
        gone_after: &["backup-vault"],
        immutable: &["name", "path"],
        security: true,
        spreads: true,
        ..Kind::new("role", Part::Identity)
    };
}

#[async_trait]
impl Resource for Role {
    async fn list(context: &Context, depth: Depth) -> Result<Seen<Self>, Failure> {
        let pages = context.aws.iam.list_roles().path_prefix(context.names.role_path()).into_paginator().items().send();
        let roles = pages.collect::<Result<Vec<_>, _>>().await.map_err(on("iam ListRoles"))?;
        let found = try_join_all(roles.iter().map(|role| read(context, role.role_name(), depth))).await?;
        Ok(found.into_iter().flatten().collect::<Vec<_>>().into())
    }

    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let call = context
            .aws
            .iam
            .create_role()
            .role_name(&self.name)
            .path(&self.path)
            .description(&self.description)
            .assume_role_policy_document(self.trust.to_string())
            .set_permissions_boundary(self.boundary.clone())
            .set_tags(Some(tags::iam::write(&target.tags)));
        let answer = call.send().await.map_err(on("iam CreateRole"))?;
        let arn = required("iam CreateRole", "Arn", answer.role().map(|role| role.arn()))?;
        for (name, policy) in &self.inline {
            self.put_inline(context, name, policy).await?;
        }
        for arn in &self.managed {
            self.attach(context, arn).await?;
        }
        Ok(self.made(arn))
    }

    /// One change after the other: IAM refuses simultaneous changes of one role (ConcurrentModification).
    async fn update(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let changed = |property: &str| target.changes.is_empty() || target.changed(property);
        let iam = &context.aws.iam;
        if changed("trust") {
            let call = iam.update_assume_role_policy().role_name(&self.name).policy_document(self.trust.to_string());
            call.send().await.map_err(on("iam UpdateAssumeRolePolicy"))?;
        }
        if changed("description") {
            let call = iam.update_role().role_name(&self.name).description(&self.description);
            call.send().await.map_err(on("iam UpdateRole"))?;
        }
        if let Some(boundary) = self.boundary.as_ref().filter(|_| changed("boundary")) {
            let call = iam.put_role_permissions_boundary().role_name(&self.name).permissions_boundary(boundary);
            call.send().await.map_err(on("iam PutRolePermissionsBoundary"))?;
        }
        if changed("inline") {
            let differs = |name: &str| target.changes.is_empty() || target.changed_entry("inline", name);
            for (name, policy) in self.inline.iter().filter(|(name, _)| differs(name)) {
                self.put_inline(context, name, policy).await?;
            }
            for name in inline_names(context, &self.name).await?.iter().filter(|name| !self.inline.contains_key(*name))
            {
                delete_inline(context, &self.name, name).await?;
            }
        }
        if changed("managed") {
            let attached = attached(context, &self.name).await?;
            let wanted: BTreeSet<_> = self.managed.iter().collect();
            for arn in wanted.iter().filter(|arn| !attached.contains(**arn)) {
                self.attach(context, arn).await?;
            }
            for arn in attached.iter().filter(|arn| !wanted.contains(arn)) {
                detach(context, &self.name, arn).await?;
            }
        }
        Ok(self.made(target.outputs.get("arn").map(String::as_str).unwrap_or_default()))
    }

    /// IAM deletes no role that still has policies.
    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        let (inline, attached) = tokio::try_join!(inline_names(context, &target.id), attached(context, &target.id))?;
        for name in &inline {
            delete_inline(context, &target.id, name).await?;
        }
        for arn in &attached {
            detach(context, &target.id, arn).await?;
        }
        context.aws.iam.delete_role().role_name(&target.id).send().await.map_err(on("iam DeleteRole"))?;
        Ok(())
    }

    async fn retag(context: &Context, target: &Target, set: &Tags, remove: &[String]) -> Result<(), Failure> {
        tags::iam::set(context, &target.id, set, remove).await
    }

    fn grants(place: &Place) -> Vec<Grant> {
        let roles = || Grant::new(Use::Make, "iam", &[]).on([place.own_roles()]);
        let acts = |actions: &[&str]| Grant {
            actions: actions.iter().map(|action| format!("iam:{action}")).collect(),
            ..roles()
        };
        // Whoever writes such a role's policies has what they say: a boundary, if there is one, is part of the condition.
        let mut writes = vec![acts(&["CreateRole", "PutRolePolicy"]).called("WriteRoles")];
        if !place.policies.is_empty() {
            let attach = acts(&["AttachRolePolicy"]).called("AttachPoliciesToRoles");
            writes.push(attach.when("ArnEquals", "iam:PolicyARN", place.policies.clone()));
        }
        if let Some(boundary) = &place.boundary {
            writes.push(acts(&["PutRolePermissionsBoundary"]).called("WriteRoles"));
            let bounded = |grant: Grant| grant.when("StringEquals", "iam:PermissionsBoundary", [boundary.clone()]);
            writes = writes.into_iter().map(bounded).collect();
        }
        place
            .grants_on("iam", vec![place.own_roles()])
            .see(&["ListRoles"])
            .see_named(&["GetRole", "GetRolePolicy", "ListRolePolicies", "ListAttachedRolePolicies"])
            .named(Use::Make, &["TagRole", "UntagRole", "UpdateRole", "UpdateAssumeRolePolicy"])
            .named(Use::Make, &["DeleteRolePolicy", "DetachRolePolicy"])
            .named(Use::Remove, &["DeleteRolePolicy", "DetachRolePolicy", "DeleteRole"])
            .and(writes)
            .done()
    }
}

impl Role {
    /// The same role as reading it from AWS gives it.
    pub fn normal(mut self) -> Self {
        self.trust = document::normal(&self.trust);
        self.inline = self.inline.into_iter().map(|(name, policy)| (name, document::normal(&policy))).collect();
        self.managed.sort();
        self.managed.dedup();
        self
    }

    fn made(&self, arn: &str) -> Made {
        made(&self.name, &[("name", &self.name), ("arn", arn)])
    }

    async fn put_inline(&self, context: &Context, name: &str, policy: &Value) -> Result<(), Failure> {
        let call = context.aws.iam.put_role_policy().role_name(&self.name).policy_name(name);
        call.policy_document(policy.to_string()).send().await.map_err(on("iam PutRolePolicy"))?;
        Ok(())
    }

    async fn attach(&self, context: &Context, arn: &str) -> Result<(), Failure> {
        let call = context.aws.iam.attach_role_policy().role_name(&self.name).policy_arn(arn);
        call.send().await.map_err(on("iam AttachRolePolicy"))?;
        Ok(())
    }
}

/// ListRoles gives neither tags nor boundary. `None` for a role of others, or one that has just gone.
async fn read(context: &Context, name: &str, depth: Depth) -> Result<Option<Found<Role>>, Failure> {
    let call = async { context.aws.iam.get_role().role_name(name).send().await.map_err(on("iam GetRole")) };
    let policies = async {
        match depth {
            Depth::Phase => Ok(None),
            Depth::Full => tokio::try_join!(inline(context, name), attached(context, name)).map(Some),
        }
    };
    let Some((answer, policies)) = unless_gone(async { tokio::try_join!(call, policies) }.await)? else {
        return Ok(None);
    };
    let Some(role) = answer.role() else { return Ok(None) };
    let tags = tags::iam::read(role.tags());
    let Some(address) = tags::address_of(context, Role::KIND.name, &tags) else { return Ok(None) };
    let spec = policies.map(|(inline, managed)| Role {
        name: name.to_owned(),
        path: role.path().to_owned(),
        description: role.description().unwrap_or_default().to_owned(),
        trust: document::parse_encoded(role.assume_role_policy_document().unwrap_or_default()),
        inline,
        managed: managed.into_iter().collect(),
        boundary: role
            .permissions_boundary()
            .and_then(|boundary| boundary.permissions_boundary_arn())
            .map(str::to_owned),
    });
    let found = Found::new(address, name).output("name", name).output("arn", role.arn()).tags(tags);
    Ok(Some(Found { spec, ..found }))
}

async fn inline(context: &Context, role: &str) -> Result<BTreeMap<String, Value>, Failure> {
    let names = inline_names(context, role).await?;
    let policies = try_join_all(names.into_iter().map(|name| async move {
        let call = context.aws.iam.get_role_policy().role_name(role).policy_name(&name);
        let answer = call.send().await.map_err(on("iam GetRolePolicy"))?;
        Ok::<_, Failure>((name, document::parse_encoded(answer.policy_document())))
    }));
    Ok(policies.await?.into_iter().collect())
}

async fn inline_names(context: &Context, role: &str) -> Result<Vec<String>, Failure> {
    let pages = context.aws.iam.list_role_policies().role_name(role).into_paginator().items().send();
    pages.collect::<Result<_, _>>().await.map_err(on("iam ListRolePolicies"))
}

async fn attached(context: &Context, role: &str) -> Result<BTreeSet<String>, Failure> {
    let pages = context.aws.iam.list_attached_role_policies().role_name(role).into_paginator().items().send();
    let policies = pages.collect::<Result<Vec<_>, _>>().await.map_err(on("iam ListAttachedRolePolicies"))?;
    Ok(policies.iter().filter_map(|policy| policy.policy_arn()).map(str::to_owned).collect())
}

async fn delete_inline(context: &Context, role: &str, policy: &str) -> Result<(), Failure> {
    let call = context.aws.iam.delete_role_policy().role_name(role).policy_name(policy);
    unless_gone(call.send().await.map_err(on("iam DeleteRolePolicy")))?;
    Ok(())
}

async fn detach(context: &Context, role: &str, policy: &str) -> Result<(), Failure> {
    let call = context.aws.iam.detach_role_policy().role_name(role).policy_arn(policy);
    unless_gone(call.send().await.map_err(on("iam DetachRolePolicy")))?;
    Ok(())
}
