"""What is delivered for whoever watches fits what we tell: the dashboard, the alerts, and the words about the figures."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import Metric

from server import metrics
from server.jobs.loops import Lane
from server.models.email import EmailState
from server.models.job import JobState

ROOT = Path(__file__).resolve().parent.parent
DASHBOARD = ROOT / "deploy" / "grafana" / "ersatzwagen.json"
ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yml"
OPERATIONS = ROOT / "docs" / "operations.md"
NAME = re.compile(r"\bersatzwagen_\w+")
SELECTOR = re.compile(r"\b(ersatzwagen_\w+)\{([^}]*)\}")
MATCHER = re.compile(r'(\w+)\s*(=~|!=|=)\s*"([^"]*)"')
VALUES = {
    "lane": set(map(str, Lane)),
    "state": {*map(str, EmailState), *map(str, JobState)},
    "status": {"2xx", "4xx", "5xx"},
    "outcome": {*metrics.GATEWAY_FAILURES, "done"},
}
"""Of labels that queries choose by."""


def expressions() -> Iterator[str]:
    """Everything that is asked of Prometheus."""
    for panel in json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]:
        yield from (target["expr"] for target in panel["targets"])
    yield from alerts().values()


def alerts() -> dict[str, str]:
    """The alerts' names and expressions, read without a library of YAML: what they look like is ours."""
    text = re.sub(r">-\n\s+", "", ALERTS.read_text(encoding="utf-8"))
    text = re.sub(r"\n\s{10,}and ", " and ", text)
    return dict(re.findall(r"- alert: (\w+)\n\s+expr: (.+)\n", text))


def told() -> dict[str, Metric]:
    """The names in the output of /metrics, those of a histogram's parts too."""
    parts = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum"), "gauge": ("",)}
    return {family.name + part: family for family in metrics.registry.collect() for part in parts[family.type]}


def test_they_are_there() -> None:
    assert len(alerts()) == ALERTS.read_text(encoding="utf-8").count("- alert:") > 10
    assert len(list(expressions())) > 30


@pytest.mark.parametrize("expression", sorted(set(expressions())))
def test_what_is_asked_for_is_told(expression: str) -> None:
    known, output = told(), metrics.render().decode()
    names = set(NAME.findall(expression))
    assert names
    assert names <= known.keys()
    for name in names:
        assert f"# TYPE {known[name].name}" in output
    for name, matchers in SELECTOR.findall(expression):
        for label, _how, wanted in MATCHER.findall(matchers):
            assert label in labels_of(name), f"{name} has no label {label}"
            assert set(wanted.split("|")) <= VALUES[label]


def labels_of(name: str) -> set[str]:
    """What the metric of a name is divided by."""
    stem = re.sub(r"_(total|bucket|count|sum)$", "", name)
    made = {collected: metric for metric, (collected, *_) in metrics.registry._collector_to_names.items()}
    return set(getattr(made[stem], "_labelnames", ()))


def test_every_figure_is_explained() -> None:
    explained = OPERATIONS.read_text(encoding="utf-8")
    missing = [family.name for family in metrics.registry.collect() if family.name not in explained]
    assert missing == []


def test_the_dashboard_has_every_panel_once_and_none_over_another() -> None:
    panels: list[dict[str, Any]] = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in panels)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24


needs_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool is not there (Debian: package prometheus)"
)


@needs_promtool
def test_prometheus_reads_the_alerts() -> None:
    done = subprocess.run(["promtool", "check", "rules", str(ALERTS)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"SUCCESS: {len(alerts())} rules found" in done.stdout


@needs_promtool
def test_prometheus_reads_the_output() -> None:
    done = subprocess.run(["promtool", "check", "metrics"], input=metrics.render(), capture_output=True, check=False)
    assert b"error" not in done.stderr.lower(), done.stderr


CALM = {
    "database_up": "1x120",
    "worker_silence_seconds": "12x120",
    'jobs_standing{kind="BILL",state="FAILED"}': "0x120",
    'lane_oldest_seconds{lane="MONEY"}': "600x120",
    'lane_oldest_seconds{lane="MAIL"}': "1800x120",
    "mails_oldest_seconds": "1800x120",
    'mails{state="QUEUED"}': "3x120",
    "payments_unresolved_oldest_seconds": "600x120",
    "deposits_ending": "0x120",
    'gateway_calls_total{operation="sale",outcome="approved"}': "0+20x120",
    'gateway_calls_total{operation="sale",outcome="unknown"}': "0x120",
    'store_errors_total{kind="missing"}': "0x120",
    "faults_total": "0x120",
    'responses_total{status="2xx"}': "0+600x120",
    'responses_total{status="5xx"}': "0+1x120",
    'operation_seconds_bucket{operation="book",outcome="done",le="1"}': "0+60x120",
    'operation_seconds_bucket{operation="book",outcome="done",le="10"}': "0+60x120",
    'operation_seconds_bucket{operation="book",outcome="done",le="+Inf"}': "0+60x120",
    'gateway_certificate_days{certificate="telecash"}': "200x120",
    "database_bytes": "20000000000+10000x120",
}
"""A good day, a figure a minute."""
HURTS = {
    "ErsatzwagenWorkerSilent": {"worker_silence_seconds": "12+60x120"},
    "ErsatzwagenJobsGivenUp": {'jobs_standing{kind="BILL",state="FAILED"}': "1x120"},
    "ErsatzwagenMoneyWaits": {'lane_oldest_seconds{lane="MONEY"}': "0+60x120"},
    "ErsatzwagenLaneWaits": {'lane_oldest_seconds{lane="MAIL"}': "0+60x120"},
    "ErsatzwagenMailsWait": {"mails_oldest_seconds": "0+60x120"},
    "ErsatzwagenPaymentsUnknown": {"payments_unresolved_oldest_seconds": "0+60x120"},
    "ErsatzwagenDepositsEnding": {"deposits_ending": "2x120"},
    "ErsatzwagenGatewayErrors": {'gateway_calls_total{operation="sale",outcome="unknown"}': "0+1x120"},
    "ErsatzwagenStoreErrors": {'store_errors_total{kind="missing"}': "0+1x120"},
    "ErsatzwagenFaults": {"faults_total": "0x110 1x10"},
    "ErsatzwagenServerErrors": {'responses_total{status="5xx"}': "0+100x120"},
    "ErsatzwagenOperationsSlow": {'operation_seconds_bucket{operation="book",outcome="done",le="1"}': "0x120"},
    "ErsatzwagenCertificateEnds": {'gateway_certificate_days{certificate="telecash"}': "20x120"},
    "ErsatzwagenCertificateEndsSoon": {'gateway_certificate_days{certificate="telecash"}': "5x120"},
    "ErsatzwagenDatabaseAway": {"database_up": "0x120"},
    "ErsatzwagenSilent": {"database_up": "_x120"},
}
"""What each alert is for. The database's growth takes days, and is left out."""
TOGETHER = {
    "ErsatzwagenCertificateEndsSoon": {"ErsatzwagenCertificateEnds"},
}


@needs_promtool
@pytest.mark.parametrize("alert", ["", *HURTS])
def test_an_alert_comes_when_it_hurts_and_only_then(tmp_path: Path, alert: str) -> None:
    # Given two hours, calm but for one thing
    series = CALM | HURTS.get(alert, {})
    wanted = {alert, *TOGETHER.get(alert, ())} - {""}
    world = {
        "rule_files": [str(ALERTS)],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [
                    {"series": f"ersatzwagen_{name}", "values": values} for name, values in series.items()
                ],
                "promql_expr_test": [
                    {
                        "expr": 'count by (alertname) (ALERTS{alertstate="firing"})',
                        "eval_time": "2h",
                        "exp_samples": [{"labels": f'{{alertname="{one}"}}', "value": 1} for one in sorted(wanted)],
                    }
                ],
            }
        ],
    }
    (tmp_path / "world.yml").write_text(json.dumps(world))  # JSON is YAML, too
    # When
    done = subprocess.run(
        ["promtool", "test", "rules", str(tmp_path / "world.yml")], capture_output=True, text=True, check=False
    )
    # Then
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_is_tried() -> None:
    assert alerts().keys() - HURTS.keys() == {"ErsatzwagenDatabaseGrows"}
