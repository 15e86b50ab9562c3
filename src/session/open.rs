//! The account and region that a command works in, and what it reads there.

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
use crate::kinds::names::Names;
use crate::kinds::registry;
use crate::kinds::resource::Context;
use crate::kinds::revisions::Revisions;
use crate::kinds::service::read;
use crate::kinds::service::view::ServiceView;
use crate::live;

use super::error::CommandError;
use super::moment::NotBefore;
use super::output::Output;
use super::scope::Scope;
use super::source::{self, Selected, Source};

/// An account and a region to work in.
pub struct Session {
    aws: Arc<Clients>,
    caller: Caller,
    kinds: Vec<Kind>,
    run: String,
    /// What this run puts on record, if it does.
    entry: Mutex<Option<Entry>>,
    /// Until when lists may miss something that was made.
    pub unseen: NotBefore,
    /// Until when what an earlier run has made may not be known everywhere in AWS.
    pub young: NotBefore,
}

impl Session {
    /// Asks AWS who we are.
    ///
    /// # Errors
    ///
    /// No region, no credentials, no way to AWS.
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
            entry: Mutex::new(None),
            unseen: NotBefore::default(),
            young: NotBefore::default(),
        })
    }

    /// Opens the account and region of a plan file.
    ///
    /// # Errors
    ///
    /// What is wrong with the plan file, before AWS is asked for anything.
    pub async fn for_file(source: &Source, access: &Access, output: &Output) -> Result<(Self, PlanFile), CommandError> {
        let plan = source.plan_file(source::region(access)?, output)?;
        source::agree(&plan, access)?;
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
    /// What is wrong with the plan file or the name, before AWS is asked for anything.
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

    /// Who works here, by ARN.
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

    /// What this run is called in events and in the tags of what it creates.
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

    /// From now on, what happens is put on record.
    pub fn begin(&self, entry: Entry) {
        *self.entry.lock().unwrap_or_else(PoisonError::into_inner) = Some(entry);
    }

    /// What is on record so far.
    pub fn entry(&self) -> Option<Entry> {
        self.entry.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts something on record, if this run is.
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
            run: self.run.clone(),
            revisions: Revisions::default(),
        }
    }

    /// The deployment in full.
    pub fn target(&self, deployment: &str) -> Target {
        Target {
            deployment: deployment.to_owned(),
            account: self.caller.account.clone(),
            region: self.caller.region.clone(),
        }
    }

    /// Everything there is of a deployment, as soon as all of it can be seen. Where its service was found is noted in the
    /// scope.
    pub async fn inventory(&self, scope: &mut Scope) -> Result<Inventory, CommandError> {
        let context = self.context(scope);
        tokio::time::sleep(self.unseen.left()).await;
        let inventory = live::sweep::sweep(&context).await?;
        scope.cluster = live::sweep::existing_cluster(&context, &inventory).or(scope.cluster.take());
        Ok(inventory)
    }

    /// What the service and its tasks look like now.
    pub async fn service(&self, scope: &Scope, inventory: &Inventory) -> Result<ServiceView, CommandError> {
        let context = Context { known: inventory.known(), ..self.context(scope) };
        Ok(read::snapshot(&context).await?)
    }

    /// The address of the UI, where something of the user's leads to it.
    pub async fn url(&self, scope: &Scope, inventory: &Inventory) -> Result<Option<String>, CommandError> {
        let Some(group) = live::sweep::target_group(inventory) else { return Ok(None) };
        let seen = existing::ingress::target_group(&self.context(scope), &group).await?;
        Ok(seen.found().and_then(|group| checks::ingress::urls(group).into_iter().next()))
    }

    /// Where steps take effect; `before` is what there is before them.
    pub fn world(&self, scope: &Scope, before: Known) -> Arc<dyn World> {
        Arc::new(live::world::Aws::new(Context { known: before, ..self.context(scope) }))
    }
}

/// Missing credentials would be the next error: they are named as well.
async fn no_region(aws: &Clients) -> CommandError {
    let message = "no region: neither the plan file nor AWS's configuration names one";
    let error = CommandError::usage("usage/no-region", message)
        .hint("write `region = \"us-east-1\"` into the plan file, or use --region or AWS_REGION");
    match aws.no_credentials().await {
        None => error,
        Some(failure) => failure.hints.into_iter().fold(error.hint(failure.message), CommandError::hint),
    }
}
