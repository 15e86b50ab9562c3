//! The client VPN in a VPC of the user's, without a load balancer, with certificates of the user's, and after a run was
//! killed.

use serde_json::{Value, json};

use crate::account::{Account, text};
use crate::certificates::both;
use crate::client_vpn::{certificates, vpns};
use crate::deploy::SCALE;
use crate::drift::steps;
use crate::existing::ExistingResources;
use crate::product::Product;

const PLAN: &str = "name = \"prod\"\nrelease = \"5.0.0\"\nregion = \"us-east-1\"\n";
const WITHOUT_BALANCER: &str = "[load_balancer]\nenabled = false\n";
const DESTROY: [&str; 5] = ["destroy", "FILE", "--yes", "--unprotect", "--delete-data"];

#[test]
fn in_a_vpc_of_the_users_without_a_load_balancer() {
    let account = Account::new(SCALE);
    let resources = ExistingResources::new(&account);
    let existing = resources.network();
    let of = |range: &str| format!("{PLAN}{existing}{WITHOUT_BALANCER}[client_vpn]\nclient_cidr = \"{range}\"\n");
    let product = Product::with_plan(&account, &of("10.40.128.0/22"));
    let refused = both(&product.expect(5, &["apply", "FILE", "--yes"]));
    assert!(refused.contains("vpn/overlap") && refused.contains("10.40.0.0/16"), "{refused}");
    product.write_plan(&of("10.100.0.0/22"));
    product.expect(0, &["apply", "FILE", "--yes"]);
    assert_eq!(steps(&product), [""; 0]);
    let [vpn] = vpns(&account).try_into().expect("one endpoint");
    assert_eq!((text(&vpn["VpcId"]), &vpn["DnsServers"]), (resources.vpc.as_str(), &json!(["10.40.0.2"])));
    let networks: Vec<_> =
        vpn["Networks"].as_array().expect("a list").iter().map(|one| &one["TargetNetworkId"]).collect();
    assert_eq!(networks, [resources.subnets[0].as_str()]);
    assert_eq!(vpn["Rules"][0]["DestinationCidr"], "10.40.0.0/16");
    // The clients, who come with an address of that subnet, reach the task itself.
    let path = product.expect(0, &["path", "FILE", "--from", "10.40.1.9"]).stdout;
    assert!(path.contains("port 3000"), "{path}");
    product.expect(0, &["vpn", "config", "FILE", "--client", "alice", "-o", "alice.ovpn"]);
    product.expect(0, &DESTROY);
    assert_eq!((vpns(&account).len(), certificates(&account).len()), (0, 1), "the user's certificate stays");
    resources.assert_untouched(&account);
}

/// Imports a certificate with an RSA key of that size: its ARN.
fn imported(account: &Account, name: &str, bits: u16) -> String {
    account.by_hand(&format!(
        r#"
import datetime
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
key = rsa.generate_private_key(public_exponent=65537, key_size={bits})
name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "{name}")])
now = datetime.datetime.now(datetime.timezone.utc)
new = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(7)
new = new.not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=300))
new = new.add_extension(x509.SubjectAlternativeName([x509.DNSName("{name}")]), False).sign(key, hashes.SHA256())
pem = serialization.Encoding.PEM
print(client("acm").import_certificate(
    Certificate=new.public_bytes(pem),
    PrivateKey=key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
)["CertificateArn"])
"#
    ))
}

#[test]
fn with_certificates_of_the_users() {
    let account = Account::new(SCALE);
    let (server, root) = (imported(&account, "vpn.example.com", 2048), imported(&account, "people.example.com", 2048));
    let large = imported(&account, "large.example.com", 4096);
    let of = |server: &str, root: &str| {
        format!(
            "{PLAN}[client_vpn]\nclient_cidr = \"10.100.0.0/22\"\nserver_certificate_arn = \"{server}\"\n\
             client_root_certificate_arn = \"{root}\"\n"
        )
    };
    // Nothing is begun with certificates that AWS would refuse ten minutes later.
    let product = Product::with_plan(&account, &of(&large, &format!("{}0000", &root[..root.len() - 4])));
    let refused = both(&product.expect(5, &["apply", "FILE", "--yes"]));
    for words in ["certificate/vpn-key", "RSA_4096", "certificate/not-found"] {
        assert!(refused.contains(words), "{words}: {refused}");
    }
    product.write_plan(&of(&server, &root));
    let planned = product.expect(0, &["plan", "FILE", "--out", "saved.json"]).stdout;
    assert!(planned.contains("vpn.example.com") && planned.contains("people.example.com"), "{planned}");
    product.expect(0, &["apply", "saved.json", "--yes"]);
    assert_eq!(steps(&product), [""; 0]);
    let [vpn] = vpns(&account).try_into().expect("one endpoint");
    assert_eq!(text(&vpn["ServerCertificateArn"]), server);
    assert!(vpn.to_string().contains(&root), "{vpn}");
    for command in [&["config", "FILE", "--client", "a", "-o", "a.ovpn"][..], &["revoke", "FILE", "--serial", "4a"]] {
        let refused = product.expect(5, &[&["vpn"], command].concat());
        assert!(refused.stderr.contains("vpn/own-certificates"), "{refused:?}");
    }
    product.expect(0, &DESTROY);
    let names = |live: &Value| text(&live["DomainName"]).to_owned();
    let mut left: Vec<String> = certificates(&account).iter().map(names).collect();
    left.sort();
    assert_eq!(left, ["large.example.com", "people.example.com", "vpn.example.com"]);
    assert_eq!(vpns(&account).len(), 0);
}

/// Whether openssl lets the client of a configuration in, by the list of revoked certificates that the endpoint has.
fn lets_in(product: &Product<'_>, file: &str) -> bool {
    const SCRIPT: &str = r#"
import re, subprocess, tempfile, pathlib
endpoint = ec2.describe_client_vpn_endpoints()["ClientVpnEndpoints"][0]["ClientVpnEndpointId"]
revoked = ec2.export_client_vpn_client_certificate_revocation_list(ClientVpnEndpointId=endpoint)
text = pathlib.Path("FILE").read_text()
folder = pathlib.Path(tempfile.mkdtemp())
for name in ("ca", "cert"):
    (folder / name).write_text(re.search(f"<{name}>\n(.*?)\n?</{name}>", text, re.S)[1] + "\n")
words = ["openssl", "verify", "-purpose", "sslclient", "-CAfile", "ca"]
if "CertificateRevocationList" in revoked:
    assert revoked["Status"]["Code"] == "active", revoked
    (folder / "list").write_text(revoked["CertificateRevocationList"])
    words += ["-crl_check", "-CRLfile", "list"]
done = subprocess.run([*words, "cert"], cwd=folder, capture_output=True, text=True)
assert done.returncode == 0 or "certificate revoked" in done.stderr, done.stderr
print(done.returncode == 0)
"#;
    let file = product.folder().join(file).display().to_string();
    product.account.by_hand(&SCRIPT.replace("FILE", &file)) == "True"
}

#[test]
fn a_client_is_shut_out_and_the_others_are_not() {
    let account = Account::new(SCALE);
    let plan = format!("{PLAN}[client_vpn]\nclient_cidr = \"10.100.0.0/22\"\n");
    let product = Product::with_plan(&account, &plan);
    product.expect(0, &["apply", "FILE", "--yes"]);
    let config = |client: &str| {
        let file = format!("{client}.ovpn");
        let words = ["vpn", "config", "FILE", "--client", client, "-o", &file, "--output", "json"];
        let said: Value = serde_json::from_str(&product.expect(0, &words).stdout).expect("JSON");
        text(&said["serial"]).to_owned()
    };
    let serials = ["alice", "bob", "carol"].map(config);
    let let_in = || ["alice.ovpn", "bob.ovpn", "carol.ovpn"].map(|file| lets_in(&product, file));
    assert_eq!(let_in(), [true; 3]);

    let revoke = ["vpn", "revoke", "FILE", "--config", "alice.ovpn"];
    let unasked = both(&product.expect(5, &revoke));
    assert!(unasked.contains("everybody who is connected is cut off once"), "{unasked}");
    assert_eq!(let_in(), [true; 3]);
    product.expect(0, &[&revoke[..], &["--yes"]].concat());
    assert_eq!(let_in(), [false, true, true]);
    // After a lost answer the same command goes on, and what was revoked stays so.
    let lost = json!({ "operation": "ImportClientVpnClientCertificateRevocationList", "kind": "lost", "times": 1 });
    account.post("faults", &lost);
    let revoke = ["vpn", "revoke", "--name", "prod", "--region", "us-east-1", "--serial", &serials[1], "--yes"];
    product.expect(1, &revoke);
    let journal = account.journal(0).len();
    product.expect(0, &revoke);
    assert_eq!(let_in(), [false, false, true]);
    let again = product.expect(0, &["vpn", "revoke", "FILE", "--serial", &serials[0]]);
    assert!(again.stdout.contains("is shut out already; 2 in all"), "{again:?}");
    assert!(account.mutations(journal).iter().all(|call| !call.contains("Import")), "the list is imported once");
    assert_eq!(steps(&product), [""; 0]);

    let wrong = product.expect(64, &["vpn", "revoke", "FILE", "--config", "FILE", "--yes"]);
    assert!(wrong.stderr.contains("usage/vpn-configuration"), "{wrong:?}");
    // The VPN made anew lets nobody in with an old file.
    product.write_plan(PLAN);
    product.expect(0, &["apply", "FILE", "--yes"]);
    product.write_plan(&plan);
    product.expect(0, &["apply", "FILE", "--yes"]);
    let other = product.expect(5, &["vpn", "revoke", "FILE", "--config", "carol.ovpn", "--yes"]);
    assert!(other.stderr.contains("vpn/other-authority"), "{other:?}");
}

#[test]
fn a_killed_run_is_gone_on_with() {
    let account = Account::new(SCALE);
    let product = Product::with_plan(&account, &format!("{PLAN}[client_vpn]\nclient_cidr = \"10.100.0.0/22\"\n"));
    for operation in ["ImportCertificate", "CreateClientVpnEndpoint", "AssociateClientVpnTargetNetwork"] {
        account.post("faults", &json!({ "operation": operation, "kind": "hold", "times": 1 }));
        product.is_killed_at_the_fault();
    }
    product.expect(0, &["apply", "FILE", "--yes"]);
    assert_eq!(steps(&product), [""; 0]);
    let [vpn] = vpns(&account).try_into().expect("one endpoint");
    assert_eq!((vpn["Networks"].as_array().map(Vec::len), vpn["Rules"].as_array().map(Vec::len)), (Some(1), Some(1)));
    assert_eq!(certificates(&account).len(), 1);
    product.expect(0, &DESTROY);
    assert_eq!((vpns(&account).len(), certificates(&account).len()), (0, 0));
}
