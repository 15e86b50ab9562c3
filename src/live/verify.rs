//! What can be verified in a real account without changing anything: one read of every kind, and EC2's dry run of the
//! calls that create.

use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_ec2::types::{DomainType, ResourceType, TagSpecification};

use crate::aws::error::on;
use crate::engine::failure::Failure;
use crate::engine::inventory::Inventory;
use crate::engine::reference::Known;
use crate::kinds::ec2;
use crate::kinds::names;
use crate::kinds::registry;
use crate::kinds::resource::{Context, Depth, Tags};
use crate::partition::Partition;

/// One call that was tried, or could not be.
#[derive(Clone, Debug)]
pub struct Verification {
    /// `read vpc`, `ec2 CreateVpc`.
    pub what: String,
    pub result: Result<String, Unverified>,
}

/// Why a call is not verified.
#[derive(Clone, Debug)]
pub enum Unverified {
    /// AWS refused it.
    Failed(Failure),
    /// The dry run was executed; the text says what to do about it.
    Executed(String),
    /// It could not be tried; the text says why.
    NotTried(String),
}

/// Lists every kind once, parents before what is found through them. Gives the outputs of everything that was found.
pub async fn reads(context: &Context) -> (Vec<Verification>, Known) {
    let (mut context, mut live, mut all) = (context.clone(), Vec::new(), Vec::new());
    for kind in registry::all() {
        let what = format!("read {}", kind.kind().name);
        let result = match kind.list(&context, Depth::Full).await {
            Ok(observed) => {
                let found = observed.live.len();
                live.extend(observed.live);
                context.known = Inventory::new(live.clone()).known();
                Ok(format!("{found} of this deployment"))
            }
            Err(failure) => Err(Unverified::Failed(failure)),
        };
        all.push(Verification { what, result });
    }
    (all, context.known)
}

/// EC2's answer to a dry run that would succeed (EC2 API reference, "Common query parameters" and "Error codes").
const WOULD_WORK: &str = "DryRunOperation";

/// EC2 creates no VPC of this size (Amazon VPC user guide, "VPC CIDR blocks").
const TOO_LARGE: &str = "10.0.0.0/8";

/// Makes the calls that create in EC2 with `DryRun`, as far as their parents exist: `existing` is the user's VPC, and
/// `context` knows the deployment's.
///
/// An endpoint other than AWS's own may ignore the parameter and execute the call. There, a read and a VPC that cannot
/// be created are tried first, and nothing else unless both honour it.
pub async fn dry_runs(context: &Context, existing: Option<&str>) -> Vec<Verification> {
    if let Err(why) = honours_dry_run(context).await {
        return vec![Verification { what: "ec2 DryRun".to_owned(), result: Err(Unverified::NotTried(why)) }];
    }
    let mut all = Vec::new();
    for what in CREATED {
        let Some(result) = dry_run(context, *what, existing).await else { continue };
        let executed = result.is_ok();
        all.push(Verification { what: format!("ec2 {}", what.operation()), result: judged(*what, result) });
        if executed {
            break;
        }
    }
    all
}

fn judged(what: Created, result: Result<(), Failure>) -> Result<String, Unverified> {
    match result {
        Err(failure) if failure.code == WOULD_WORK => Ok("a dry run succeeds".to_owned()),
        Err(failure) => Err(Unverified::Failed(failure)),
        Ok(()) => Err(Unverified::Executed(format!(
            "{} was executed although it was a dry run: find and delete what it has created, which has the tag {}",
            what.operation(),
            names::DEPLOYMENT
        ))),
    }
}

/// Whether the endpoint of EC2 honours `DryRun`; if not, why, for people.
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
        Ok(()) => Err(format!("{operation} with DryRun was executed: this endpoint ignores the parameter")),
    }
}

/// Whether a request goes to AWS itself, and not to a custom endpoint.
fn is_aws(address: &str) -> bool {
    url::Url::parse(address).is_ok_and(|url| {
        let of_aws = |host| Partition::ALL.into_iter().any(|one| one.strip_suffix(host).is_some());
        url.scheme() == "https" && url.host_str().is_some_and(of_aws)
    })
}

/// A call that creates and has a dry run.
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

/// One call with `DryRun`; `None` where it is not needed or its parent does not exist. In an existing VPC only security
/// groups are created.
async fn dry_run(context: &Context, what: Created, existing: Option<&str>) -> Option<Result<(), Failure>> {
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
            let call = ec2.create_security_group().vpc_id(vpc).group_name(context.names.part("dry-run"));
            let call = call.description("dry run").dry_run(true);
            let call = call.tag_specifications(marked(context, ResourceType::SecurityGroup));
            call.send().await.map(drop).map_err(on("ec2 CreateSecurityGroup"))
        }
    };
    Some(result)
}

/// The tag that the permissions require.
fn marked(context: &Context, resource: ResourceType) -> TagSpecification {
    let tags = Tags::from([(names::DEPLOYMENT.to_owned(), context.names.deployment.clone())]);
    ec2::at_creation(resource, &tags)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_aws_is_trusted_to_honour_dry_run() {
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
    fn every_call_that_creates_is_a_dry_run() {
        let source = include_str!("verify.rs");
        let code = source.split("#[cfg(test)]").next().unwrap_or_default();
        let calls = code.matches("ec2.create_").count() + code.matches("ec2.allocate_").count();
        let checks = code.matches(".dry_run(true)").count();
        assert_eq!((calls, checks), (CREATED.len() + 1, CREATED.len() + 2), "one more of each tests DryRun itself");
    }
}
