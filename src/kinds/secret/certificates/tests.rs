//! What was made, read back by others: x509-parser, rustls and openssl.

use std::sync::{Arc, LazyLock};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, ClientConnection, Connection, RootCertStore, ServerConfig, ServerConnection};
use secrecy::ExposeSecret;
use serde_json::Value;
use time::macros::{date, datetime};
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::parse_x509_certificate;
use x509_parser::pem::parse_x509_pem;
use x509_parser::prelude::X509Certificate;
use x509_parser::public_key::PublicKey;

use super::*;

/// Made once: each takes a while.
static MADE: LazyLock<[Value; 2]> = LazyLock::new(|| {
    let made = || Certificates::generate(OffsetDateTime::now_utc()).unwrap();
    [made(), made()].map(|made| serde_json::from_str(made.document.expose_secret()).unwrap())
});

fn pem_of(key: &str) -> String {
    MADE[0][key].as_str().unwrap().to_owned()
}

fn with_certificate<T>(key: &str, look: impl FnOnce(&X509Certificate<'_>) -> T) -> T {
    let (rest, pem) = parse_x509_pem(MADE[0][key].as_str().unwrap().as_bytes()).unwrap();
    assert!(rest.is_empty(), "one certificate and nothing else");
    look(&parse_x509_certificate(&pem.contents).unwrap().1)
}

/// The critical extensions and the others, by name.
fn extensions(certificate: &X509Certificate<'_>) -> [Vec<&'static str>; 2] {
    let named = |critical: bool| {
        let those = certificate.extensions().iter().filter(move |extension| extension.critical == critical);
        let mut names: Vec<_> = those
            .map(|extension| match extension.parsed_extension() {
                ParsedExtension::BasicConstraints(_) => "basicConstraints",
                ParsedExtension::KeyUsage(_) => "keyUsage",
                ParsedExtension::ExtendedKeyUsage(_) => "extendedKeyUsage",
                ParsedExtension::SubjectAlternativeName(_) => "subjectAltName",
                ParsedExtension::SubjectKeyIdentifier(_) => "subjectKeyIdentifier",
                ParsedExtension::AuthorityKeyIdentifier(_) => "authorityKeyIdentifier",
                other => panic!("{other:?}"),
            })
            .collect();
        names.sort_unstable();
        names
    };
    [named(true), named(false)]
}

fn bits(certificate: &X509Certificate<'_>) -> usize {
    match certificate.public_key().parsed().unwrap() {
        PublicKey::RSA(key) => key.key_size(),
        other => panic!("{other:?}"),
    }
}

/// sha256WithRSAEncryption (RFC 4055).
const RSA_SHA256: &str = "1.2.840.113549.1.1.11";

#[test]
fn the_authority_is_one_as_the_vendor_makes_it() {
    with_certificate(CA, |ca| {
        assert_eq!((ca.subject().to_string(), ca.issuer().to_string()), names_of("CloudExchangeCA", "CloudExchangeCA"));
        assert_eq!(extensions(ca), [vec!["basicConstraints", "keyUsage"], vec!["subjectKeyIdentifier"]]);
        let constraints = ca.basic_constraints().unwrap().unwrap().value;
        assert!(constraints.ca && constraints.path_len_constraint.is_none());
        // Bits 5 and 6 of RFC 5280 and nothing else: keyCertSign and cRLSign.
        assert_eq!(ca.key_usage().unwrap().unwrap().value.flags, 0b110_0000);
        assert_eq!((bits(ca), ca.signature_algorithm.algorithm.to_id_string()), (4096, RSA_SHA256.to_owned()));
    });
}

fn names_of(subject: &str, issuer: &str) -> (String, String) {
    (format!("CN={subject}"), format!("CN={issuer}"))
}

#[test]
fn the_certificate_serves_every_name_as_server_and_as_client() {
    with_certificate(CERTIFICATE, |certificate| {
        let of = (certificate.subject().to_string(), certificate.issuer().to_string());
        assert_eq!(of, names_of("localhost", "CloudExchangeCA"));
        let others = vec!["authorityKeyIdentifier", "extendedKeyUsage", "subjectAltName"];
        assert_eq!(extensions(certificate), [Vec::new(), others]);
        assert!(!certificate.is_ca());
        let usage = certificate.extended_key_usage().unwrap().unwrap().value;
        assert!(usage.server_auth && usage.client_auth && !usage.any && usage.other.is_empty());
        let names = certificate.subject_alternative_name().unwrap().unwrap().value.general_names.iter();
        let names: Vec<String> = names
            .map(|name| match name {
                GeneralName::DNSName(name) => (*name).to_owned(),
                GeneralName::IPAddress(bytes) => format!("{bytes:?}"),
                other => panic!("{other:?}"),
            })
            .collect();
        let wanted =
            ["localhost", "rabbitmq-stats", "mongodb-primary", "host.docker.internal", "core", "[127, 0, 0, 1]"];
        assert_eq!(names, wanted);
        assert_eq!(bits(certificate), 4096);
        assert_eq!(certificate.signature_algorithm.algorithm.to_id_string(), RSA_SHA256);
    });
}

#[test]
fn both_are_valid_since_yesterday_and_for_ten_years() {
    let now = OffsetDateTime::now_utc();
    for key in [CA, CERTIFICATE] {
        with_certificate(key, |certificate| {
            let validity = certificate.validity();
            let [from, to] = [validity.not_before, validity.not_after].map(|time| time.to_datetime());
            assert!((now - from - Duration::days(1)).abs() < Duration::minutes(30), "{from}");
            assert_eq!(to.time(), Time::MIDNIGHT);
            assert!((Duration::days(3650)..=Duration::days(3653)).contains(&(to - now)), "{to}");
        });
    }
    assert_eq!(in_years(date!(2026 - 11 - 29), 10), Some(date!(2036 - 11 - 29)));
    assert_eq!(in_years(date!(2028 - 02 - 29), 10), Some(date!(2038 - 02 - 28)));
    let nobody_lives = Certificates::generate(datetime!(9995-01-01 0:00 UTC)).unwrap_err();
    assert_eq!(nobody_lives.cause, Cause::Internal);
}

#[test]
fn every_generation_has_keys_of_its_own_and_one_secret_has_room_for_it() {
    let [one, other] = &*MADE;
    for key in [CA, CERTIFICATE, KEY] {
        assert_ne!(one[key], other[key]);
    }
    assert_eq!(one.as_object().unwrap().len(), 3);
    // A secret has room for 65,536 bytes (Secrets Manager user guide, "Quotas").
    assert!(one.to_string().len() < 16_000);
}

#[test]
fn nothing_of_it_is_shown() {
    let made = Certificates { document: "Zx9".to_owned().into(), valid_until: date!(2036 - 11 - 29) };
    let shown = format!("{made:?}");
    assert!(shown.contains("2036-11-29") && !shown.contains("Zx9"), "{shown}");
}

fn certificate_of(made: &Value, key: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(made[key].as_str().unwrap().as_bytes()).unwrap()
}

fn key_of(made: &Value) -> PrivateKeyDer<'static> {
    PrivateKeyDer::from_pem_slice(made[KEY].as_str().unwrap().as_bytes()).unwrap()
}

fn roots(made: &Value) -> Arc<RootCertStore> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate_of(made, CA)).unwrap();
    Arc::new(roots)
}

/// A handshake in which both sides show the certificate of `server` and `client`, and trust `trusted`.
fn handshake(name: &str, server: &Value, client: &Value, trusted: &Value) -> Result<(), rustls::Error> {
    let verifier = WebPkiClientVerifier::builder(roots(trusted)).build().unwrap();
    let config = ServerConfig::builder().with_client_cert_verifier(verifier);
    let config = config.with_single_cert(vec![certificate_of(server, CERTIFICATE)], key_of(server))?;
    let mut server: Connection = ServerConnection::new(Arc::new(config))?.into();
    let config = ClientConfig::builder().with_root_certificates(roots(trusted));
    let config = config.with_client_auth_cert(vec![certificate_of(client, CERTIFICATE)], key_of(client))?;
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut client: Connection = ClientConnection::new(Arc::new(config), name)?.into();
    while client.is_handshaking() || server.is_handshaking() {
        deliver(&mut client, &mut server)?;
        deliver(&mut server, &mut client)?;
    }
    Ok(())
}

fn deliver(from: &mut Connection, to: &mut Connection) -> Result<(), rustls::Error> {
    let mut wire = Vec::new();
    while from.wants_write() {
        from.write_tls(&mut wire).unwrap();
    }
    let mut wire = wire.as_slice();
    while !wire.is_empty() {
        to.read_tls(&mut wire).unwrap();
        to.process_new_packets()?;
    }
    Ok(())
}

#[test]
fn a_handshake_with_certificates_on_both_sides_succeeds_under_every_name() {
    let [made, other] = &*MADE;
    for name in NAMES.into_iter().chain(["127.0.0.1"]) {
        handshake(name, made, made, made).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    handshake("elsewhere", made, made, made).unwrap_err();
    handshake("core", other, made, made).unwrap_err();
    handshake("core", made, other, made).unwrap_err();
    handshake("core", made, made, other).unwrap_err();
    let mixed = serde_json::json!({ CERTIFICATE: made[CERTIFICATE], KEY: other[KEY] });
    handshake("core", &mixed, made, made).unwrap_err();
}

/// The vendor's programs read the files with OpenSSL.
#[test]
fn openssl_takes_key_and_chain() {
    let folder = tempfile::TempDir::new().unwrap();
    let write = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).unwrap();
    };
    write("ca.crt", &pem_of(CA));
    // As mongod reads them: certificate, then key, in one file.
    write("both.pem", &format!("{}{}", pem_of(CERTIFICATE), pem_of(KEY)));
    let openssl = |arguments: &[&str]| {
        let ran = std::process::Command::new("openssl").args(arguments).current_dir(folder.path()).output();
        ran.map(|ran| (ran.status.success(), String::from_utf8_lossy(&ran.stdout).into_owned()))
    };
    let modulus = |kind| openssl(&[kind, "-in", "both.pem", "-noout", "-modulus"]);
    match (openssl(&["verify", "-x509_strict", "-CAfile", "ca.crt", "both.pem"]), modulus("x509"), modulus("rsa")) {
        (Ok((is_verified, said)), Ok(of_certificate), Ok(of_key)) => {
            assert!(is_verified, "{said}");
            assert!(of_key.0 && of_key.1.starts_with("Modulus="), "{}", of_key.1);
            assert_eq!(of_certificate, of_key);
        }
        // Where there is no openssl, rustls has looked at the same above.
        (Err(error), ..) => assert_eq!(error.kind(), std::io::ErrorKind::NotFound),
        other => panic!("{other:?}"),
    }
}
