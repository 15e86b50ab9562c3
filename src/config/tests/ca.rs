//! The file that [ca] names.

use std::fs;

use tempfile::TempDir;

use crate::config::{CaCertificate, Pem, load::examine_at};

const ROOT: &str = include_str!("certificates/root.pem");
/// Valid from 2027-01-01 to 2031-06-30.
const SECOND: &str = include_str!("certificates/second.pem");
const LEAF: &str = include_str!("certificates/leaf.pem");

const IN_2025: i64 = 1_735_689_600;
const IN_2028: i64 = 1_830_297_600;
const IN_JUNE_2031: i64 = 1_938_816_000;
const IN_JULY_2031: i64 = 1_940_630_400;

/// Not one that anybody has.
const KEY: &str = "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n";

/// What a plan file gives that names such a file, at a time; in the words `plans` stands for the folder.
fn examined(content: Option<&[u8]>, now: i64) -> (Option<CaCertificate>, String) {
    let folder = TempDir::new().unwrap();
    if let Some(content) = content {
        fs::write(folder.path().join("corp-ca.pem"), content).unwrap();
    }
    let path = folder.path().join("plan.toml").display().to_string();
    let text = "name = \"prod\"\nrelease = \"5.0.0\"\n[ca]\nfile = \"corp-ca.pem\"\n";
    let examined = examine_at(&path, text, None, now);
    let words = examined.problems.to_string().replace(&folder.path().display().to_string(), "plans");
    (examined.plan.and_then(|plan| plan.ca), words)
}

fn pem(content: &str) -> Pem {
    match examined(Some(content.as_bytes()), IN_2028) {
        (Some(CaCertificate::File(pem)), words) if words.is_empty() => pem,
        (_, words) => panic!("{words}"),
    }
}

#[test]
fn what_people_see() {
    let pem = |content: &str| Some(content.as_bytes().to_vec());
    let cases: [(&str, Option<Vec<u8>>, i64); 12] = [
        ("no file", None, IN_2028),
        ("empty file", pem(""), IN_2028),
        ("DER", Some(vec![0x30, 0x82, 0xff, 0x00]), IN_2028),
        ("damaged", pem(&ROOT.replace("MII", "!!!")), IN_2028),
        ("no certificate inside", pem("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), IN_2028),
        ("certificate request", pem(&ROOT.replace("CERTIFICATE-", "CERTIFICATE REQUEST-")), IN_2028),
        ("private key", pem(&format!("{ROOT}{KEY}")), IN_2028),
        ("too large", Some(vec![b'#'; 70_000]), IN_2028),
        ("one of two expired", pem(&format!("{ROOT}{SECOND}")), IN_JULY_2031),
        ("expires soon (a warning)", pem(SECOND), IN_JUNE_2031),
        ("not yet valid (a warning)", pem(SECOND), IN_2025),
        ("no CA (a warning)", pem(LEAF), IN_2028),
    ];
    let shown = cases.iter().map(|(name, content, now)| {
        let (ca, words) = examined(content.as_deref(), *now);
        assert_eq!(ca.is_some(), name.ends_with("(a warning)"), "{name}: {words}");
        assert!(!words.contains("AAAA"), "{name}");
        format!("=== {name} ===\n{words}\n")
    });
    insta::assert_snapshot!(shown.collect::<Vec<_>>().join("\n"));
}

#[test]
fn a_folder_is_no_file() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("plan.toml").display().to_string();
    let text = "name = \"prod\"\nrelease = \"5.0.0\"\n[ca]\nfile = \".\"\n";
    let problems = examine_at(&path, text, None, IN_2028).problems;
    assert_eq!(problems.iter().map(|problem| problem.code).collect::<Vec<_>>(), ["plan-file/ca-unreadable"]);
}

#[test]
fn certificates_are_taken_as_they_are() {
    let pem = pem(&format!("{ROOT}{SECOND}"));
    assert_eq!(pem.text, format!("{ROOT}{SECOND}"));
    assert_eq!(
        pem.subjects,
        ["C=US, O=Example Corp, CN=Example Corp Root CA", "C=US, O=Example Corp, CN=Example Corp Second CA"]
    );
    // What `openssl x509 -outform der` makes of both, through sha256sum.
    assert_eq!(pem.fingerprint, "6c82762c602542ea709cc34ec87b5160d336a5ee43c20069059d0a9e0631e020");
    assert_eq!(pem.not_after, 1_940_587_200);
}

#[test]
fn what_stands_around_them_does_not_matter() {
    let windows = format!("Bag Attributes\r\n  friendlyName: corp\r\n{}\r\n", ROOT.replace('\n', "\r\n"));
    assert_eq!(pem(&windows), pem(ROOT));
}
