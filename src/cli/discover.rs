//! `ce-aws discover`.

mod list;

use clap::ValueEnum;

use crate::session::{CommandError, Exit, Output, Scope, Session, source};
use crate::ui::discover::{Listing, sort, text};

use super::global::Global;

/// Show what an account has that Cloud Exchange can use
///
/// Lists everything of one kind in the account and region: whether it can be used and why not, whether ce-aws manages
/// it, and the line for the plan file. With -v, also what to do about it. Reads only.
///
/// `ce-aws plan` checks it again, together with everything else.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to list, in the singular or the plural
    #[arg(value_name = "KIND", value_enum)]
    what: What,

    /// Only what is in this VPC; for subnets, target groups and load balancers
    #[arg(long, value_name = "ID")]
    vpc: Option<String>,
}

/// What a plan file can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum What {
    /// Networks with private DNS
    #[value(alias = "vpcs")]
    Vpc,
    /// Private subnets, with a way out and free addresses
    #[value(alias = "subnet")]
    Subnets,
    /// ECS clusters
    #[value(alias = "cluster")]
    Clusters,
    /// Target groups of type ip, for the UI's port
    #[value(alias = "target-group")]
    TargetGroups,
    /// Application load balancers
    #[value(alias = "load-balancer")]
    LoadBalancers,
    /// Roles that ECS tasks may assume; only `ce-aws plan` checks what they may do
    #[value(alias = "role")]
    Roles,
    /// Certificates of AWS Certificate Manager
    #[value(alias = "certificate")]
    Certificates,
}

impl What {
    /// As the command line spells it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Vpc => "vpc",
            Self::Subnets => "subnets",
            Self::Clusters => "clusters",
            Self::TargetGroups => "target-groups",
            Self::LoadBalancers => "load-balancers",
            Self::Roles => "roles",
            Self::Certificates => "certificates",
        }
    }

    fn is_in_a_vpc(self) -> bool {
        matches!(self, Self::Subnets | Self::TargetGroups | Self::LoadBalancers)
    }
}

pub async fn run(args: &Args, global: &Global, output: &Output) -> Result<Exit, CommandError> {
    if args.vpc.is_some() && !args.what.is_in_a_vpc() {
        let message = format!("--vpc does not go with {}", args.what.word());
        return Err(CommandError::usage("usage/vpc", message).hint("leave it out"));
    }
    source::region(&global.access())?;
    let session = Session::open(&global.access()).await?;
    let listing = listing(&session, args.what, args.vpc.as_deref()).await?;
    output.answer(&listing, || text(&listing, output.is_verbose()))?;
    Ok(Exit::Done)
}

/// Everything of one kind, best first; of one VPC, where that is said.
///
/// # Errors
///
/// AWS does not say.
pub async fn listing(session: &Session, what: What, vpc: Option<&str>) -> Result<Listing, CommandError> {
    let place = session.target("");
    let mut items = list::items(&session.context(&Scope::default()), what, vpc).await?;
    sort(&mut items);
    Ok(Listing {
        what: what.word(),
        account: place.account,
        region: place.region,
        columns: list::columns(what),
        plan_file: list::plan_file(what, &items),
        items,
    })
}
