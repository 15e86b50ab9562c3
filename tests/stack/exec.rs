//! Commands in running containers, over the data channel that the emulator serves.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_sdk_ecs::config::{BehaviorVersion, Credentials, Region, SharedCredentialsProvider};
use ce_aws::aws::clients::{Access, Clients};
use ce_aws::aws::exec::error::ExecError;
use ce_aws::aws::exec::run::{Container, run};
use ce_aws::engine::reference::Known;
use ce_aws::kinds::context::{Context, Notes, Revisions};
use ce_aws::kinds::names::Names;
use ce_aws::live::queues;
use serde_json::{Value, json};

use crate::account::Account;

const BROKER: &str = "rabbitmq-stats";

/// A cluster, and the least that a task needs around it. Prints what to run it with.
const AROUND: &str = r#"
import json
vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
table = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"][0]["RouteTableId"]
ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
trust = {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
document = lambda statement: json.dumps({"Version": "2012-10-17", "Statement": [statement]})
role = iam.create_role(RoleName="any", AssumeRolePolicyDocument=document(trust))["Role"]["Arn"]
everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
iam.put_role_policy(RoleName="any", PolicyName="any", PolicyDocument=document(everything))
ecs.create_cluster(clusterName="any")
image = "709825985650.dkr.ecr.us-east-1.amazonaws.com/netskope/rabbitmq:3.12.6-management"
definition = ecs.register_task_definition(
    family="any", networkMode="awsvpc", requiresCompatibilities=["FARGATE"], cpu="1024", memory="2048",
    executionRoleArn=role, taskRoleArn=role, containerDefinitions=[{"name": "rabbitmq-stats", "image": image}],
)["taskDefinition"]["taskDefinitionArn"]
print(json.dumps({"subnet": subnet, "definition": definition}))
"#;

/// A broker that runs, and a client of the account it is in.
struct Broker {
    account: Account,
    context: Context,
    task: String,
}

impl Broker {
    async fn new(exec: bool) -> Self {
        let account = Account::new(12);
        account.post("settings", &json!({"iam.propagation": 0}));
        let around: Value = serde_json::from_str(&account.by_hand(AROUND)).expect("JSON");
        let network = json!({"awsvpcConfiguration": {"subnets": [around["subnet"]], "assignPublicIp": "ENABLED"}});
        let exec = if exec { "True" } else { "False" };
        let task = account.by_hand(&format!(
            "print(ecs.run_task(cluster='any', taskDefinition={}, launchType='FARGATE', \
             networkConfiguration={network}, enableExecuteCommand={exec})['tasks'][0]['taskArn'])",
            around["definition"]
        ));
        account.post("clock", &json!({"advance": 120}));
        let context = context(&account).await;
        Self { account, context, task }
    }

    /// From now on the broker's tool answers so.
    fn answers(&self, rule: Value) {
        self.account.post("exec", &rule);
    }

    async fn depth(&self) -> Result<Vec<(String, u64)>, String> {
        let depth = queues::depth(&self.context, "any", &self.task, BROKER).await;
        depth.map(|depth| depth.queues).map_err(|why| why.to_string())
    }

    async fn run(&self, script: &str, patience: Duration) -> Result<String, ExecError> {
        let at = Container { cluster: "any", task: &self.task, name: BROKER, runtime_id: None };
        run(&self.context.aws, &at, script, patience).await
    }
}

async fn context(account: &Account) -> Context {
    let environment: BTreeMap<_, _> = account.environment().into_iter().collect();
    let credentials = SharedCredentialsProvider::new(Credentials::new(&account.id, "test", None, None, "account"));
    let config = aws_sdk_ecs::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .endpoint_url(&environment["AWS_ENDPOINT_URL"])
        .credentials_provider(credentials.clone())
        .build();
    let ecs = aws_sdk_ecs::Client::from_conf(config);
    let names = Names {
        deployment: "any".to_owned(),
        account: account.id.clone(),
        region: "us-east-1".to_owned(),
        partition: "aws".to_owned(),
    };
    Context {
        aws: Arc::new(Clients { ecs, credentials: Some(credentials), ..Clients::new(&Access::default()).await }),
        names,
        known: Known::new(),
        cluster: None,
        load_balancer: None,
        run: "run".to_owned(),
        ui_key: None,
        revisions: Revisions::default(),
        notes: Notes::default(),
    }
}

#[tokio::test]
async fn a_denied_channel_names_the_missing_permission() {
    let broker = Broker::new(true).await;
    let allowed = |actions: Value| {
        let statement = json!({"Effect": "Allow", "Action": actions, "Resource": "*"});
        json!({"iam.caller_policy": {"Version": "2012-10-17", "Statement": [statement]}})
    };
    broker.account.post("settings", &allowed(json!(["ecs:DescribeTasks", "ecs:ExecuteCommand"])));
    let why = broker.depth().await.unwrap_err();
    assert!(why.contains("HTTP 403") && why.contains("ssmmessages:OpenDataChannel"), "{why}");
    let all = json!(["ecs:DescribeTasks", "ecs:ExecuteCommand", "ssmmessages:OpenDataChannel"]);
    broker.account.post("settings", &allowed(all));
    assert_eq!(broker.depth().await, Ok(vec![]));
}

const TWO_QUEUES: &str = "[\n{\"name\":\"tasks\",\"messages\":41}\n,{\"name\":\"logs\",\"messages\":1}\n]\n";

#[tokio::test]
async fn queue_lengths_are_read_from_the_broker() {
    let broker = Broker::new(true).await;
    assert_eq!(broker.depth().await, Ok(vec![]));
    let two = Ok(vec![("tasks".to_owned(), 41), ("logs".to_owned(), 1)]);
    for fault in [json!(null), json!("reorder"), json!("duplicate"), json!("deaf")] {
        broker.answers(json!({"contains": "list_queues", "output": TWO_QUEUES, "chunks": 9, "fault": fault}));
        assert_eq!(broker.depth().await, two, "{fault}");
    }
    let many = (0..2000).map(|n| format!("{{\"name\":\"queue-{n}\",\"messages\":{n}}}")).collect::<Vec<_>>();
    let colours = format!("\u{1b}[33mwarning\u{1b}[0m: old\n[{}]\n", many.join("\n,"));
    broker.answers(json!({"contains": "list_queues", "output": colours, "chunks": 80}));
    assert_eq!(broker.depth().await.map(|queues| queues.len()), Ok(2000));
}

#[tokio::test]
async fn failures_of_the_channel_are_explained() {
    let broker = Broker::new(true).await;
    let said = |rule: Value| {
        broker.answers(rule);
        async { broker.run("true", Duration::from_secs(3)).await.unwrap_err().to_string() }
    };
    let diagnostics = "Error: unable to reach the node\n\nErlang cookie hash: aGFzaA==\n";
    let mut errors = vec![
        said(json!({"output": diagnostics, "exit": 69})).await,
        said(json!({"output": diagnostics, "chunks": 4, "fault": "cut"})).await,
        said(json!({"output": "", "fault": "cut"})).await,
        said(json!({"output": "[]\n", "fault": "garbage"})).await,
        said(json!({"output": "x".repeat(2 << 20), "chunks": 100})).await,
    ];
    let began = Instant::now();
    errors.push(said(json!({"fault": "silent"})).await);
    assert!(began.elapsed() < Duration::from_secs(20));
    broker.account.post("settings", &json!({"ecs.exec_agent_stopped": true}));
    errors.push(broker.depth().await.unwrap_err());
    insta::assert_snapshot!(errors.join("\n"));
}

#[tokio::test]
async fn a_task_without_exec_is_not_asked() {
    let broker = Broker::new(false).await;
    assert_eq!(broker.depth().await, Err("ECS Exec is not enabled in the running task".to_owned()));
    let refused = broker.run("true", Duration::from_secs(3)).await.unwrap_err();
    assert!(
        matches!(&refused, ExecError::Refused(failure) if failure.code == "InvalidParameterException"),
        "{refused}"
    );
    broker.account.by_hand(&format!("ecs.stop_task(cluster='any', task='{}')", broker.task));
    broker.account.post("clock", &json!({"advance": 120}));
    assert_eq!(broker.depth().await, Err("the task is not running".to_owned()));
}
