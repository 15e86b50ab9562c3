//! `ce-aws init`.

mod answers;
mod ask;
pub(super) mod file;
mod offers;
mod pick;
mod talk;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use answers::Answers;
use ask::{Ask, Nobody, Person};
use offers::{Account, Offers};
use talk::Talk;

use crate::aws::clients::Clients;
use crate::config::{self, Region, SCHEMA_FILE};
use crate::release::Label;
use crate::session::{CommandError, Exit, Output, PLAN_FILE, moment, source, standing};
use crate::ui;

use super::global::Global;
use super::whole_file::is_there;

/// Write a plan file
///
/// Asks what to deploy and offers what the account has: VPCs, subnets, clusters, load balancers, target groups, roles
/// and certificates, and says what cannot be used and why. An option answers its question in advance. With --yes
/// nothing is asked, AWS is not called, and everything without an option gets its default; the region comes from
/// --region, AWS_REGION or the AWS profile. Without credentials, ids and ARNs must be typed. Prices are list prices a
/// month, where ce-aws knows the region's; `ce-aws cost` estimates the whole.
///
/// Also writes the plan file's schema beside it, for editors. Changes nothing in AWS. A plan file that is there is only
/// overwritten when you say so.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Plan file to write
    #[arg(value_name = "FILE", default_value = PLAN_FILE)]
    file: PathBuf,

    #[command(flatten)]
    options: Options,

    /// Ask nothing
    #[arg(short, long)]
    yes: bool,

    /// Overwrite the file
    #[arg(long)]
    force: bool,
}

/// Answers beforehand.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Options {
    /// Name of the deployment [default: prod]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// Release of Cloud Exchange [default: the newest that is still supported]
    #[arg(long, value_name = "RELEASE")]
    release: Option<String>,

    /// Size of the task: extra-small, small, medium or large [default: for the events per minute, or else medium]
    #[arg(long, value_name = "SIZE")]
    package: Option<String>,

    /// Events that Cloud Exchange takes in a minute; chooses the package and the throughput mode of the file system
    #[arg(long, value_name = "N", value_parser = super::size::positive)]
    events_per_minute: Option<f64>,

    /// VPC that you have [default: a new one]
    #[arg(long, value_name = "ID")]
    vpc: Option<String>,

    /// Private subnet in that VPC; give two, in two zones
    #[arg(long, value_name = "ID", requires = "vpc")]
    subnet: Vec<String>,

    /// ECS cluster that you have, by name or ARN [default: a new one]
    #[arg(long, value_name = "NAME")]
    cluster: Option<String>,

    /// Target group that you have, behind a load balancer of your own
    #[arg(long, value_name = "ARN", requires = "vpc", conflicts_with = "load_balancer")]
    target_group: Option<String>,

    /// Load balancer that you have, to get a listener [default: a new one]
    #[arg(long, value_name = "ARN", requires = "vpc")]
    load_balancer: Option<String>,

    /// No load balancer: the UI is reached at the task itself
    #[arg(long, conflicts_with_all = ["load_balancer", "target_group", "certificate"])]
    no_load_balancer: bool,

    /// ACM certificate of the UI [default: none, and HTTP]
    #[arg(long, value_name = "ARN", conflicts_with = "target_group")]
    certificate: Option<String>,

    /// Role of the task that you have [default: a new one]
    #[arg(long, value_name = "ARN")]
    task_role: Option<String>,

    /// Execution role that you have; may be the same [default: a new one]
    #[arg(long, value_name = "ARN")]
    execution_role: Option<String>,

    /// Network that may open the UI; repeat for more [default: the VPC itself]. A label, such as `unsupported`,
    /// consents to releases that the vendor does not stand behind on Fargate
    #[arg(long, value_name = "CIDR|LABEL")]
    allow: Vec<String>,

    /// Proxy for HTTP, as a URL without password
    #[arg(long, value_name = "URL")]
    http_proxy: Option<String>,

    /// Proxy for HTTPS, as a URL without password [default: that for HTTP]
    #[arg(long, value_name = "URL")]
    https_proxy: Option<String>,

    /// PEM file of a certificate authority that Cloud Exchange shall trust
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,

    /// The global `--region`.
    #[arg(skip)]
    region: Option<String>,
}

pub async fn run(args: &Args, global: &Global, output: &Output) -> Result<Exit, CommandError> {
    let asks = !args.yes && Person::is_there();
    if !asks && !args.yes {
        return Err(CommandError::usage("usage/nobody", "questions need a terminal")
            .hint("with --yes nothing is asked, and what no option says has its default"));
    }
    let options = Options { region: global.region.clone(), ..args.options.clone() };
    if !options.subnet.is_empty() && options.subnet.len() != 2 {
        let count = options.subnet.len();
        return Err(CommandError::usage("usage/subnets", format!("--subnet is there {count} times"))
            .hint("give two private subnets, in two availability zones"));
    }
    let (mut person, mut account) = (Person::new(), Account::new(global));
    let (ask, offers): (&mut dyn Ask, Option<&mut dyn Offers>) =
        if asks { (&mut person, Some(&mut account)) } else { (&mut Nobody, None) };
    let path = args.file.as_path();
    let overwrite = consent(path, args.force, ask)?;
    let region = region(global).await?;
    let today = moment::today();
    let answers = Answers::default_for("prod", today);
    let talk = Talk { ask, offers, options: &options, path, region, today, answers };
    let answers = tokio::select! {
        // Asked first, so that Ctrl-C ends a question, with the cursor shown again, and not the process.
        biased;
        _ = tokio::signal::ctrl_c() => {
            return Err(CommandError::refused("refused/interrupted", "interrupted; nothing was written"));
        }
        answers = talk.answers() => answers?,
    };
    file::write(path, &answers.text(), overwrite).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => exists(path),
        _ => CommandError::unwritable(path, &error),
    })?;
    let schema = schema_beside(path);
    if let Err(error) = &schema {
        output.note(&ui::finding::hint(&format!("editors find no schema: {SCHEMA_FILE} cannot be written: {error}")));
    }
    let schema = schema.ok().map(|path| path.display().to_string());
    let consent = answers.consent_needed();
    let option = consent.map(|label| format!(" --allow {label}")).unwrap_or_default();
    let catalog = global.catalog.iter().map(|file| format!(" --catalog {}", file.display())).collect::<String>();
    let next = format!("ce-aws plan {}{option}{catalog}", path.display());
    let standing = answers.release().map(standing::of);
    if output.is_json() {
        let file = path.display().to_string();
        let consent = consent.map(Label::as_str);
        output.document(&serde_json::json!({
            "file": file, "schema": schema, "next": next, "release": standing, "consent": consent,
        }))?;
    } else {
        let release = standing.map(|standing| format!("{}\n", standing.line())).unwrap_or_default();
        let schema =
            schema.map(|path| format!("wrote {path}, which editors complete and check it with\n")).unwrap_or_default();
        output.data(&format!("wrote {}\n{schema}{release}next: {next}\n", path.display()))?;
        if let Some(label) = consent {
            output.note(&consent_note(label));
        }
    }
    Ok(Exit::Done)
}

/// Writes the schema that the plan file's first line names. It is generated, so that one of another version is
/// replaced.
fn schema_beside(path: &Path) -> std::io::Result<PathBuf> {
    let beside = path.with_file_name(SCHEMA_FILE);
    let text = serde_json::to_string_pretty(&config::schema())? + "\n";
    if std::fs::read_to_string(&beside).is_ok_and(|there| there == text) {
        return Ok(beside);
    }
    file::write(&beside, &text, true)?;
    Ok(beside)
}

/// What every command will need, and how to say it once.
fn consent_note(label: Label) -> String {
    let why = label.meaning();
    let hint =
        format!("the release is {label}: {why}. `allow = \"{label}\"` in the plan file consents once for all commands");
    ui::finding::hint(&hint)
}

/// Whether what is there may be overwritten.
fn consent(path: &Path, force: bool, ask: &mut dyn Ask) -> Result<bool, CommandError> {
    if force || !is_there(path) {
        return Ok(force);
    }
    let options = ["no", "yes"].map(str::to_owned);
    match ask.choose(&format!("{} is there already. Overwrite it", path.display()), &options, 0)? {
        0 => Err(exists(path)),
        _ => Ok(true),
    }
}

fn exists(path: &Path) -> CommandError {
    CommandError::usage("usage/exists", format!("{} is there already; nothing was written", path.display()))
        .hint("name another file, or use --force to overwrite it")
}

/// The region of the command line, the environment or the AWS profile.
async fn region(global: &Global) -> Result<Option<Region>, CommandError> {
    if let Some(region) = source::region(&global.access())? {
        return Ok(Some(region));
    }
    let profile = Clients::new(&global.access()).await;
    Ok(profile.region().and_then(|region| region.parse().ok()))
}
