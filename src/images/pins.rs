//! Which images run: whose digest is looked up, and what is deployed if a registry returns none. Pure.
//!
//! A digest is looked up for a new container, for one whose image was changed in the plan file, and for all of them on
//! request. All others keep the digest that they have, or stay without one: a moved tag, or a registry that is down,
//! changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::engine::inventory::Inventory;

use super::answer::{Resolved, Trouble};

/// The kind whose properties name the images.
const TASK_DEFINITION: &str = "task-definition";

/// The image of a container as it is deployed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Deployed {
    /// As written in the plan file.
    pub image: String,
    /// `None`: deployed by its tag.
    #[serde(default)]
    pub digest: Option<String>,
}

/// The images of the live task definition, by container; none if there is no task definition.
pub fn live(inventory: &Inventory) -> BTreeMap<String, Deployed> {
    let definitions = inventory.live.iter().filter(|live| live.address.kind() == TASK_DEFINITION);
    let containers = definitions.filter_map(|live| live.spec.get("containers")?.as_object()).flatten();
    containers.filter_map(|(name, container)| Some((name.clone(), Deployed::deserialize(container).ok()?))).collect()
}

/// What is decided before any registry is called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pins {
    /// The images whose digest is to be looked up, each once.
    pub asked: BTreeSet<String>,
    /// Digest by container, for those that keep it.
    kept: BTreeMap<String, String>,
    open: Vec<Open>,
}

/// A container whose digest is looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Open {
    container: String,
    image: String,
    /// What runs now, if it is the same image.
    live: Option<Deployed>,
}

/// An image whose registry returned no digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unanswered {
    pub image: String,
    /// In order of their names.
    pub containers: Vec<String>,
    pub trouble: Trouble,
    /// These containers run this image already, and stay as they are.
    pub stays: bool,
}

/// Which digests to look up. `wanted` is the image by container; `refresh` looks up every tag again.
pub fn pins(wanted: &BTreeMap<String, String>, live: &BTreeMap<String, Deployed>, refresh: bool) -> Pins {
    let mut pins = Pins::default();
    // An image with a digest needs no other.
    for (container, image) in wanted.iter().filter(|(_, image)| !image.contains('@')) {
        match live.get(container).filter(|live| &live.image == image) {
            Some(live) if !refresh => {
                pins.kept.extend(live.digest.iter().map(|digest| (container.clone(), digest.clone())));
            }
            live => {
                pins.asked.insert(image.clone());
                let (container, image, live) = (container.clone(), image.clone(), live.cloned());
                pins.open.push(Open { container, image, live });
            }
        }
    }
    pins
}

impl Pins {
    /// Digest by container, given the answers. A container without one is deployed by the image of the plan file.
    pub fn digests(&self, answers: &BTreeMap<String, Resolved>) -> BTreeMap<String, String> {
        let open = self.open.iter().filter_map(|open| {
            let answer = answers.get(&open.image).and_then(|answer| answer.as_ref().ok());
            let digest = answer.or_else(|| open.live.as_ref()?.digest.as_ref())?;
            Some((open.container.clone(), digest.clone()))
        });
        self.kept.clone().into_iter().chain(open).collect()
    }

    /// The images without a digest, given the answers.
    pub fn unanswered(&self, answers: &BTreeMap<String, Resolved>) -> Vec<Unanswered> {
        let mut all: Vec<Unanswered> = Vec::new();
        for Open { container, image, live } in &self.open {
            let Some(Err(trouble)) = answers.get(image) else { continue };
            let stays = live.is_some();
            match all.iter_mut().find(|known| &known.image == image && known.stays == stays) {
                Some(known) => known.containers.push(container.clone()),
                None => {
                    let containers = vec![container.clone()];
                    all.push(Unanswered { image: image.clone(), containers, trouble: trouble.clone(), stays });
                }
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn by_container(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(container, text)| ((*container).to_owned(), (*text).to_owned())).collect()
    }

    fn deployed() -> BTreeMap<String, Deployed> {
        let definition = json!({
            "address": "task-definition/main", "id": "ce:7", "outputs": {}, "phase": "ready", "tags": {},
            "spec": { "family": "ce", "containers": {
                "core": { "image": "r/core:1", "digest": "sha256:old", "essential": true },
                "ui": { "image": "r/ui:1" },
            } },
        });
        let mut cluster = definition.clone();
        (cluster["address"], cluster["spec"]) = (json!("cluster/main"), Value::Null);
        live(&serde_json::from_value(json!({ "live": [cluster, definition] })).unwrap())
    }

    fn answers(pairs: &[(&str, Resolved)]) -> BTreeMap<String, Resolved> {
        pairs.iter().map(|(image, answer)| ((*image).to_owned(), answer.clone())).collect()
    }

    fn down() -> Resolved {
        Err(Trouble::Unreachable("down".to_owned()))
    }

    #[test]
    fn nothing_is_looked_up_for_unchanged_images() {
        let pins = pins(&by_container(&[("core", "r/core:1"), ("ui", "r/ui:1")]), &deployed(), false);
        assert!(pins.asked.is_empty());
        // The UI is deployed by its tag, and stays so.
        assert_eq!(pins.digests(&BTreeMap::new()), by_container(&[("core", "sha256:old")]));
    }

    #[test]
    fn new_and_changed_images_are_looked_up() {
        let wanted = [("core", "r/core:2"), ("ui", "r/ui:1"), ("new", "r/core:2"), ("fixed", "r/a@sha256:0")];
        let pins = pins(&by_container(&wanted), &deployed(), false);
        assert_eq!(pins.asked, ["r/core:2".to_owned()].into());
        let answers = answers(&[("r/core:2", Ok("sha256:new".to_owned()))]);
        assert_eq!(pins.digests(&answers), by_container(&[("core", "sha256:new"), ("new", "sha256:new")]));
        assert!(pins.unanswered(&answers).is_empty());
    }

    #[test]
    fn a_changed_image_whose_registry_is_down_is_deployed_by_its_tag_and_never_by_the_old_digest() {
        let pins = pins(&by_container(&[("core", "r/core:2"), ("init", "r/core:2")]), &deployed(), false);
        let answers = answers(&[("r/core:2", down())]);
        assert!(pins.digests(&answers).is_empty());
        let open = pins.unanswered(&answers);
        assert_eq!(open.len(), 1);
        assert_eq!((open[0].containers.join(" "), open[0].stays), ("core init".to_owned(), false));
    }

    #[test]
    fn refreshing_looks_up_all_and_keeps_the_digest_if_a_registry_is_down() {
        let pins = pins(&by_container(&[("core", "r/core:1"), ("ui", "r/ui:1")]), &deployed(), true);
        assert_eq!(pins.asked.len(), 2);
        let core_is_down = answers(&[("r/core:1", down()), ("r/ui:1", Ok("sha256:ui".to_owned()))]);
        assert_eq!(pins.digests(&core_is_down), by_container(&[("core", "sha256:old"), ("ui", "sha256:ui")]));
        let open = pins.unanswered(&core_is_down);
        assert!(open.len() == 1 && open[0].stays && open[0].containers == ["core"]);
        let core_has_moved = answers(&[("r/core:1", Ok("sha256:moved".to_owned())), ("r/ui:1", down())]);
        assert_eq!(pins.digests(&core_has_moved), by_container(&[("core", "sha256:moved")]));
    }
}
