//! The volumes of a task definition.

use aws_sdk_ecs::types::{
    EfsAuthorizationConfig, EfsAuthorizationConfigIam, EfsTransitEncryption, EfsVolumeConfiguration, Volume,
};

use crate::kinds::access_point::AccessPoint;
use crate::kinds::file_system::FileSystem;
use crate::kinds::prelude::*;

/// What a container can mount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum TaskVolume {
    Efs(EfsVolume),
    Bind(BindMount),
}

/// Where a bind mount lies; on Fargate there is one place only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BindMount {
    /// On the task's ephemeral storage: empty when it starts, gone when it stops.
    EphemeralStorage,
}

/// A directory of a file system as a volume.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EfsVolume {
    /// The file system's `id`.
    pub file_system: Ref<FileSystem>,
    /// The access point's `id`.
    pub access_point: Ref<AccessPoint>,
    /// Whether the task role decides about access.
    pub iam: bool,
    pub transit_encryption: bool,
    /// `/`, which is the access point's own root.
    pub root: String,
}

impl TaskVolume {
    /// ECS returns a bind mount with an empty `host`. What is neither of the two is read as an EFS volume without an
    /// id, which differs from anything that could be wanted.
    pub(super) fn read(live: &Volume) -> Self {
        let elsewhere = live.host().is_some_and(|host| host.source_path().is_some())
            || live.docker_volume_configuration().is_some()
            || live.fsx_windows_file_server_volume_configuration().is_some()
            || live.efs_volume_configuration().is_some()
            || live.configured_at_launch() == Some(true);
        if elsewhere { Self::Efs(EfsVolume::read(live)) } else { Self::Bind(BindMount::EphemeralStorage) }
    }

    pub(super) fn write(&self, name: &str) -> Result<Volume, Failure> {
        match self {
            Self::Efs(volume) => volume.write(name),
            Self::Bind(BindMount::EphemeralStorage) => Ok(Volume::builder().name(name).build()),
        }
    }
}

impl EfsVolume {
    fn read(live: &Volume) -> Self {
        let efs = live.efs_volume_configuration();
        let authorization = efs.and_then(EfsVolumeConfiguration::authorization_config);
        let encryption = efs.and_then(EfsVolumeConfiguration::transit_encryption);
        Self {
            file_system: efs.map(EfsVolumeConfiguration::file_system_id).unwrap_or_default().into(),
            access_point: authorization.and_then(EfsAuthorizationConfig::access_point_id).unwrap_or_default().into(),
            iam: authorization.and_then(EfsAuthorizationConfig::iam) == Some(&EfsAuthorizationConfigIam::Enabled),
            transit_encryption: encryption == Some(&EfsTransitEncryption::Enabled),
            root: efs.and_then(EfsVolumeConfiguration::root_directory).unwrap_or("/").to_owned(),
        }
    }

    fn write(&self, name: &str) -> Result<Volume, Failure> {
        let iam = if self.iam { EfsAuthorizationConfigIam::Enabled } else { EfsAuthorizationConfigIam::Disabled };
        let encryption =
            if self.transit_encryption { EfsTransitEncryption::Enabled } else { EfsTransitEncryption::Disabled };
        let authorization = EfsAuthorizationConfig::builder().access_point_id(self.access_point.text()).iam(iam);
        let efs = EfsVolumeConfiguration::builder()
            .file_system_id(self.file_system.text())
            .root_directory(&self.root)
            .transit_encryption(encryption)
            .authorization_config(authorization.build());
        Ok(Volume::builder().name(name).efs_volume_configuration(efs.build().map_err(incomplete)?).build())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use aws_sdk_ecs::types as sdk;

    use super::*;
    use crate::kinds::task_definition::TaskDefinition;

    fn efs() -> EfsVolume {
        EfsVolume {
            file_system: "fs-1".into(),
            access_point: "fsap-1".into(),
            iam: true,
            transit_encryption: true,
            root: "/".to_owned(),
        }
    }

    fn definition() -> TaskDefinition {
        TaskDefinition {
            family: "ce-prod".to_owned(),
            cpu: 8192,
            memory: 16384,
            execution_role: "arn:execution".into(),
            task_role: "arn:task".into(),
            system: "LINUX".to_owned(),
            architecture: "X86_64".to_owned(),
            containers: BTreeMap::new(),
            volumes: BTreeMap::from([
                ("certs".to_owned(), TaskVolume::Bind(BindMount::EphemeralStorage)),
                ("data".to_owned(), TaskVolume::Efs(efs())),
            ]),
        }
    }

    #[test]
    fn volumes_are_read_as_they_were_written() {
        for (name, volume) in definition().volumes {
            let mut live = volume.write(&name).unwrap();
            assert_eq!((live.name(), TaskVolume::read(&live)), (Some(name.as_str()), volume.clone()));
            if matches!(volume, TaskVolume::Bind(_)) {
                live.host = Some(sdk::HostVolumeProperties::builder().build());
                assert_eq!(TaskVolume::read(&live), volume, "ECS adds an empty host");
                live.host = Some(sdk::HostVolumeProperties::builder().source_path("/srv").build());
                assert_ne!(TaskVolume::read(&live), volume);
                live.host = None;
                live.configured_at_launch = Some(true);
                assert_ne!(TaskVolume::read(&live), volume);
            }
        }
    }

    #[test]
    fn the_recorded_form_of_an_efs_volume_has_not_changed() {
        let recorded = serde_json::to_value(efs()).unwrap();
        assert_eq!(serde_json::to_value(TaskVolume::Efs(efs())).unwrap(), recorded);
        let whole = serde_json::to_value(definition()).unwrap();
        assert_eq!(whole["volumes"]["data"], recorded);
        assert_eq!(whole["volumes"]["certs"], "ephemeral-storage");
        let back: TaskDefinition = serde_json::from_value(whole).unwrap();
        assert_eq!(back.volumes, definition().volumes);
    }
}
