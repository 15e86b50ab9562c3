//! The schema refuses and accepts the same single values as the reader.

use serde_json::json;

use super::Compiled;
use crate::config::{examine, schema};

/// Key, value, whether it is right.
const VALUES: &[(&str, &str, bool)] = &[
    ("name", "a", true),
    ("name", "a-b", true),
    ("name", "a--b", true),
    ("name", "exactly-nineteen-ch", true),
    ("name", "", false),
    ("name", "exactly-twenty-chars", false),
    ("name", "-a", false),
    ("name", "a-", false),
    ("name", "A", false),
    ("name", "a.b", false),
    ("release", "5.0.0", true),
    ("release", "05.0.0", false),
    ("release", "5.0", false),
    ("region", "us-gov-east-1", true),
    ("region", "us-east-9", false),
    ("package", "large", true),
    ("package", "Large", false),
    ("network.cidr", "10.0.0.0/16", true),
    ("network.cidr", "10.0.0.0/8", false),
    ("network.cidr", "10.0.0.256/16", false),
    ("network.cidr", "10.0.0/16", false),
    ("network.name", "My VPC: 1", true),
    ("network.name", "<vpc>", false),
    ("load_balancer.certificate_arn", "arn:aws:acm:us-east-1:111122223333:certificate/1-a", true),
    ("load_balancer.certificate_arn", "arn:aws:iam::111122223333:server-certificate/a", false),
    ("load_balancer.certificate_arn", "arn:aws:acm:us-east-1:1111:certificate/1-a", false),
    ("secrets.existing", "arn:aws:secretsmanager:us-east-1:111122223333:secret:a/b-a1B2c3", true),
    ("secrets.existing", "arn:aws:secretsmanager:us-east-1:111122223333:secret:name", false),
    ("secrets.existing", "arn:aws:secretsmanager:us-east-1:111122223333:secret:a-a1B2c3:key::", false),
    ("network.nat", "single", true),
    ("network.nat", "one", false),
    ("existing.kms_key", "alias/aws/elasticfilesystem", true),
    ("existing.kms_key", "1234abcd-12ab-34cd-56ef-1234567890ab", true),
    ("existing.kms_key", "mrk-1234abcd12ab34cd56ef1234567890ab", true),
    ("existing.kms_key", "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab", true),
    ("existing.kms_key", "arn:aws-cn:kms:cn-north-1:111122223333:alias/ce", true),
    ("existing.kms_key", "ce", false),
    ("existing.kms_key", "alias/", false),
    ("existing.kms_key", "1234ABCD-12ab-34cd-56ef-1234567890ab", false),
    ("existing.kms_key", "arn:aws:kms:us-east-1:111122223333:ce", false),
    ("existing.cluster", "shared_1-a", true),
    ("existing.cluster", "arn:aws:ecs:us-east-1:111122223333:cluster/shared", true),
    ("existing.cluster", "a/b", false),
    ("existing.cluster", "arn:aws:ecs:us-east-1:111122223333:service/shared", false),
    ("existing.task_role", "arn:aws:iam::111122223333:role/a/b/task", true),
    ("existing.task_role", "arn:aws:iam::111122223333:role/a/", false),
    ("existing.task_role", "arn:aws:iam::111122223333:user/a", false),
    ("existing.execution_role", "task", false),
    ("existing.backup_role", "arn:aws:iam::111122223333:role/backup", true),
    ("existing.backup_role", "backup", false),
    ("identity.permissions_boundary", "arn:aws:iam::aws:policy/PowerUserAccess", true),
    ("identity.permissions_boundary", "arn:aws:iam::111122223333:role/boundary", false),
    ("proxy.http", "http://10.0.0.5:3128", true),
    ("proxy.http", "https://proxy.example.com", true),
    ("proxy.http", "http://user:password@proxy:3128", false),
    ("proxy.http", "http://proxy:3128/", false),
    ("proxy.http", "socks5://proxy:3128", false),
    ("proxy.http", "proxy:3128", false),
    ("proxy.http", "http://proxy:0", false),
    ("proxy.http", "http://:3128", false),
    ("proxy.secret", "arn:aws:secretsmanager:us-east-1:111122223333:secret:proxy-a1B2c3", true),
    ("proxy.secret", "proxy", false),
    ("ca.secret", "arn:aws:secretsmanager:us-east-1:111122223333:secret:ca-a1B2c3", true),
    ("ca.secret", "ca", false),
    ("ca.file", "", false),
    ("images.registry", "111122223333.dkr.ecr.us-east-1.amazonaws.com", true),
    ("images.registry", "registry.example.com:5000/a/b", true),
    ("images.registry", "https://registry.example.com", false),
    ("images.registry", "registry", false),
    ("images.registry", "registry.example.com/", false),
    ("images.registry", "registry.example.com/a:1", false),
    ("service.tls_version", "TLSv1.2 TLSv1.3", true),
    ("service.tls_version", "TLSv1.2", false),
    ("storage.throughput", "bursting", true),
    ("storage.throughput", "provisioned", false),
    ("tags.Team", "a+b-c=d.e_f:g/h@i j", true),
    ("tags.Team", "a,b", false),
    ("tags.Name", "x", false),
    ("tags.Names", "x", true),
    ("tags.AWS:x", "x", false),
    ("tags.ce-aws:x", "x", false),
];

#[test]
fn schema_and_reader_agree() {
    let compiled = Compiled::new(schema());
    for (path, text, right) in VALUES {
        let mut file = json!({ "name": "prod", "release": "5.0.0" });
        match path.split_once('.') {
            Some((table, key)) => file[table] = json!({ key: text }),
            None => file[path] = json!(text),
        }
        assert_eq!(compiled.complaint(&file).is_none(), *right, "schema: {path} = {text:?}");
        let examined = examine("plan.toml", &toml::to_string(&file).unwrap(), None);
        assert_eq!(examined.plan.is_some(), *right, "reader: {path} = {text:?}\n{}", examined.problems);
    }
}
