//! The conversation: which question follows which, what is offered, and what becomes of the answers.

use std::path::Path;

use time::Date;

use crate::cli::discover::What;
use crate::cli::options::label;
use crate::config::{Problems, Region};
use crate::price::choice;
use crate::release::{Catalogue, Release};
use crate::session::CommandError;
use crate::ui::cost::money;
use crate::ui::discover::{Item, Listing, words};
use crate::ui::text::clean;

use super::Options;
use super::answers::{Answers, Network};
use super::ask::Ask;
use super::file;
use super::offers::Offers;
use super::pick::{optional, pick};

mod front;
mod size;

/// One conversation.
pub struct Talk<'a> {
    pub ask: &'a mut dyn Ask,
    /// Who says what AWS has; nobody where it cannot be asked.
    pub offers: Option<&'a mut dyn Offers>,
    /// What needs no question.
    pub options: &'a Options,
    /// Where the plan file will be.
    pub path: &'a Path,
    /// The region of the environment.
    pub region: Option<Region>,
    /// The day on which it is asked what is supported.
    pub today: Date,
    /// What is answered so far, or has its default.
    pub answers: Answers,
}

/// What an option says: its name and its value.
type Given<T> = Option<(&'static str, T)>;

fn given<T: Clone>(option: &'static str, value: &Option<T>) -> Given<T> {
    value.clone().map(|value| (option, value))
}

impl Talk<'_> {
    /// Asks everything that no option answers. The answers make a plan file that can be read.
    ///
    /// # Errors
    ///
    /// An option that makes none, or no answer.
    pub async fn answers(mut self) -> Result<Answers, CommandError> {
        self.settle(
            given("--name", &self.options.name),
            |talk| talk.ask.text("Name of the deployment", Some("prod")),
            |answers, name| answers.name = name,
        )?;
        self.region().await?;
        self.release()?;
        self.consent()?;
        let sizing = self.sizing()?;
        self.package(sizing)?;
        self.network().await?;
        self.front().await?;
        self.certificate().await?;
        self.cluster().await?;
        self.roles().await?;
        self.allowed()?;
        self.proxy()?;
        self.ca()?;
        Ok(self.answers)
    }

    /// Tries an answer in the plan file as it is so far. True when it stays; what an option says must.
    fn accepts(&mut self, option: Option<&str>, change: impl FnOnce(&mut Answers)) -> Result<bool, CommandError> {
        let mut tried = self.answers.clone();
        change(&mut tried);
        let problems = tried.examine(self.path);
        if !problems.has_errors() {
            self.answers = tried;
            return Ok(true);
        }
        let problem = problem(option, &problems);
        if option.is_some() {
            return Err(problem);
        }
        self.ask.object(problem)?;
        Ok(false)
    }

    /// Takes what an option says, or else asks until an answer stays.
    fn settle<T: Clone>(
        &mut self,
        given: Given<T>,
        mut ask: impl FnMut(&mut Self) -> Result<T, CommandError>,
        set: impl Fn(&mut Answers, T),
    ) -> Result<(), CommandError> {
        loop {
            let (option, answer) = match given.clone() {
                Some((option, value)) => (Some(option), value),
                None => (None, ask(self)?),
            };
            if self.accepts(option, |answers| set(answers, answer))? {
                return Ok(());
            }
        }
    }

    /// The plan file always names a region: it decides where everything is created and searched for.
    async fn region(&mut self) -> Result<(), CommandError> {
        let known = self.region.map(|region| region.to_string());
        if known.is_none() && self.options.region.is_none() && !self.ask.can_answer() {
            return Err(CommandError::usage(
                "usage/no-region",
                "no region: neither an option nor AWS's configuration names one",
            )
            .hint("give --region, as in `ce-aws init --yes --region eu-central-1`, or set AWS_REGION"));
        }
        self.settle(
            given("--region", &self.options.region),
            |talk| talk.ask.text("AWS region", known.as_deref()),
            |answers, region| answers.region = optional(region),
        )?;
        let Some(offers) = &mut self.offers else { return Ok(()) };
        match offers.open(self.answers.region.as_deref()).await {
            Ok(place) => self.ask.say(&format!("Reading what exists in {place}.\n")),
            Err(error) => {
                self.offers = None;
                self.ask
                    .say(&format!("Cannot read what exists in AWS: {}. Type ids and ARNs instead.\n", brief(&error)));
            }
        }
        Ok(())
    }

    fn release(&mut self) -> Result<(), CommandError> {
        let releases: Vec<_> = Catalogue::effective().deployable().rev().collect();
        let usual = Catalogue::effective().recommended(self.today).map(|release| release.version);
        let line = |release: &&Release| {
            let (version, label) = (release.version.to_string(), release.label.to_string());
            let recommended = if Some(release.version) == usual { " (recommended)" } else { "" };
            format!("{version:<8}{label:<15}{}{recommended}", release.support(self.today))
        };
        let lines: Vec<_> = releases.iter().map(line).collect();
        let default = releases.iter().position(|release| Some(release.version) == usual).unwrap_or_default();
        self.settle(
            given("--release", &self.options.release),
            |talk| Ok(releases[talk.ask.choose("Cloud Exchange release", &lines, default)?].version.to_string()),
            |answers, release| answers.release = release,
        )
    }

    /// Whether the plan file consents to the release's label. Only a person, or an option, says so.
    fn consent(&mut self) -> Result<(), CommandError> {
        let given = self.options.allow.iter().rfind(|allowed| label(allowed).is_ok());
        let option = given.map(|_| "--allow");
        let chosen = match (given, self.answers.consent_needed()) {
            (Some(label), _) => label.clone(),
            (None, None) => return Ok(()),
            (None, Some(label)) => {
                let release = &self.answers.release;
                let question = format!("Release {release} is {label}: {}. Allow it in the plan file", label.meaning());
                let options =
                    [format!("no: pass --allow {label} to each command"), format!("yes: write allow = \"{label}\"")];
                if self.ask.choose(&question, &options, 0)? == 0 {
                    return Ok(());
                }
                label.to_string()
            }
        };
        self.accepts(option, |answers| answers.allow = Some(chosen)).map(|_| ())
    }

    async fn network(&mut self) -> Result<(), CommandError> {
        let options = self.options;
        let new = match self.cost(choice::nat_gateway) {
            Some(cost) => format!("create a new VPC, with two NAT gateways, {cost} each"),
            None => "create a new VPC".to_owned(),
        };
        let vpcs = if options.vpc.is_none() { self.list(What::Vpc, None).await } else { Listing::empty("vpc") };
        loop {
            let vpc = match &options.vpc {
                Some(vpc) => Some(vpc.clone()),
                None => pick(self.ask, "VPC", Some(&new), &vpcs)?,
            };
            let Some(vpc) = vpc else { return Ok(()) };
            let subnets = match options.subnet.as_slice() {
                [first, second] => [first.clone(), second.clone()],
                _ => self.subnets(&vpc).await?,
            };
            let given = (options.vpc.is_some() && options.subnet.len() == 2).then_some("--vpc and --subnet");
            if self.accepts(given, |answers| answers.network = Some(Network { vpc, subnets }))? {
                return Ok(());
            }
        }
    }

    async fn subnets(&mut self, vpc: &str) -> Result<[String; 2], CommandError> {
        let mut listing = self.list(What::Subnets, Some(vpc)).await;
        let first = pick(self.ask, "First private subnet", None, &listing)?.unwrap_or_default();
        let zone = listing.items.iter().find(|item| item.id == first).map(|item| item.text("zone").to_owned());
        let elsewhere = |item: &Item| zone.as_ref().is_none_or(|zone| item.text("zone") != zone) && item.id != first;
        listing.items.retain(elsewhere);
        let second = pick(self.ask, "Second private subnet, in another zone", None, &listing)?;
        Ok([first, second.unwrap_or_default()])
    }

    async fn cluster(&mut self) -> Result<(), CommandError> {
        let given = given("--cluster", &self.options.cluster);
        let (question, new) = ("ECS cluster", "create a new cluster");
        self.existing(What::Clusters, question, new, given, |answers, name| answers.cluster = name).await
    }

    async fn roles(&mut self) -> Result<(), CommandError> {
        const NEW: &str = "create one, with only the permissions needed";
        let (task, execution) = (&self.options.task_role, &self.options.execution_role);
        let (given, question) = (given("--task-role", task), "Task role (used by Cloud Exchange)");
        self.existing(What::Roles, question, NEW, given, |answers, arn| answers.task_role = arn).await?;
        let question = "Execution role (used by ECS to start the task)";
        let given = self::given("--execution-role", execution);
        self.existing(What::Roles, question, NEW, given, |answers, arn| answers.execution_role = arn).await
    }

    fn allowed(&mut self) -> Result<(), CommandError> {
        let given: Vec<String> = self.options.allow.iter().filter(|allowed| label(allowed).is_err()).cloned().collect();
        self.settle(
            (!given.is_empty()).then_some(("--allow", given)),
            |talk| {
                let answer = talk.ask.text("Networks (CIDRs) allowed to reach the UI [the VPC]", Some(""))?;
                Ok(answer.split([',', ' ', ';']).filter(|cidr| !cidr.is_empty()).map(str::to_owned).collect())
            },
            |answers, networks| answers.allowed = networks,
        )
    }

    fn proxy(&mut self) -> Result<(), CommandError> {
        self.settle(
            given("--http-proxy", &self.options.http_proxy),
            |talk| talk.ask.text("HTTP proxy URL, without a password [none]", Some("")),
            |answers, url| answers.http_proxy = optional(url),
        )?;
        let same = self.answers.http_proxy.clone().unwrap_or_default();
        let question = if same.is_empty() { "HTTPS proxy URL [none]" } else { "HTTPS proxy URL" };
        self.settle(
            given("--https-proxy", &self.options.https_proxy),
            |talk| talk.ask.text(question, Some(&same)),
            |answers, url| answers.https_proxy = optional(url),
        )
    }

    fn ca(&mut self) -> Result<(), CommandError> {
        let folder = self.path.parent().unwrap_or(Path::new(""));
        self.settle(
            given("--ca", &self.options.ca.as_ref().map(|path| path.display().to_string())),
            |talk| talk.ask.text("CA certificate to trust, a PEM file [none]", Some("")),
            |answers, file| answers.ca = optional(file).map(|path| file::seen_from(folder, Path::new(&path))),
        )
    }

    /// Something that the user may have.
    async fn existing(
        &mut self,
        what: What,
        question: &str,
        new: &str,
        given: Given<String>,
        set: impl Fn(&mut Answers, Option<String>),
    ) -> Result<(), CommandError> {
        let mut listing = if given.is_none() { self.list(what, None).await } else { Listing::empty(what.word()) };
        // One role may be both: the task role is offered first.
        let first = self.answers.task_role.as_ref();
        listing.items.sort_by_key(|item| (!item.usable, first != Some(&item.id)));
        let given = given.map(|(option, value)| (option, Some(value)));
        self.settle(given, |talk| pick(talk.ask, question, Some(new), &listing), set)
    }

    /// What AWS has of a kind. That it cannot be listed is said, and is no reason to stop.
    async fn list(&mut self, what: What, vpc: Option<&str>) -> Listing {
        let Some(offers) = &mut self.offers else { return Listing::empty(what.word()) };
        offers.list(what, vpc).await.unwrap_or_else(|error| {
            self.ask.say(&format!("AWS does not say which {} there are: {}\n", words(what.word()), brief(&error)));
            Listing::empty(what.word())
        })
    }

    /// What a choice costs, where ce-aws knows the prices of the region.
    fn cost(&self, price: impl FnOnce(&str) -> Option<f64>) -> Option<String> {
        let price = self.answers.region.as_deref().and_then(price)?;
        Some(format!("about {} USD a month", money(price)))
    }
}

/// What the plan file's reader said, of an option or of an answer.
fn problem(option: Option<&str>, problems: &Problems) -> CommandError {
    let errors = problems.iter().filter(|problem| problem.severity == crate::config::Severity::Error);
    let (messages, mut hints): (Vec<_>, Vec<_>) =
        errors.map(|error| (error.message.clone(), error.hint.clone())).unzip();
    hints.dedup();
    let subject = option.map(|option| format!("{option}: ")).unwrap_or_default();
    let error = CommandError::usage("usage/answer", format!("{subject}{}", messages.join("; ")));
    hints.into_iter().flatten().fold(error, CommandError::hint)
}

/// The first sentence of an error: the SDK tells of every place where it looked for credentials.
fn brief(error: &CommandError) -> String {
    let text = error.message();
    let line = text.lines().next().unwrap_or_default();
    clean(line.split(". ").next().unwrap_or_default())
}
