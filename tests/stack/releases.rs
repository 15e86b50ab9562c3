//! Each release of the catalogue as a new deployment: healthy, found complete, as an older build of the program has
//! left it, and taken down again.

mod record;

use std::process::Command;

use serde::Deserialize;

use crate::account::{Account, text};
use crate::deploy::{SCALE, remaining};
use crate::product::Product;
use crate::upgrade::{intent, status};

/// A release, as `ce-aws releases` tells of it.
#[derive(Clone, Debug, Deserialize)]
pub struct Release {
    pub version: String,
    label: String,
    /// The releases from which one step leads to it.
    pub from: Vec<String>,
    /// Why it cannot be deployed.
    undeployable: Option<String>,
    data_steps: Vec<DataStep>,
    containers: Vec<Container>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct DataStep {
    pub name: String,
    from: Vec<String>,
    /// Whether an older release may be unable to read what it writes.
    pub changes_data: bool,
}

#[derive(Clone, Debug, Deserialize)]
struct Container {
    name: String,
    image: String,
}

impl Release {
    /// The consent that it needs in every command that plans.
    pub fn consent(&self) -> Vec<&str> {
        if self.label == "vendor-tested" { Vec::new() } else { vec!["--allow", &self.label] }
    }

    pub fn is_deployable(&self) -> bool {
        self.undeployable.is_none()
    }

    /// The data steps of the upgrade to it from another one, in their order.
    pub fn data_steps(&self, from: &str) -> Vec<&DataStep> {
        self.data_steps.iter().filter(|step| step.from.iter().any(|one| one == from)).collect()
    }

    /// The image of core, of which each release has its own.
    pub fn core(&self) -> &str {
        let core = self.containers.iter().find(|one| one.name == "core");
        core.map(|one| one.image.as_str()).expect("every release has core")
    }

    /// The smallest deployment of it.
    pub fn product<'a>(&self, account: &'a Account) -> Product<'a> {
        if !record::knows(&self.version) {
            // An older build cannot make the first apply.
            account.is_first_use();
        }
        Product::with_plan(account, &format!("name = \"prod\"\nrelease = \"{}\"\n", self.version))
    }

    /// One healthy task of it, no open operation, and an empty plan.
    pub fn is_well(&self, product: &Product<'_>) {
        assert_eq!(status(product), ("healthy".to_owned(), self.version.clone()));
        let planned = [["plan", "FILE", "--exit-code"].as_slice(), &self.consent()].concat();
        let planned = product.expect(0, &planned);
        assert!(planned.stdout.contains("no changes"), "{}", planned.stdout);
        assert_eq!(intent(product.account), "");
    }
}

/// All releases, the oldest first.
pub fn catalogue() -> Vec<Release> {
    #[derive(Deserialize)]
    struct Listing {
        releases: Vec<Release>,
    }
    let listed = Command::new(env!("CARGO_BIN_EXE_ce-aws")).args(["releases", "--output", "json"]).output();
    let listing: Listing = serde_json::from_slice(&listed.expect("ce-aws runs").stdout).expect("JSON");
    listing.releases
}

pub fn release(version: &str) -> Release {
    catalogue().into_iter().find(|release| release.version == version).expect("it is in the catalogue")
}

/// One test a release, so that they run side by side and fail by themselves. Each has an account of its own.
macro_rules! releases {
    ($($test:ident $version:literal $number:literal)*) => {
        $(#[test] fn $test() { deploys_and_destroys($version, $number); })*

        #[test]
        fn every_release_of_the_catalogue_has_its_test() {
            let all: Vec<String> = catalogue().into_iter().map(|release| release.version).collect();
            assert_eq!(all, [$($version),*]);
            record::fits(&all);
        }
    };
}

releases! {
    release_4_0_0 "4.0.0" 400000000000
    release_4_1_0 "4.1.0" 410000000000
    release_4_2_0 "4.2.0" 420000000000
    release_5_0_0 "5.0.0" 500000000000
    release_5_0_1 "5.0.1" 501000000000
    release_5_1_0 "5.1.0" 510000000000
    release_5_1_1 "5.1.1" 511000000000
    release_5_1_2 "5.1.2" 512000000000
    release_6_0_0 "6.0.0" 600000000000
    release_6_0_1 "6.0.1" 601000000000
    release_6_1_0 "6.1.0" 610000000000
}

fn deploys_and_destroys(version: &str, number: u64) {
    let release = release(version);
    let account = Account::of(number, SCALE);
    let product = release.product(&account);
    let apply = [["apply", "FILE", "--yes"].as_slice(), &release.consent()].concat();
    if let Some(why) = &release.undeployable {
        let refused = product.expect(64, &apply);
        assert!(refused.stderr.contains(why), "{}", refused.stderr);
        return;
    }
    if release.consent() != [""; 0] {
        let refused = product.expect(5, &["plan", "FILE"]);
        let code = format!("release/{}", release.label);
        assert!(refused.stdout.contains(&code), "{}", refused.stdout);
    }
    product.expect(0, &apply);
    release.is_well(&product);
    record::check(&account, version);
    crate::single_writer::never_two(&account);
    if version.starts_with("6.") {
        crate::release_6::is_played_without_a_problem(&account);
    }
    let system = account.get("file-systems")[0].clone();
    assert_eq!((system["content"].as_u64(), text(&system["restored_from"])), (Some(1), ""), "written by one task");

    product.expect(0, &["destroy", "FILE", "--yes", "--unprotect", "--delete-data"]);
    // Interfaces and targets linger.
    account.post("clock", &serde_json::json!({ "advance": 900 }));
    assert_eq!(remaining(&account.read()), ["secret ce-aws/prod/credentials (in its recovery window)"]);
}
