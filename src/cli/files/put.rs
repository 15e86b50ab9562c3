//! `ce-aws files put`.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::live::files::{LIMIT, VolumePath, receive};
use crate::live::transfer::upload::{Outgoing, upload};
use crate::session::intent::open_intent;
use crate::session::lease::{Manner, of_deployment};
use crate::session::{CommandError, Exit, Found, Output, Session};

use super::super::global::Global;
use super::super::interrupt::unless_ctrl_c;
use super::super::place::{Place, not_transferred};
use super::super::progress::{Shown, bytes};
use super::super::words::FileAnd;
use super::{Mounted, find, parse};

/// Put a file or a folder on the file system
///
/// Below `custom_plugins` and `ssl_certs` only: nothing writes to the directories of MongoDB, RabbitMQ and Cloud
/// Exchange itself. Content is typed into the container and is in no command, so that CloudTrail does not record it;
/// each file is checked there by its SHA-256, and appears under its name only when it is whole. At most 50 MiB, and no
/// links. A file with a private key gets mode 0600, every other 0644. Core reads plug-ins when it starts: `ce-aws
/// stop`, then `ce-aws start`.
#[derive(Debug, clap::Args)]
#[command(override_usage = "ce-aws files put [OPTIONS] [FILE] <SOURCE> <PATH>")]
pub struct Args {
    /// Plan file [default: ce-aws.toml], the file or folder here, and the path it is to have
    ///
    /// The path begins with the name of a volume, and ends with the name of the file or folder.
    #[arg(value_names = ["FILE", "SOURCE", "PATH"], num_args = 2..=3, required = true)]
    words: Vec<String>,

    /// Name of the deployment, when there is no plan file
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// Replace files that are there already
    #[arg(long)]
    replace: bool,

    /// Put a certificate of the UI's own web server, although the health checks stay on plain HTTP
    ///
    /// With cte_cert.crt and cte_cert_key.key the UI answers HTTPS from its next start on, and is then taken for
    /// unhealthy. `[ui_certificate]` in the plan file does it right.
    #[arg(long)]
    ui_certificate: bool,

    /// Work without the lease, where its bucket is not allowed
    #[arg(long)]
    no_lease: bool,
}

/// Volumes on which nothing but what administrators put there is kept.
const WRITABLE: [&str; 2] = ["custom_plugins", "ssl_certs"];
/// What the UI's web server looks for (vendor's README of Cloud Exchange).
const UI_CERTIFICATE: [&str; 2] = ["cte_cert.crt", "cte_cert_key.key"];

pub async fn run(args: &Args, global: &Global, output: &Output) -> Result<Exit, CommandError> {
    let FileAnd { which, rest } = FileAnd::with(&args.words, args.name.as_deref(), 2);
    let [source, path] = rest else {
        return Err(CommandError::usage("usage/volume-path", "a source and a path are needed"));
    };
    let path = parse(path)?;
    may_be_written(&path, args.ui_certificate)?;
    let files = files(Path::new(source), &path)?;
    let work = async |session: &Session, Found { scope, inventory }: Found| {
        if let Some(open) = open_intent(&inventory) {
            return Err(CommandError::refused("upgrade/open", open.message).hint(open.hint.unwrap_or_default()));
        }
        let mounted = find(&inventory, &path)?;
        if mounted.read_only {
            let message = format!("{} mounts {} read-only", mounted.container, path.volume);
            return Err(CommandError::refused("files/read-only", message));
        }
        let place = Place::enter(session, &scope, &inventory, &mounted.container, "").await?;
        for (number, file) in files.iter().enumerate() {
            let state = format!("{number} of {} files were put", files.len());
            let Some(()) = unless_ctrl_c(put(&place, &mounted, file, args.replace, &state, output)).await? else {
                output.always(&format!("interrupted: {state}\n"));
                return Ok(Exit::PartWay);
            };
        }
        let total: u64 = files.iter().map(|file| file.size).sum();
        let paths: Vec<String> = files.iter().map(|file| file.path.to_string()).collect();
        output.answer(&json!({ "paths": paths, "bytes": total }), || {
            let count = if files.len() == 1 { "1 file".to_owned() } else { format!("{} files", files.len()) };
            format!("{count} put at {path}, {}; checked there\n", bytes(total))
        })?;
        Ok(Exit::Done)
    };
    let how = Manner { no_lease: args.no_lease, notify: false };
    of_deployment(which.selected(), how, &global.access(), output, work).await
}

/// Refuses what would endanger data or the next start.
fn may_be_written(path: &VolumePath, ui_certificate: bool) -> Result<(), CommandError> {
    if !WRITABLE.contains(&path.volume.as_str()) {
        let message = format!("nothing is put on {}; it belongs to the containers that mount it", path.volume);
        return Err(CommandError::refused("files/not-writable", message)
            .hint(format!("files are put on {}", WRITABLE.join(" and "))));
    }
    let Some(name) = path.parts.first() else {
        return Err(CommandError::usage("usage/volume-path", format!("{path} is a volume: a name must follow")));
    };
    if path.volume == "ssl_certs" && name == "mongodb_rabbitmq_certs" {
        let message = "mongodb_rabbitmq_certs holds the internal certificates";
        return Err(CommandError::refused("files/not-writable", message)
            .hint("`ce-aws apply --renew-certificates` makes new ones"));
    }
    if path.volume == "ssl_certs" && UI_CERTIFICATE.contains(&name.as_str()) && !ui_certificate {
        let message = format!("with {name} the UI answers HTTPS at its next start, and fails its health checks");
        return Err(CommandError::refused("files/ui-certificate", message)
            .hint("put a certificate on the load balancer instead; --ui-certificate puts it here all the same"));
    }
    Ok(())
}

/// A file here and where it is to be.
struct Outbound {
    source: PathBuf,
    path: VolumePath,
    size: u64,
}

/// The file, or every file of the folder.
fn files(source: &Path, path: &VolumePath) -> Result<Vec<Outbound>, CommandError> {
    let mut found = Vec::new();
    let top = source;
    let mut open = vec![(source.to_owned(), path.clone())];
    while let Some((source, path)) = open.pop() {
        let unreadable = |error: std::io::Error| CommandError::unreadable(&source, &error);
        let kind = source.symlink_metadata().map_err(unreadable)?;
        if kind.is_dir() {
            for entry in fs::read_dir(&source).map_err(unreadable)? {
                let entry = entry.map_err(unreadable)?;
                let name = entry.file_name().into_string().ok();
                let below = name.and_then(|name| VolumePath::parse(&path.below(&[name]).to_string()).ok());
                let below = below.ok_or_else(|| {
                    let message = format!("{} has a name that cannot be used", entry.path().display());
                    CommandError::usage("usage/volume-path", message)
                })?;
                open.push((entry.path(), below));
            }
        } else if kind.is_file() {
            found.push(Outbound { source, path, size: kind.len() });
        } else {
            let message = format!("{} is neither a file nor a folder; links are not followed", source.display());
            return Err(CommandError::usage("usage/link", message));
        }
        let total: u64 = found.iter().map(|file| file.size).sum();
        if total > LIMIT {
            let message = format!("{} holds more than {}", top.display(), bytes(LIMIT));
            return Err(CommandError::usage("usage/large", message).hint(
                "ECS Exec carries about a megabyte a second; the UI takes plug-ins from a repository of any size",
            ));
        }
    }
    found.sort_by_key(|file| file.path.to_string());
    if found.is_empty() {
        return Err(CommandError::usage("usage/empty", format!("{} holds no file", top.display())));
    }
    Ok(found)
}

async fn put(
    place: &Place,
    mounted: &Mounted,
    file: &Outbound,
    replaces: bool,
    state: &str,
    output: &Output,
) -> Result<(), CommandError> {
    let unreadable = |error: std::io::Error| CommandError::unreadable(&file.source, &error);
    let content = fs::read(&file.source).map_err(unreadable)?;
    let is_key = content.windows(12).any(|window| window == b"PRIVATE KEY-");
    let mode = if is_key { 0o600 } else { 0o644 };
    let outgoing = Outgoing::new(content.as_slice(), content.as_slice()).map_err(unreadable)?;
    let Some((prepare, after)) = receive(&mounted.path, &file.path, mode, replaces) else { return Ok(()) };
    let mut shown = Shown::new(output, &file.path.to_string());
    let (aws, container) = (&place.context.aws, place.container());
    let put = upload(aws, &container, &prepare, &after, outgoing, |progress| shown.at(progress));
    put.await.map_err(|error| {
        let error = not_transferred(error, &format!("{} was not put; {state}", file.path));
        if replaces { error } else { error.hint("--replace replaces what is there already") }
    })
}
