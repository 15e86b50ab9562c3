//! What another release, or other images, change about the task that runs.

use std::collections::BTreeMap;

use super::graph_of;
use crate::blueprint;
use crate::blueprint::image_change::{ImageChange, Running, is_copy};
use crate::config::{self, PlanFile};
use crate::engine::inventory::{Inventory, Live, Phase};
use crate::engine::reference::{self, Known, Outputs};
use crate::kinds::names;
use crate::release::{Catalogue, Version};

/// A plan file of this release.
pub fn text(release: &str, rest: &str) -> String {
    format!("name = \"prod\"\nrelease = \"{release}\"\n{rest}")
}

pub fn plan(text: &str) -> PlanFile {
    config::load("plan.toml", text).unwrap()
}

/// The inventory of a deployment of a plan file, with addresses for ids.
pub fn inventory(plan: &str) -> Inventory {
    let graph = graph_of(plan);
    let outputs = |address: &str| {
        let all = [("id", address), ("arn", &format!("arn:{address}")), ("revision", "7")];
        all.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
    };
    let known: Known =
        graph.nodes().map(|node| -> (_, Outputs) { (node.address.clone(), outputs(node.address.as_str())) }).collect();
    let live = graph.nodes().map(|node| Live {
        address: node.address.clone(),
        id: node.address.to_string(),
        outputs: known[&node.address].clone(),
        phase: Phase::Ready,
        spec: reference::resolve(&node.spec, &known),
        tags: node.tags.clone(),
    });
    Inventory::new(live.collect())
}

pub fn running(plan: &str) -> Running {
    Running::of(&inventory(plan)).unwrap()
}

fn version(text: &str) -> Version {
    text.parse().unwrap()
}

/// The images that a plan file wants, each with this digest.
fn wanted(text: &str, digest: Option<&str>) -> BTreeMap<String, (String, Option<String>)> {
    let file = plan(text);
    let images = blueprint::images(&file, Catalogue::builtin().get(file.release).unwrap());
    let pair =
        |(name, image): (String, crate::release::Image)| (name, (image.as_str().to_owned(), digest.map(str::to_owned)));
    images.into_iter().map(pair).collect()
}

fn changed(change: &ImageChange) -> Vec<&str> {
    change.images.keys().map(String::as_str).collect()
}

#[test]
fn the_release_is_read_from_the_record_and_else_from_the_images() {
    for release in ["4.0.0", "4.1.0", "4.2.0", "5.0.0", "5.1.2"] {
        let mut running = running(&text(release, ""));
        assert_eq!(running.definition.tags.get(names::RELEASE).map(String::as_str), Some(release));
        assert_eq!((running.release(), running.revision()), (Some(version(release)), 7));
        running.definition.tags.remove(names::RELEASE);
        assert_eq!(running.release(), Some(version(release)), "by images");
        running.definition.tags.insert(names::RELEASE.to_owned(), "of today".to_owned());
        assert_eq!(running.release(), Some(version(release)), "what is no release is no record");
        running.definition.tags.remove(names::RELEASE);
        running.of_definition.containers.get_mut("core").unwrap().image = "corp.example/core:mine".to_owned();
        assert_eq!(running.release(), None, "an image of one's own says nothing");
    }
}

#[test]
fn a_mirror_of_the_vendors_registry_is_the_same_release() {
    let mut running = running(&text("4.2.0", "[images]\nregistry = \"corp.example:5000/mirror\"\n"));
    running.definition.tags.clear();
    assert_eq!(running.release(), Some(version("4.2.0")));
    let vendors = "709825985650.dkr.ecr.us-east-1.amazonaws.com/netskope/mongodb:5.0".parse().unwrap();
    assert!(is_copy("corp.example/netskope/mongodb:5.0", &vendors));
    for other in ["corp.example/netskope/mongodb:5.0.1", "corp.example/mongodb:5.0", "/netskope/mongodb:5.0"] {
        assert!(!is_copy(other, &vendors), "{other}");
    }
}

#[test]
fn nothing_runs_where_there_is_no_service_or_one_that_goes() {
    let mut there = inventory(&text("5.0.0", ""));
    assert!(Running::of(&Inventory::default()).is_none());
    let service = there.live.iter_mut().find(|live| live.address.kind() == "service").unwrap();
    service.phase = Phase::Deleting("draining".to_owned());
    assert!(Running::of(&there).is_none());
}

#[test]
fn an_image_change_is_another_release_or_other_images() {
    let of = |from: &str, to: &str, digest| {
        let change =
            ImageChange::of(&running(&text("4.2.0", from)), version("4.2.0"), &wanted(&text("4.2.0", to), digest));
        change.map(|change| (change.is_release(), changed(&change).into_iter().map(str::to_owned).collect::<Vec<_>>()))
    };
    assert_eq!(of("", "", None), None);
    let own = "[images.override]\nui = \"corp.example/ui:2\"\n";
    assert_eq!(of("", own, None), Some((false, vec!["ui".to_owned()])));
    assert_eq!(of(own, "", None), Some((false, vec!["ui".to_owned()])));
    assert_eq!(of(own, own, None), None);
    // The same tag, and the registry says another image.
    let (_, all) = of("", "", Some("sha256:0123")).unwrap();
    assert_eq!(all.len(), Catalogue::builtin().get(version("4.2.0")).unwrap().containers.len());
    let (_, all) = of("", "[images]\nregistry = \"corp.example\"\n", None).unwrap();
    assert!(all.len() > 3, "{all:?}");
}

#[test]
fn containers_that_come_and_go_are_part_of_it() {
    let change =
        ImageChange::of(&running(&text("4.1.0", "")), version("4.2.0"), &wanted(&text("4.2.0", ""), None)).unwrap();
    assert_eq!((change.from, change.to, change.is_release()), (Some(version("4.1.0")), version("4.2.0"), true));
    let (gone, come) = (&change.images["mongodb-init"], &change.images["core-init-container"]);
    assert!(gone.0.is_some() && gone.1.is_none() && come.0.is_none() && come.1.is_some());
}

#[test]
fn new_images_of_migrating_containers_may_change_the_data() {
    let new = Catalogue::builtin().get(version("5.0.0")).unwrap();
    let change = |from: Option<&str>, images: &[&str]| {
        let images = images.iter().map(|name| ((*name).to_owned(), (None, None))).collect();
        ImageChange { from: from.map(version), to: version("5.0.0"), images }.migrating(new)
    };
    assert_eq!(change(Some("4.2.0"), &["ui"]), ["core", "mongodb-primary"]);
    assert_eq!(change(None, &[]), ["core", "mongodb-primary"], "who knows what ran");
    assert_eq!(change(Some("5.0.0"), &["ui"]), [""; 0]);
    assert_eq!(change(Some("5.0.0"), &["ui", "core"]), ["core"]);
}
