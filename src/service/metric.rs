//! How executions went of late, as far as the caller may see them.

use jiff::SignedDuration;
use serde::Serialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::actor::Actor;
use super::handle::Service;
use super::identity::record_type;
use super::row::id_of;
use super::scope::scope_of;
use super::selector::Selector;
use crate::clock;
use crate::error::{Error, Result};
use crate::store::{Filter, Scope, Tally, TallyBy, TallyQuery};

/// Points of the curve over time.
const POINTS: u64 = 24;
/// Flows and projects that are told of.
const GROUPS: u32 = 20;

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub struct MetricsRequest {
    /// From so long ago until now. Default: a day.
    pub hours: Option<u64>,
    /// Only executions of this flow, by its id or name.
    pub flow: Option<String>,
    /// Only those in this project, by its id or name.
    pub project: Option<String>,
}

impl MetricsRequest {
    /// A month.
    pub const LONGEST_HOURS: u64 = 744;
}

/// Executions that ended within the time.
#[derive(Clone, Debug, Serialize)]
pub struct Outcomes {
    pub ended: u64,
    pub succeeded: u64,
    pub failed: u64,
    pub cancelled: u64,
    /// Of those that succeeded or failed, from 0 to 1; null where there is none.
    pub success_rate: Option<f64>,
    /// Of those that began, milliseconds.
    pub p50_ms: Option<u64>,
    pub p95_ms: Option<u64>,
}

impl From<&Tally> for Outcomes {
    fn from(tally: &Tally) -> Outcomes {
        let tried = tally.succeeded + tally.failed;
        Outcomes {
            ended: tally.ended,
            succeeded: tally.succeeded,
            failed: tally.failed,
            cancelled: tally.cancelled,
            success_rate: (tried > 0).then(|| (tally.succeeded as f64 / tried as f64 * 1e4).round() / 1e4),
            p50_ms: tally.p50_ms,
            p95_ms: tally.p95_ms,
        }
    }
}

/// The executions of one flow or project; null for those of scripts, and outside every project.
#[derive(Clone, Debug, Serialize)]
pub struct GroupOutcomes {
    pub id: Option<String>,
    /// Null where it is gone, or not the caller's to read.
    pub name: Option<String>,
    #[serde(flatten)]
    pub outcomes: Outcomes,
}

/// One point of the curve.
#[derive(Clone, Debug, Serialize)]
pub struct Point {
    /// Where its stretch begins.
    pub at: String,
    pub succeeded: u64,
    pub failed: u64,
    pub cancelled: u64,
}

/// How executions of flows and scripts went.
#[derive(Clone, Debug, Serialize)]
pub struct Metrics {
    pub since: String,
    pub until: String,
    /// How many stand at each status now.
    pub live: Map<String, Value>,
    #[serde(flatten)]
    pub all: Outcomes,
    /// The busiest first.
    pub by_flow: Vec<GroupOutcomes>,
    pub by_project: Vec<GroupOutcomes>,
    /// Seconds between two points.
    pub interval_seconds: u64,
    pub over_time: Vec<Point>,
}

impl Service {
    /// How executions went that the actor may read.
    ///
    /// # Errors
    /// A flow or project that is not there, or a time out of range.
    pub async fn execution_metrics(&self, actor: &Actor, request: &MetricsRequest) -> Result<Metrics> {
        let hours = request.hours.unwrap_or(24);
        if !(1..=MetricsRequest::LONGEST_HOURS).contains(&hours) {
            return Err(Error::invalid(format!("'hours' must be 1 to {}.", MetricsRequest::LONGEST_HOURS)).field("/hours"));
        }
        let executions = record_type("EXECUTION");
        let scope = scope_of(&self.access(actor).await?, executions);
        let mut parts = Vec::new();
        for (wanted, of, column) in [(&request.flow, "FLOW", "flow_id"), (&request.project, "PROJECT", "project_id")] {
            if let Some(wanted) = wanted {
                parts.push(Filter::eq(column, self.named(actor, of, wanted).await?.to_string()));
            }
        }
        let now = self.clock().now();
        let length = SignedDuration::from_hours(i64::try_from(hours).unwrap_or(24));
        let begin = now.checked_sub(length).map_err(|e| Error::internal("a time long ago").source_error(e))?;
        let (since, until) = (clock::format(begin), clock::format(now));
        let filter = (!parts.is_empty()).then_some(Filter::And(parts));
        let query = TallyQuery { of: executions, within: (&since, &until), filter: filter.as_ref(), scope: &scope };
        let interval_seconds = hours * 3600 / POINTS;
        let all = self.store().execution_tallies(&query, TallyBy::All).await?;
        let stretches = self.store().execution_tallies(&query, TallyBy::Stretch(interval_seconds)).await?;
        let point = |number: u64| {
            let tally = stretches.iter().find(|tally| tally.key.as_deref().and_then(|key| key.parse().ok()) == Some(number));
            let tally = tally.cloned().unwrap_or_default();
            let offset = SignedDuration::from_secs(i64::try_from(number * interval_seconds).unwrap_or(0));
            let at = clock::format(begin.checked_add(offset).unwrap_or(begin));
            Point { at, succeeded: tally.succeeded, failed: tally.failed, cancelled: tally.cancelled }
        };
        let live = self.store().execution_standing(&query).await?;
        Ok(Metrics {
            live: live.into_iter().map(|(status, count)| (status, json!(count))).collect(),
            all: Outcomes::from(&all.into_iter().next().unwrap_or_default()),
            by_flow: self.groups(actor, &query, ("FLOW", "flow_id")).await?,
            by_project: self.groups(actor, &query, ("PROJECT", "project_id")).await?,
            interval_seconds,
            over_time: (0..POINTS).map(point).collect(),
            since,
            until,
        })
    }

    async fn named(&self, actor: &Actor, of: &'static str, wanted: &str) -> Result<Uuid> {
        let of = record_type(of);
        Ok(id_of(&self.record_row(actor, of, &Selector::parse(wanted)).await?))
    }

    async fn groups(
        &self,
        actor: &Actor,
        query: &TallyQuery<'_>,
        (of, column): (&'static str, &'static str),
    ) -> Result<Vec<GroupOutcomes>> {
        let of = record_type(of);
        let scope: Scope = scope_of(&self.access(actor).await?, of);
        let mut groups = Vec::new();
        for tally in self.store().execution_tallies(query, TallyBy::Column(column, GROUPS)).await? {
            let row = match tally.key.as_deref().and_then(|id| Uuid::try_parse(id).ok()) {
                Some(id) => self.store().row_get(of, id, &scope).await?,
                None => None,
            };
            let name = row.and_then(|row| row.text("name").map(str::to_owned));
            groups.push(GroupOutcomes { id: tally.key.clone(), name, outcomes: Outcomes::from(&tally) });
        }
        Ok(groups)
    }
}
