//! The counters that the server under test shows at /metrics, in Prometheus' text format.

use anyhow::Context;
use std::net::SocketAddr;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(10);

/// One reading of all of them.
#[derive(Debug, Clone, Default)]
pub struct Metrics(String);

impl Metrics {
    pub async fn read(web: SocketAddr) -> anyhow::Result<Self> {
        let request = async { reqwest::get(format!("http://{web}/metrics")).await?.error_for_status()?.text().await };
        let text = tokio::time::timeout(PATIENCE, request).await.context("the server does not show its metrics in time")?;
        Ok(Self(text.context("the server does not show its metrics")?))
    }

    /// What a gauge stands at; `None` if the server does not show it, which is not the same as 0.
    pub fn gauge(&self, name: &str) -> Option<f64> {
        let shown = |line: &str| line.strip_prefix(name).is_some_and(|rest| rest.starts_with([' ', '{']));
        self.0.lines().any(shown).then(|| self.sum(name))
    }

    /// The sum of a counter over all its labels; 0 if it never moved, for only then it is shown.
    pub fn sum(&self, name: &str) -> f64 {
        self.sum_with(name, "")
    }

    /// The sum over those labels that contain `label`, written like `code="503"`.
    pub fn sum_with(&self, name: &str, label: &str) -> f64 {
        let value = |line: &str| {
            let rest = line.strip_prefix(name)?;
            let (labels, value) = rest.rsplit_once(' ')?;
            let of_this = labels.is_empty() || labels.starts_with('{');
            (of_this && labels.contains(label)).then(|| value.parse::<f64>().ok()).flatten()
        };
        self.0.lines().filter_map(value).fold(0.0, |sum, value| sum + value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_is_summed_over_its_labels_and_kept_apart_from_longer_names() {
        let metrics = Metrics(
            "# TYPE siaga_refused counter\nsiaga_refused{code=\"503\",reason=\"a\"} 3\nsiaga_refused{code=\"403\"} 4\n\
             siaga_refused_more 50\nsiaga_calls 2.5\n"
                .into(),
        );
        assert_eq!(metrics.sum("siaga_refused"), 7.0);
        assert_eq!(metrics.sum_with("siaga_refused", "code=\"503\""), 3.0);
        assert_eq!((metrics.sum("siaga_calls"), metrics.sum("siaga_nothing").to_string()), (2.5, "0".into()));
        assert_eq!(
            (metrics.gauge("siaga_calls"), metrics.gauge("siaga_refused"), metrics.gauge("siaga_ref")),
            (Some(2.5), Some(7.0), None)
        );
    }
}
