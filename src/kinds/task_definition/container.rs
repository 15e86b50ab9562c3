//! One container of a task definition.

use std::collections::BTreeMap;

use aws_sdk_ecs::types::{
    self as sdk, ContainerDefinition, ContainerDependency, KeyValuePair, LogConfiguration, LogDriver, MountPoint,
    PortMapping, TransportProtocol,
};

use crate::kinds::log_group::LogGroup;
use crate::kinds::prelude::*;

/// A container. Its name is its key in [`super::task_definition::TaskDefinition::containers`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Container {
    /// As people write it: `registry/repository:tag`.
    pub image: String,
    /// What the tag was resolved to, `sha256:…`; `None` leaves it to the registry at each start, or `image` names a
    /// digest itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// The task stops when an essential container stops.
    pub essential: bool,
    /// `uid:gid`; `None` is the image's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// MiB at which it is stopped; `None`: no less than the task has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<u32>,
    /// Empty is the image's own, and so is an empty command.
    pub entry_point: Vec<String>,
    pub command: Vec<String>,
    /// TCP ports, in ascending order.
    pub ports: Vec<u16>,
    /// Seconds; `None` is no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_timeout: Option<u32>,
    /// Seconds between SIGTERM and SIGKILL; `None` is Fargate's 30.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_timeout: Option<u32>,
    /// Condition (`START`, `COMPLETE`, `SUCCESS`, `HEALTHY`) by name of the container waited for.
    pub depends_on: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_check: Option<HealthCheck>,
    /// By path inside the container.
    pub mounts: BTreeMap<String, Mount>,
    /// Value by variable; never a secret.
    pub environment: BTreeMap<String, String>,
    /// Variables that ECS fills from Secrets Manager when the task starts.
    pub secrets: BTreeMap<String, FromSecret>,
    /// `None`: no logs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logs: Option<Logs>,
}

/// Times in seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthCheck {
    /// With `CMD` or `CMD-SHELL` first.
    pub command: Vec<String>,
    pub interval: u32,
    pub timeout: u32,
    /// Failures in a row that make it unhealthy.
    pub retries: u32,
    /// Failures are not counted this long after the start.
    pub start_period: u32,
}

/// A volume of the task inside the container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    pub volume: String,
    pub read_only: bool,
}

/// A secret, or one key of a JSON secret, which ECS writes `<arn>` and `<arn>:<key>::`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FromSecret {
    /// The `arn` of a secret of any kind.
    pub secret: Ref,
    /// Empty is the whole text.
    pub key: String,
}

/// Delivery of standard output and error to CloudWatch Logs, stream `<prefix>/<container>/<task id>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Logs {
    /// The group's `id`, its name.
    pub group: Ref<LogGroup>,
    pub region: String,
    pub prefix: String,
}

/// Log options of the driver `awslogs` (ECS developer guide, "Send Amazon ECS logs to CloudWatch").
const GROUP: &str = "awslogs-group";
const REGION: &str = "awslogs-region";
const PREFIX: &str = "awslogs-stream-prefix";

/// The Docker label that keeps the tag of a pinned image: ECS takes `repository:tag` or `repository@digest` (ECS API
/// reference, ContainerDefinition).
const TAGGED: &str = "ce-aws.image";

impl Container {
    /// As ECS returns it: with defaults filled in (`hostPort`, `protocol`, `cpu` 0, empty lists), lists in any order.
    pub fn read(live: &ContainerDefinition) -> Self {
        let environment = live.environment().iter();
        let mut ports: Vec<u16> =
            live.port_mappings().iter().filter_map(|p| p.container_port()?.try_into().ok()).collect();
        ports.sort_unstable();
        let (image, digest) = read_image(live);
        Self {
            image,
            digest,
            essential: live.essential().unwrap_or(true),
            user: live.user().map(str::to_owned),
            memory: live.memory().and_then(|mib| mib.try_into().ok()),
            entry_point: live.entry_point().to_vec(),
            command: live.command().to_vec(),
            ports,
            start_timeout: live.start_timeout().and_then(|seconds| seconds.try_into().ok()),
            stop_timeout: live.stop_timeout().and_then(|seconds| seconds.try_into().ok()),
            depends_on: live
                .depends_on()
                .iter()
                .map(|other| (other.container_name().to_owned(), other.condition().as_str().to_owned()))
                .collect(),
            health_check: live.health_check().map(HealthCheck::read),
            mounts: live.mount_points().iter().map(Mount::read).collect(),
            environment: environment.map(|pair| (text(pair.name()), text(pair.value()))).collect(),
            secrets: live
                .secrets()
                .iter()
                .map(|secret| (secret.name().to_owned(), FromSecret::read(secret.value_from())))
                .collect(),
            logs: live.log_configuration().and_then(Logs::read),
        }
    }

    /// For RegisterTaskDefinition.
    pub fn write(&self, name: &str) -> Result<ContainerDefinition, Failure> {
        let ports = self.ports.iter().map(|port| {
            let (port, protocol) = (i32::from(*port), TransportProtocol::Tcp);
            PortMapping::builder().container_port(port).host_port(port).protocol(protocol).build()
        });
        let mounts = self.mounts.iter().map(|(path, mount)| {
            let (volume, read_only) = (&mount.volume, mount.read_only);
            MountPoint::builder().source_volume(volume).container_path(path).read_only(read_only).build()
        });
        let environment =
            self.environment.iter().map(|(name, value)| KeyValuePair::builder().name(name).value(value).build());
        let secrets = self.secrets.iter().map(|(name, secret)| {
            let builder = sdk::Secret::builder().name(name).value_from(secret.value_from());
            builder.build().map_err(incomplete)
        });
        let depends_on = self.depends_on.iter().map(|(other, condition)| {
            let builder = ContainerDependency::builder().container_name(other).condition(condition.as_str().into());
            builder.build().map_err(incomplete)
        });
        Ok(ContainerDefinition::builder()
            .name(name)
            .image(self.pinned())
            .set_docker_labels(self.digest.as_ref().map(|_| [(TAGGED.to_owned(), self.image.clone())].into()))
            .essential(self.essential)
            .set_user(self.user.clone())
            .set_memory(self.memory.map(signed))
            .set_entry_point(given(&self.entry_point))
            .set_command(given(&self.command))
            .set_port_mappings(Some(ports.collect()))
            .set_start_timeout(self.start_timeout.map(signed))
            .set_stop_timeout(self.stop_timeout.map(signed))
            .set_depends_on(Some(depends_on.collect::<Result<_, _>>()?))
            .set_health_check(self.health_check.as_ref().map(HealthCheck::write).transpose()?)
            .set_mount_points(Some(mounts.collect()))
            .set_environment(Some(environment.collect()))
            .set_secrets(Some(secrets.collect::<Result<_, _>>()?))
            .set_log_configuration(self.logs.as_ref().map(Logs::write).transpose()?)
            .build())
    }

    /// What ECS is to pull.
    fn pinned(&self) -> String {
        match &self.digest {
            Some(digest) => format!("{}@{digest}", repository(&self.image)),
            None => self.image.clone(),
        }
    }
}

/// Image and digest. A label about another repository is not ours.
fn read_image(live: &ContainerDefinition) -> (String, Option<String>) {
    let image = live.image().unwrap_or_default();
    let tagged = live.docker_labels().and_then(|labels| labels.get(TAGGED));
    match (image.split_once('@'), tagged) {
        (Some((name, digest)), Some(tagged)) if repository(tagged) == name => (tagged.clone(), Some(digest.to_owned())),
        _ => (image.to_owned(), None),
    }
}

/// An image reference without tag and digest. A colon before the last slash is a port's.
fn repository(image: &str) -> &str {
    let name = image.split('@').next().unwrap_or_default();
    let path = name.rfind('/').map_or(0, |slash| slash + 1);
    name[path..].find(':').map_or(name, |colon| &name[..path + colon])
}

impl HealthCheck {
    fn read(live: &sdk::HealthCheck) -> Self {
        let seconds = |value: Option<i32>, usual| value.and_then(|n| n.try_into().ok()).unwrap_or(usual);
        Self {
            command: live.command().to_vec(),
            interval: seconds(live.interval(), 30),
            timeout: seconds(live.timeout(), 5),
            retries: seconds(live.retries(), 3),
            start_period: seconds(live.start_period(), 0),
        }
    }

    fn write(&self) -> Result<sdk::HealthCheck, Failure> {
        let check = sdk::HealthCheck::builder()
            .set_command(Some(self.command.clone()))
            .interval(signed(self.interval))
            .timeout(signed(self.timeout))
            .retries(signed(self.retries))
            .start_period(signed(self.start_period));
        check.build().map_err(incomplete)
    }
}

impl Mount {
    fn read(live: &MountPoint) -> (String, Self) {
        let mount = Self { volume: text(live.source_volume()), read_only: live.read_only().unwrap_or_default() };
        (text(live.container_path()), mount)
    }
}

impl FromSecret {
    /// `arn:aws:secretsmanager:<region>:<account>:secret:<name>:<key>:<stage>:<version>`, the last two empty, or
    /// without all three. Anything else is kept whole, and so differs from anything that could be wanted.
    fn read(value_from: &str) -> Self {
        let parts: Vec<_> = value_from.split(':').collect();
        match parts.as_slice() {
            [arn @ .., key, "", ""] if arn.len() == 7 => Self { secret: arn.join(":").into(), key: (*key).to_owned() },
            _ => Self { secret: value_from.into(), key: String::new() },
        }
    }

    fn value_from(&self) -> String {
        match (self.secret.text(), self.key.as_str()) {
            (secret, "") => secret.to_owned(),
            (secret, key) => format!("{secret}:{key}::"),
        }
    }
}

impl Logs {
    /// `None` for any other driver.
    pub fn read(live: &LogConfiguration) -> Option<Self> {
        let option = |key: &str| live.options().and_then(|options| options.get(key)).cloned().unwrap_or_default();
        (live.log_driver() == &LogDriver::Awslogs).then(|| Self {
            group: option(GROUP).into(),
            region: option(REGION),
            prefix: option(PREFIX),
        })
    }

    fn write(&self) -> Result<LogConfiguration, Failure> {
        let logs = LogConfiguration::builder()
            .log_driver(LogDriver::Awslogs)
            .options(GROUP, self.group.text())
            .options(REGION, &self.region)
            .options(PREFIX, &self.prefix);
        logs.build().map_err(incomplete)
    }
}

/// An empty list means the image's own, which is left out.
fn given(words: &[String]) -> Option<Vec<String>> {
    (!words.is_empty()).then(|| words.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "arn:aws:secretsmanager:us-east-1:123456789012:secret:ce-aws/x/credentials-AbCdEf";

    fn container() -> Container {
        Container {
            image: "registry:5000/netskope/core:1".into(),
            digest: None,
            essential: true,
            user: None,
            memory: Some(256),
            entry_point: vec![],
            command: vec!["-c".into(), "true".into()],
            ports: vec![5672, 15672],
            start_timeout: None,
            stop_timeout: Some(120),
            depends_on: BTreeMap::from([("mongodb-primary".into(), "HEALTHY".into())]),
            health_check: Some(HealthCheck {
                command: vec!["CMD-SHELL".into(), "true".into()],
                interval: 10,
                timeout: 5,
                retries: 3,
                start_period: 0,
            }),
            mounts: BTreeMap::from([("/data".into(), Mount { volume: "data".into(), read_only: false })]),
            environment: BTreeMap::from([("B".into(), "2".into()), ("A".into(), "1".into())]),
            secrets: BTreeMap::from([
                ("JWT_SECRET".into(), FromSecret { secret: SECRET.into(), key: "jwt_secret".into() }),
                ("CA_CERTIFICATE".into(), FromSecret { secret: SECRET.into(), key: String::new() }),
            ]),
            logs: Some(Logs { group: "/ce-aws/x/containers".into(), region: "us-east-1".into(), prefix: "ce".into() }),
        }
    }

    #[test]
    fn a_container_is_read_as_it_was_written() {
        assert_eq!(Container::read(&container().write("core").unwrap()), container());
    }

    #[test]
    fn a_pinned_image_is_pulled_by_its_digest_and_read_with_its_tag() {
        let digest = format!("sha256:{}", "0".repeat(64));
        let pinned = Container { digest: Some(digest.clone()), ..container() };
        let live = pinned.write("core").unwrap();
        assert_eq!(live.image(), Some(format!("registry:5000/netskope/core@{digest}").as_str()));
        assert_eq!(Container::read(&live), pinned);
        assert_eq!(container().write("core").unwrap().docker_labels(), None);
    }

    #[test]
    fn a_digest_that_the_plan_file_names_stays_part_of_the_image() {
        let image = format!("registry:5000/netskope/core@sha256:{}", "0".repeat(64));
        let named = Container { image: image.clone(), ..container() };
        let mut live = named.write("core").unwrap();
        assert_eq!((live.image(), live.docker_labels()), (Some(image.as_str()), None));
        assert_eq!(Container::read(&live), named);
        live.docker_labels = Some([(TAGGED.to_owned(), "registry:5000/other:1".to_owned())].into());
        assert_eq!(Container::read(&live), named);
    }

    #[test]
    fn a_repository_ends_before_its_tag_or_digest() {
        for image in ["host:5000/a/b", "host:5000/a/b:1.2", "host:5000/a/b@sha256:00", "host:5000/a/b:1.2@sha256:00"] {
            assert_eq!(repository(image), "host:5000/a/b");
        }
        assert_eq!(repository("mongo:5.0"), "mongo");
    }

    #[test]
    fn what_aws_fills_in_or_reorders_is_no_difference() {
        let mut live = container().write("core").unwrap();
        live.environment.as_mut().unwrap().reverse();
        live.port_mappings.as_mut().unwrap().reverse();
        live.mount_points.as_mut().unwrap()[0].read_only = None;
        live.health_check.as_mut().unwrap().start_period = None;
        live.cpu = 0;
        assert_eq!(Container::read(&live), container());
    }

    #[test]
    fn a_secret_written_otherwise_is_a_difference() {
        let of = |text: &str| FromSecret::read(text);
        assert_eq!(of(&format!("{SECRET}:jwt_secret::")).key, "jwt_secret");
        assert_eq!(of(&format!("{SECRET}:jwt_secret:AWSPREVIOUS:")).key, "");
        assert_ne!(of(&format!("{SECRET}:jwt_secret:AWSPREVIOUS:")).secret, Ref::value(SECRET));
        assert_eq!(of(SECRET), FromSecret { secret: SECRET.into(), key: String::new() });
    }
}
