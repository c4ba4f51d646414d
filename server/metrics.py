"""What operators watch, in Prometheus' text form."""

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

registry = CollectorRegistry()
OPERATION_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 100)
"""Bounds of the histogram: a query is cut off after 10 seconds, a mutation is waited for for 100."""
operations = Histogram(
    "ersatzwagen_operation_seconds",
    "GraphQL operations with their waiting, by root field (`several` and `introspection` are none) and outcome:"
    " done, refused (the caller's doing), fault (INTERNAL), busy (no place, or the database away), late, gone",
    ["operation", "outcome"],
    buckets=OPERATION_SECONDS,
    registry=registry,
)
subscriptions = Gauge(
    "ersatzwagen_subscriptions",
    "Subscriptions that are open in this process, by root field and what carries them: socket or sse",
    ["operation", "transport"],
    registry=registry,
)
subscription_events = Counter(
    "ersatzwagen_subscription_events_total",
    "Changes that subscribers were told of, by root field; several in a row of one row are one",
    ["operation"],
    registry=registry,
)
problems = Counter(
    "ersatzwagen_problems_total",
    "What mutations have refused as data, by field and problemCode",
    ["operation", "code"],
    registry=registry,
)
responses = Counter(
    "ersatzwagen_responses_total", "HTTP answers by the hundreds of their status", ["status"], registry=registry
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
oldest_in_lane = Gauge(
    "ersatzwagen_lane_oldest_seconds",
    "The same by lane: MONEY waits for the gateway, PAPER for the object store, MAIL for the mail server",
    ["lane"],
    registry=registry,
)
workers = Gauge("ersatzwagen_workers", "Processes that do jobs and have said so within a minute", registry=registry)
worker_silence = Gauge(
    "ersatzwagen_worker_silence_seconds", "Since when no process has said that it does jobs", registry=registry
)
faults = Counter("ersatzwagen_faults", "Unexpected errors: each has an entry in the log", registry=registry)
waiting_jobs = Gauge("ersatzwagen_jobs_waiting", "Jobs that are due and wait", registry=registry)
unresolved_payments = Gauge("ersatzwagen_payments_unresolved", "Payments whose outcome is not known", registry=registry)
mails = Gauge("ersatzwagen_mails", "Mails that are QUEUED or FAILED, by state", ["state"], registry=registry)
oldest_mail = Gauge("ersatzwagen_mails_oldest_seconds", "How long the oldest QUEUED mail has waited", registry=registry)
payments = Gauge(
    "ersatzwagen_payments", "Movements of money by state, but for those that SUCCEEDED", ["state"], registry=registry
)
oldest_unresolved_payment = Gauge(
    "ersatzwagen_payments_unresolved_oldest_seconds",
    "For how long it has not been known what became of the oldest payment that was sent",
    registry=registry,
)
deposits = Gauge(
    "ersatzwagen_deposits", "Deposits that are NONE, ACTIVE, EXPIRED or FAILED, by state", ["state"], registry=registry
)
ending_deposits = Gauge(
    "ersatzwagen_deposits_ending", "ACTIVE deposits whose hold ends within twelve hours", registry=registry
)
database_up = Gauge(
    "ersatzwagen_database_up",
    "1 if the figures that are read from the database are of the last seconds, 0 if it did not answer in time",
    registry=registry,
)
database_bytes = Gauge("ersatzwagen_database_bytes", "Size of the database on disk", registry=registry)
gateway_calls = Counter(
    "ersatzwagen_gateway_calls_total",
    "Calls to the payment gateway by operation and outcome: approved, declined, rejected, pending, unknown (the answer"
    " was lost), answered (to a question); unreachable, misconfigured: nothing was done",
    ["operation", "outcome"],
    registry=registry,
)
store_errors = Counter(
    "ersatzwagen_store_errors_total",
    "Calls to the object store that failed: unavailable (away, refused, full), missing (no object where one should be)",
    ["kind"],
    registry=registry,
)
GATEWAY_OPERATIONS = ("sale", "preAuth", "postAuth", "return", "void", "inquiry", "forget")
"""What we ask of the gateway, in its own words."""
GATEWAY_FAILURES = ("unknown", "unreachable", "misconfigured")
certificate_days = Gauge(
    "ersatzwagen_gateway_certificate_days",
    "Days until the client certificate ends that this process shows to the gateway; absent where it has none",
    ["certificate"],
    registry=registry,
)
security_events = Counter(
    "ersatzwagen_security_events_total",
    "Events of security, by kind and, for lock-outs, by the bound that was reached",
    ["event", "bound"],
    registry=registry,
)

# What has never happened is 0: of a figure that appears with its first event, nobody could tell that it has grown.
for _status in ("2xx", "4xx", "5xx"):
    responses.labels(_status)
for _kind in ("unavailable", "missing"):
    store_errors.labels(_kind)
for _operation in GATEWAY_OPERATIONS:
    for _failure in GATEWAY_FAILURES:
        gateway_calls.labels(_operation, _failure)


def set_all(gauge: Gauge, figures: Mapping[str, float]) -> None:
    """Sets a gauge of one label for each of its values."""
    for name, figure in figures.items():
        gauge.labels(name).set(figure)


def render() -> bytes:
    """All figures as text."""
    return generate_latest(registry)
