//! Network interfaces: those that somebody names, and those in front of the UI.

use aws_sdk_ec2::types::{Filter, NetworkInterface};

use crate::aws::answer::Answer;
use crate::engine::failure::{Cause, Failure};
use crate::kinds::context::Context;
use crate::kinds::convert::text;
use crate::kinds::ec2::{self, filter};

/// A network interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    pub id: String,
    pub zone: String,
    /// Its primary IPv4 address.
    pub address: String,
    pub groups: Vec<String>,
}

/// The network interface of this id.
///
/// # Errors
///
/// Also where there is none.
pub async fn interface(context: &Context, id: &str) -> Result<Interface, Failure> {
    let answer = context.aws.ec2.describe_network_interfaces().network_interface_ids(id).send().await.answer()?;
    let gone = || Failure::of(Cause::Gone, format!("there is no network interface {id}"));
    answer.network_interfaces().first().map(read).ok_or_else(gone)
}

/// Whose interfaces are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A load balancer, by ARN.
    LoadBalancer(String),
    /// Whatever is in a security group.
    Group(String),
}

impl Owner {
    /// AWS writes the end of the load balancer's ARN into the description of its interfaces (Elastic Load Balancing
    /// user guide, "Security groups for your Application Load Balancer"; re:Post, "find the IP addresses").
    fn filter(&self) -> Filter {
        match self {
            Self::LoadBalancer(arn) => {
                let name = arn.split_once(":loadbalancer/").map_or(arn.as_str(), |(_, name)| name);
                filter("description", [format!("ELB {name}")])
            }
            Self::Group(id) => filter("group-id", [id]),
        }
    }
}

/// All of its interfaces.
///
/// # Errors
///
/// EC2 cannot be asked.
pub async fn of_owner(context: &Context, owner: &Owner) -> Result<Vec<Interface>, Failure> {
    Ok(ec2::interfaces(context, owner.filter()).await?.iter().map(read).collect())
}

fn read(live: &NetworkInterface) -> Interface {
    Interface {
        id: text(live.network_interface_id()),
        zone: text(live.availability_zone()),
        address: text(live.private_ip_address()),
        groups: live.groups().iter().filter_map(|group| group.group_id()).map(str::to_owned).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interfaces_of_a_load_balancer_are_found_by_their_description() {
        let arn = "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/ce-prod/50dc6c495c0c9188";
        let which = Owner::LoadBalancer(arn.to_owned()).filter();
        assert_eq!(which.values(), ["ELB app/ce-prod/50dc6c495c0c9188"]);
    }
}
