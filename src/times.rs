//! How long the runs of an engine waited and worked, as its statistics tell.

use hdrhistogram::Histogram;
use moonpool_core::scheduler::Usage;
use napi_derive::napi;
use std::time::Duration;

/// Two figures keep every percentile within 1 %.
const FIGURES: u8 = 2;

/// Of the runs that began and have ended, since the last reset.
pub(super) struct Times {
    queue: Histogram<u64>,
    run: Histogram<u64>,
    cpu: Histogram<u64>,
}

/// How long something took, in ms; all zero when nothing was measured.
#[napi(object, object_from_js = false)]
pub struct TimeSummary {
    /// The shortest.
    pub min: f64,
    /// The mean.
    pub mean: f64,
    /// The median.
    pub p50: f64,
    /// What 90 % do not exceed.
    pub p90: f64,
    /// What 99 % do not exceed.
    pub p99: f64,
    /// What 99.9 % do not exceed.
    #[napi(js_name = "p99_9")]
    pub p99_9: f64,
    /// The longest.
    pub max: f64,
    /// How many there were.
    pub count: f64,
}

/// What runs took.
#[napi(object, object_from_js = false)]
pub struct RunTimes {
    /// From the call to the first slice.
    pub queue_time: TimeSummary,
    /// From the first slice to the end.
    pub run_time: TimeSummary,
    /// On worker threads.
    pub cpu_time: TimeSummary,
}

impl Times {
    pub(super) fn new() -> Self {
        let [queue, run, cpu] = [(); 3].map(|()| Histogram::new(FIGURES).expect("it has a size that there is"));
        Self { queue, run, cpu }
    }

    /// Counts a run that has ended, if it ever began.
    pub(super) fn record(&mut self, usage: &Usage) {
        if usage.slices == 0 {
            return;
        }
        record(&mut self.queue, usage.queue_time);
        record(&mut self.run, usage.run_time);
        record(&mut self.cpu, usage.cpu_time);
    }

    pub(super) fn reset(&mut self) {
        for times in [&mut self.queue, &mut self.run, &mut self.cpu] {
            times.reset();
        }
    }

    pub(super) fn read(&self) -> RunTimes {
        let [queue_time, run_time, cpu_time] = [&self.queue, &self.run, &self.cpu].map(summary);
        RunTimes { queue_time, run_time, cpu_time }
    }
}

/// The longest time that is told from longer ones, in ns: a hundred days.
const LONGEST: u64 = 1 << 53;

/// Counts so many nanoseconds. Of less than one a histogram knows nothing.
fn record(times: &mut Histogram<u64>, time: Duration) {
    let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(LONGEST).clamp(1, LONGEST);
    // It grows for longer times; there is room for the longest.
    let _ = times.record(nanoseconds);
}

fn summary(times: &Histogram<u64>) -> TimeSummary {
    let ms = |nanoseconds: f64| if times.is_empty() { 0.0 } else { nanoseconds / 1e6 };
    let percentile = |percent| ms(times.value_at_percentile(percent) as f64);
    TimeSummary {
        min: ms(times.min() as f64),
        mean: ms(times.mean()),
        p50: percentile(50.0),
        p90: percentile(90.0),
        p99: percentile(99.0),
        p99_9: percentile(99.9),
        max: ms(times.max() as f64),
        count: times.len() as f64,
    }
}
