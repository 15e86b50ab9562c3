//! The files that [ui_certificate] names.

use std::fs;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair as Key};
use secrecy::ExposeSecret as _;
use tempfile::TempDir;
use time::macros::datetime;

use crate::config::{Examined, TlsVersion, UiCertificate, load::examine_at};

const IN_2028: i64 = 1_830_297_600;
const IN_2025: i64 = 1_735_689_600;
const IN_JUNE_2031: i64 = 1_938_816_000;
const IN_JULY_2031: i64 = 1_940_630_400;

/// Valid from 2027-01-01 to 2031-06-30.
fn params(name: &str, is_ca: bool) -> CertificateParams {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    (params.not_before, params.not_after) = (datetime!(2027-01-01 0:00 UTC), datetime!(2031-06-30 0:00 UTC));
    params.distinguished_name.push(DnType::CommonName, name);
    if is_ca {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    }
    params
}

/// A certificate, its key, and the authority that signed it, as PEM.
struct Made {
    leaf: String,
    key: String,
    authority: String,
}

impl Made {
    fn new(name: &str) -> Self {
        let (ca_key, key) = (Key::generate().unwrap(), Key::generate().unwrap());
        let ca = params("Example CA", true);
        let authority = ca.self_signed(&ca_key).unwrap().pem();
        let leaf = params(name, false).signed_by(&key, &Issuer::new(ca, &ca_key)).unwrap().pem();
        Self { leaf, key: key.serialize_pem(), authority }
    }
}

const TABLE: &str = "[ui_certificate]\ncertificate = \"ui.pem\"\nkey = \"ui.key\"\n";

/// Files by name, with their contents.
type Files<'a> = &'a [(&'a str, &'a str)];

/// What it is about, the end of the plan file, the files beside it, and the time.
type Case<'a> = (&'a str, &'a str, Files<'a>, i64);

/// What a plan file gives that ends so, with these files beside it; in the words `plans` stands for the folder.
fn examined(rest: &str, files: Files<'_>, now: i64) -> (Examined, String) {
    let folder = TempDir::new().unwrap();
    for (name, content) in files {
        fs::write(folder.path().join(name), content).unwrap();
    }
    let path = folder.path().join("plan.toml").display().to_string();
    let text = format!("name = \"prod\"\nrelease = \"5.1.2\"\n{rest}");
    let examined = examine_at(&path, &text, None, now);
    let words = examined.problems.to_string().replace(&folder.path().display().to_string(), "plans");
    (examined, words)
}

#[test]
fn what_people_see() {
    let (one, other) = (Made::new("ce.example.com"), Made::new("other.example.com"));
    let bundle = format!("{}{}", one.leaf, one.authority);
    let reversed = format!("{}{}", one.authority, one.leaf);
    let stranger = format!("{}{}", one.leaf, other.leaf);
    let combined = format!("{}{}", one.leaf, one.key);
    let encrypted =
        one.key.replace("BEGIN PRIVATE", "BEGIN ENCRYPTED PRIVATE").replace("END PRIVATE", "END ENCRYPTED PRIVATE");
    let traditional =
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----\n";
    let broken_key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let large = "#".repeat(70_000);
    let named = format!("[dns]\nname = \"ui.example.com\"\n{TABLE}");
    let cases: [Case<'_>; 17] = [
        ("no files", TABLE, &[], IN_2028),
        ("empty files", TABLE, &[("ui.pem", ""), ("ui.key", &one.key)], IN_2028),
        ("no certificate inside", TABLE, &[("ui.pem", broken), ("ui.key", &one.key)], IN_2028),
        ("key among the certificates", TABLE, &[("ui.pem", &combined), ("ui.key", &one.key)], IN_2028),
        ("certificate instead of the key", TABLE, &[("ui.pem", &one.leaf), ("ui.key", &one.leaf)], IN_2028),
        ("encrypted key", TABLE, &[("ui.pem", &one.leaf), ("ui.key", &encrypted)], IN_2028),
        ("key encrypted in the old way", TABLE, &[("ui.pem", &one.leaf), ("ui.key", traditional)], IN_2028),
        ("damaged key", TABLE, &[("ui.pem", &one.leaf), ("ui.key", broken_key)], IN_2028),
        ("another key", TABLE, &[("ui.pem", &one.leaf), ("ui.key", &other.key)], IN_2028),
        ("chain first", TABLE, &[("ui.pem", &reversed), ("ui.key", &one.key)], IN_2028),
        ("not a chain", TABLE, &[("ui.pem", &stranger), ("ui.key", &one.key)], IN_2028),
        ("too large", TABLE, &[("ui.pem", &large), ("ui.key", &one.key)], IN_2028),
        ("expired", TABLE, &[("ui.pem", &bundle), ("ui.key", &one.key)], IN_JULY_2031),
        ("not yet valid", TABLE, &[("ui.pem", &bundle), ("ui.key", &one.key)], IN_2025),
        ("expires soon (a warning)", TABLE, &[("ui.pem", &one.leaf), ("ui.key", &one.key)], IN_JUNE_2031),
        ("another name (a warning)", &named, &[("ui.pem", &one.leaf), ("ui.key", &one.key)], IN_2028),
        (
            "chain of another (in its own file)",
            "[ui_certificate]\ncertificate = \"ui.pem\"\nkey = \"ui.key\"\nchain = \"chain.pem\"\n",
            &[("ui.pem", &one.leaf), ("ui.key", &one.key), ("chain.pem", &other.leaf)],
            IN_2028,
        ),
    ];
    let secrets: Vec<&str> = [&one.key, &other.key].into_iter().flat_map(|key| key.lines().nth(1)).collect();
    let shown = cases.iter().map(|(name, rest, files, now)| {
        let (examined, words) = examined(rest, files, *now);
        assert_eq!(examined.plan.is_some(), name.ends_with("(a warning)"), "{name}: {words}");
        assert!(secrets.iter().all(|line| !words.contains(line)) && !words.contains("AAAA"), "{name}");
        format!("=== {name} ===\n{words}\n")
    });
    insta::assert_snapshot!(shown.collect::<Vec<_>>().join("\n"));
}

#[test]
fn a_weak_key_is_refused() {
    let weak = include_str!("certificates/weak.pem");
    let (examined, words) = examined(TABLE, &[("ui.pem", weak), ("ui.key", "x")], IN_2028);
    assert!(examined.plan.is_none() && words.contains("an RSA key of 1024 bits"), "{words}");
}

#[test]
fn tables_that_contradict_themselves_are_refused() {
    let codes = |rest: &str| {
        let (examined, words) = examined(rest, &[], IN_2028);
        assert!(examined.plan.is_none(), "{words}");
        examined.problems.iter().map(|problem| problem.code).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(codes("[ui_certificate]\n"), "plan-file/missing-key");
    assert_eq!(codes("[ui_certificate]\nself_signed = false\n"), "plan-file/missing-key");
    assert_eq!(codes("[ui_certificate]\nself_signed = true\nkey = \"ui.key\"\n"), "plan-file/contradiction");
    let alone = "plan-file/missing-key plan-file/missing-key plan-file/ui-certificate-unreadable";
    assert_eq!(codes("[ui_certificate]\nchain = \"a\"\n"), alone);
    let missing = codes("[ui_certificate]\ncertificate = \"ui.pem\"\n");
    assert_eq!(missing, "plan-file/missing-key plan-file/ui-certificate-unreadable");
}

#[test]
fn a_pair_is_taken_in_every_usual_form() {
    let one = Made::new("ce.example.com");
    let read = |rest: &str, files: &[(&str, &str)]| match examined(rest, files, IN_2028) {
        (Examined { plan: Some(plan), .. }, words) if words.is_empty() => {
            let shown = format!("{plan:?}{}", serde_json::to_string(&plan).unwrap());
            assert!(one.key.lines().all(|line| !shown.contains(line)), "the key is shown");
            match plan.ui_certificate {
                Some(UiCertificate::Files(pair)) => pair,
                other => panic!("{other:?}"),
            }
        }
        (_, words) => panic!("{words}"),
    };
    let bundle = format!("subject=x\r\n{}{}", one.leaf, one.authority).replace('\n', "\r\n");
    let key = format!("Bag Attributes\r\n{}", one.key.replace('\n', "\r\n"));
    let together = read(TABLE, &[("ui.pem", &bundle), ("ui.key", &key)]);
    let with_chain = format!("{TABLE}chain = \"chain.pem\"\n");
    let apart = read(&with_chain, &[("ui.pem", &one.leaf), ("ui.key", &one.key), ("chain.pem", &one.authority)]);
    assert_eq!(together, apart);
    assert_eq!(together.text, format!("{}{}", one.leaf, one.authority).replace('\r', ""));
    assert_eq!(together.key.secret().expose_secret(), one.key.replace('\r', ""));
    assert_eq!((together.fingerprint.len(), together.valid_until.as_str()), (64, "2031-06-30"));
    let alone = read(TABLE, &[("ui.pem", &one.leaf), ("ui.key", &one.key)]);
    assert_ne!(alone.fingerprint, together.fingerprint);
}

#[test]
fn tls_versions_fit_the_load_balancer() {
    let version = |rest: &str| {
        let (examined, _) = examined(&format!("{rest}[ui_certificate]\nself_signed = true\n"), &[], IN_2028);
        let codes: Vec<_> = examined.problems.iter().map(|problem| problem.code).collect();
        (examined.plan.map(|plan| plan.service.tls_version), codes.join(" "))
    };
    let (both, new) = (TlsVersion::V1_2AndV1_3, TlsVersion::V1_3);
    let certificate = "[load_balancer]\ncertificate_arn = \"arn:aws:acm:us-east-1:111122223333:certificate/\
                       11111111-2222-3333-4444-555555555555\"\n";
    let only = "[service]\ntls_version = \"TLSv1.3\"\n";
    let none = "[load_balancer]\nenabled = false\n";
    assert_eq!(version(""), (Some(both), String::new()));
    assert_eq!(version(only), (None, "plan-file/tls-version".to_owned()));
    assert_eq!(version(&format!("{certificate}{only}")), (Some(new), "plan-file/tls-version-doubtful".to_owned()));
    assert_eq!(version(certificate), (Some(both), String::new()));
    assert_eq!(version(none), (Some(new), String::new()));
    assert_eq!(version(&format!("{none}{only}")), (Some(new), String::new()));
}

#[test]
fn without_the_table_nothing_changes() {
    let (examined, _) = examined("", &[], IN_2028);
    let plan = examined.plan.unwrap();
    assert_eq!((plan.ui_certificate, plan.service.tls_version), (None, TlsVersion::V1_3));
}
