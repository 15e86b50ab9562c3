//! CloudWatch dashboards.

use serde_json::Value;

use super::prelude::*;

/// A dashboard. Outputs: `id` (the name).
///
/// Its name must be `context.names.stack()`. It carries no tags: those of dashboards are new to CloudWatch, and what
/// tagging one takes is *unverified*.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Dashboard {
    pub name: String,
    /// What is on it (CloudWatch API reference, "Dashboard body structure and syntax").
    pub body: Value,
}

impl Spec for Dashboard {
    const KIND: Kind = Kind { immutable: &["name"], tagged: false, ..Kind::new("dashboard", Part::Alarms) };
}

#[async_trait]
impl Resource for Dashboard {
    async fn list(context: &Context, _depth: Depth) -> Result<Vec<Found<Self>>, Failure> {
        let name = context.names.stack();
        let call = context.aws.cloudwatch.get_dashboard().dashboard_name(&name);
        let Some(answer) = call.send().await.unless_gone()? else { return Ok(Vec::new()) };
        let body = serde_json::from_str(answer.dashboard_body().unwrap_or_default()).unwrap_or_default();
        let found = Found::new(name.as_str()).at(Address::new(Self::KIND.name, "main"));
        Ok(vec![found.spec(Self { name, body })])
    }

    async fn create(&self, context: &Context, _target: &Target) -> Result<Made, Failure> {
        self.put(context).await?;
        Ok(made(self.name.as_str(), &[]))
    }

    async fn update(&self, context: &Context, _target: &Target) -> Result<(), Failure> {
        self.put(context).await
    }

    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        context.aws.cloudwatch.delete_dashboards().dashboard_names(&target.id).send().await.done_or_gone()
    }

    fn grants(place: &Place) -> Grants<'_> {
        let arn = place.names.arn_global("cloudwatch", &format!("dashboard/{}", place.names.stack()));
        Grants::on(place, "cloudwatch", arn)
            .named(Use::See, &["GetDashboard"])
            .named(Use::Make, &["PutDashboard"])
            .named(Use::Remove, &["DeleteDashboards"])
    }
}

impl Dashboard {
    async fn put(&self, context: &Context) -> Result<(), Failure> {
        let call = context.aws.cloudwatch.put_dashboard().dashboard_name(&self.name);
        call.dashboard_body(self.body.to_string()).send().await.done()
    }
}
