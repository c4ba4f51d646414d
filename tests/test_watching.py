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
from server.job_loops import Lane
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


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not there (Debian: package prometheus)")
def test_prometheus_reads_the_alerts() -> None:
    done = subprocess.run(["promtool", "check", "rules", str(ALERTS)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"SUCCESS: {len(alerts())} rules found" in done.stdout


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not there (Debian: package prometheus)")
def test_prometheus_reads_the_output(tmp_path: Path) -> None:
    done = subprocess.run(["promtool", "check", "metrics"], input=metrics.render(), capture_output=True, check=False)
    assert b"error" not in done.stderr.lower(), done.stderr
