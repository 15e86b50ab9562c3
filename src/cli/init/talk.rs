//! The conversation: which question follows which, what is offered, and what becomes of the answers.

use std::path::Path;

use time::Date;

use crate::cli::discover::What;
use crate::cli::options::label;
use crate::config::{Problems, Region};
use crate::price::choice;
use crate::release::{Catalogue, Release};
use crate::session::error::{CommandError, Kind};
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
    pub offers: &'a mut dyn Offers,
    /// What needs no question.
    pub options: &'a Options,
    /// Where the plan file will be.
    pub path: &'a Path,
    /// The region of the environment.
    pub region: Option<Region>,
    /// Whether AWS can be asked what there is.
    pub is_open: bool,
    /// The day on which it is asked what is supported.
    pub today: Date,
}

/// An answer to try: how it changes the others.
type Change = Box<dyn Fn(&mut Answers)>;

impl Talk<'_> {
    /// Asks everything that no option answers. The answers make a plan file that can be read.
    ///
    /// # Errors
    ///
    /// An option that makes none, or no answer.
    pub async fn answers(mut self) -> Result<Answers, CommandError> {
        let mut answers = Answers::default_for("prod", self.today);
        self.plain(&mut answers, "Name of the deployment", Some("prod"), "--name", &self.options.name, |a, text| {
            a.name = text
        })?;
        self.region(&mut answers).await?;
        self.release(&mut answers)?;
        self.consent(&mut answers)?;
        let sizing = self.sizing(&answers)?;
        self.package(&mut answers, sizing)?;
        self.network(&mut answers).await?;
        self.front(&mut answers).await?;
        self.certificate(&mut answers).await?;
        self.cluster(&mut answers).await?;
        self.roles(&mut answers).await?;
        self.allowed(&mut answers)?;
        self.proxy(&mut answers)?;
        self.ca(&mut answers)?;
        Ok(answers)
    }

    /// Tries an answer in the plan file as it is so far. True when it stays; what an option says must.
    fn settle(&mut self, answers: &mut Answers, option: Option<&str>, change: Change) -> Result<bool, CommandError> {
        let mut tried = answers.clone();
        change(&mut tried);
        let problems = tried.examine(self.path);
        if !problems.has_errors() {
            *answers = tried;
            return Ok(true);
        }
        let problem = problem(option, &problems);
        if option.is_some() {
            return Err(problem);
        }
        self.ask.object(problem)?;
        Ok(false)
    }

    /// A text; empty takes it away again.
    fn plain(
        &mut self,
        answers: &mut Answers,
        question: &str,
        default: Option<&str>,
        option: &str,
        given: &Option<String>,
        set: impl Fn(&mut Answers, String) + Clone + 'static,
    ) -> Result<(), CommandError> {
        loop {
            let text = match given {
                Some(text) => text.clone(),
                None => self.ask.text(question, default)?,
            };
            let set = set.clone();
            let change: Change = Box::new(move |answers| set(answers, text.clone()));
            if self.settle(answers, given.as_ref().map(|_| option), change)? {
                return Ok(());
            }
        }
    }

    /// The plan file always names a region: it decides where everything is created and searched for.
    async fn region(&mut self, answers: &mut Answers) -> Result<(), CommandError> {
        let known = self.region.map(|region| region.to_string());
        if known.is_none() && self.options.region.is_none() && !self.ask.can_answer() {
            return Err(CommandError::usage(
                "usage/no-region",
                "no region: neither an option nor AWS's configuration names one",
            )
            .hint("give --region, as in `ce-aws init --yes --region eu-central-1`, or set AWS_REGION"));
        }
        let option = &self.options.region;
        self.plain(answers, "AWS region", known.as_deref(), "--region", option, |a, text| a.region = optional(text))?;
        match self.offers.open(answers.region.as_deref()).await {
            Ok(place) if place.is_empty() => {}
            Ok(place) => {
                self.is_open = true;
                self.ask.say(&format!("Reading what exists in {place}.\n"));
            }
            Err(error) => {
                self.ask
                    .say(&format!("Cannot read what exists in AWS: {}. Type ids and ARNs instead.\n", brief(&error)));
            }
        }
        Ok(())
    }

    fn release(&mut self, answers: &mut Answers) -> Result<(), CommandError> {
        let given = &self.options.release;
        let releases: Vec<_> = Catalogue::effective().deployable().rev().collect();
        let usual = Catalogue::effective().recommended(self.today).map(|release| release.version);
        let chosen = match given {
            Some(release) => release.clone(),
            None => {
                let line = |release: &&Release| {
                    let (version, label) = (release.version.to_string(), release.label.to_string());
                    let recommended = if Some(release.version) == usual { " (recommended)" } else { "" };
                    format!("{version:<8}{label:<15}{}{recommended}", release.support(self.today))
                };
                let lines: Vec<_> = releases.iter().map(line).collect();
                let default = releases.iter().position(|release| Some(release.version) == usual).unwrap_or_default();
                releases[self.ask.choose("Cloud Exchange release", &lines, default)?].version.to_string()
            }
        };
        let change: Change = Box::new(move |answers| answers.release = chosen.clone());
        self.settle(answers, given.as_ref().map(|_| "--release"), change).map(|_| ())
    }

    /// Whether the plan file consents to the release's label. Only a person, or an option, says so.
    fn consent(&mut self, answers: &mut Answers) -> Result<(), CommandError> {
        let given = self.options.allow.iter().rfind(|allowed| label(allowed).is_ok()).cloned();
        let option = given.as_ref().map(|_| "--allow");
        let chosen = match (given, answers.consent_needed()) {
            (Some(label), _) => label,
            (None, None) => return Ok(()),
            (None, Some(label)) => {
                let release = &answers.release;
                let question = format!("Release {release} is {label}: {}. Allow it in the plan file", label.meaning());
                let options =
                    [format!("no: pass --allow {label} to each command"), format!("yes: write allow = \"{label}\"")];
                if self.ask.choose(&question, &options, 0)? == 0 {
                    return Ok(());
                }
                label.to_string()
            }
        };
        let change: Change = Box::new(move |answers| answers.allow = Some(chosen.clone()));
        self.settle(answers, option, change).map(|_| ())
    }

    async fn network(&mut self, answers: &mut Answers) -> Result<(), CommandError> {
        let options = self.options;
        let new = match cost(answers, choice::nat_gateway) {
            Some(cost) => format!("create a new VPC, with two NAT gateways, {cost} each"),
            None => "create a new VPC".to_owned(),
        };
        let vpcs = if options.vpc.is_none() { self.list(What::Vpc, None).await } else { Listing::empty("vpc") };
        loop {
            let vpc = match &options.vpc {
                Some(vpc) => Some(vpc.clone()),
                None => pick(self.ask, "VPC", Some(&new), &vpcs, |_| true)?,
            };
            let Some(vpc) = vpc else { return Ok(()) };
            let subnets = match options.subnet.as_slice() {
                [first, second] => [first.clone(), second.clone()],
                _ => self.subnets(&vpc).await?,
            };
            let given = (options.vpc.is_some() && options.subnet.len() == 2).then_some("--vpc and --subnet");
            let network = Network { vpc, subnets };
            if self.settle(answers, given, Box::new(move |answers| answers.network = Some(network.clone())))? {
                return Ok(());
            }
        }
    }

    async fn subnets(&mut self, vpc: &str) -> Result<[String; 2], CommandError> {
        let listing = self.list(What::Subnets, Some(vpc)).await;
        let first = pick(self.ask, "First private subnet", None, &listing, |_| true)?.unwrap_or_default();
        let zone = listing.items.iter().find(|item| item.id == first).map(|item| item.text("zone").to_owned());
        let elsewhere = |item: &Item| zone.as_ref().is_none_or(|zone| item.text("zone") != zone) && item.id != first;
        let second = pick(self.ask, "Second private subnet, in another zone", None, &listing, elsewhere)?;
        Ok([first, second.unwrap_or_default()])
    }

    async fn cluster(&mut self, answers: &mut Answers) -> Result<(), CommandError> {
        let ask = Existing {
            what: What::Clusters,
            question: "ECS cluster",
            new: "create a new cluster",
            option: "--cluster",
            given: &self.options.cluster,
        };
        self.existing(answers, ask, &[], |answers, name| answers.cluster = name).await
    }

    async fn roles(&mut self, answers: &mut Answers) -> Result<(), CommandError> {
        const NEW: &str = "create one, with only the permissions needed";
        let task = Existing {
            what: What::Roles,
            question: "Task role (used by Cloud Exchange)",
            new: NEW,
            option: "--task-role",
            given: &self.options.task_role,
        };
        self.existing(answers, task, &[], |answers, arn| answers.task_role = arn).await?;
        let execution = Existing {
            what: What::Roles,
            question: "Execution role (used by ECS to start the task)",
            new: NEW,
            option: "--execution-role",
            given: &self.options.execution_role,
        };
        let same: Vec<String> = answers.task_role.iter().cloned().collect();
        self.existing(answers, execution, &same, |answers, arn| answers.execution_role = arn).await
    }

    fn allowed(&mut self, answers: &mut Answers) -> Result<(), CommandError> {
        let given: Vec<String> = self.options.allow.iter().filter(|allowed| label(allowed).is_err()).cloned().collect();
        loop {
            let networks: Vec<String> = match given.as_slice() {
                [] => {
                    let answer = self.ask.text("Networks (CIDRs) allowed to reach the UI [the VPC]", Some(""))?;
                    answer.split([',', ' ', ';']).filter(|cidr| !cidr.is_empty()).map(str::to_owned).collect()
                }
                given => given.to_vec(),
            };
            let option = (!given.is_empty()).then_some("--allow");
            if self.settle(answers, option, Box::new(move |answers| answers.allowed = networks.clone()))? {
                return Ok(());
            }
        }
    }

    fn proxy(&mut self, answers: &mut Answers) -> Result<(), CommandError> {
        let options = self.options;
        let question = "HTTP proxy URL, without a password [none]";
        self.plain(answers, question, Some(""), "--http-proxy", &options.http_proxy, |a, url| {
            a.http_proxy = optional(url)
        })?;
        let same = answers.http_proxy.clone().unwrap_or_default();
        let question = if same.is_empty() { "HTTPS proxy URL [none]" } else { "HTTPS proxy URL" };
        self.plain(answers, question, Some(&same), "--https-proxy", &options.https_proxy, |a, url| {
            a.https_proxy = optional(url);
        })
    }

    fn ca(&mut self, answers: &mut Answers) -> Result<(), CommandError> {
        let folder = self.path.parent().unwrap_or(Path::new("")).to_owned();
        let question = "CA certificate to trust, a PEM file [none]";
        let given = self.options.ca.as_ref().map(|path| path.display().to_string());
        self.plain(answers, question, Some(""), "--ca", &given, move |answers, file| {
            answers.ca = optional(file).map(|path| file::seen_from(&folder, Path::new(&path)));
        })
    }

    /// Something that the user may have.
    async fn existing(
        &mut self,
        answers: &mut Answers,
        ask: Existing<'_>,
        first: &[String],
        set: impl Fn(&mut Answers, Option<String>) + Clone + 'static,
    ) -> Result<(), CommandError> {
        let mut listing =
            if ask.given.is_none() { self.list(ask.what, None).await } else { Listing::empty(ask.what.word()) };
        // What is likelier than the others is offered before them.
        listing.items.sort_by_key(|item| (!item.usable, !first.contains(&item.id)));
        loop {
            let chosen = match ask.given {
                Some(given) => Some(given.clone()),
                None => pick(self.ask, ask.question, Some(ask.new), &listing, |_| true)?,
            };
            let set = set.clone();
            let change: Change = Box::new(move |answers| set(answers, chosen.clone()));
            if self.settle(answers, ask.given.as_ref().map(|_| ask.option), change)? {
                return Ok(());
            }
        }
    }

    /// What AWS has of a kind. That it cannot be listed is said, and is no reason to stop.
    async fn list(&mut self, what: What, vpc: Option<&str>) -> Listing {
        if !self.is_open {
            return Listing::empty(what.word());
        }
        self.offers.list(what, vpc).await.unwrap_or_else(|error| {
            self.ask.say(&format!("AWS does not say which {} there are: {}\n", words(what.word()), brief(&error)));
            Listing::empty(what.word())
        })
    }
}

/// What a choice costs, where ce-aws knows the prices of the region.
fn cost(answers: &Answers, price: impl FnOnce(&str) -> Option<f64>) -> Option<String> {
    let price = answers.region.as_deref().and_then(price)?;
    Some(format!("about {} USD a month", money(price)))
}

/// A question for something that the user may have.
struct Existing<'a> {
    what: What,
    question: &'a str,
    new: &'a str,
    option: &'a str,
    given: &'a Option<String>,
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
    let text = match &error.kind {
        Kind::Aws(failure) => failure.to_string(),
        Kind::Usage { message, .. }
        | Kind::Refused { message, .. }
        | Kind::Held { message, .. }
        | Kind::Unexpected(message) => message.clone(),
        Kind::PlanFile(problems) => problems.to_string(),
        Kind::Declined => String::new(),
    };
    let line = text.lines().next().unwrap_or_default();
    clean(line.split(". ").next().unwrap_or_default())
}
