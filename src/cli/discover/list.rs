//! Reads everything of one kind, and judges each by the checks that a plan file which names it would meet.

use std::collections::BTreeSet;

use crate::checks::usable::usable;
use crate::checks::{self, ingress::Wanted, network::Uses};
use crate::engine::failure::Failure;
use crate::engine::plan::Finding;
use crate::existing::ingress::{self, Certificate, LoadBalancer, TargetGroup};
use crate::existing::network::Which;
use crate::existing::{Lookup, Named, cluster, identity, network};
use crate::kinds::context::Context;
use crate::kinds::names::DEPLOYMENT;
use crate::kinds::tags;
use crate::release::Catalogue;
use crate::session::moment;
use crate::ui::discover::Item;

use super::What;

/// Everything of one kind; of one VPC, where that is said. What ce-aws manages is marked.
pub async fn items(context: &Context, what: What, vpc: Option<&str>) -> Result<Vec<Item>, Failure> {
    match what {
        What::Vpc => vpcs(context).await,
        What::Subnets => subnets(context, vpc).await,
        What::Clusters => clusters(context).await,
        What::TargetGroups => with_deployments(context, target_groups(context, vpc).await?).await,
        What::LoadBalancers => with_deployments(context, load_balancers(context, vpc).await?).await,
        What::Roles => roles(context).await,
        What::Certificates => certificates(context).await,
    }
}

/// Which facts are shown of each, in order.
pub fn columns(what: What) -> &'static [&'static str] {
    match what {
        What::Vpc => &["id", "name", "cidrs"],
        What::Subnets => &["id", "name", "vpc", "zone", "cidr", "free", "way_out"],
        What::Clusters => &["name", "status"],
        What::TargetGroups => &["name", "vpc", "target_type", "port", "load_balancer", "id"],
        What::LoadBalancers => &["name", "vpc", "scheme", "ports_taken", "id"],
        What::Roles => &["name", "id"],
        What::Certificates => &["name", "status", "id"],
    }
}

fn item(id: &str, name: &str, deployment: Option<&str>, findings: Vec<Finding>) -> Item {
    let usable = usable(&findings);
    let managed_by = deployment.map(str::to_owned);
    Item { managed_by, ..Item::new(id, name, usable.yes, usable.why, findings) }
}

/// Load balancers and target groups, whose tags are read by a call of their own.
async fn with_deployments(context: &Context, mut items: Vec<Item>) -> Result<Vec<Item>, Failure> {
    let arns: Vec<String> = items.iter().map(|item| item.id.clone()).collect();
    let tags = tags::by_arn(context, &arns).await?;
    let deployment = |arn: &str| tags.get(arn)?.get(DEPLOYMENT).cloned();
    items.iter_mut().for_each(|item| item.managed_by = deployment(&item.id));
    Ok(items)
}

async fn vpcs(context: &Context) -> Result<Vec<Item>, Failure> {
    let each = |vpc: &network::Vpc| {
        item(&vpc.id, &vpc.name, vpc.deployment.as_deref(), checks::network::usable_vpc(vpc))
            .fact("cidrs", vpc.cidrs.clone())
    };
    Ok(network::vpcs(context, None).await?.iter().map(each).collect())
}

async fn subnets(context: &Context, vpc: Option<&str>) -> Result<Vec<Item>, Failure> {
    let ids = vpc.map(|vpc| [vpc.to_owned()]);
    let which = vpc.map_or(Which::All, |vpc| Which::Of { vpc });
    let (vpcs, subnets) =
        tokio::try_join!(network::vpcs(context, ids.as_ref().map(|ids| &ids[..])), network::subnets(context, which))?;
    let uses = uses();
    let each = |subnet: &network::Subnet| {
        let home = vpcs.iter().find(|vpc| vpc.id == subnet.vpc);
        let findings = checks::network::usable_subnet(home, subnet, &uses);
        item(&subnet.id, &subnet.name, subnet.deployment.as_deref(), findings)
            .fact("vpc", subnet.vpc.clone())
            .fact("zone", subnet.zone.clone())
            .fact("cidr", subnet.cidr.clone())
            .fact("free", subnet.free_addresses)
            .fact("way_out", network::way_out(subnet).map(|route| route.id.clone()))
    };
    Ok(subnets.iter().map(each).collect())
}

/// What a deployment with a load balancer of its own asks of its subnets.
fn uses() -> Uses {
    let usual = Catalogue::effective().recommended(moment::today());
    let registries: BTreeSet<_> =
        usual.iter().flat_map(|release| &release.containers).map(|c| c.image.registry()).collect();
    Uses {
        addresses: checks::network::addresses(true, true),
        load_balancer: true,
        registries: registries.into_iter().map(str::to_owned).collect(),
        ..Uses::default()
    }
}

async fn clusters(context: &Context) -> Result<Vec<Item>, Failure> {
    let each = |cluster: &cluster::Cluster| {
        item(&cluster.name, &cluster.name, cluster.deployment.as_deref(), checks::cluster::usable(cluster))
            .fact("arn", cluster.arn.clone())
            .fact("status", cluster.status.clone())
    };
    Ok(cluster::clusters(context, None).await?.iter().map(each).collect())
}

async fn target_groups(context: &Context, vpc: Option<&str>) -> Result<Vec<Item>, Failure> {
    let each = |group: TargetGroup| {
        let wanted = Wanted { vpc: group.vpc.clone(), web_port: web_port(), ..Wanted::default() };
        let balancer = group.load_balancer.as_ref().map(|balancer| balancer.name.clone());
        let named = named(&group.arn, group.clone());
        item(&group.arn, &group.name, None, checks::ingress::target_group(&named, &wanted))
            .fact("vpc", group.vpc)
            .fact("target_type", group.target_type)
            .fact("port", group.port)
            .fact("load_balancer", balancer)
    };
    let all = ingress::target_groups(context, None).await?.into_iter();
    Ok(all.filter(|group| vpc.is_none_or(|vpc| group.vpc == vpc)).map(each).collect())
}

async fn load_balancers(context: &Context, vpc: Option<&str>) -> Result<Vec<Item>, Failure> {
    let each = |balancer: LoadBalancer| {
        let taken: Vec<u16> = balancer.listeners.iter().map(|listener| listener.port).collect();
        let wanted =
            Wanted { vpc: balancer.vpc.clone(), port: free_port(&taken), web_port: web_port(), ..Wanted::default() };
        let named = named(&balancer.arn, balancer.clone());
        item(&balancer.arn, &balancer.name, None, checks::ingress::load_balancer(&named, &wanted))
            .fact("vpc", balancer.vpc)
            .fact("scheme", balancer.scheme)
            .fact("ports_taken", taken)
    };
    let all = ingress::load_balancers(context, None).await?.into_iter();
    Ok(all.filter(|balancer| vpc.is_none_or(|vpc| balancer.vpc == vpc)).map(each).collect())
}

/// A port of the plan file's choice can always be had: the usual ones, or any other.
fn free_port(taken: &[u16]) -> u16 {
    [443, 80].into_iter().chain(8443..).find(|port| !taken.contains(port)).unwrap_or_default()
}

/// Of the release for new deployments.
fn web_port() -> u16 {
    Catalogue::effective().recommended(moment::today()).map(|release| release.web.port).unwrap_or_default()
}

/// What a role may do is only asked for the ones that a plan file names: that takes several calls each, and depends on
/// the deployment.
async fn roles(context: &Context) -> Result<Vec<Item>, Failure> {
    let each = |role: identity::Role| {
        let named = named(&role.arn, role.clone());
        let findings = checks::identity::role(&named, checks::identity::Which::Task);
        item(&role.arn, &role.name, role.deployment(), findings)
    };
    Ok(identity::roles(context).await?.into_iter().map(each).collect())
}

async fn certificates(context: &Context) -> Result<Vec<Item>, Failure> {
    let each = |certificate: Certificate| {
        let named = named(&certificate.arn, certificate.clone());
        item(&certificate.arn, &certificate.domain, None, checks::certificate::of_listener(&named, moment::seconds()))
            .fact("status", certificate.status)
            .fact("not_after", certificate.not_after)
    };
    Ok(ingress::certificates(context).await?.into_iter().map(each).collect())
}

fn named<T>(name: &str, found: T) -> Named<T> {
    Named { name: name.to_owned(), lookup: Lookup::Found(found) }
}

/// Lines for the plan file, with the first usable item that ce-aws does not manage. The items are sorted, best first.
pub fn plan_file(what: What, items: &[Item]) -> Vec<String> {
    let items: Vec<&Item> = items.iter().filter(|item| item.usable && item.managed_by.is_none()).collect();
    let Some(best) = items.first() else { return Vec::new() };
    let existing = |key: &str| vec!["[existing]".to_owned(), line(key, best)];
    match what {
        What::Vpc => existing("vpc"),
        What::Subnets => pair(&items).into_iter().flatten().collect(),
        What::Clusters => existing("cluster"),
        What::TargetGroups => existing("target_group"),
        What::LoadBalancers => existing("load_balancer"),
        What::Roles => roles_of(&items),
        What::Certificates => vec!["[load_balancer]".to_owned(), line("certificate_arn", best)],
    }
}

fn line(key: &str, item: &Item) -> String {
    format!("{key} = {}", toml::Value::from(item.id.as_str()))
}

/// Task role and execution role are two. Which is which only their names tell, where they do.
fn roles_of(items: &[&Item]) -> Vec<String> {
    let executes = |item: &&&Item| item.name.to_lowercase().contains("exec");
    let execution = items.iter().find(executes).or(items.get(1));
    let task = items.iter().find(|item| !executes(item) && execution.is_none_or(|other| other.id != item.id));
    let lines = [("task_role", task), ("execution_role", execution)];
    let lines = lines.into_iter().filter_map(|(key, role)| role.map(|role| line(key, role)));
    std::iter::once("[existing]".to_owned()).chain(lines).collect()
}

/// Two subnets of one VPC in two zones, if there are any.
fn pair(items: &[&Item]) -> Option<[String; 3]> {
    let fits = |a: &Item, b: &Item| a.text("vpc") == b.text("vpc") && a.text("zone") != b.text("zone");
    let (a, b) = items.iter().filter_map(|a| items.iter().find(|b| fits(a, b)).map(|b| (a, b))).next()?;
    let ids = toml::Value::from(vec![a.id.as_str(), b.id.as_str()]);
    Some([
        "[existing]".to_owned(),
        format!("vpc = {}", toml::Value::from(a.text("vpc"))),
        format!("private_subnets = {ids}"),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role(name: &str) -> Item {
        Item::new(&format!("arn:aws:iam::111122223333:role/{name}"), name, true, Vec::new(), Vec::new())
    }

    fn lines(items: &[Item]) -> String {
        plan_file(What::Roles, items).join("\n")
    }

    #[test]
    fn task_role_and_execution_role_are_two() {
        let both = lines(&[role("ce-execution"), role("ce-task")]);
        assert!(both.contains("task_role = \"arn:aws:iam::111122223333:role/ce-task\""), "{both}");
        assert!(both.contains("execution_role = \"arn:aws:iam::111122223333:role/ce-execution\""), "{both}");
        let unnamed = lines(&[role("a"), role("b")]);
        assert!(unnamed.contains("task_role = \"arn:aws:iam::111122223333:role/a\""), "{unnamed}");
        assert!(unnamed.contains("execution_role = \"arn:aws:iam::111122223333:role/b\""), "{unnamed}");
        assert!(!lines(&[role("a")]).contains("execution_role"), "one role is not both");
        assert!(!lines(&[role("ecsTaskExecutionRole")]).contains("task_role ="));
    }

    #[test]
    fn what_ce_aws_manages_is_no_example() {
        let mut own = role("ce-prod-us-east-1-task");
        own.managed_by = Some("prod".to_owned());
        assert!(plan_file(What::Roles, &[own.clone()]).is_empty());
        assert!(!lines(&[own, role("mine")]).contains("ce-prod"));
    }
}
