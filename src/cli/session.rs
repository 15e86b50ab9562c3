//! What commands need of the other rooms, each call in one place.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::aws::clients::{Access, Caller, Clients};
use crate::aws::permit::Permit;
use crate::blueprint;
use crate::blueprint::hop::{Hop, Running};
use crate::borrowed::contents::{self, Content};
use crate::borrowed::survey::{Needs, survey};
use crate::borrowed::{self, Borrowed};
use crate::checks;
use crate::config::{PlanFile, Region, Zone};
use crate::control::history::Entry;
use crate::control::objects::Store;
use crate::engine::drive::World;
use crate::engine::graph::Graph;
use crate::engine::holder::Surroundings;
use crate::engine::inventory::Inventory;
use crate::engine::kind::Kind;
use crate::engine::plan::{Finding, Plan, Target};
use crate::engine::reference::Known;
use crate::images;
use crate::kinds::backup_vault;
use crate::kinds::names::Names;
use crate::kinds::own_containers::Revisions;
use crate::kinds::registry;
use crate::kinds::resource::Cx;
use crate::kinds::service_read;
use crate::kinds::service_view::ServiceView;
use crate::live;
use crate::planners::{converge, held, teardown};
use crate::release::{Catalogue, Release};

use super::args::Global;
use super::consent::Consent;
use super::error::CommandError;
use super::moment;
use super::moment::NotBefore;
use super::output::Output;
use super::preflight;
use super::saga::{Planned, Saga, alone, open_intent};
use super::scope::Scope;
use super::source::{self, Source, Which};
use super::standing;

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

    /// Opens the account and region of a deployment; gives its scope, and its plan file if there is one.
    ///
    /// # Errors
    ///
    /// What is wrong with the plan file or the name, before AWS is asked for anything.
    pub async fn of(
        which: &Which,
        global: &Global,
        output: &Output,
    ) -> Result<(Self, Scope, Option<PlanFile>), CommandError> {
        if let Some(path) = &which.file {
            let (session, file) = Self::for_file(&Source::read(path)?, global, output).await?;
            return Ok((session, Scope::of(&file), Some(file)));
        }
        let name = source::name(which.name.as_deref().unwrap_or_default())?;
        source::region(global)?;
        Ok((Self::open(&global.access()).await?, Scope::named(name.as_str()), None))
    }

    /// Who works here, by ARN.
    pub fn caller(&self) -> &str {
        &self.caller.arn
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
    pub fn context(&self, scope: &Scope) -> Cx {
        let Caller { account, region, partition, .. } = self.caller.clone();
        Cx {
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
        scope.cluster = live::sweep::borrowed_cluster(&context, &inventory).or(scope.cluster.take());
        Ok(inventory)
    }

    /// What the plan file borrows, as AWS tells it.
    pub async fn borrowed(&self, file: &PlanFile) -> Result<Borrowed, CommandError> {
        let context = self.context(&Scope::of(file));
        let needs = blueprint::needs(file, release(file)?, &context.names);
        let needs = Needs { task: &needs.task, execution: &needs.execution, backup: &needs.backup };
        Ok(survey(&context, file, needs).await?)
    }

    /// What would make a deployment what its plan file says, with everything that is to be said against it.
    pub async fn converge(
        &self,
        file: &PlanFile,
        inventory: &Inventory,
        borrowed: &Borrowed,
        consent: &Consent,
    ) -> Result<Plan, CommandError> {
        Ok(self.plan(file, inventory, borrowed, consent).await?.shown())
    }

    /// The same, with what makes an upgrade of it if it replaces the images of a running task.
    pub async fn plan(
        &self,
        file: &PlanFile,
        inventory: &Inventory,
        borrowed: &Borrowed,
        consent: &Consent,
    ) -> Result<Planned, CommandError> {
        let context = self.context(&Scope::of(file));
        let zones = match (&file.existing.vpc, &file.network.zones) {
            (None, None) => live::zones::zones(&context, inventory).await?,
            (_, zones) => stand_in_zones(zones.as_ref()),
        };
        let mut findings = checks::all(&checks::Setting {
            plan: file,
            release: release(file)?,
            region: &context.names.region,
            borrowed,
            inventory,
            now: moment::seconds(),
        });
        let open = open_intent(inventory);
        let (digests, more) = self.digests(&context, file, inventory, consent.refresh_images).await?;
        findings.extend(more);
        let saga = match open {
            // What is under way is to be ended first; whatever else could be said would only distract.
            Some(_) => None,
            None => self.saga(&context, file, inventory, &digests, consent).await?,
        };
        findings.extend(open);
        if consent.backup || saga.as_ref().is_some_and(Saga::backs_up) {
            findings.extend(checks::backup::opted_in(&borrowed::backup::opted_in(&context).await?));
        }
        let backup = consent.backup || backs_up(inventory) || saga.as_ref().is_some_and(Saga::backs_up);
        findings.extend(checks::backup::unread(inventory, backup));
        if Running::of(inventory).is_none() {
            findings.extend(checks::release::release(release(file)?, consent.label(file)));
        }
        if Running::of(inventory).is_none() || saga.as_ref().is_some_and(|saga| saga.hop.is_release()) {
            findings.extend(standing::finding(file, inventory)?);
        }
        findings.extend(saga.iter().flat_map(|saga| saga.findings.clone()));
        let graph = graph(file, &context.names, zones, borrowed, &digests, backup)?;
        let options = converge::Options { unprotect: consent.unprotect };
        let there = Cx { known: inventory.known(), ..context.clone() };
        let strays = borrowed::account::strays::strays(&there, &graph, inventory).await;
        let adopted = strays.adopted(&graph, inventory);
        let mut plan = converge::converge(&graph, &adopted, self.target(file.name.as_str()), &self.kinds, options);
        findings.extend(checks::strays::strays(&strays, file.name.as_str(), &context.names.region));
        findings.extend(saga.iter().filter(|saga| saga.is_woven).filter_map(|_| alone(&plan)));
        findings.extend(preflight::account(&context, file, &plan, inventory).await);
        findings.append(&mut plan.findings);
        plan.findings = findings;
        plan.borrowed = checks::borrowed(file, borrowed);
        Ok(Planned { plan, saga, known: inventory.known() })
    }

    /// What is wrong with the content of the user's secrets. `applies` says that it is about to be read.
    pub async fn contents(
        &self,
        file: &PlanFile,
        borrowed: &Borrowed,
        wanted: &[Content],
        applies: bool,
    ) -> Vec<Finding> {
        let context = self.context(&Scope::of(file));
        let faulty = contents::faulty(&context, file, borrowed, wanted, moment::seconds()).await;
        faulty.iter().map(|faulty| checks::storage::content(faulty, applies)).collect()
    }

    /// What surrounds the replacement of the running task's images; `None` where they stay.
    async fn saga(
        &self,
        context: &Cx,
        file: &PlanFile,
        inventory: &Inventory,
        digests: &BTreeMap<String, String>,
        consent: &Consent,
    ) -> Result<Option<Saga>, CommandError> {
        let Some(running) = Running::of(inventory) else { return Ok(None) };
        let wanted = blueprint::images(file, release(file)?).into_iter().map(|(container, image)| {
            let digest = digests.get(&container).cloned();
            (container, (image.as_str().to_owned(), digest))
        });
        let Some(hop) = Hop::of(&running, file.release, &wanted.collect()) else { return Ok(None) };
        let context = Cx { known: inventory.known(), ..context.clone() };
        let strangers = live::strangers::writing(&context).await?;
        Saga::new(file, context.names.clone(), running, hop, digests.clone(), &strangers, consent).map(Some)
    }

    /// The digest of each image: as deployed, or asked of its registry.
    async fn digests(
        &self,
        context: &Cx,
        file: &PlanFile,
        inventory: &Inventory,
        refresh: bool,
    ) -> Result<(BTreeMap<String, String>, Vec<Finding>), CommandError> {
        let wanted = blueprint::images(file, release(file)?).into_iter();
        let wanted = wanted.map(|(container, image)| (container, image.as_str().to_owned())).collect();
        let pins = images::pins(&wanted, &images::live(inventory), refresh);
        let answers = images::resolve(&context.aws, &pins.asked).await;
        Ok((pins.digests(&answers), checks::images::images(&pins, &answers)))
    }

    /// What would take a deployment down. While something is under way the data may be half changed, and only the service
    /// knows how to go back: then the data are not left behind alone.
    pub fn teardown(
        &self,
        name: &str,
        inventory: &Inventory,
        surroundings: &Surroundings,
        options: teardown::Options,
    ) -> Plan {
        let target = self.target(name);
        let mut plan = teardown::teardown(inventory, target, &self.kinds, options, &surroundings.holders);
        if !plan.is_empty() {
            plan.findings.extend(held::not_checked(surroundings));
        }
        plan.findings.extend(open_intent(inventory).filter(|_| !options.delete_data));
        plan.findings.extend(checks::backup::unread(inventory, false));
        plan
    }

    /// What a teardown would meet: everything of the deployment, with what AWS has made in its VPC by itself, and what of
    /// others' is around it.
    pub async fn whole(&self, scope: &Scope, inventory: Inventory) -> Result<(Inventory, Surroundings), CommandError> {
        let inventory = self.with_companions(scope, inventory).await?;
        let surroundings = match inventory.live.is_empty() {
            true => Surroundings::default(),
            false => live::foreign::surroundings(&self.context(scope), &inventory).await?,
        };
        Ok((inventory, surroundings))
    }

    /// The inventory with what AWS has made by itself in a VPC of the deployment, which goes with that.
    pub async fn with_companions(&self, scope: &Scope, mut inventory: Inventory) -> Result<Inventory, CommandError> {
        let companions = live::foreign::companions(&self.context(scope), &inventory).await?;
        inventory.live.extend(companions);
        let Inventory { live, unread } = inventory;
        Ok(Inventory { unread, ..Inventory::new(live) })
    }

    /// What the service and its tasks look like now.
    pub async fn service(&self, scope: &Scope, inventory: &Inventory) -> Result<ServiceView, CommandError> {
        let context = Cx { known: inventory.known(), ..self.context(scope) };
        Ok(service_read::snapshot(&context).await?)
    }

    /// The address of the UI, where something of the user's leads to it.
    pub async fn url(&self, scope: &Scope, inventory: &Inventory) -> Result<Option<String>, CommandError> {
        let Some(group) = live::sweep::target_group(inventory) else { return Ok(None) };
        let seen = borrowed::ingress::target_group(&self.context(scope), &group).await?;
        Ok(seen.found().and_then(|group| checks::ingress::urls(group).into_iter().next()))
    }

    /// Where steps take effect; `before` is what there is before them.
    pub fn world(&self, scope: &Scope, before: Known) -> Arc<dyn World> {
        Arc::new(live::world::Aws::new(Cx { known: before, ..self.context(scope) }))
    }
}

/// Whether anything of what backups need is there: then all of it shall be.
fn backs_up(inventory: &Inventory) -> bool {
    let needed = [backup_vault::address(), blueprint::backup::role_address()];
    inventory.live.iter().any(|live| needed.contains(&live.address))
}

/// The release that a plan file names.
///
/// # Errors
///
/// This version does not know it, which the plan file's reader has refused before.
pub fn release(file: &PlanFile) -> Result<&'static Release, CommandError> {
    Catalogue::effective()
        .get(file.release)
        .ok_or_else(|| CommandError::unexpected(format!("release {} is not in the catalogue", file.release)))
}

/// What should exist.
///
/// # Errors
///
/// Only a fault of this program makes a graph that cannot be.
pub fn graph(
    file: &PlanFile,
    names: &Names,
    zones: [String; 2],
    borrowed: &Borrowed,
    digests: &BTreeMap<String, String>,
    backup: bool,
) -> Result<Graph, CommandError> {
    let facts = blueprint::Facts { release: release(file)?, names, zones, borrowed, digests, backup };
    blueprint::graph(file, &facts).map_err(CommandError::unexpected)
}

/// Zones as the plan file names them; where it need not, none are asked for.
fn stand_in_zones(zones: Option<&[Zone; 2]>) -> [String; 2] {
    zones.map(|zones| zones.each_ref().map(|zone| zone.as_str())).unwrap_or_default()
}
