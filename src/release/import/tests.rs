use std::collections::BTreeMap;

use super::interpolate::{Resolved, resolve};

fn values() -> BTreeMap<String, String> {
    [("A", "one"), ("EMPTY", ""), ("_b2", "two")].map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

#[test]
fn variables_are_put_in_as_compose_does_it() {
    let cases = [
        ("$A-${A}.$_b2", "one-one.two"),
        ("$$A and $${A}", "$A and ${A}"),
        ("${NONE:-x}${EMPTY:-x}${A:-x}", "xxone"),
        ("${NONE-x}${EMPTY-x}", "x"),
        ("${NONE:-${A}}", "one"),
        ("${NONE:-a}b}", "ab}"),
        ("${A:+x}${EMPTY:+x}${EMPTY+y}${NONE+z}", "xy"),
        ("${A:?why}", "one"),
        ("${NONE:-}", ""),
    ];
    for (text, expected) in cases {
        assert_eq!(resolve(text, &values()), Ok(Resolved { text: expected.into(), missing: vec![] }), "{text}");
    }
}

#[test]
fn what_has_no_value_is_named_once() {
    let resolved = resolve("$X ${Y} ${Z:?why} ${X} ${EMPTY:?} ${W:-$V}", &values()).unwrap();
    assert_eq!(resolved.missing, ["X", "Y", "Z", "EMPTY", "V"]);
}

#[test]
fn wrong_forms_are_told() {
    for text in ["${A", "$", "cost: 5$", "${}", "${1}", "${A!}", "$1", &"${A:-".repeat(20)] {
        assert!(resolve(text, &values()).is_err(), "{text}");
    }
    assert!(resolve(&format!("{}{}", "${N:-".repeat(20), "}".repeat(20)), &values()).is_err(), "nested too deeply");
}

#[test]
fn images_are_completed_as_docker_does_it() {
    let cases = [
        ("mongo:8", "docker.io/library/mongo:8"),
        ("index.docker.io/mongo:8", "docker.io/library/mongo:8"),
        ("vendor/core:1", "docker.io/vendor/core:1"),
        ("registry-1.docker.io/vendor/core:1", "docker.io/vendor/core:1"),
        ("ghcr.io/vendor/core:1", "ghcr.io/vendor/core:1"),
        ("localhost:5000/core:1", "localhost:5000/core:1"),
    ];
    for (image, expected) in cases {
        assert_eq!(super::complete(image), expected);
    }
}
