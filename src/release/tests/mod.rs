mod catalogue;
mod chain;
mod data_steps;
mod facts;
mod files;
mod import;
mod release_6;
mod release_6_scripts;
mod scripts;
mod support;
mod values;

use super::{Package, Settings};

fn settings() -> Settings {
    Settings { tls_version: "TLSv1.3".to_owned(), debug: false, package: Package::Medium }
}
