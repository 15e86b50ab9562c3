//! `ce-aws releases import`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use time::{Date, Month};

use crate::cli::init::file;
use crate::release::import::{ImportError, Imported, Wanted, import};
use crate::release::{Catalogue, Version};
use crate::session::{CommandError, Exit, Output, moment};
use crate::ui::finding::hint;
use crate::ui::text::{clean, count};

/// Make a release file of a docker-compose file of the vendor's, for --catalog
///
/// For a release that this version of ce-aws does not know. Keeps the arrangement of the newest release before it, with
/// the images and the plain environment variables of the compose file, and writes down as `# CHECK:` what a person must
/// decide: new services, mounts, entry points, ports, health checks, limits, and what is to be done to the data.
///
/// The compose file's variables need values: --set or --env-file. The images' tags stand in the vendor's setup script.
/// Reads the compose file only, and never overwrites a file.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// docker-compose.yml of the vendor's repository, at the tag of the release
    #[arg(value_name = "COMPOSE")]
    compose: PathBuf,

    /// Value of a variable of the compose file; repeat for more
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    set: Vec<(String, String)>,

    /// File with lines NAME=VALUE, as Docker reads it; repeat for more
    #[arg(long, value_name = "FILE")]
    env_file: Vec<PathBuf>,

    /// Release whose arrangement is kept [default: the newest before]
    #[arg(long, value_name = "RELEASE")]
    like: Option<Version>,

    /// Release that it becomes [default: as the tag of core's image ends]
    #[arg(long, value_name = "X.Y.Z")]
    version: Option<Version>,

    /// Day on which the vendor released it [default: today]
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    released: Option<Date>,

    /// File to write [default: standard output]
    #[arg(short = 'o', long = "out", value_name = "FILE")]
    out: Option<PathBuf>,
}

pub fn run(args: &Args, output: &Output) -> Result<Exit, CommandError> {
    let text = read(&args.compose)?;
    let variables = variables(args)?;
    let name = args.compose.file_name().unwrap_or_default().to_string_lossy();
    let wanted = Wanted {
        name: &name,
        text: &text,
        variables: &variables,
        version: args.version,
        like: args.like,
        released: args.released.unwrap_or_else(moment::today),
    };
    let made = import(Catalogue::effective(), &wanted).map_err(|error| refused(&args.compose, &error))?;
    if let Some(out) = &args.out {
        file::write(out, &made.text, false).map_err(|error| unwritable(out, &error))?;
    }
    tell(&made, args.out.as_deref(), output)?;
    Ok(Exit::Done)
}

fn tell(made: &Imported, out: Option<&Path>, output: &Output) -> Result<(), CommandError> {
    let Imported { text, version, like, checks, missing } = made;
    if output.is_json() {
        return output.document(&serde_json::json!({
            "version": version.to_string(),
            "like": like.to_string(),
            "file": out.map(|out| out.display().to_string()),
            "checks": checks,
            "missing": missing,
            "text": text,
        }));
    }
    let what = format!("release {version} in the arrangement of {like}, {} to decide", count(*checks, "CHECK"));
    let place = out.map_or_else(|| "FILE".to_owned(), |out| out.display().to_string());
    match out {
        Some(_) => output.data(&format!("wrote {}: {what}\n", clean(&place)))?,
        None => {
            output.raw(text)?;
            output.note(&format!("{what}\n"));
        }
    }
    if !missing.is_empty() {
        let names = missing.iter().map(|name| clean(name)).collect::<Vec<_>>().join(", ");
        output.note(&format!("without a value, so that what {like} has is kept: {names}; --set gives them one\n"));
    }
    let first = if *checks > 0 { "decide on each CHECK, and remove it; then " } else { "" };
    output.note(&hint(&format!("{first}`ce-aws releases {version} --catalog {place}` shows the release")));
    Ok(())
}

fn read(path: &Path) -> Result<String, CommandError> {
    std::fs::read_to_string(path).map_err(|error| CommandError::unreadable(path, &error))
}

fn unwritable(path: &Path, error: &std::io::Error) -> CommandError {
    match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            CommandError::usage("usage/exists", format!("{} is there already; nothing was written", path.display()))
                .hint("name another file, or move that one away")
        }
        _ => CommandError::unwritable(path, error),
    }
}

fn refused(compose: &Path, error: &ImportError) -> CommandError {
    let place = error.place().map(|place| format!(":{}:{}", place.line, place.column)).unwrap_or_default();
    CommandError::usage("usage/compose-file", format!("{}{place}: {error}", compose.display())).hint(error.hint())
}

/// Files first, in their order; then what the command line says.
fn variables(args: &Args) -> Result<BTreeMap<String, String>, CommandError> {
    let mut variables = BTreeMap::new();
    for path in &args.env_file {
        let text = read(path)?;
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (name, value) = pair(line.strip_prefix("export ").unwrap_or(line)).map_err(|why| {
                CommandError::usage("usage/variable", format!("{}:{}: {why}", path.display(), number + 1))
            })?;
            variables.insert(name, unquoted(&value).to_owned());
        }
    }
    variables.extend(args.set.iter().cloned());
    Ok(variables)
}

fn unquoted(value: &str) -> &str {
    let value = value.trim();
    let inside = |quote: char| value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    inside('"').or_else(|| inside('\'')).unwrap_or(value)
}

/// `NAME=VALUE`.
fn pair(text: &str) -> Result<(String, String), String> {
    let is_name = |name: &str| {
        let mut characters = name.chars();
        let first = characters.next().is_some_and(|first| first == '_' || first.is_ascii_alphabetic());
        first && characters.all(|character| character == '_' || character.is_ascii_alphanumeric())
    };
    match text.split_once('=') {
        Some((name, value)) if is_name(name.trim()) => Ok((name.trim().to_owned(), value.to_owned())),
        _ => Err("a variable is given as NAME=VALUE".to_owned()),
    }
}

fn day(text: &str) -> Result<Date, String> {
    let wrong = || "a day is written 2026-01-31".to_owned();
    let parsed: toml::value::Datetime = text.parse().map_err(|_| wrong())?;
    let (Some(date), None, None) = (parsed.date, parsed.time, parsed.offset) else { return Err(wrong()) };
    let month = Month::try_from(date.month).map_err(|_| wrong())?;
    Date::from_calendar_date(date.year.into(), month, date.day).map_err(|_| wrong())
}
