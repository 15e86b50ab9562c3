//! The whole chain of releases by one command ends like a new deployment of the last release.

use serde_json::Value;

use crate::account::{Account, text};
use crate::deploy::SCALE;
use crate::fault_sweep::{differences, live};
use crate::releases::{Release, catalogue};
use crate::upgrade::{data_steps, is_clean, plan_file};

/// The releases from the oldest that can be deployed to the newest, by the vendor's permitted steps.
pub fn chain() -> Vec<Release> {
    let all: Vec<Release> = catalogue().into_iter().filter(Release::is_deployable).collect();
    for pair in all.windows(2) {
        assert!(pair[1].from.contains(&pair[0].version), "one step leads from {} on", pair[0].version);
    }
    all
}

#[test]
fn the_whole_chain_ends_like_a_new_deployment() {
    let chain = chain();
    let (first, last) = (chain.first().expect("a release"), chain.last().expect("a release"));
    let account = Account::new(SCALE);
    let product = first.product(&account);
    product.expect(0, &["apply", "FILE", "--yes"]);
    let system = account.get("file-systems")[0]["id"].clone();
    let secrets = account.inventory(&["secrets"]);
    let upgrade = ["upgrade", "FILE", "--to", &last.version, "--yes"];
    let upgraded = product.expect(0, &[upgrade.as_slice(), &last.consent()].concat());

    let versions: Vec<&str> = chain.iter().map(|release| release.version.as_str()).collect();
    let steps = chain.len() - 1;
    let path = format!("{}: {steps} upgrades", versions.join(" → "));
    assert!(upgraded.stderr.contains(&path), "{path:?} is not in\n{}", upgraded.stderr);
    assert_eq!(plan_file(&product), plan_file(&last.product(&account)), "the plan file says what runs");
    last.is_well(&product);
    assert_eq!(data_steps(&account), expected_steps(&chain), "each once, and in the order of the releases");
    assert_eq!(revisions(&account), versions, "one after the other, none twice");
    assert_eq!(account.get("file-systems")[0]["id"], system, "the same file system");
    let kept = account.inventory(&["secrets"]);
    let kept = secrets.as_object().expect("secrets").iter().all(|(name, value)| kept[name] == *value);
    assert!(kept, "the same secrets");
    is_clean(&account, steps);

    let fresh = Account::new(SCALE);
    let deployed = last.product(&fresh);
    deployed.expect(0, &[["apply", "FILE", "--yes"].as_slice(), &last.consent()].concat());
    is_as_new(live(&fresh), live(&account), &last.version);
}

/// Both normal forms are the same, but for what follows from the upgrades and from chance, which is taken out of them.
fn is_as_new(mut new: Value, mut upgraded: Value, release: &str) {
    // Each step is preceded by a recovery point; vault and role come with the first.
    assert_eq!(take(&mut upgraded, "backup vaults", |vault| vault["BackupVaultName"] == "ce-prod"), 1);
    assert_eq!(take(&mut upgraded, "iam roles", |role| text(&role["Arn"]).ends_with("-backup")), 1);
    // The two revisions before are kept, to go back to.
    let is_before = |revision: &Value| {
        let tags = revision["Tags"].as_array().into_iter().flatten();
        tags.into_iter().all(|tag| (text(&tag["key"]), text(&tag["value"])) != ("ce-aws:release", release))
    };
    assert_eq!(take(&mut upgraded, "ecs task_definitions", is_before), 2);
    for form in [&mut new, &mut upgraded] {
        // Which run has made it is of use where a first apply is taken back, and said then only.
        each(form, "ecs task_definitions", |revision| {
            let tags = revision["Tags"].as_array_mut().expect("tags");
            tags.retain(|tag| tag["Key"] != "ce-aws:run");
        });
        // ECS chooses one of the two zones for each task.
        each(form, "ec2 network_interfaces", |card| {
            for place in ["AvailabilityZone", "SubnetId"] {
                card[place].take();
            }
        });
        each(form, "elb target_groups", |group| {
            for target in group["Targets"].as_array_mut().expect("targets") {
                target["Target"]["AvailabilityZone"].take();
            }
        });
    }
    let differ = differences(&new, &upgraded);
    assert!(differ.is_empty(), "not what a new deployment has:\n{}", differ.join("\n"));
}

/// Takes things out of a list of a normal form; gives how many.
fn take(form: &mut Value, list: &str, which: impl Fn(&Value) -> bool) -> usize {
    let list = form[list].as_array_mut().expect("a list");
    let before = list.len();
    list.retain(|thing| !which(thing));
    before - list.len()
}

fn each(form: &mut Value, list: &str, change: impl Fn(&mut Value)) {
    form[list].as_array_mut().expect("a list").iter_mut().for_each(change);
}

/// The data steps of all upgrades, as they are listed once they have succeeded.
fn expected_steps(chain: &[Release]) -> Vec<String> {
    let steps = chain.windows(2).flat_map(|pair| pair[1].data_steps(&pair[0].version));
    steps.map(|step| format!("{} 0", step.name)).collect()
}

/// The releases whose tasks have run for the service, in the order of their first state, by core's image.
fn revisions(account: &Account) -> Vec<String> {
    let releases = catalogue();
    let read = account.read();
    let image = |revision: &Value| {
        let definitions = read["ecs"]["task_definitions"].as_array().into_iter().flatten();
        let mut ours = definitions.filter(|one| one["family"] == "ce-prod");
        let definition = ours.find(|one| one["revision"] == *revision).expect("a revision");
        let core =
            definition["containerDefinitions"].as_array().into_iter().flatten().find(|one| one["name"] == "core");
        let core = core.expect("core");
        let label = &core["dockerLabels"]["ce-aws.image"];
        text(if label.is_string() { label } else { &core["image"] }).to_owned()
    };
    let mut seen: Vec<String> = Vec::new();
    let history = account.get("tasks/history");
    for change in history.as_array().expect("states").iter().filter(|change| change["family"] == "ce-prod") {
        let image = image(&change["revision"]);
        let of_image = |release: &&Release| release.core() == image;
        let release = releases.iter().find(of_image).unwrap_or_else(|| panic!("no release has {image:?}"));
        if seen.last() != Some(&release.version) {
            seen.push(release.version.clone());
        }
    }
    seen
}
