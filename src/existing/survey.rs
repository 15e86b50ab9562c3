//! Reads all existing resources that a plan file names, at once.

use futures::FutureExt as _;
use futures::future::{OptionFuture, try_join_all};

use crate::config::{PlanFile, RoleArn};
use crate::engine::failure::Failure;
use crate::kinds::context::Context;

use super::identity::Need;
use super::{Existing, account, cluster, contents, identity, ingress, network, notices, storage, zones};

/// What the existing roles must be able to do.
#[derive(Clone, Copy, Debug)]
pub struct Needs<'a> {
    pub task: &'a [Need],
    pub execution: &'a [Need],
    pub backup: &'a [Need],
}

/// Reads what the plan file names.
///
/// # Errors
///
/// The first call that fails for good. That something does not exist, or may not be read, is an answer.
pub async fn survey(context: &Context, plan: &PlanFile, needs: Needs<'_>) -> Result<Existing, Failure> {
    let wanted = &plan.existing;
    let vpc = OptionFuture::from(wanted.vpc.as_deref().map(|id| network::vpc(context, id)));
    let ids: Vec<String> = wanted.private_subnets.iter().flatten().map(ToString::to_string).collect();
    let subnets = network::named_subnets(context, &ids);
    let cluster = OptionFuture::from(wanted.cluster.as_deref().map(|name| cluster::cluster(context, name)));
    let balancer = wanted.load_balancer.as_deref().map(|arn| ingress::load_balancer(context, arn));
    let group = wanted.target_group.as_deref().map(|arn| ingress::target_group(context, arn));
    let certificate = plan.load_balancer.certificate_arn.as_deref();
    let certificate = certificate.map(|arn| ingress::certificate(context, arn));
    let (balancer, group, certificate) =
        (OptionFuture::from(balancer), OptionFuture::from(group), OptionFuture::from(certificate));
    let vpn_certificates = try_join_all(plan.client_vpn.certificates().map(|arn| ingress::certificate(context, arn)));
    let certificates = async { futures::join!(certificate, vpn_certificates) };
    let role = |arn: &'_ Option<RoleArn>, needs| {
        let arn = arn.as_ref().map(|arn| arn.as_str().to_owned());
        OptionFuture::from(arn.map(|arn| async move { identity::role(context, &arn, needs).await }))
    };
    let roles = async {
        futures::try_join!(
            role(&wanted.task_role, needs.task).map(Option::transpose),
            role(&wanted.execution_role, needs.execution).map(Option::transpose),
            role(&wanted.backup_role, needs.backup).map(Option::transpose),
        )
    };
    let attached = plan.identity.task_policy_arns.iter().chain(&plan.identity.permissions_boundary);
    let policies = try_join_all(attached.map(|arn| identity::policy(context, arn)));
    let key = OptionFuture::from(wanted.kms_key.as_deref().map(|key| storage::key(context, key)));
    let secrets = contents::secrets(plan);
    let secrets = try_join_all(secrets.iter().map(|(_, arn)| storage::secret(context, arn)));
    let ours = async { futures::try_join!(policies, secrets) };
    let limits = account::quota::rules(context, plan);
    let named: Vec<String> = plan.network.zones.iter().flatten().map(|zone| zone.as_str()).collect();
    let zones = network::named_zones(context, &named);
    let names =
        async { futures::join!(zones, zones::zone(context, &plan.dns), zones::validation_zone(context, &plan.dns)) };
    let told = notices::told(context, plan);
    let (vpc, subnets, cluster, balancer, group, certificates, roles, key, ours, (limits, limits_unread), names, told) =
        futures::join!(vpc, subnets, cluster, balancer, group, certificates, roles, key, ours, limits, names, told);
    let (certificate, vpn_certificates) = certificates;
    let (zones, zone, validation) = names;
    let ((mut task_role, execution_role, backup_role), (policies, secrets)) = (roles?, ours?);
    let cluster = cluster.transpose()?;
    if let (Some(role), Some(cluster)) = (&mut task_role, cluster.as_ref().and_then(|cluster| cluster.found())) {
        identity::add_session_key(context, role, cluster).await?;
    }
    let (topic, topic_key) = told?;
    Ok(Existing {
        vpc: vpc.transpose()?,
        subnets: subnets?,
        cluster,
        load_balancer: balancer.transpose()?,
        target_group: group.transpose()?,
        certificate: certificate.transpose()?,
        vpn_certificates: vpn_certificates?,
        zone: zone?,
        validation: validation?,
        task_role,
        execution_role,
        backup_role,
        policies,
        key: key.transpose()?,
        topic,
        topic_key,
        secrets,
        limits,
        limits_unread,
        zones: zones?,
    })
}
