//! `ce-aws files`.

mod get;
mod list;
mod put;

use crate::blueprint::image_change::Running;
use crate::engine::inventory::Inventory;
use crate::kinds::task_definition::TaskVolume;
use crate::live::files::VolumePath;
use crate::session::{CommandError, Exit, Output};

use super::global::Global;

/// List, get and put files on the file system
///
/// Through a running container that mounts the volume, with ECS Exec. A path begins with the name of a volume, an
/// access point of the file system: `custom_plugins/my_plugin/main.py`. Files are put where that endangers nothing:
/// among the custom plug-ins and the certificates. Everything else can only be read.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    List(list::Args),
    Get(get::Args),
    Put(put::Args),
}

pub async fn run(args: &Args, global: &Global, output: &Output) -> Result<Exit, CommandError> {
    match &args.command {
        Command::List(args) => list::run(args, global, output).await,
        Command::Get(args) => get::run(args, global, output).await,
        Command::Put(args) => put::run(args, global, output).await,
    }
}

/// A volume in a container of the running task.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Mounted {
    volume: String,
    container: String,
    path: String,
    read_only: bool,
}

/// The volumes on access points that containers mount which go on running, by volume; where several mount one, the one
/// that may write comes first.
fn mounted(inventory: &Inventory) -> Vec<Mounted> {
    let Some(running) = Running::of(inventory) else { return Vec::new() };
    let definition = running.of_definition;
    let mut all: Vec<Mounted> = Vec::new();
    for (container, has) in definition.containers.iter().filter(|(_, container)| container.essential) {
        for (path, mount) in &has.mounts {
            let of_access_point =
                definition.volumes.get(&mount.volume).is_some_and(|volume| matches!(volume, TaskVolume::Efs(_)));
            if of_access_point {
                let (volume, container) = (mount.volume.clone(), container.clone());
                all.push(Mounted { volume, container, path: path.clone(), read_only: mount.read_only });
            }
        }
    }
    all.sort_by(|one, other| (&one.volume, one.read_only).cmp(&(&other.volume, other.read_only)));
    all
}

/// Where a path is.
fn find(inventory: &Inventory, path: &VolumePath) -> Result<Mounted, CommandError> {
    let all = mounted(inventory);
    all.iter().find(|mounted| mounted.volume == path.volume).cloned().ok_or_else(|| {
        let mut names: Vec<&str> = all.iter().map(|mounted| mounted.volume.as_str()).collect();
        names.dedup();
        let message = format!("no running container mounts a volume {:?}", path.volume);
        let hint = if names.is_empty() {
            "nothing is deployed here".to_owned()
        } else {
            format!("it has {}", names.join(", "))
        };
        CommandError::refused("files/unknown-volume", message).hint(hint)
    })
}

fn parse(text: &str) -> Result<VolumePath, CommandError> {
    VolumePath::parse(text).map_err(|why| {
        CommandError::usage("usage/volume-path", why.to_string())
            .hint("such as custom_plugins/my_plugin/main.py; `ce-aws files list` shows the volumes")
    })
}
