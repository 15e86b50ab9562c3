//! `--image NAME=IMAGE`.

use crate::config::{Images, image_options};
use crate::release::{Catalogue, Image, Release};

const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn release() -> &'static Release {
    Catalogue::builtin().get("5.0.0".parse().unwrap()).unwrap()
}

fn images(options: &[&str], images: &Images) -> Result<Vec<String>, String> {
    let options: Vec<_> = options.iter().map(|&option| option.to_owned()).collect();
    match image_options(&options, images, release()) {
        Ok(wanted) => Ok(wanted.iter().map(|(name, image)| format!("{name} {image}")).collect()),
        Err(invalid) => Err(format!("{}: {}\n    hint: {}", invalid.code, invalid.message, invalid.hint)),
    }
}

#[test]
fn a_tag_alone_means_the_image_in_force() {
    const VENDOR: &str = "709825985650.dkr.ecr.us-east-1.amazonaws.com/netskope";
    let at_digest = format!("ui=@{DIGEST}");
    let wanted = images(&["core=:1.2", at_digest.as_str(), "rabbitmq-stats=3.12.7-management"], &Images::default());
    let expected = [
        format!("core {VENDOR}/core5:1.2"),
        format!("rabbitmq-stats {VENDOR}/rabbitmq:3.12.7-management"),
        format!("ui {VENDOR}/ui5@{DIGEST}"),
    ];
    assert_eq!(wanted, Ok(expected.to_vec()));
    let mirror = Images { registry: Some("mirror.example/ce".parse().unwrap()), ..Images::default() };
    assert_eq!(images(&["core=1.2"], &mirror), Ok(vec!["core mirror.example/ce/netskope/core5:1.2".to_owned()]));
    let own: Image = format!("own.example:5000/core@{DIGEST}").parse().unwrap();
    let own = Images { overrides: [("core".to_owned(), own)].into(), ..mirror };
    assert_eq!(images(&["core=1.2"], &own), Ok(vec!["core own.example:5000/core:1.2".to_owned()]));
    assert_eq!(images(&["core=a.example/b:1"], &own), Ok(vec!["core a.example/b:1".to_owned()]));
}

#[test]
fn what_is_not_an_image_is_refused() {
    let cases: &[&[&str]] = &[
        &["core"],
        &["coer=:1"],
        &["=:1"],
        &["core="],
        &["core=:"],
        &["core=:-1"],
        &["core=@sha256:12"],
        &["core=core5:1"],
        &["core=netskope/core5:1"],
        &["core=a.example/core5"],
        &["core=https://a.example/core5:1"],
        &["core=:1", "core=:2"],
    ];
    let shown = cases.iter().map(|options| {
        format!("{}\n    {}", options.join(" "), images(options, &Images::default()).expect_err("refused"))
    });
    insta::assert_snapshot!(shown.collect::<Vec<_>>().join("\n"));
}
