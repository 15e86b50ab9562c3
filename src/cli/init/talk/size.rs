//! The size of the task and what its file system bears, by the expected events.

use crate::cli::size::positive;
use crate::config::Throughput;
use crate::price::choice;
use crate::price::size::{self, Load, Sizing};
use crate::release::Package;
use crate::session::error::CommandError;

use super::super::answers::words;
use super::{Talk, given};

impl Talk<'_> {
    /// What the expected load needs, where it is known.
    pub(super) fn sizing(&mut self) -> Result<Option<Sizing>, CommandError> {
        let mut events = self.options.events_per_minute;
        while events.is_none() && self.options.package.is_none() {
            let answer = self.ask.text("Events per minute [unknown]", Some(""))?;
            if answer.is_empty() {
                break;
            }
            match positive(&answer) {
                Ok(number) => events = Some(number),
                Err(message) => self.ask.object(CommandError::usage("usage/answer", message))?,
            }
        }
        let load = events.map(|events_per_minute| Load { events_per_minute, modules: Vec::new() });
        let sizing = load.map(|load| size::choose(&load, self.answers.release()));
        if sizing.as_ref().is_some_and(|sizing| !sizing.fits) {
            self.ask.say("No package bears this load by the vendor's sizing table: ask Netskope before you deploy.\n");
        }
        Ok(sizing)
    }

    pub(super) fn package(&mut self, sizing: Option<Sizing>) -> Result<(), CommandError> {
        let needed = sizing.as_ref().map_or_else(Package::default, |sizing| sizing.package);
        let line = |package: Package| {
            let cost = self.cost(|region| choice::package(region, package));
            let cost = cost.map(|cost| format!("{cost}, ")).unwrap_or_default();
            format!("{:<13}{cost}{}", package.as_str(), words(package))
        };
        let lines = Package::ALL.map(line);
        let default = Package::ALL.iter().position(|package| *package == needed).unwrap_or_default();
        let question = match &sizing {
            Some(sizing) if sizing.fits => format!("Task size ({needed} is enough for these events)"),
            _ => "Task size".to_owned(),
        };
        self.answers.throughput =
            sizing.map(|sizing| sizing.throughput).filter(|throughput| *throughput == Throughput::Bursting);
        self.settle(
            given("--package", &self.options.package),
            |talk| Ok(Package::ALL[talk.ask.choose(&question, &lines, default)?].as_str().to_owned()),
            |answers, package| answers.package = package,
        )
    }
}
