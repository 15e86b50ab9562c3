//! What can be proved against a real account without changing anything: one read of every kind, and EC2's own rehearsal of the
//! calls that create.

use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_ec2::types::{DomainType, ResourceType, TagSpecification};

use crate::aws::error::on;
use crate::engine::failure::Failure;
use crate::engine::inventory::Inventory;
use crate::engine::reference::Known;
use crate::kinds::ec2;
use crate::kinds::names;
use crate::kinds::registry::KINDS;
use crate::kinds::resource::{Context, Depth, Tags};
use crate::partition::Partition;

/// One thing that was tried, or could not be.
#[derive(Clone, Debug)]
pub struct Proof {
    /// `read vpc`, `ec2 CreateVpc`.
    pub what: String,
    pub result: Result<String, Unproved>,
}

/// Why something is not proved.
#[derive(Clone, Debug)]
pub enum Unproved {
    /// It was tried, and AWS said no.
    Failed(Failure),
    /// It was only to be checked, and was done; what to do about it, for people.
    Executed(String),
    /// It could not be tried; why, for people.
    NotTried(String),
}

/// Lists every kind once, those that no inventory needs too. A kind is read with what was found of its parents; all that was
/// found is known afterwards.
pub async fn reads(context: &Context) -> (Vec<Proof>, Known) {
    let (mut context, mut live, mut proofs) = (context.clone(), Vec::new(), Vec::new());
    for kind in KINDS {
        let what = format!("read {}", kind.kind().name);
        let result = match kind.list(&context, Depth::Full).await {
            Ok(sighting) => {
                let found = sighting.live.len();
                live.extend(sighting.live);
                context.known = Inventory::new(live.clone()).known();
                Ok(format!("{found} of this deployment"))
            }
            Err(failure) => Err(Unproved::Failed(failure)),
        };
        proofs.push(Proof { what, result });
    }
    (proofs, context.known)
}

/// What EC2 says of a call that it shall only check (EC2 API reference, "Common query parameters" and "Error codes").
const WOULD_WORK: &str = "DryRunOperation";

/// A VPC of this size cannot be made (Amazon VPC user guide, "VPC CIDR blocks").
const TOO_LARGE: &str = "10.0.0.0/8";

/// Asks EC2 about the calls that create, each with `DryRun`, as far as there is what they are made in: `existing` is the user's
/// VPC, and what `context` knows is the deployment's.
///
/// An address that is not AWS's own may ignore the parameter and do it. There, a read and a VPC that cannot be made are tried
/// first, and nothing else unless both are only checked.
pub async fn rehearsal(context: &Context, existing: Option<&str>) -> Vec<Proof> {
    if let Err(why) = honours_dry_run(context).await {
        return vec![Proof { what: "ec2 DryRun".to_owned(), result: Err(Unproved::NotTried(why)) }];
    }
    let mut proofs = Vec::new();
    for what in CREATED {
        let Some(result) = rehearse(context, *what, existing).await else { continue };
        let executed = result.is_ok();
        proofs.push(Proof { what: format!("ec2 {}", what.operation()), result: judged(*what, result) });
        if executed {
            break;
        }
    }
    proofs
}

fn judged(what: Created, result: Result<(), Failure>) -> Result<String, Unproved> {
    match result {
        Err(failure) if failure.code == WOULD_WORK => Ok("EC2 would do it".to_owned()),
        Err(failure) => Err(Unproved::Failed(failure)),
        Ok(()) => Err(Unproved::Executed(format!(
            "{} was executed although only a check was asked for: look for what it has made, with the tag {}",
            what.operation(),
            names::DEPLOYMENT
        ))),
    }
}

/// Whether the address that EC2's calls go to only checks what it shall only check; why not, for people.
async fn honours_dry_run(context: &Context) -> Result<(), String> {
    let address = Arc::new(Mutex::new(String::new()));
    let seen = address.clone();
    let call = context.aws.ec2.describe_vpcs().dry_run(true).customize().mutate_request(move |request| {
        request.uri().clone_into(&mut seen.lock().unwrap_or_else(PoisonError::into_inner));
    });
    let answer = call.send().await.map(drop).map_err(on("ec2 DescribeVpcs"));
    let address = address.lock().unwrap_or_else(PoisonError::into_inner).clone();
    checked("DescribeVpcs", answer)?;
    if is_aws(&address) {
        return Ok(());
    }
    let call = context.aws.ec2.create_vpc().cidr_block(TOO_LARGE).dry_run(true);
    let answer = call.tag_specifications(marked(context, ResourceType::Vpc)).send().await;
    checked("CreateVpc", answer.map(drop).map_err(on("ec2 CreateVpc")))
}

fn checked(operation: &str, answer: Result<(), Failure>) -> Result<(), String> {
    match answer {
        Err(failure) if failure.code == WOULD_WORK => Ok(()),
        Err(failure) => Err(format!("{operation} with DryRun was answered with {}: {}", failure.code, failure.message)),
        Ok(()) => Err(format!("{operation} with DryRun was executed: this address ignores the parameter")),
    }
}

/// Whether a request goes to AWS itself, and not to an address of somebody's choice.
fn is_aws(address: &str) -> bool {
    url::Url::parse(address).is_ok_and(|url| {
        let of_aws = |host| Partition::ALL.into_iter().any(|one| one.strip_suffix(host).is_some());
        url.scheme() == "https" && url.host_str().is_some_and(of_aws)
    })
}

/// A call that creates, and that EC2 can rehearse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Created {
    Vpc,
    InternetGateway,
    Address,
    Subnet,
    RouteTable,
    SecurityGroup,
}

const CREATED: &[Created] = &[
    Created::Vpc,
    Created::InternetGateway,
    Created::Address,
    Created::Subnet,
    Created::RouteTable,
    Created::SecurityGroup,
];

impl Created {
    const fn operation(self) -> &'static str {
        match self {
            Self::Vpc => "CreateVpc",
            Self::InternetGateway => "CreateInternetGateway",
            Self::Address => "AllocateAddress",
            Self::Subnet => "CreateSubnet",
            Self::RouteTable => "CreateRouteTable",
            Self::SecurityGroup => "CreateSecurityGroup",
        }
    }
}

/// One call with `DryRun`; nothing where it is not wanted, or where there is nothing to make it in. In the user's VPC only
/// security groups are made.
async fn rehearse(context: &Context, what: Created, existing: Option<&str>) -> Option<Result<(), Failure>> {
    let own = context.outputs("vpc", "id").into_iter().next();
    let ec2 = &context.aws.ec2;
    if existing.is_some() && what != Created::SecurityGroup {
        return None;
    }
    let result = match what {
        Created::Vpc => {
            let call = ec2.create_vpc().cidr_block("172.16.0.0/16").dry_run(true);
            let call = call.tag_specifications(marked(context, ResourceType::Vpc));
            call.send().await.map(drop).map_err(on("ec2 CreateVpc"))
        }
        Created::InternetGateway => {
            let call = ec2.create_internet_gateway().dry_run(true);
            let call = call.tag_specifications(marked(context, ResourceType::InternetGateway));
            call.send().await.map(drop).map_err(on("ec2 CreateInternetGateway"))
        }
        Created::Address => {
            let call = ec2.allocate_address().domain(DomainType::Vpc).dry_run(true);
            let call = call.tag_specifications(marked(context, ResourceType::ElasticIp));
            call.send().await.map(drop).map_err(on("ec2 AllocateAddress"))
        }
        Created::Subnet => {
            let call = ec2.create_subnet().vpc_id(own?).cidr_block("172.16.255.240/28").dry_run(true);
            let call = call.tag_specifications(marked(context, ResourceType::Subnet));
            call.send().await.map(drop).map_err(on("ec2 CreateSubnet"))
        }
        Created::RouteTable => {
            let call = ec2.create_route_table().vpc_id(own?).dry_run(true);
            let call = call.tag_specifications(marked(context, ResourceType::RouteTable));
            call.send().await.map(drop).map_err(on("ec2 CreateRouteTable"))
        }
        Created::SecurityGroup => {
            let vpc = existing.map(str::to_owned).or(own)?;
            let call = ec2.create_security_group().vpc_id(vpc).group_name(context.names.part("rehearsal"));
            let call = call.description("only asked about").dry_run(true);
            let call = call.tag_specifications(marked(context, ResourceType::SecurityGroup));
            call.send().await.map(drop).map_err(on("ec2 CreateSecurityGroup"))
        }
    };
    Some(result)
}

/// The tag that permissions ask for.
fn marked(context: &Context, resource: ResourceType) -> TagSpecification {
    let tags = Tags::from([(names::DEPLOYMENT.to_owned(), context.names.deployment.clone())]);
    ec2::at_creation(resource, &tags)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_aws_is_trusted_to_know_what_a_check_is() {
        for own in ["https://ec2.eu-west-1.amazonaws.com/", "https://vpce-1.ec2.cn-north-1.vpce.amazonaws.com.cn/"] {
            assert!(is_aws(own), "{own}");
        }
        for other in [
            "http://127.0.0.1:4566/",
            "https://localhost:4566/",
            "http://ec2.x.amazonaws.com/",
            "https://a.example/",
            "x",
        ] {
            assert!(!is_aws(other), "{other}");
        }
    }

    #[test]
    fn every_call_that_creates_is_only_asked_about() {
        let source = include_str!("proof.rs");
        let code = source.split("#[cfg(test)]").next().unwrap_or_default();
        let calls = code.matches("ec2.create_").count() + code.matches("ec2.allocate_").count();
        let checks = code.matches(".dry_run(true)").count();
        assert_eq!(
            (calls, checks),
            (CREATED.len() + 1, CREATED.len() + 2),
            "one more of each asks about DryRun itself"
        );
    }
}
