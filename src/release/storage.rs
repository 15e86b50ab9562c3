//! Where a release keeps its files.

use serde::Deserialize;

use super::text::checked_string;

/// An EFS access point, which is also the volume of the same name in the task.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessPoint {
    /// Name of the volume in the task; unique within a release.
    pub volume: String,
    /// Name of the access point, where it is not the volume's: releases may keep one volume at different paths, which
    /// are different access points. See [`AccessPoint::resource_name`].
    #[serde(default)]
    pub name: Option<String>,
    /// Root directory on the file system. It cannot be changed after creation.
    pub path: String,
    /// POSIX user that every access is made as, and owner of a newly created root directory.
    pub uid: u32,
    /// POSIX group, likewise.
    pub gid: u32,
    /// Mode of a newly created root directory.
    pub mode: FileMode,
}

impl AccessPoint {
    /// The access point's name in addresses. In all releases, one name means the same path and identity.
    pub fn resource_name(&self) -> String {
        // Volumes of the vendor's template have underscores in their names, addresses do not.
        self.name.clone().unwrap_or_else(|| self.volume.replace('_', "-"))
    }

    /// Whether both are the same access point, under whatever volume.
    pub(super) fn is_same_place(&self, other: &Self) -> bool {
        let of = |point: &Self| (point.path.clone(), point.uid, point.gid, point.mode.clone());
        of(self) == of(other)
    }
}

checked_string! {
    /// A POSIX file mode in the four octal digits that EFS takes, such as `0777`.
    FileMode: |text| text.len() == 4 && text.bytes().all(|byte| (b'0'..=b'7').contains(&byte)),
    else "a mode is four octal digits such as 0777"
}

impl FileMode {
    /// Everybody may read it, nobody write it.
    pub(super) fn readable() -> Self {
        Self("0444".to_owned())
    }
}
