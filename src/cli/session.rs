//! What commands need of the other rooms, each call in one place.

use std::sync::Arc;

use crate::aws::clients::{Access, Caller, Clients};
use crate::blueprint;
use crate::config::{PlanFile, Region};
use crate::engine::drive::World;
use crate::engine::graph::Graph;
use crate::engine::inventory::Inventory;
use crate::engine::kind::Kind;
use crate::engine::plan::{Plan, Target};
use crate::engine::reference::Known;
use crate::kinds::names::Names;
use crate::kinds::registry;
use crate::kinds::resource::Cx;
use crate::kinds::service_read;
use crate::kinds::service_view::ServiceView;
use crate::live;
use crate::planners::{converge, teardown};
use crate::release::{Catalogue, Release};

use super::args::Global;
use super::error::CommandError;
use super::output::Output;
use super::source::{self, Source, Which};

/// An account and a region to work in.
pub struct Session {
    aws: Arc<Clients>,
    caller: Caller,
    kinds: Vec<Kind>,
    run: String,
}

impl Session {
    /// Asks AWS who we are.
    ///
    /// # Errors
    ///
    /// No region, no credentials, no way to AWS.
    pub async fn open(access: &Access) -> Result<Self, CommandError> {
        let aws = Clients::new(access).await;
        if aws.region().is_none() {
            return Err(CommandError::usage(
                "usage/no-region",
                "no region: neither the plan file nor AWS's configuration names one",
            )
            .hint("write `region = \"us-east-1\"` into the plan file, or use --region or AWS_REGION"));
        }
        let caller = aws.caller().await?;
        tracing::info!(account = caller.account, region = caller.region, arn = caller.arn, "working as");
        Ok(Self {
            aws: Arc::new(aws),
            caller,
            kinds: registry::facts(),
            run: format!("{:016x}", rand::random::<u64>()),
        })
    }

    /// Opens the account and region of a plan file.
    ///
    /// # Errors
    ///
    /// What is wrong with the plan file, before AWS is asked for anything.
    pub async fn for_file(source: &Source, global: &Global, output: &Output) -> Result<(Self, PlanFile), CommandError> {
        let plan = source.plan_file(source::region(global)?, output)?;
        source::agree(&plan, global)?;
        let mut access = global.access();
        if let Some(region) = &plan.region {
            access.region = Some(region.as_str().to_owned());
        }
        let session = Self::open(&access).await?;
        if plan.region.is_some() {
            return Ok((session, plan));
        }
        // Only the AWS profile knew the region, and what depends on it has not been checked yet.
        let region: Option<Region> = session.caller.region.parse().ok();
        let plan = source.plan_file(region, output)?;
        Ok((session, plan))
    }

    /// Opens the account and region of a deployment; gives its name, and its plan file if there is one.
    ///
    /// # Errors
    ///
    /// What is wrong with the plan file or the name, before AWS is asked for anything.
    pub async fn of(
        which: &Which,
        global: &Global,
        output: &Output,
    ) -> Result<(Self, String, Option<PlanFile>), CommandError> {
        if let Some(path) = &which.file {
            let (session, file) = Self::for_file(&Source::read(path)?, global, output).await?;
            return Ok((session, file.name.as_str().to_owned(), Some(file)));
        }
        let name = source::name(which.name.as_deref().unwrap_or_default())?;
        source::region(global)?;
        Ok((Self::open(&global.access()).await?, name.as_str().to_owned(), None))
    }

    pub fn kinds(&self) -> &[Kind] {
        &self.kinds
    }

    /// What this run is called in events and in the tags of what it creates.
    pub fn run(&self) -> &str {
        &self.run
    }

    /// The context of calls about one deployment.
    pub fn context(&self, deployment: &str) -> Cx {
        let Caller { account, region, partition, .. } = self.caller.clone();
        let names = Names { deployment: deployment.to_owned(), account, region, partition };
        Cx { aws: self.aws.clone(), names, known: Known::new(), run: self.run.clone() }
    }

    /// The deployment in full.
    pub fn target(&self, deployment: &str) -> Target {
        Target {
            deployment: deployment.to_owned(),
            account: self.caller.account.clone(),
            region: self.caller.region.clone(),
        }
    }

    /// Everything there is of a deployment.
    pub async fn inventory(&self, deployment: &str) -> Result<Inventory, CommandError> {
        Ok(live::sweep::sweep(&self.context(deployment)).await?)
    }

    /// What would make a deployment what its plan file says.
    pub async fn converge(&self, file: &PlanFile, inventory: &Inventory) -> Result<Plan, CommandError> {
        let name = file.name.as_str();
        let context = self.context(name);
        let zones = match &file.network.zones {
            Some(zones) => zones.each_ref().map(|zone| zone.as_str()),
            None => live::zones::zones(&context, inventory).await?,
        };
        let graph = graph(file, &context.names, zones)?;
        Ok(converge::converge(&graph, inventory, self.target(name), &self.kinds))
    }

    /// What would take a deployment down.
    pub fn teardown(&self, name: &str, inventory: &Inventory, options: teardown::Options) -> Plan {
        teardown::teardown(inventory, self.target(name), &self.kinds, options)
    }

    /// What the service and its tasks look like now.
    pub async fn service(&self, deployment: &str, inventory: &Inventory) -> Result<ServiceView, CommandError> {
        let context = Cx { known: inventory.known(), ..self.context(deployment) };
        Ok(service_read::snapshot(&context).await?)
    }

    /// Where steps take effect.
    pub fn world(&self, deployment: &str) -> Arc<dyn World> {
        Arc::new(live::world::Aws::new(self.context(deployment)))
    }
}

/// The release that a plan file names.
///
/// # Errors
///
/// This version does not know it, which the plan file's reader has refused before.
pub fn release(file: &PlanFile) -> Result<&'static Release, CommandError> {
    Catalogue::builtin()
        .get(file.release)
        .ok_or_else(|| CommandError::unexpected(format!("release {} is not in the catalogue", file.release)))
}

/// What should exist.
///
/// # Errors
///
/// Only a fault of this program makes a graph that cannot be.
pub fn graph(file: &PlanFile, names: &Names, zones: [String; 2]) -> Result<Graph, CommandError> {
    let facts = blueprint::Facts { release: release(file)?, names, zones };
    blueprint::graph(file, &facts).map_err(CommandError::unexpected)
}
