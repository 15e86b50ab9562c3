//! MongoDB's and RabbitMQ's files have one owner in all releases, so that no step ever has to change it: EFS makes
//! every access through an access point as the user that it enforces, whatever the container runs as (EFS user guide,
//! "Enforcing a user identity using an access point").

use crate::release::{Catalogue, Version};

const OWNER: (u32, u32) = (1001, 1001);

#[test]
fn every_access_point_of_every_release_enforces_the_same_user() {
    let catalogue = Catalogue::builtin();
    let points =
        catalogue.releases().flat_map(|release| release.access_points.iter().map(move |p| (release.version, p)));
    let others = points.filter(|(_, point)| (point.uid, point.gid) != OWNER).collect::<Vec<_>>();
    assert!(others.is_empty(), "{others:?}");
    assert!(catalogue.releases().all(|release| !release.access_points.is_empty()));
}

#[test]
fn mongodb_and_rabbitmq_run_as_that_user() {
    // Before, the images decide: Bitnami's run as 1001, and the official one of RabbitMQ, in 4.1.0, as 999.
    for (name, since) in [("mongodb-primary", "4.1.0"), ("rabbitmq-stats", "4.2.0")] {
        let since: Version = since.parse().unwrap();
        for release in Catalogue::builtin().releases() {
            let user = release.container(name).unwrap().user.as_deref();
            let expected = (release.version >= since).then_some("1001:1001");
            assert_eq!(user, expected, "{name} of {}", release.version);
        }
    }
}

#[test]
fn what_is_delivered_belongs_to_that_user_or_to_root() {
    let files = Catalogue::builtin().releases().flat_map(|release| &release.files);
    let owners = files.filter_map(|file| Some(file.owner.as_ref()?.as_str())).collect::<Vec<_>>();
    assert!(!owners.is_empty() && owners.iter().all(|owner| *owner == "1001:1001"), "{owners:?}");
}
