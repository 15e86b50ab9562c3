//! The account and region that a command works in, and what it reads there.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use crate::aws::clients::{Access, Caller, Clients};
use crate::aws::permit::Permit;
use crate::aws::profile::Origin;
use crate::checks;
use crate::config::{PlanFile, Region};
use crate::control::history::Entry;
use crate::control::objects::Store;
use crate::engine::drive::World;
use crate::engine::inventory::Inventory;
use crate::engine::kind::Kind;
use crate::engine::plan::Target;
use crate::engine::reference::Known;
use crate::existing;
use crate::kinds::context::{Context, Notes, Revisions};
use crate::kinds::names::Names;
use crate::kinds::registry;
use crate::kinds::service::read;
use crate::kinds::service::view::ServiceView;
use crate::live;

use super::address;
use super::error::CommandError;
use super::moment::NotBefore;
use super::output::Output;
use super::scope::Scope;
use super::source::{self, Selected, Source};

/// What exists of a deployment, and where.
pub struct Found {
    /// With the cluster that its service is in.
    pub scope: Scope,
    pub inventory: Inventory,
}

/// An account and a region to work in.
pub struct Session {
    aws: Arc<Clients>,
    caller: Caller,
    kinds: Vec<Kind>,
    run: String,
    revisions: Revisions,
    notes: Notes,
    /// The history entry of this run, if it is recorded.
    entry: Mutex<Option<Entry>>,
    /// Until when lists may miss something that was created.
    pub unseen: NotBefore,
    /// Until when what an earlier run has created may not be known everywhere in AWS.
    pub young: NotBefore,
}

impl Session {
    /// Asks AWS who we are.
    ///
    /// # Errors
    ///
    /// No region, no credentials, or AWS cannot be reached.
    pub async fn open(access: &Access) -> Result<Self, CommandError> {
        let aws = Clients::new(access).await;
        let origin = aws.origin().await;
        if let Some(missing) = origin.missing() {
            let error = CommandError::usage("usage/profile", missing.message);
            return Err(missing.hints.into_iter().fold(error, CommandError::hint));
        }
        if let (Some(profile), Origin::Environment) = (&access.profile, &origin) {
            tracing::warn!("the access key in the environment is used, not profile {profile}: unset AWS_ACCESS_KEY_ID");
        }
        if aws.region().is_none() {
            return Err(no_region(&aws).await);
        }
        let caller = aws.caller().await?;
        tracing::info!(account = caller.account, region = caller.region, arn = caller.arn, "working as");
        Ok(Self {
            aws: Arc::new(aws),
            caller,
            kinds: registry::facts(),
            run: format!("{:016x}", rand::random::<u64>()),
            revisions: Revisions::default(),
            notes: Notes::default(),
            entry: Mutex::new(None),
            unseen: NotBefore::default(),
            young: NotBefore::default(),
        })
    }

    /// Opens the account and region of a plan file.
    ///
    /// # Errors
    ///
    /// A problem of the plan file, before any call to AWS.
    pub async fn for_file(source: &Source, access: &Access, output: &Output) -> Result<(Self, PlanFile), CommandError> {
        let plan = source.plan_file_for(access, output)?;
        let mut access = access.clone();
        if let Some(region) = &plan.region {
            access.region = Some(region.as_str().to_owned());
        }
        let session = Self::open(&access).await?;
        if plan.region.is_some() {
            return Ok((session, plan));
        }
        // Only the AWS profile knew the region, and what depends on it has not been checked yet.
        let plan = source.plan_file(session.region(), output)?;
        Ok((session, plan))
    }

    /// Opens the account and region of a deployment; gives its scope, and its plan file if there is one.
    ///
    /// # Errors
    ///
    /// A problem of the plan file or the name, before any call to AWS.
    pub async fn of(
        which: Selected<'_>,
        access: &Access,
        output: &Output,
    ) -> Result<(Self, Scope, Option<PlanFile>), CommandError> {
        let name = match which {
            Selected::Name(name) => source::name(name)?,
            Selected::File(path) => {
                let (session, file) = Self::for_file(&Source::read(path)?, access, output).await?;
                return Ok((session, Scope::of(&file), Some(file)));
            }
        };
        source::region(access)?;
        Ok((Self::open(access).await?, Scope::named(name.as_str()), None))
    }

    /// The caller's ARN.
    pub fn caller(&self) -> &str {
        &self.caller.arn
    }

    /// The region to work in, if this version knows it.
    pub fn region(&self) -> Option<Region> {
        self.caller.region.parse().ok()
    }

    pub fn kinds(&self) -> &[Kind] {
        &self.kinds
    }

    /// The id of this run in events and in the tags of what it creates.
    pub fn run(&self) -> &str {
        &self.run
    }

    /// The control bucket of this account and region.
    pub fn store(&self) -> Store {
        let Caller { account, region, partition, .. } = &self.caller;
        Store::new(&self.aws.control, account, region, partition)
    }

    /// Whether calls that change something may be made.
    pub fn permit(&self) -> Permit {
        self.aws.permit.clone()
    }

    /// Records what happens from now on.
    pub fn begin(&self, entry: Entry) {
        *self.entry.lock().unwrap_or_else(PoisonError::into_inner) = Some(entry);
    }

    /// What is recorded so far.
    pub fn entry(&self) -> Option<Entry> {
        self.entry.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Records something, if this run is recorded.
    pub fn record(&self, note: impl FnOnce(&mut Entry)) {
        self.entry.lock().unwrap_or_else(PoisonError::into_inner).as_mut().map(note);
    }

    /// The context of calls about one deployment.
    pub fn context(&self, scope: &Scope) -> Context {
        let Caller { account, region, partition, .. } = self.caller.clone();
        Context {
            aws: self.aws.clone(),
            names: Names { deployment: scope.name.clone(), account, region, partition },
            known: Known::new(),
            cluster: scope.cluster.clone(),
            load_balancer: scope.load_balancer.clone(),
            ui_key: scope.ui_key.as_ref().map(|key| key.secret().clone()),
            run: self.run.clone(),
            revisions: self.revisions.clone(),
            notes: self.notes.clone(),
        }
    }

    /// The deployment with its account and region.
    pub fn target(&self, deployment: &str) -> Target {
        Target {
            deployment: deployment.to_owned(),
            account: self.caller.account.clone(),
            region: self.caller.region.clone(),
        }
    }

    /// Everything that exists of a deployment, once AWS lists all of it. The cluster of its service is noted in the
    /// scope.
    pub async fn inventory(&self, scope: &mut Scope) -> Result<Inventory, CommandError> {
        let context = self.context(scope);
        tokio::time::sleep(self.unseen.left()).await;
        let inventory = live::sweep::sweep(&context).await?;
        scope.cluster = live::sweep::existing_cluster(&context, &inventory).or(scope.cluster.take());
        Ok(inventory)
    }

    /// The same with the scope.
    pub async fn found(&self, mut scope: Scope) -> Result<Found, CommandError> {
        let inventory = self.inventory(&mut scope).await?;
        Ok(Found { scope, inventory })
    }

    /// The present state of the service and its tasks.
    pub async fn service(&self, scope: &Scope, inventory: &Inventory) -> Result<ServiceView, CommandError> {
        let context = Context { known: inventory.known(), ..self.context(scope) };
        Ok(read::snapshot(&context).await?)
    }

    /// The address of the UI: that of the user's own load balancer, or else the deployment's, from the known outputs.
    pub async fn url(
        &self,
        scope: &Scope,
        inventory: &Inventory,
        known: &Known,
    ) -> Result<Option<String>, CommandError> {
        let groups: BTreeSet<String> = live::sweep::target_group(inventory).into_iter().collect();
        let listened = match groups.is_empty() {
            true => Vec::new(),
            false => existing::ingress::listened(&self.context(scope), &groups, &BTreeSet::new()).await?,
        };
        let url = listened.first().and_then(|group| checks::ingress::urls(group).into_iter().next());
        Ok(url.or_else(|| address::own(known, address::Schemes::of(inventory), address::WEB_PORT)))
    }

    /// Where steps take effect; `before` holds the outputs of what exists before them.
    pub fn world(&self, scope: &Scope, before: Known) -> Arc<dyn World> {
        Arc::new(live::world::Aws::new(Context { known: before, ..self.context(scope) }))
    }
}

/// Missing credentials would be the next error: they are named as well.
async fn no_region(aws: &Clients) -> CommandError {
    let message = "no region: neither the plan file nor AWS's configuration names one";
    let error = CommandError::usage("usage/no-region", message).hint(source::NAME_A_REGION);
    match aws.no_credentials().await {
        None => error,
        Some(failure) => failure.hints.into_iter().fold(error.hint(failure.message), CommandError::hint),
    }
}
