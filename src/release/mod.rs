//! The catalogue of Cloud Exchange releases: which containers a release runs, and what they need.
//!
//! A release is data, not code: one TOML file in `catalogue/`, embedded in the binary, named after
//! the release. [`Catalogue::builtin`] parses and checks all of them; [`Release::render`] turns one
//! into the containers of a task definition. Everything here is pure: no AWS, no terminal, no clock.
//!
//! # Format of a release file
//!
//! ```toml
//! version = "5.0.0"                  # the name users write in the plan file
//! released = 2023-11-06              # date of the vendor's tag
//! label = "vendor-tested"            # or "unsupported", "experimental"
//! end_of_life = 2026-01-31           # optional
//! undeployable = "…"                 # optional; why it is listed and cannot be deployed
//! predecessors = ["4.2.0"]           # older releases from which one step leads here
//! minimum_package = "extra-small"    # the smallest package it may run on
//! web = { container = "ui", port = 3000 }   # what the load balancer talks to
//! migrating = ["core"]               # optional; containers whose new image may change the data when it first
//!                                    # starts, so that an older one cannot read it any more
//!
//! # Secrets that follow from the maintenance password. `{password}` stands for the password,
//! # percent-encoded; it occurs exactly once.
//! [derived_secrets]
//! mongo_connection_string = "mongodb://cteadmin:{password}@localhost:27017/cte"
//!
//! # One EFS access point for each volume: root directory, and the identity it enforces.
//! [[access_points]]
//! volume = "mongo-data"
//! name = "mongo-data"                # optional; the access point's own name, where the same volume has another
//!                                    # path in another release: a path cannot be changed
//! path = "/data/mongo-data/data/db"
//! uid = 1001
//! gid = 1001
//! mode = "0777"
//!
//! # Volumes that live as long as the task, on its ephemeral storage. They are empty when a task starts.
//! [[task_volumes]]
//! name = "certs"
//!
//! # Files that containers need and their images do not have. The one container with `delivers_files` writes them;
//! # whoever mounts their volume waits for its SUCCESS. They have exactly one of `content`, `secrets` and
//! # `ca_certificate`, and each part of them ends with a line break.
//! [[files]]
//! volume = "certs"                   # a task volume, or the volume of an access point
//! path = "tls/server.pem"            # inside the volume: letters, digits, `.`, `_`, `-` and `/`
//! owner = "1001:1001"                # optional, root; only on a task volume: an access point decides itself
//! mode = "0440"                      # optional, "0444"
//! content = "..."                    # written here in clear, handed over in a variable FILE_<VOLUME>_<PATH>
//! secrets = ["internal_certificate", "internal_key"]   # keys of secrets, one after the other
//! ca_certificate = true              # the plan file's [ca]; where there is none, the file is taken away
//!
//! [[containers]]
//! name = "core"
//! image = "registry/repository:tag"
//! essential = true                   # optional, true
//! user = "1001:1001"                 # optional, the image's own
//! proxy = false                      # optional; whether it is told of a proxy, if there is one
//! ca_certificate = false             # optional; whether it receives the CA, if there is one
//! delivers_files = false             # optional; whether it writes the files. User, entry point, command and mounts
//!                                    # are then made for it, and its image needs nothing but a POSIX shell
//! memory = { share = 6 }             # optional; where it is stopped: 32nds of the task's memory, or { mib = 256 }
//! entry_point = []                   # optional, the image's own
//! command = []                       # optional, the image's own
//! ports = [8000]                     # optional, tcp
//! start_timeout = 120                # seconds, or "none"; must be said when others wait for this
//!                                    # container's SUCCESS, COMPLETE or HEALTHY
//! stop_timeout = 120                 # seconds between SIGTERM and SIGKILL
//! depends_on = { other = "HEALTHY" } # optional; START, COMPLETE, SUCCESS or HEALTHY
//! mounts = [{ volume = "mongo-data", path = "/data/db", read_only = false }]
//!
//! [containers.health_check]          # optional; times in seconds
//! command = "curl -f http://localhost:3000"   # run by the container's shell
//! interval = 10
//! timeout = 10
//! retries = 10
//! start_period = 60
//!
//! [containers.environment]
//! CE_API_PORT = "8000"                    # as it stands
//! TLS_VERSION = { setting = "tls_version" } # a value of the plan file, see `Setting`
//! DATA = { base64 = "..." }               # written here in clear, handed over encoded
//!
//! [containers.secrets]
//! JWT_SECRET = "jwt_secret"          # a key of one of the deployment's JSON secrets, see `SecretKey`
//!
//! # What is done to the data of a predecessor before this release starts: one-shot tasks, in this order, while the
//! # service is at zero. A script can be run twice, ends by itself, leaves no process behind, and exits with 0
//! # exactly if its work is done.
//! [[data_steps]]
//! name = "mongodb-compatibility"     # lowercase letters, digits and hyphens
//! from = ["4.2.0"]                   # optional; only when coming from one of these
//! about = "set MongoDB's feature compatibility version to 5.0"   # for the plan
//! container = { release = "old", name = "mongodb-primary" }      # whose image, user, environment, secrets and
//!                                    # mounts it takes: of the release that is left ("old") or reached ("new")
//! image = "registry/repository:tag"  # optional, instead of that container's
//! shell = "bash"                     # optional; or "sh". It is run as `/bin/bash -c SCRIPT`
//! script = "…"
//! changes_data = true                # whether it writes what the older release may be unable to read
//! timeout = 600                      # seconds from the start of the task
//! ```
//!
//! Unknown keys are errors, and a file is refused as a whole when its parts contradict each other
//! or a limit of Fargate (`check.rs`).

mod catalogue;
mod chain;
mod check;
mod check_files;
mod container;
mod data_step;
mod definition;
mod delivery;
mod environment;
mod file;
mod image;
mod package;
mod proxy;
mod secret;
mod storage;
mod support;
mod version;

#[cfg(test)]
mod tests;

pub use catalogue::{Catalogue, CatalogueError};
pub use chain::NoWay;
pub use container::{Condition, Container, Dependency, HealthCheck, Memory, Mount, StartTimeout};
pub use data_step::{ContainerOf, DataStep, Shell, Side, StepContainer};
pub use definition::{Label, Release, Web};
pub use environment::{Setting, Settings, Value};
pub use file::{File, FileSource, Owner, TaskVolume};
pub use image::{EcrRepository, Image, ImageError};
pub use package::Package;
pub use proxy::{CA_CERTIFICATE, HTTP_PROXY, HTTPS_PROXY, NO_PROXY, PROXY, no_proxy};
pub use secret::{DerivedSecret, SecretHome, SecretKey};
pub use storage::{AccessPoint, FileMode};
pub use support::{SOON, Support};
pub use version::{Version, VersionError};
