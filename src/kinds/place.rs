//! The resources of one deployment by ARN, for declaring permissions.

use crate::aws::grant::{Grant, Use};
use crate::partition::principals;

use super::names::Names;

/// A deployment's names, and the user's resources that its plan file names instead of own ones.
#[derive(Clone, Debug)]
pub struct Place {
    pub names: Names,
    /// ARN of the user's VPC, and of its subnets.
    pub vpc: Option<String>,
    pub subnets: Vec<String>,
    /// ARN of the user's cluster.
    pub cluster: Option<String>,
    /// ARN of the user's load balancer that our listener is on.
    pub load_balancer: Option<String>,
    /// ARNs of the user's roles that tasks run with, and whether there are also roles of ours.
    pub task_roles: Vec<String>,
    pub own_task_roles: bool,
    /// ARN of the user's role that AWS Backup acts with.
    pub backup_role: Option<String>,
    /// ARN of the user's key, with `*` where only an alias is known.
    pub key: Option<String>,
    /// ARNs of the user's secret that the credentials are taken from.
    pub credentials: Vec<String>,
    /// The name of the UI in DNS.
    pub dns: Option<NamePlace>,
    /// Whether the UI's web server has a certificate of its own.
    pub ui_certificate: bool,
    /// Whether there is a client VPN.
    pub client_vpn: bool,
    /// ARNs of the managed policies that roles of ours get.
    pub policies: Vec<String>,
    /// ARN of the user's topic that is told, and of the key that encrypts what is sent to ours.
    pub topic: Option<String>,
    pub topic_key: Option<String>,
    /// ARN of the permissions boundary that roles of ours get.
    pub boundary: Option<String>,
}

/// A name in DNS, and the hosted zone that it is in.
#[derive(Clone, Debug)]
pub struct NamePlace {
    pub name: String,
    /// The zone's id, where it is known.
    pub zone: Option<String>,
    /// Whether ce-aws makes the zone.
    pub own_zone: bool,
    /// Whether ce-aws has a certificate for the name: the id of the zone that validates it, where it is known.
    pub validation: Option<Option<String>>,
}

impl Place {
    fn deployment(&self) -> &str {
        &self.names.deployment
    }

    /// Our roles, as an ARN with a wildcard.
    pub fn own_roles(&self) -> String {
        self.names.arn_global("iam", &format!("role{}*", self.names.role_path()))
    }

    /// Passing these roles to a service.
    pub fn passing(&self, usage: Use, roles: impl IntoIterator<Item = String>, service: &str, id: &str) -> Grant {
        let grant =
            Grant::new(usage, "iam", &["PassRole"]).on(roles).when("StringEquals", "iam:PassedToService", [service]);
        grant.called(id)
    }

    /// Passing tasks the user's roles, and ours where there are any.
    pub fn passing_to_tasks(&self, usage: Use) -> Grant {
        let own = self.own_task_roles.then(|| self.own_roles());
        let roles = self.task_roles.iter().cloned().chain(own);
        self.passing(usage, roles, principals::ECS_TASKS, "PassRolesToTasks")
    }

    /// Passing AWS Backup the role that it acts with.
    pub fn passing_to_backup(&self) -> Grant {
        let role = self.backup_role.clone().unwrap_or_else(|| self.own_roles());
        self.passing(Use::Upgrade, [role], principals::BACKUP, "PassRoleToBackup")
    }

    /// Creating the service-linked role of a service, which happens when the account first uses it.
    pub fn linking(&self, service: &str) -> Grant {
        let arn = self.names.arn_global("iam", &format!("role/aws-service-role/{service}/*"));
        let grant = Grant::new(Use::Make, "iam", &["CreateServiceLinkedRole"]).on([arn]);
        grant.when("StringEquals", "iam:AWSServiceName", [service]).called("CreateServiceLinkedRoles")
    }

    /// Using a key through a service (AWS KMS developer guide, "kms:ViaService").
    pub fn key_through(&self, usage: Use, key: &str, service: &str, uses: &[&str], id: &str) -> Grant {
        let through = self.names.via_service(service);
        Grant::new(usage, "kms", uses).on([key]).when("StringEquals", "kms:ViaService", through).called(id)
    }

    /// Every key of the account in the region.
    pub fn any_key(&self) -> String {
        self.names.arn("kms", "key/*")
    }
}

/// The permissions that a kind needs, one line for each use.
#[derive(Debug)]
pub struct Grants<'a> {
    place: &'a Place,
    service: &'static str,
    resources: Vec<String>,
    all: Vec<Grant>,
}

impl<'a> Grants<'a> {
    /// For one type of resource; `resources` are the ends of ARNs, with wildcards.
    pub fn new(place: &'a Place, service: &'static str, resources: &[&str]) -> Self {
        Self { place, service, resources: Vec::new(), all: Vec::new() }.at(resources)
    }

    /// The same with a whole ARN.
    pub fn on(place: &'a Place, service: &'static str, resource: String) -> Self {
        Self { place, service, resources: vec![resource], all: Vec::new() }
    }

    fn here(&self, usage: Use, actions: &[&str]) -> Grant {
        Grant::new(usage, self.service, actions).on(self.resources.clone())
    }

    /// Of what has the deployment's tag.
    pub fn own(self, usage: Use, actions: &[&str]) -> Self {
        let grant = self.here(usage, actions).of(self.place.deployment());
        self.also(grant)
    }

    /// Reading, where neither tags nor names can restrict it.
    pub fn see(self, actions: &[&str]) -> Self {
        let grant = Grant::new(Use::See, self.service, actions);
        self.also(grant)
    }

    /// Creating with the deployment's tag.
    pub fn tagged(self, usage: Use, actions: &[&str]) -> Self {
        let grant = self.here(usage, actions).tagged(self.place.deployment());
        self.also(grant)
    }

    /// Giving the deployment's tag to what AWS has created without tags: no condition can tell what it belongs to.
    pub fn adopt(self, usage: Use) -> Self {
        let grant = self.here(usage, &self.tagging()[..1]).adopted(self.place.deployment());
        self.also(grant)
    }

    /// Creating with tags, where tagging is an action of its own with a condition on the creating call
    /// (`ec2:CreateAction` and the like); and changing the tags later.
    pub fn create(self, action: &str) -> Self {
        self.tagged(Use::Make, &[action]).tag_new(action).retag()
    }

    /// Only the tagging of that, where the creating call is authorised on the parent.
    pub fn tag_new(self, action: &str) -> Self {
        let grant = self.here(Use::Make, &[self.tagging()[0]]).tagged(self.place.deployment());
        let grant = grant.when("StringEquals", &format!("{}:CreateAction", self.service), [action]);
        let id = format!("TagNew{}", grant.id.trim_start_matches("WriteNew"));
        self.also(grant.called(&id))
    }

    /// Setting and removing tags of what has the deployment's tag.
    pub fn retag(self) -> Self {
        let actions = self.tagging();
        self.change(&actions)
    }

    fn tagging(&self) -> [&'static str; 2] {
        match self.service {
            "ec2" => ["CreateTags", "DeleteTags"],
            "acm" => ["AddTagsToCertificate", "RemoveTagsFromCertificate"],
            "elasticloadbalancing" => ["AddTags", "RemoveTags"],
            _ => ["TagResource", "UntagResource"],
        }
    }

    /// Changing what has the deployment's tag, or creating something in it.
    pub fn change(self, actions: &[&str]) -> Self {
        self.own(Use::Make, actions)
    }

    /// The same in the user's resources `theirs`, if there are any, else in the deployment's own.
    pub fn inside(self, theirs: &[String], actions: &[&str]) -> Self {
        if theirs.is_empty() {
            return self.change(actions);
        }
        let grant = Grant::new(Use::Make, self.service, actions).on(theirs.iter().cloned());
        self.also(grant)
    }

    /// Deleting what has the deployment's tag.
    pub fn remove(self, actions: &[&str]) -> Self {
        self.own(Use::Remove, actions)
    }

    /// Deleting what has the deployment's tag and holds data.
    pub fn erase(self, actions: &[&str]) -> Self {
        self.own(Use::Erase, actions)
    }

    /// By a name of the deployment's, where AWS has no tags or none that can be relied on.
    pub fn named(self, usage: Use, actions: &[&str]) -> Self {
        let grant = self.here(usage, actions);
        self.also(grant)
    }

    /// Another service and type of resource, for the lines that follow.
    pub fn of(self, service: &'static str, resources: &[&str]) -> Self {
        Self { service, ..self }.at(resources)
    }

    /// Another type of resource of the same service, for the lines that follow.
    pub fn at(self, resources: &[&str]) -> Self {
        let resources = resources.iter().map(|resource| self.place.names.arn(self.service, resource)).collect();
        Self { resources, ..self }
    }

    pub fn also(mut self, grant: Grant) -> Self {
        self.all.push(grant);
        self
    }

    pub fn and(mut self, more: impl IntoIterator<Item = Grant>) -> Self {
        self.all.extend(more);
        self
    }

    pub fn done(self) -> Vec<Grant> {
        self.all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_used_through_a_service_of_the_partition() {
        let through = |partition: &str, region: &str| {
            let names = Names {
                deployment: "prod".to_owned(),
                account: "111122223333".to_owned(),
                region: region.to_owned(),
                partition: partition.to_owned(),
            };
            let place = Place {
                names,
                vpc: None,
                subnets: vec![],
                cluster: None,
                load_balancer: None,
                ui_certificate: false,
                task_roles: vec![],
                own_task_roles: true,
                backup_role: None,
                key: None,
                credentials: vec![],
                dns: None,
                client_vpn: false,
                policies: vec![],
                topic: None,
                topic_key: None,
                boundary: None,
            };
            let grant = place.key_through(Use::Make, "arn", "backup", &["Decrypt"], "id");
            grant.conditions[&("StringEquals", "kms:ViaService".to_owned())].clone()
        };
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(through("aws", "eu-west-1"), names(&["backup.eu-west-1.amazonaws.com"]));
        assert_eq!(through("aws-us-gov", "us-gov-west-1"), names(&["backup.us-gov-west-1.amazonaws.com"]));
        let china = ["backup.cn-north-1.amazonaws.com", "backup.cn-north-1.amazonaws.com.cn"];
        assert_eq!(through("aws-cn", "cn-north-1"), names(&china));
    }
}
