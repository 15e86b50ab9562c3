//! Files on the file system: listed, put and read back, and refused where they would endanger something.

use std::fs;

use serde_json::{Value, json};

use crate::account::{Account, text};
use crate::database::deployed;
use crate::deploy::SCALE;
use crate::product::Product;

/// Owner, mode and SHA-256 of each file whose path has this in it.
fn there(account: &Account, path: &str) -> Vec<String> {
    let all = account.get("cloud-exchange-files");
    let all = all.as_object().expect("files").iter().filter(|(name, _)| name.contains(path));
    all.map(|(name, what)| format!("{} {}", name.split(':').nth(1).unwrap_or_default(), text(what))).collect()
}

/// Bytes that are no text and compress to nothing.
fn content(length: u64) -> Vec<u8> {
    (0..length).map(|n| (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8).collect()
}

fn said(product: &Product<'_>, code: i32, arguments: &[&str], words: &[&str]) {
    let said = product.expect(code, &[&["files"], arguments].concat()).stderr;
    assert!(words.iter().all(|word| said.contains(word)), "{words:?}\n{said}");
}

#[test]
fn a_plug_in_is_put_and_read_back_byte_for_byte() {
    let account = Account::new(SCALE);
    let product = deployed(&account);
    let folder = product.folder().join("my plug-in");
    fs::create_dir_all(folder.join("lib")).unwrap();
    for (name, bytes) in [("manifest.json", b"{}".to_vec()), ("main.py", content(300_001)), ("lib/empty", vec![])] {
        fs::write(folder.join(name), bytes).unwrap();
    }
    let put =
        product.expect(0, &["files", "put", "FILE", "my plug-in", "custom_plugins/it's mine", "--output", "json"]);
    let put: Value = serde_json::from_str(&put.stdout).expect("JSON");
    assert_eq!((put["paths"].as_array().map(Vec::len), &put["bytes"]), (Some(3), &json!(300_003)));
    let files = there(&account, "it's mine");
    assert!(files.iter().all(|file| file.contains(" 1001:1001 0644 ")) && files.len() == 3, "{files:#?}");

    product.expect(0, &["files", "get", "FILE", "custom_plugins/it's mine/main.py", "-o", "back.py"]);
    assert_eq!(fs::read(product.folder().join("back.py")).unwrap(), content(300_001));
    let listed = product.expect(0, &["files", "list", "FILE", "custom_plugins/it's mine", "--output", "json"]).stdout;
    let listed: Value = serde_json::from_str(&listed).expect("JSON");
    let names: Vec<&str> = listed["entries"].as_array().unwrap().iter().map(|one| text(&one["name"])).collect();
    assert_eq!(names, ["lib", "main.py", "manifest.json"]);
    let volumes = product.expect(0, &["files", "list", "FILE"]).stdout;
    for words in ["custom_plugins", "core at /opt/netskope/plugins", "mongodb-primary at /data/db"] {
        assert!(volumes.contains(words), "{words:?} is not in\n{volumes}");
    }

    // What is there stays unless it is to be replaced.
    fs::write(product.folder().join("new.py"), "new").unwrap();
    let target = "custom_plugins/it's mine/main.py";
    said(&product, 1, &["put", "FILE", "new.py", target], &["is there already", "--replace", "0 of 1 files were put"]);
    product.expect(0, &["files", "put", "FILE", "new.py", target, "--replace"]);
    fs::remove_file(product.folder().join("back.py")).unwrap();
    product.expect(0, &["files", "get", "FILE", target, "-o", "back.py"]);
    assert_eq!(fs::read(product.folder().join("back.py")).unwrap(), b"new");
}

#[test]
fn a_private_key_is_in_no_command_and_for_its_owner_only() {
    let account = Account::new(SCALE);
    let product = deployed(&account);
    let key = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", "c2VjcmV0".repeat(8));
    fs::write(product.folder().join("key.pem"), &key).unwrap();
    product.expect(0, &["files", "put", "FILE", "key.pem", "ssl_certs/own/key.pem"]);
    let files = there(&account, "own/key.pem");
    assert!(files.len() == 1 && files[0].contains(" 1001:1001 0600 "), "{files:#?}");
    let calls = account.journal(0);
    let commands = calls.iter().filter(|call| call["operation"] == "ExecuteCommand").map(Value::to_string);
    assert!(commands.into_iter().all(|command| !command.contains("c2VjcmV0") && !command.contains("YzJWamN")));
}

#[test]
fn what_would_endanger_something_is_refused_and_half_a_file_is_none() {
    let account = Account::new(SCALE);
    let product = deployed(&account);
    fs::write(product.folder().join("x"), content(20_000)).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("x", product.folder().join("link")).unwrap();
    let put = |code: i32, source: &str, target: &str, words: &[&str]| {
        said(&product, code, &["put", "FILE", source, target], words)
    };
    for volume in ["mongo-data", "rabbitmq-data", "repos", "mongo-init", "certificate"] {
        put(5, "x", &format!("{volume}/x"), &["files/not-writable", "custom_plugins"]);
    }
    put(5, "x", "ssl_certs/cte_cert_key.key", &["files/ui-certificate", "--ui-certificate"]);
    put(5, "x", "ssl_certs/mongodb_rabbitmq_certs/x", &["files/not-writable"]);
    for target in ["/etc/passwd", "custom_plugins/../x", "custom_plugins", "custom_plugins/a//b"] {
        put(64, "x", target, &["usage/volume-path"]);
    }
    put(64, "link", "custom_plugins/x", &["usage/link"]);
    put(64, "nothing", "custom_plugins/x", &["usage/unreadable"]);
    fs::write(product.folder().join("large"), vec![0; 51 << 20]).unwrap();
    put(64, "large", "custom_plugins/x", &["usage/large"]);
    said(&product, 5, &["list", "FILE", "nowhere"], &["files/unknown-volume", "custom_plugins"]);
    let before = account.journal(0).iter().filter(|call| call["operation"] == "ExecuteCommand").count();
    assert_eq!(before, 1, "only apply has asked a container, whether the UI answers");

    // A link in the container leads nowhere.
    let link = ["exec", "FILE", "core", "--", "ln", "-s", "/etc", "/opt/netskope/plugins/out"];
    product.expect(0, &link);
    put(1, "x", "custom_plugins/out/x", &["is a link", "was not put"]);
    said(&product, 1, &["get", "FILE", "custom_plugins/out/hosts", "-o", "y"], &["is a link", "no file was written"]);
    // Cut off and damaged on the way.
    account.post("exec", &json!({ "contains": "stty", "runs": true, "fault": "cut", "at": 10 }));
    put(1, "x", "custom_plugins/x", &["was not put"]);
    account.delete("exec");
    assert_eq!(there(&account, "/custom_plugins/"), [""; 0]);
    product.expect(0, &["files", "put", "FILE", "x", "custom_plugins/x"]);
    account.post("exec", &json!({ "contains": "base64", "runs": true, "fault": "corrupt", "at": 9000 }));
    said(&product, 1, &["get", "FILE", "custom_plugins/x", "-o", "y"], &["SHA-256", "no file was written"]);
    assert!(!product.folder().join("y").exists());
    account.delete("exec");
    account.post("settings", &json!({ "cloud_exchange.missing_tools": ["sha256sum"] }));
    said(&product, 5, &["get", "FILE", "custom_plugins/x", "-o", "y"], &["exec/no-program", "sha256sum"]);
    product.expect(0, &["stop", "FILE", "--yes"]);
    said(&product, 5, &["list", "FILE", "custom_plugins"], &["exec/no-task"]);
}
