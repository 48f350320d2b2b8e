//! What the system knows of this process, read when somebody asks.

use std::fmt;

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{counter::ConstCounter, gauge::ConstGauge},
    registry::{Registry, Unit},
};

use crate::logging;

/// The process, under the names that every Prometheus client uses.
#[derive(Debug)]
struct Process;

/// The log of this process.
#[derive(Debug)]
struct Log;

/// Adds the log to the registry of what is ours.
pub(super) fn register_log(registry: &mut Registry) {
    registry.register_collector(Box::new(Log));
}

impl Collector for Log {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let lost = ConstCounter::new(u64::try_from(logging::lost()).unwrap_or(u64::MAX));
        let help = "Log lines lost because nobody read standard error in time";
        lost.encode(encoder.encode_descriptor("log_lines_lost", help, None, lost.metric_type())?)
    }
}

/// Adds the process to the registry.
pub(super) fn register(registry: &mut Registry) {
    registry.register_collector(Box::new(Process));
}

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        // Where the system does not tell, nothing is shown: a nought would look like a measurement.
        let Some(reading) = Reading::take() else { return Ok(()) };
        let mut gauge = |name, help, unit: Option<&Unit>, value: f64| {
            let metric = ConstGauge::new(value);
            metric.encode(encoder.encode_descriptor(name, help, unit, metric.metric_type())?)
        };
        gauge("process_resident_memory", "Memory in use", Some(&Unit::Bytes), reading.resident_bytes)?;
        gauge("process_virtual_memory", "Address space in use", Some(&Unit::Bytes), reading.virtual_bytes)?;
        gauge("process_open_fds", "Open files and sockets", None, reading.open_files)?;
        gauge("process_max_fds", "Open files and sockets at most", None, reading.max_files)?;
        gauge("process_threads", "Threads", None, reading.threads)?;
        gauge(
            "process_start_time",
            "When the process began, since 1970",
            Some(&Unit::Seconds),
            reading.started,
        )?;
        let cpu = ConstCounter::new(reading.cpu_seconds);
        cpu.encode(encoder.encode_descriptor(
            "process_cpu",
            "Processor time used",
            Some(&Unit::Seconds),
            cpu.metric_type(),
        )?)
    }
}

struct Reading {
    resident_bytes: f64,
    virtual_bytes: f64,
    open_files: f64,
    max_files: f64,
    threads: f64,
    started: f64,
    cpu_seconds: f64,
}

#[cfg(target_os = "linux")]
#[expect(clippy::cast_precision_loss, reason = "Prometheus knows floats only; 2^53 bytes are nine petabytes")]
impl Reading {
    fn take() -> Option<Self> {
        use procfs::{
            CurrentSI, KernelStats, WithCurrentSystemInfo,
            process::{LimitValue, Process},
        };

        let process = Process::myself().ok()?;
        let stat = process.stat().ok()?;
        let ticks = procfs::ticks_per_second() as f64;
        let max_files = match process.limits().ok()?.max_open_files.soft_limit {
            LimitValue::Value(files) => files as f64,
            LimitValue::Unlimited => f64::INFINITY,
        };
        Some(Self {
            resident_bytes: stat.rss_bytes().get() as f64,
            virtual_bytes: stat.vsize as f64,
            open_files: process.fd_count().ok()? as f64,
            max_files,
            threads: stat.num_threads as f64,
            started: KernelStats::current().ok()?.btime as f64 + stat.starttime as f64 / ticks,
            cpu_seconds: (stat.utime + stat.stime) as f64 / ticks,
        })
    }
}

#[cfg(not(target_os = "linux"))]
impl Reading {
    fn take() -> Option<Self> {
        None
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn operator_reads_the_memory_and_time_of_the_process() {
        let mut registry = Registry::default();
        register(&mut registry);
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
        let value = |name: &str| -> f64 {
            let line = text.lines().find(|line| line.starts_with(&format!("{name} "))).unwrap();
            line.rsplit(' ').next().unwrap().parse().unwrap()
        };
        assert!(value("process_resident_memory_bytes") > 100_000.0, "{text}");
        assert!(value("process_virtual_memory_bytes") >= value("process_resident_memory_bytes"));
        assert!(value("process_open_fds") >= 3.0);
        assert!(value("process_threads") >= 1.0);
        assert!(value("process_start_time_seconds") > 1.6e9);
        assert!(value("process_cpu_seconds_total") >= 0.0);
    }
}
