//! IAM roles.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::document;
use super::prelude::*;

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
        // AWS Backup manages a recovery point with the role that made it (AWS Backup developer guide, "Identity and
        // access management in AWS Backup").
        gone_after: &["backup-vault"],
        stopped_after: &["service"],
        immutable: &["name", "path"],
        security: true,
        spreads: true,
        ..Kind::new("role", Part::Identity)
    };
}

#[async_trait]
impl Resource for Role {
    const TAGGING: Tagging = Tagging::Iam;

    async fn list(context: &Context, depth: Depth) -> Result<Vec<Found<Self>>, Failure> {
        let call = context.aws.iam.list_roles().path_prefix(context.names.role_path());
        let roles: Vec<_> = call.into_paginator().items().send().try_collect().await.answer()?;
        let found = try_join_all(roles.iter().map(|role| found(context, role.role_name(), depth))).await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let iam = &context.aws.iam;
        let call = iam
            .create_role()
            .role_name(&self.name)
            .path(&self.path)
            .description(&self.description)
            .assume_role_policy_document(self.trust.to_string())
            .set_permissions_boundary(self.boundary.clone())
            .set_tags(Some(tags::write(&target.tags)));
        let answer = call.send().await.answer()?;
        let arn = member(&answer, "Arn", |answer| Some(answer.role()?.arn()))?;
        for (name, policy) in &self.inline {
            self.put_inline(context, name, policy).await?;
        }
        for policy in &self.managed {
            self.attach(context, policy).await?;
        }
        Ok(made(self.name.as_str(), &[("name", &self.name), ("arn", arn)]))
    }

    /// One change after the other: IAM refuses simultaneous changes of one role (ConcurrentModification).
    async fn update(&self, context: &Context, target: &Target) -> Result<(), Failure> {
        let (iam, name) = (&context.aws.iam, &self.name);
        if target.is_due("trust") {
            let call = iam.update_assume_role_policy().role_name(name).policy_document(self.trust.to_string());
            call.send().await.answer()?;
        }
        if target.is_due("description") {
            iam.update_role().role_name(name).description(&self.description).send().await.answer()?;
        }
        if let Some(boundary) = self.boundary.as_ref().filter(|_| target.is_due("boundary")) {
            iam.put_role_permissions_boundary().role_name(name).permissions_boundary(boundary).send().await.answer()?;
        }
        if target.is_due("inline") {
            let differs = |policy: &str| target.changes.is_empty() || target.changed_entry("inline", policy);
            for (policy, document) in self.inline.iter().filter(|(policy, _)| differs(policy)) {
                self.put_inline(context, policy, document).await?;
            }
            let existing = inline_names(context, name).await?;
            for policy in existing.iter().filter(|policy| !self.inline.contains_key(*policy)) {
                delete_inline(context, name, policy).await?;
            }
        }
        if target.is_due("managed") {
            let attached = attached(context, name).await?;
            let wanted: BTreeSet<_> = self.managed.iter().cloned().collect();
            for policy in wanted.difference(&attached) {
                self.attach(context, policy).await?;
            }
            for policy in attached.difference(&wanted) {
                detach(context, name, policy).await?;
            }
        }
        Ok(())
    }

    /// IAM deletes no role that still has policies.
    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        let (inline, attached) = tokio::try_join!(inline_names(context, &target.id), attached(context, &target.id))?;
        for policy in &inline {
            delete_inline(context, &target.id, policy).await?;
        }
        for policy in &attached {
            detach(context, &target.id, policy).await?;
        }
        context.aws.iam.delete_role().role_name(&target.id).send().await.done()
    }

    fn grants(place: &Place) -> Grants<'_> {
        // Whoever writes such a role's policies can grant themselves what the policies allow, so a boundary, if there
        // is one, is part of the condition.
        let writes = |actions: &[&str], id: &str| {
            let grant = Grant::new(Use::Make, "iam", actions).on([place.own_roles()]).called(id);
            match &place.boundary {
                Some(boundary) => grant.when("StringEquals", "iam:PermissionsBoundary", [boundary]),
                None => grant,
            }
        };
        let attach = writes(&["AttachRolePolicy"], "AttachPoliciesToRoles");
        let attach = attach.when("ArnEquals", "iam:PolicyARN", place.policies.clone());
        Grants::on(place, "iam", place.own_roles())
            .see(&["ListRoles"])
            .named(Use::See, &["GetRole", "GetRolePolicy", "ListRolePolicies", "ListAttachedRolePolicies"])
            .named(Use::Make, &["TagRole", "UntagRole", "UpdateRole", "UpdateAssumeRolePolicy"])
            .named(Use::Make, &["DeleteRolePolicy", "DetachRolePolicy"])
            .named(Use::Remove, &["DeleteRolePolicy", "DetachRolePolicy", "DeleteRole"])
            .also(writes(&["CreateRole", "PutRolePolicy"], "WriteRoles"))
            .and((!place.policies.is_empty()).then_some(attach))
            .and(place.boundary.iter().map(|_| writes(&["PutRolePermissionsBoundary"], "WriteRoles")))
    }
}

impl Role {
    /// The same role as AWS returns it.
    pub fn normal(mut self) -> Self {
        self.trust = document::normal(&self.trust);
        self.inline = self.inline.into_iter().map(|(name, policy)| (name, document::normal(&policy))).collect();
        self.managed.sort();
        self.managed.dedup();
        self
    }

    async fn put_inline(&self, context: &Context, name: &str, policy: &Value) -> Result<(), Failure> {
        let call = context.aws.iam.put_role_policy().role_name(&self.name).policy_name(name);
        call.policy_document(policy.to_string()).send().await.done()
    }

    async fn attach(&self, context: &Context, policy: &str) -> Result<(), Failure> {
        context.aws.iam.attach_role_policy().role_name(&self.name).policy_arn(policy).send().await.done()
    }
}

/// ListRoles returns neither tags nor boundary. `None` for a role that has just gone.
async fn found(context: &Context, name: &str, depth: Depth) -> Result<Option<Found<Role>>, Failure> {
    let call = async { context.aws.iam.get_role().role_name(name).send().await.answer() };
    let policies = async {
        match depth {
            Depth::Phase => Ok(None),
            Depth::Full => tokio::try_join!(inline(context, name), attached(context, name)).map(Some),
        }
    };
    let seen = async { tokio::try_join!(call, policies) }.await;
    let Some((answer, policies)) = seen.unless_gone()? else { return Ok(None) };
    let Some(role) = answer.role() else { return Ok(None) };
    let spec = policies.map(|(inline, managed)| Role {
        name: name.to_owned(),
        path: role.path().to_owned(),
        description: text(role.description()),
        trust: document::parse_encoded(role.assume_role_policy_document().unwrap_or_default()),
        inline,
        managed: managed.into_iter().collect(),
        boundary: role
            .permissions_boundary()
            .and_then(|boundary| boundary.permissions_boundary_arn())
            .map(str::to_owned),
    });
    let found = Found::new(name).output("name", name).output("arn", role.arn()).spec(spec);
    Ok(Some(found.tags(tags::read(role.tags()))))
}

async fn inline(context: &Context, role: &str) -> Result<BTreeMap<String, Value>, Failure> {
    let names = inline_names(context, role).await?;
    let policies = try_join_all(names.into_iter().map(|name| async move {
        let answer = context.aws.iam.get_role_policy().role_name(role).policy_name(&name).send().await.answer()?;
        Ok::<_, Failure>((name, document::parse_encoded(answer.policy_document())))
    }));
    Ok(policies.await?.into_iter().collect())
}

async fn inline_names(context: &Context, role: &str) -> Result<Vec<String>, Failure> {
    let call = context.aws.iam.list_role_policies().role_name(role);
    call.into_paginator().items().send().try_collect().await.answer()
}

async fn attached(context: &Context, role: &str) -> Result<BTreeSet<String>, Failure> {
    let call = context.aws.iam.list_attached_role_policies().role_name(role);
    let policies: Vec<_> = call.into_paginator().items().send().try_collect().await.answer()?;
    Ok(policies.iter().filter_map(|policy| policy.policy_arn()).map(str::to_owned).collect())
}

async fn delete_inline(context: &Context, role: &str, policy: &str) -> Result<(), Failure> {
    context.aws.iam.delete_role_policy().role_name(role).policy_name(policy).send().await.done_or_gone()
}

async fn detach(context: &Context, role: &str, policy: &str) -> Result<(), Failure> {
    context.aws.iam.detach_role_policy().role_name(role).policy_arn(policy).send().await.done_or_gone()
}
