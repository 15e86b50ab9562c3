//! What can be verified in a real account without changing anything: one read of every kind, and EC2's dry run of the
//! calls that create.

use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_ec2::types::{DomainType, ResourceType, TagSpecification};

use crate::aws::answer::{Answer, operation};
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

/// What EC2 creates in calls that have a dry run, parents first.
const CREATED: [ResourceType; 6] = [
    ResourceType::Vpc,
    ResourceType::InternetGateway,
    ResourceType::ElasticIp,
    ResourceType::Subnet,
    ResourceType::RouteTable,
    ResourceType::SecurityGroup,
];

/// Makes a call that creates, but with `DryRun`: gives the operation, and its answer.
macro_rules! tried {
    ($call:expr, $tags:expr) => {{
        let answer = $call.dry_run(true).tag_specifications($tags).send().await;
        (operation_of(&answer), answer.done())
    }};
}

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
        let Some((operation, answer)) = dry_run(context, what, existing).await else { continue };
        let executed = answer.is_ok();
        all.push(Verification { result: judged(&operation, answer), what: format!("ec2 {operation}") });
        if executed {
            break;
        }
    }
    all
}

fn judged(operation: &str, answer: Result<(), Failure>) -> Result<String, Unverified> {
    match answer {
        Err(failure) if failure.code == WOULD_WORK => Ok("a dry run succeeds".to_owned()),
        Err(failure) => Err(Unverified::Failed(failure)),
        Ok(()) => Err(Unverified::Executed(format!(
            "{operation} was executed although it was a dry run: find and delete what it has created, which has the \
             tag {}",
            names::DEPLOYMENT
        ))),
    }
}

/// `CreateVpc`, of the type of its answer.
fn operation_of<T, E>(_: &Result<T, E>) -> String {
    operation::<T>().trim_start_matches("ec2 ").to_owned()
}

/// Whether the endpoint of EC2 honours `DryRun`; if not, why, for people.
async fn honours_dry_run(context: &Context) -> Result<(), String> {
    let ec2 = &context.aws.ec2;
    let address = Arc::new(Mutex::new(String::new()));
    let seen = address.clone();
    let call = ec2.describe_vpcs().dry_run(true).customize().mutate_request(move |request| {
        request.uri().clone_into(&mut seen.lock().unwrap_or_else(PoisonError::into_inner));
    });
    let answer = call.send().await;
    checked(&operation_of(&answer), answer.done())?;
    if is_aws(&address.lock().unwrap_or_else(PoisonError::into_inner)) {
        return Ok(());
    }
    let (operation, answer) = tried!(ec2.create_vpc().cidr_block(TOO_LARGE), marked(context, ResourceType::Vpc));
    checked(&operation, answer)
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

/// One call with `DryRun`; `None` where it is not needed or its parent does not exist. In an existing VPC only security
/// groups are created.
async fn dry_run(
    context: &Context,
    what: ResourceType,
    existing: Option<&str>,
) -> Option<(String, Result<(), Failure>)> {
    if existing.is_some() && what != ResourceType::SecurityGroup {
        return None;
    }
    let (ec2, tags) = (&context.aws.ec2, marked(context, what.clone()));
    let vpc = || existing.map(str::to_owned).or_else(|| context.outputs("vpc", "id").into_iter().next());
    Some(match what {
        ResourceType::Vpc => tried!(ec2.create_vpc().cidr_block("172.16.0.0/16"), tags),
        ResourceType::InternetGateway => tried!(ec2.create_internet_gateway(), tags),
        ResourceType::ElasticIp => tried!(ec2.allocate_address().domain(DomainType::Vpc), tags),
        ResourceType::Subnet => tried!(ec2.create_subnet().vpc_id(vpc()?).cidr_block("172.16.255.240/28"), tags),
        ResourceType::RouteTable => tried!(ec2.create_route_table().vpc_id(vpc()?), tags),
        ResourceType::SecurityGroup => {
            let name = context.names.part("dry-run");
            tried!(ec2.create_security_group().vpc_id(vpc()?).group_name(name).description("dry run"), tags)
        }
        _ => return None,
    })
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
        let calls =
            |before: &str| ["create_", "allocate_"].map(|verb| code.matches(&format!("{before}{verb}")).count());
        assert_eq!(calls("ec2."), calls("tried!(ec2."));
        assert_eq!(calls("ec2.").iter().sum::<usize>(), CREATED.len() + 1, "one more tests DryRun itself");
        assert!(code.contains("let answer = $call.dry_run(true)"));
    }
}
