use crate::release::{Image, Version, no_proxy};

#[test]
fn versions_have_one_spelling_and_an_order() {
    let version = |text: &str| text.parse::<Version>();
    for bad in ["", "5", "5.0", "5.0.0.0", "v5.0.0", "5.0.00", "05.0.0", "+5.0.0", "5.0.0 ", "5.0.99999", "5..0"] {
        assert!(version(bad).is_err(), "{bad}");
    }
    assert_eq!(version("5.0.0").map(|version| version.to_string()), Ok("5.0.0".to_owned()));
    let ordered = ["4.2.0", "5.0.0", "5.0.9", "5.0.10"].map(|text| version(text).unwrap());
    assert!(ordered.is_sorted());
}

#[test]
fn images_are_complete() {
    for bad in [
        "core5:1",
        "registry.example/core5",
        "registry.example/core5:",
        "registry.example/:1",
        "local/core5:1",
        "a.b/c d:1",
        "é.b/c:1",
    ] {
        assert!(bad.parse::<Image>().is_err(), "{bad}");
    }
    let image: Image = "host.example:5000/team/core@sha256:abc".parse().unwrap();
    assert_eq!(
        (image.registry(), image.repository(), image.reference()),
        ("host.example:5000", "team/core", "sha256:abc")
    );
    assert_eq!(image.ecr_repository(), None);
}

#[test]
fn ecr_images_name_their_repository() {
    let arn = |text: &str| text.parse::<Image>().unwrap().ecr_repository().map(|repository| repository.arn());
    let cases = [
        ("111122223333.dkr.ecr.eu-west-1.amazonaws.com/ce/ui:1", "arn:aws:ecr:eu-west-1:111122223333:repository/ce/ui"),
        (
            "111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn/ui:1",
            "arn:aws-cn:ecr:cn-north-1:111122223333:repository/ui",
        ),
        (
            "111122223333.dkr.ecr.us-gov-west-1.amazonaws.com/ui:1",
            "arn:aws-us-gov:ecr:us-gov-west-1:111122223333:repository/ui",
        ),
    ];
    for (image, expected) in cases {
        assert_eq!(arn(image).as_deref(), Some(expected));
    }
    assert_eq!(arn("dkr.ecr.amazonaws.com/ui:1"), None);
}

#[test]
fn the_task_itself_and_aws_are_reached_without_the_proxy() {
    assert_eq!(
        no_proxy("eu-west-1", "amazonaws.com", []),
        "localhost,127.0.0.1,::1,169.254.170.2,169.254.169.254,.eu-west-1.amazonaws.com"
    );
    let own = ["intranet.example", "LOCALHOST", ".cn-north-1.amazonaws.com.cn", "intranet.example"];
    assert_eq!(
        no_proxy("cn-north-1", "amazonaws.com.cn", own),
        "localhost,127.0.0.1,::1,169.254.170.2,169.254.169.254,intranet.example,.cn-north-1.amazonaws.com.cn"
    );
}
