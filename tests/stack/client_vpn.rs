//! The client VPN of the plan file: made, used, renewed and removed; a deployment without one asks nothing about it.

use std::path::Path;

use serde_json::{Value, json};

use crate::account::{Account, text};
use crate::deploy::SCALE;
use crate::drift::steps;
use crate::product::Product;
use crate::python::{Script, printed};

const MARK: &str = "#+ client_cidr = \"172.31.0.0/22\"";
const WANTED: &str = "client_cidr = \"10.100.0.0/22\"";

/// The endpoints in the account.
pub fn vpns(account: &Account) -> Vec<Value> {
    account.read()["ec2"]["client_vpn_endpoints"].as_array().cloned().unwrap_or_default()
}

/// Those in ACM.
pub fn certificates(account: &Account) -> Vec<Value> {
    account.read()["acm"]["certificates"].as_array().cloned().unwrap_or_default()
}

/// What openssl says of a configuration: that the certificate is signed by the authority in it, for clients, and that
/// the key is the certificate's; its common name at the end.
fn verified(file: &Path) -> String {
    const SCRIPT: &str = r#"
import re, subprocess, sys, tempfile, pathlib
text = pathlib.Path(sys.argv[1]).read_text()
folder = pathlib.Path(tempfile.mkdtemp())
for name in ("ca", "cert", "key"):
    (folder / name).write_text(re.search(f"<{name}>\n(.*?)\n?</{name}>", text, re.S)[1] + "\n")
def openssl(*words):
    done = subprocess.run(["openssl", *words], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout
openssl("verify", "-purpose", "sslclient", "-CAfile", "ca", "cert")
assert openssl("x509", "-in", "cert", "-noout", "-pubkey") == openssl("pkey", "-in", "key", "-pubout")
print(re.search(r"remote (\S+) (\d+)", text)[1], openssl("x509", "-in", "cert", "-noout", "-subject"))
"#;
    printed(Script::Text(SCRIPT), &[file.to_str().expect("text")], Vec::new()).trim().to_owned()
}

#[test]
fn a_vpn_is_made_used_and_removed() {
    let account = Account::new(SCALE);
    let product = Product::new(&account);
    product.expect(0, &["apply", "FILE", "--yes"]);
    let asked = |since: usize| {
        let calls = account.journal(since);
        calls.iter().filter(|call| text(&call["operation"]).contains("ClientVpn") || call["service"] == "acm").count()
    };
    assert_eq!(asked(0), 0, "a deployment without a VPN asks nothing about it");
    let refused = product.expect(5, &["vpn", "config", "FILE", "--client", "alice", "-o", "alice.ovpn"]);
    assert!(refused.stderr.contains("vpn/none"), "{refused:?}");

    product.edit(MARK, WANTED);
    let planned = product.expect(0, &["plan", "FILE"]).stdout;
    assert!(planned.contains("client-vpn-association/private-a"), "{planned}");
    let applied = product.expect(0, &["apply", "FILE", "--yes"]);
    assert!(!format!("{applied:?}").contains("PRIVATE KEY"), "{applied:?}");
    assert_eq!(steps(&product), [""; 0]);
    let [vpn] = vpns(&account).try_into().expect("one endpoint");
    assert_eq!((text(&vpn["Status"]["Code"]), text(&vpn["ClientCidrBlock"])), ("available", "10.100.0.0/22"));
    assert_eq!(vpn["DnsServers"], json!(["172.16.0.2"]));
    assert_eq!(vpn["Networks"].as_array().map(Vec::len), Some(1));
    assert_eq!(vpn["Rules"][0]["DestinationCidr"], "172.16.0.0/16");
    assert!(product.expect(0, &["status", "FILE"]).stdout.contains("client VPN  cvpn-endpoint-"));

    // A configuration for one person: complete, private, never overwritten, printed nowhere.
    let ran = product.expect(0, &["vpn", "config", "FILE", "--client", "alice", "-o", "alice.ovpn"]);
    assert!(!format!("{ran:?}").contains("BEGIN"), "{ran:?}");
    let file = product.folder().join("alice.ovpn");
    let said = verified(&file);
    assert!(said.contains(".cvpn-endpoint-") && said.ends_with("alice"), "{said}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
    product.expect(64, &["vpn", "config", "FILE", "--client", "bob", "-o", "alice.ovpn"]);
    assert!(verified(&file).ends_with("alice"));
    let journal = account.get("journal").to_string();
    let history = product.expect(0, &["history", "FILE", "--output", "json"]).stdout;
    for place in [journal, history, account.read()["ec2"].to_string()] {
        assert!(!place.contains("PRIVATE KEY"), "a key is in\n{place}");
    }

    // What can be changed is, and what cannot is refused.
    product.edit(WANTED, "client_cidr = \"10.100.0.0/22\"\nsubnets = 2\nsession_hours = 8\nsplit_tunnel = false");
    assert_eq!(
        steps(&product),
        ["create client-vpn-association/private-b missing", "update client-vpn-endpoint/main changed"]
    );
    product.expect(0, &["apply", "FILE", "--yes"]);
    assert_eq!(steps(&product), [""; 0]);
    product.edit("10.100.0.0/22", "10.104.0.0/22");
    let refused = product.expect(5, &["apply", "FILE", "--yes"]);
    assert!(format!("{refused:?}").contains("plan/cannot-replace"), "{refused:?}");
    product.edit("10.104.0.0/22", "10.100.0.0/22");

    // Without the table everything of it goes, and nothing else.
    product.edit("client_cidr = \"10.100.0.0/22\"\nsubnets = 2\nsession_hours = 8\nsplit_tunnel = false", MARK);
    product.expect(0, &["apply", "FILE", "--yes"]);
    assert_eq!(steps(&product), [""; 0]);
    assert_eq!((vpns(&account).len(), certificates(&account).len()), (0, 0));
    let secrets = account.read()["secrets"]["secrets"].to_string();
    assert!(!secrets.contains("ce-aws/prod/client-vpn"), "{secrets}");
    let before = account.journal(0).len();
    product.expect(0, &["plan", "FILE"]);
    assert_eq!(asked(before), 0);
}

#[test]
fn drift_of_a_vpn_is_repaired_and_its_certificate_renewed() {
    let account = Account::new(SCALE);
    let product = Product::new(&account);
    product.edit(MARK, WANTED);
    product.expect(0, &["apply", "FILE", "--yes"]);
    // Changed, and rules of others, by hand.
    account.by_hand(
        r#"
vpn = ec2.describe_client_vpn_endpoints()["ClientVpnEndpoints"][0]["ClientVpnEndpointId"]
ec2.modify_client_vpn_endpoint(ClientVpnEndpointId=vpn, SplitTunnel=False)
ec2.authorize_client_vpn_ingress(ClientVpnEndpointId=vpn, TargetNetworkCidr="10.9.0.0/16", AuthorizeAllGroups=True)
ec2.revoke_client_vpn_ingress(ClientVpnEndpointId=vpn, TargetNetworkCidr="172.16.0.0/16", RevokeAllGroups=True)
import time
while len(ec2.describe_client_vpn_authorization_rules(ClientVpnEndpointId=vpn)["AuthorizationRules"]) > 1:
    time.sleep(0.2)
"#,
    );
    let drifted = ["create client-vpn-rule/172-16-0-0-16 missing", "update client-vpn-endpoint/main drifted"];
    assert_eq!(steps(&product), drifted);
    product.expect(0, &["apply", "FILE", "--yes"]);
    assert_eq!(steps(&product), [""; 0]);
    let rules = vpns(&account)[0]["Rules"].to_string();
    assert!(rules.contains("10.9.0.0/16") && rules.contains("172.16.0.0/16"), "{rules}");

    // The same authority's certificate with ten days left, under the same ARN.
    let arn = account.by_hand(
        r#"
import datetime, json
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
stored = json.loads(client("secretsmanager").get_secret_value(SecretId="ce-aws/prod/client-vpn")["SecretString"])
ca = x509.load_pem_x509_certificate(stored["ca_certificate"].encode())
of_ca = serialization.load_pem_private_key(stored["ca_key"].encode(), None)
acm = client("acm")
arn = acm.list_certificates()["CertificateSummaryList"][0]["CertificateArn"]
old = x509.load_pem_x509_certificate(acm.get_certificate(CertificateArn=arn)["Certificate"].encode())
key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
now = datetime.datetime.now(datetime.timezone.utc)
new = x509.CertificateBuilder().subject_name(old.subject).issuer_name(ca.subject).public_key(key.public_key())
new = new.serial_number(7).not_valid_before(now - datetime.timedelta(days=1))
new = new.not_valid_after(now + datetime.timedelta(days=10))
for extension in old.extensions:
    if extension.oid == x509.SubjectAlternativeName.oid:
        new = new.add_extension(extension.value, False)
new = new.sign(of_ca, hashes.SHA256())
pem = serialization.Encoding.PEM
acm.import_certificate(
    CertificateArn=arn, Certificate=new.public_bytes(pem), CertificateChain=stored["ca_certificate"].encode(),
    PrivateKey=key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
)
print(arn)
"#,
    );
    let status = product.expect(0, &["status", "FILE"]).stdout;
    assert!(status.contains("the client VPN's certificate expires on"), "{status}");
    assert_eq!(steps(&product).len(), 1);
    let plan = product.expect(0, &["plan", "FILE"]).stdout;
    assert!(plan.contains("the certificate of the client VPN expires soon"), "{plan}");
    product.expect(0, &["apply", "FILE", "--yes"]);
    assert_eq!(steps(&product), [""; 0]);
    let [renewed] = certificates(&account).try_into().expect("one certificate");
    assert_eq!(text(&renewed["CertificateArn"]), arn, "under the same ARN");
    product.expect(0, &["vpn", "config", "FILE", "--client", "alice", "-o", "alice.ovpn"]);
    verified(&product.folder().join("alice.ovpn"));
    product.expect(0, &["destroy", "FILE", "--yes", "--unprotect", "--delete-data"]);
    assert_eq!((vpns(&account).len(), certificates(&account).len()), (0, 0));
    let left = account.read();
    for what in ["security_groups", "subnets", "vpcs"] {
        assert!(!left["ec2"][what].to_string().contains("ce-aws:deployment"), "{what}: {left}");
    }
}

#[test]
fn lost_answers_make_nothing_twice() {
    let account = Account::new(SCALE);
    let product = Product::new(&account);
    product.edit(MARK, WANTED);
    let lost = [
        "ImportCertificate",
        "CreateClientVpnEndpoint",
        "AssociateClientVpnTargetNetwork",
        "AuthorizeClientVpnIngress",
    ];
    for operation in lost {
        account.post("faults", &json!({ "operation": operation, "kind": "lost", "times": 1 }));
    }
    product.expect(0, &["apply", "FILE", "--yes"]);
    assert_eq!(steps(&product), [""; 0]);
    let [vpn] = vpns(&account).try_into().expect("one endpoint");
    assert_eq!((vpn["Networks"].as_array().map(Vec::len), vpn["Rules"].as_array().map(Vec::len)), (Some(1), Some(1)));
    assert_eq!(certificates(&account).len(), 1);
    // Cut short, and gone on with.
    let denied = json!({
        "operation": "DisassociateClientVpnTargetNetwork",
        "kind": "error",
        "code": "UnauthorizedOperation",
        "status": 403,
        "times": 1,
    });
    account.post("faults", &denied);
    product.expect(3, &["destroy", "FILE", "--yes", "--unprotect", "--delete-data"]);
    product.expect(0, &["destroy", "FILE", "--yes", "--unprotect", "--delete-data"]);
    assert_eq!((vpns(&account).len(), certificates(&account).len()), (0, 0));
}
