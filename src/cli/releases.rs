//! `ce-aws releases`.

mod import;

use time::Date;

use crate::release::{self, Catalogue, Release, Version};
use crate::session::{CommandError, Exit, Output, catalogue, moment};
use crate::ui::releases::{self, AccessPoint, Container, DataStep, Known};

/// List the releases of Cloud Exchange that can be deployed
///
/// Shows for each when it was released, the vendor's support for it on Fargate, its end of support, and from which
/// releases one upgrade step leads to it. With a release, shows its images, its access points, and what an upgrade to
/// it does to the data.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Args {
    /// Release to show in full
    #[arg(value_name = "RELEASE")]
    release: Option<String>,

    /// Print the format of release files, which --catalog takes
    #[arg(long, conflicts_with = "release")]
    format: bool,

    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Import(Box<import::Args>),
}

pub fn run(args: &Args, output: &Output) -> Result<Exit, CommandError> {
    if let Some(Command::Import(args)) = &args.command {
        return import::run(args, output);
    }
    if args.format {
        output.raw(release::FORMAT)?;
        return Ok(Exit::Done);
    }
    let (all, today) = (Catalogue::effective(), moment::today());
    match &args.release {
        None => {
            let known: Vec<_> = all.releases().map(|release| known(all, release, today)).collect();
            output.answer(&serde_json::json!({ "releases": known }), || releases::list(&known))?;
        }
        Some(text) => {
            let known = known(all, catalogue::named(text)?, today);
            output.answer(&known, || releases::whole(&known))?;
        }
    }
    Ok(Exit::Done)
}

fn known(all: &Catalogue, release: &Release, today: Date) -> Known {
    let texts = |versions: &[Version]| versions.iter().map(ToString::to_string).collect::<Vec<_>>();
    let after = all.releases().filter(|other| other.predecessors.contains(&release.version));
    Known {
        version: release.version.to_string(),
        released: release.released.to_string(),
        label: release.label.to_string(),
        end_of_life: release.end_of_support().map(|end| end.to_string()),
        support: release.support(today).as_str().to_owned(),
        is_recommended: all.recommended(today).is_some_and(|recommended| recommended.version == release.version),
        from: texts(&release.predecessors),
        to: after.map(|other| other.version.to_string()).collect(),
        minimum_package: release.minimum_package.to_string(),
        undeployable: release.undeployable.clone(),
        containers: release
            .containers
            .iter()
            .map(|one| Container {
                name: one.name.clone(),
                image: one.image.to_string(),
                migrates: release.migrating.contains(&one.name),
            })
            .collect(),
        access_points: release
            .access_points
            .iter()
            .map(|one| AccessPoint { name: one.resource_name(), path: one.path.clone() })
            .collect(),
        data_steps: release
            .data_steps
            .iter()
            .map(|one| DataStep {
                name: one.name.clone(),
                from: texts(if one.from.is_empty() { &release.predecessors } else { &one.from }),
                about: one.about.clone(),
                changes_data: one.changes_data,
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::style::plain;

    fn all() -> Vec<Known> {
        let all = Catalogue::builtin();
        let today = Date::from_calendar_date(2026, time::Month::October, 31).unwrap();
        all.releases().map(|release| known(all, release, today)).collect()
    }

    #[test]
    fn all_releases() {
        insta::assert_snapshot!(plain(&releases::list(&all())));
    }

    #[test]
    fn releases_that_are_only_listed_say_why_once() {
        let mut all = all();
        for known in all.iter_mut().rev().take(2) {
            known.undeployable = Some("it needs a host".to_owned());
        }
        let shown = plain(&releases::list(&all));
        assert!(shown.contains("\nonly listed    6.0.1, 6.1.0: it needs a host\n"), "{shown}");
        assert_eq!(shown.matches("unsupported, only listed").count(), 2);
        let whole = plain(&releases::whole(all.last().unwrap()));
        assert!(whole.contains("\ncannot be deployed it needs a host\n"), "{whole}");
    }

    #[test]
    fn one_release() {
        let shown = |version: &str| {
            let all = all();
            plain(&releases::whole(all.iter().find(|known| known.version == version).unwrap()))
        };
        insta::assert_snapshot!([shown("4.2.0"), shown("5.1.2"), shown("6.1.0")].join("\n"));
    }
}
