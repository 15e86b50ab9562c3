//! `ce-aws status --all`.

use std::collections::{BTreeMap, BTreeSet};

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

use crate::checks;
use crate::cli::global::Global;
use crate::cli::interrupt::until_ctrl_c;
use crate::cli::list::{self, Holders};
use crate::engine::failure::Failure;
use crate::existing;
use crate::kinds::context::Context;
use crate::kinds::names::Names;
use crate::kinds::secret::ui_certificate;
use crate::live::deployments::{Definitions, Deployment, Deployments, Depth};
use crate::session::{CommandError, Exit, Output, Scope, Session, address, moment, source};
use crate::ui::list::Holder;
use crate::ui::status::State;
use crate::ui::status::all::{self, Statuses, line, text};
use crate::ui::whereabouts::Whereabouts;

use super::{of_service, poll};

pub(super) async fn run(watch: Option<u32>, global: &Global, output: &Output) -> Result<Exit, CommandError> {
    source::region(&global.access())?;
    let session = Session::open(&global.access()).await?;
    let mut reader = Reader { context: session.context(&Scope::default()), session, definitions: Definitions::new() };
    let found = reader.read().await?;
    match watch {
        None => output.answer(&found, || text(&found))?,
        Some(seconds) => until_ctrl_c(reader.watch(found, seconds, output)).await?,
    }
    Ok(Exit::Done)
}

/// Reads all deployments, and keeps from one poll to the next what cannot change.
struct Reader {
    session: Session,
    context: Context,
    definitions: Definitions,
}

impl Reader {
    async fn watch(&mut self, mut found: Statuses, seconds: u32, output: &Output) -> Result<(), CommandError> {
        let clock = moment::clock()?;
        while poll(&found, text, line, seconds, output)? {
            tokio::time::sleep(clock.real(seconds.into())).await;
            found = self.read().await?;
        }
        Ok(())
    }

    async fn read(&mut self) -> Result<Statuses, CommandError> {
        let (found, holders) = list::read(&self.session, &self.context, Depth::Targets, &mut self.definitions).await?;
        let Holders { by_deployment: mut holders, mut unread } = holders;
        unread.extend(found.unread.iter().map(|(what, failure)| (what.clone(), failure.said())));
        let urls = match urls(&self.context, &found).await {
            Ok(urls) => urls,
            Err(failure) if failure.concerns_every_call() => return Err(failure.into()),
            Err(failure) => {
                unread.insert("load-balancer".to_owned(), failure.said());
                BTreeMap::new()
            }
        };
        let place = self.session.target("");
        let shown = |one: &Deployment| self.shown(one, &urls, holders.remove(&one.name));
        Ok(Statuses {
            account: place.account,
            region: place.region,
            deployments: found.found.iter().map(shown).collect(),
            unread,
            now: moment::seconds() as f64,
        })
    }

    fn shown(&self, one: &Deployment, urls: &BTreeMap<String, String>, holder: Option<Holder>) -> all::Deployment {
        let inventory = one.service.as_ref().map(|service| service.inventory()).unwrap_or_default();
        let (target, known) = (self.session.target(&one.name), inventory.known());
        let url = match one.service.as_ref().and_then(|service| service.target_group.as_ref()) {
            Some(group) => urls.get(group).cloned(),
            None => address::own(&known, address::Schemes::of(&inventory), address::WEB_PORT),
        };
        let whereabouts = Whereabouts::of(&target, &known, url, ui_certificate::is_served(&inventory));
        let cluster = one.service.as_ref().and_then(|service| service.live.outputs.get("cluster"));
        let cluster = cluster.and_then(|cluster| cluster.rsplit('/').next()).map(str::to_owned);
        let view = one.service.as_ref().map(|service| service.view.clone()).unwrap_or_default();
        let since = list::since(one);
        let began = since.as_deref().and_then(|since| DateTime::from_str(since, Format::DateTime).ok());
        all::Deployment {
            state: one.unread.is_none().then(|| State::of(&inventory)),
            whereabouts: Whereabouts { cluster, ..whereabouts },
            release: list::release(one).map(|version| version.to_string()),
            writers: view.writers().count(),
            began: began.map(|began| began.as_secs_f64()),
            since,
            service: view,
            notes: of_service(&inventory).collect(),
            kinds: one.kinds.iter().map(|kind| (*kind).to_owned()).collect(),
            holder,
            unread: one.unread.as_ref().map(Failure::said),
            listed: list::state(one),
            target,
        }
    }
}

/// The address of the UI by target group.
async fn urls(context: &Context, all: &Deployments) -> Result<BTreeMap<String, String>, Failure> {
    let services = all.found.iter().filter_map(|one| one.service.as_ref());
    let groups: BTreeSet<String> = services.filter_map(|service| service.target_group.clone()).collect();
    if groups.is_empty() {
        return Ok(BTreeMap::new());
    }
    let stack = |one: &Deployment| Names { deployment: one.name.clone(), ..context.names.clone() }.stack();
    let own = all.found.iter().map(stack).collect();
    let listened = existing::ingress::listened(context, &groups, &own).await?;
    let url = |group: &existing::ingress::TargetGroup| checks::ingress::urls(group).into_iter().next();
    Ok(listened.iter().filter_map(|group| Some((group.arn.clone(), url(group)?))).collect())
}
