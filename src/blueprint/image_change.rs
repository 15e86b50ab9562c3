//! What a plan file changes about the running task: the release, images, or neither.

use std::collections::BTreeMap;

use crate::engine::inventory::{Inventory, Live};
use crate::kinds::names;
use crate::kinds::service::Service;
use crate::kinds::task_definition::TaskDefinition;
use crate::release::{Catalogue, Image, Release, UI_CERTIFICATE_DELIVERER, Version};

/// The running task: the service, its revision, and what their tags record.
#[derive(Clone, Debug)]
pub struct Running {
    pub service: Live,
    pub definition: Live,
    pub of_service: Service,
    pub of_definition: TaskDefinition,
}

impl Running {
    /// `None` if there is no service, or no revision that it runs.
    pub fn of(inventory: &Inventory) -> Option<Self> {
        let one = |kind: &'static str| {
            inventory.live.iter().find(|live| live.address.kind() == kind && !live.is_going()).cloned()
        };
        let (service, definition) = (one("service")?, one("task-definition")?);
        Some(Self {
            of_service: serde_json::from_value(service.spec.clone()).ok()?,
            of_definition: serde_json::from_value(definition.spec.clone()).ok()?,
            service,
            definition,
        })
    }

    /// The release that it runs, by its tag or else by its images.
    pub fn release(&self) -> Option<Version> {
        release_of(&self.definition, &self.of_definition)
    }

    /// The number of the service's revision.
    pub fn revision(&self) -> u32 {
        self.definition.outputs.get("revision").and_then(|number| number.parse().ok()).unwrap_or_default()
    }
}

/// The release of a revision, from the record, or else from its images.
pub fn release_of(definition: &Live, of_definition: &TaskDefinition) -> Option<Version> {
    let recorded = definition.tags.get(names::RELEASE).and_then(|text| text.parse().ok());
    recorded.or_else(|| {
        let containers = &of_definition.containers;
        let is_it = |release: &&Release| {
            release.containers.len() == containers.keys().filter(|name| is_of_release(name)).count()
                && release
                    .containers
                    .iter()
                    .all(|wanted| containers.get(&wanted.name).is_some_and(|live| is_copy(&live.image, &wanted.image)))
        };
        Catalogue::effective().releases().find(is_it).map(|release| release.version)
    })
}

/// Whether a container is one of a release. Another one delivers the certificate of the UI, whose image it has.
fn is_of_release(name: &str) -> bool {
    name != UI_CERTIFICATE_DELIVERER
}

/// True for the vendor's image, and for one of the same repository and tag in another registry.
pub fn is_copy(image: &str, vendors: &Image) -> bool {
    let path = vendors.as_str().strip_prefix(vendors.registry()).unwrap_or_default();
    image.strip_suffix(path).is_some_and(|registry| !registry.is_empty())
}

/// The change from what runs to what is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageChange {
    /// `None` if the running release is unknown.
    pub from: Option<Version>,
    pub to: Version,
    /// Containers whose image changes, with the image before and after; `None` for a container that is added or
    /// removed.
    pub images: BTreeMap<String, (Option<String>, Option<String>)>,
}

impl ImageChange {
    /// `None` if neither the release nor an image changes. `wanted` holds image and digest by container.
    pub fn of(running: &Running, to: Version, wanted: &BTreeMap<String, (String, Option<String>)>) -> Option<Self> {
        let live = &running.of_definition.containers;
        let mut images = BTreeMap::new();
        for (name, (image, digest)) in wanted {
            let before = live.get(name);
            let same =
                before.is_some_and(|before| &before.image == image && (digest.is_none() || &before.digest == digest));
            if !same {
                images.insert(name.clone(), (before.map(|before| before.image.clone()), Some(image.clone())));
            }
        }
        for (name, before) in live.iter().filter(|(name, _)| is_of_release(name) && !wanted.contains_key(*name)) {
            images.insert(name.clone(), (Some(before.image.clone()), None));
        }
        let from = running.release();
        (from != Some(to) || !images.is_empty()).then_some(Self { from, to, images })
    }

    /// Whether the wanted release differs from the running one.
    pub fn is_release(&self) -> bool {
        self.from != Some(self.to)
    }

    /// The containers with a new image that may change the data when they start.
    pub fn migrating(&self, release: &Release) -> Vec<String> {
        let changes = |name: &&String| self.is_release() || self.images.contains_key(name.as_str());
        release.migrating.iter().filter(changes).cloned().collect()
    }
}
