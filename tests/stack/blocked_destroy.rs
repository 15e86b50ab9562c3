//! A destroy of resources that others use: refused before anything is deleted, or leaving them what can be left.

use serde_json::json;

use crate::account::{Account, text};
use crate::deploy::SCALE;
use crate::failures::wait_until;
use crate::product::Product;

/// The ids of the network, for scripts: `vpc`, `subnet`, `group` and `table` of the deployment.
const OURS: &str = r#"
vpc = find(ec2.describe_vpcs()["Vpcs"], "vpc/main")["VpcId"]
subnet = find(ec2.describe_subnets()["Subnets"], "subnet/private-a")["SubnetId"]
group = find(ec2.describe_security_groups()["SecurityGroups"], "security-group/task")["GroupId"]
"#;

/// The example, deployed.
fn deployed(account: &Account) -> Product<'_> {
    let product = Product::new(account);
    product.expect(0, &["apply", "FILE", "--yes"]);
    product
}

fn by_hand(account: &Account, script: &str) -> String {
    account.by_hand(&format!("{OURS}{script}"))
}

const ALL: [&str; 5] = ["destroy", "FILE", "--yes", "--unprotect", "--delete-data"];

#[test]
fn foreign_resources_are_named_before_data_is_deleted() {
    let account = Account::new(SCALE);
    let product = deployed(&account);
    let made = by_hand(
        &account,
        r#"
eni = ec2.create_network_interface(SubnetId=subnet, Description="a probe of the security team")
eni = eni["NetworkInterface"]["NetworkInterfaceId"]
other = ec2.create_security_group(GroupName="monitoring", Description="theirs", VpcId=vpc)["GroupId"]
rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "UserIdGroupPairs": [{"GroupId": group}]}
ec2.authorize_security_group_ingress(GroupId=other, IpPermissions=[rule])
peer = ec2.create_vpc(CidrBlock="10.99.0.0/16")["Vpc"]["VpcId"]
pcx = ec2.create_vpc_peering_connection(VpcId=peer, PeerVpcId=vpc)["VpcPeeringConnection"]["VpcPeeringConnectionId"]
ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=pcx)
vgw = ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
ec2.attach_vpn_gateway(VpcId=vpc, VpnGatewayId=vgw)
vpce = ec2.create_vpc_endpoint(VpcEndpointType="Interface", VpcId=vpc, ServiceName="com.amazonaws.us-east-1.sqs",
    SubnetIds=[subnet], SecurityGroupIds=[other])["VpcEndpoint"]["VpcEndpointId"]
tgw = ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
att = ec2.create_transit_gateway_vpc_attachment(TransitGatewayId=tgw, VpcId=vpc, SubnetIds=[subnet])
att = att["TransitGatewayVpcAttachment"]["TransitGatewayAttachmentId"]
sub = ec2.create_subnet(VpcId=vpc, CidrBlock="172.16.200.0/24")["Subnet"]["SubnetId"]
lb = elb.describe_load_balancers(Names=["ce-prod"])["LoadBalancers"][0]["LoadBalancerArn"]
reply = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}
lis = elb.create_listener(LoadBalancerArn=lb, Protocol="HTTP", Port=8088, DefaultActions=[reply])
lis = lis["Listeners"][0]["ListenerArn"]
efs = client("efs")
fs = efs.describe_file_systems()["FileSystems"][0]["FileSystemId"]
ap = efs.create_access_point(ClientToken="theirs", FileSystemId=fs)["AccessPointId"]
print(eni, other, pcx, vgw, vpce, att, sub, lis, ap)
"#,
    );
    let before = account.journal(0).len();
    let refused = product.expect(5, &ALL);
    assert_eq!(account.mutations(before), [""; 0], "nothing is changed");
    for id in made.split_whitespace() {
        assert!(refused.stderr.contains(id), "{id} is not named:\n{}", refused.stderr);
    }
    for word in ["destroy/held", "a probe of the security team", "subnet/private-a", "--leave-network"] {
        assert!(refused.stderr.contains(word), "{word}:\n{}", refused.stderr);
    }
    // The network interface of the endpoint is the endpoint's, and nothing of ours is taken for somebody else's.
    assert_eq!(refused.stderr.matches("network interface").count(), 1, "{}", refused.stderr);
    let planned = product.expect(5, &["plan", "FILE", "--destroy", "--unprotect", "--delete-data"]);
    assert!(planned.stdout.contains("destroy/held"), "{}", planned.stdout);
    let by_name = product.expect(5, &["destroy", "--name", "prod", "--yes", "--unprotect"]);
    // The data are kept then, and with them what is on them.
    let access_point = made.split_whitespace().last().expect("the access point");
    assert!(!by_name.stderr.contains(access_point), "{}", by_name.stderr);
    assert_eq!(account.mutations(before), [""; 0], "nothing is changed");
}

#[test]
fn the_network_can_be_kept_and_adopted_again() {
    let account = Account::new(SCALE);
    let product = deployed(&account);
    let interface = by_hand(
        &account,
        r#"
made = ec2.create_network_interface(SubnetId=subnet, Groups=[group])["NetworkInterface"]
print(made["NetworkInterfaceId"])
"#,
    );
    let left = product.expect(0, &["destroy", "FILE", "--yes", "--unprotect", "--leave-network"]);
    for word in [interface.as_str(), "is kept for the network interface"] {
        assert!(left.stderr.contains(word), "{word}:\n{}", left.stderr);
    }
    for address in ["vpc/main", "subnet/private-a", "nat-gateway/a", "security-group/task", "file-system/main"] {
        assert!(left.stdout.contains(address), "{address}:\n{}", left.stdout);
    }
    let read = account.read();
    assert_eq!(read["ecs"]["clusters"].as_array().map(Vec::len), Some(0));
    assert!(!left.stdout.contains("security-group/storage"), "{}", left.stdout);

    // What is left is taken back as it is.
    let vpc = by_hand(&account, "print(vpc)");
    product.expect(0, &["apply", "FILE", "--yes"]);
    product.expect(0, &["plan", "FILE", "--exit-code"]);
    assert_eq!(by_hand(&account, "print(vpc)"), vpc);

    // And goes as soon as nobody uses it.
    product.expect(0, &["destroy", "FILE", "--yes", "--unprotect", "--leave-network"]);
    product.expect(5, &["destroy", "FILE", "--yes", "--unprotect"]);
    by_hand(&account, &format!("ec2.delete_network_interface(NetworkInterfaceId='{interface}')"));
    product.expect(0, &["destroy", "FILE", "--yes", "--unprotect"]);
    assert!(
        !account
            .by_hand("print([tag for vpc in ec2.describe_vpcs()['Vpcs'] for tag in vpc.get('Tags', [])])")
            .contains("prod")
    );
}

#[test]
fn guardduty_resources_are_deleted_with_the_vpc() {
    let account = Account::new(SCALE);
    account.post("settings", &json!({ "guardduty.vpc": true, "guardduty.again": 1, "guardduty.made_again": 0.1 }));
    let product = deployed(&account);
    let count = "print(len(ec2.describe_vpc_endpoints()['VpcEndpoints']))";
    assert_eq!(by_hand(&account, count), "1");
    product.expect(0, &["plan", "FILE", "--exit-code"]);
    let planned = product.expect(0, &["plan", "FILE", "--destroy", "--unprotect"]).stdout;
    for step in ["guardduty-endpoint/main", "guardduty-group/main"] {
        assert!(planned.contains(step), "{planned}");
    }
    // What may not be read is reported, and stops nothing.
    account.post(
        "faults",
        &json!({
            "service": "ec2", "operation": "Describe*PeeringConnections", "kind": "error",
            "code": "UnauthorizedOperation",
            "status": 403, "message": "not authorized to perform: ec2:DescribeVpcPeeringConnections",
        }),
    );
    let unread = product.expect(0, &["plan", "FILE", "--destroy", "--unprotect"]).stdout;
    assert!(unread.contains("destroy/not-checked") && unread.contains("ec2:DescribeVpcPeeringConnections"), "{unread}");
    account.delete("faults");
    // It is made once more while the network goes.
    let ran = product.expect(0, &["destroy", "FILE", "--yes", "--unprotect"]);
    let calls = account.journal(0);
    let deleted = calls.iter().filter(|call| text(&call["operation"]) == "DeleteVpcEndpoints").count();
    assert!(deleted >= 2, "{}", ran.stderr);
    let left = "print([v['VpcId'] for v in ec2.describe_vpcs()['Vpcs'] if not v['IsDefault']], \
                [e['VpcEndpointId'] for e in ec2.describe_vpc_endpoints()['VpcEndpoints']])";
    assert_eq!(account.by_hand(left), "[] []");
}

#[test]
fn an_interface_created_during_destroy_is_named() {
    let account = Account::new(SCALE);
    let product = deployed(&account);
    // Between the look and the deletion of the network.
    account.post("faults", &json!({ "operation": "UpdateService", "kind": "hold", "before": true, "times": 1 }));
    let child = product.spawn(&["destroy", "FILE", "--yes", "--unprotect"]);
    wait_until("held", || account.get("faults").to_string().contains("\"held\":1"));
    let interface = by_hand(
        &account,
        r#"print(ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"])"#,
    );
    account.delete("faults");
    let output = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("error[held-by-others]") && said.contains(&interface), "{said}");
    let tries = account.journal(0).into_iter().filter(|call| text(&call["operation"]) == "DeleteSubnet");
    let refused = tries.filter(|call| text(&call["code"]) == "DependencyViolation").count();
    assert!(refused < 10, "{refused} refused attempts");
}
