"""What operators watch, in Prometheus' text form."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

registry = CollectorRegistry()
operations = Histogram(
    "ersatzwagen_operation_seconds", "GraphQL operations by kind and outcome", ["kind", "outcome"], registry=registry
)
jobs = Counter(
    "ersatzwagen_jobs_total",
    "Tries of jobs by kind and outcome, of this process: done, later, away, fault; refused and failed end the job",
    ["kind", "outcome"],
    registry=registry,
)
standing_jobs = Gauge(
    "ersatzwagen_jobs_standing",
    "Jobs that wait, also for their time, and jobs that were given up, by kind",
    ["kind", "state"],
    registry=registry,
)
oldest_jobs = Gauge(
    "ersatzwagen_jobs_oldest_seconds",
    "How long the oldest job of a kind has been waiting that should have been done",
    ["kind"],
    registry=registry,
)
workers = Gauge("ersatzwagen_workers", "Processes that do jobs and have said so within a minute", registry=registry)
worker_silence = Gauge(
    "ersatzwagen_worker_silence_seconds", "Since when no process has said that it does jobs", registry=registry
)
faults = Counter("ersatzwagen_faults", "Unexpected errors: each has an entry in the log", registry=registry)
waiting_jobs = Gauge("ersatzwagen_jobs_waiting", "Jobs that are due and wait", registry=registry)
unresolved_payments = Gauge("ersatzwagen_payments_unresolved", "Payments whose outcome is not known", registry=registry)
security_events = Counter(
    "ersatzwagen_security_events_total",
    "Events of security, by kind and, for lock-outs, by the bound that was reached",
    ["event", "bound"],
    registry=registry,
)


def render() -> bytes:
    """All figures as text."""
    return generate_latest(registry)
