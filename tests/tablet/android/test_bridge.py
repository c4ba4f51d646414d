"""The real bridge over a real JVM: what it takes, what it refuses, and that the stubs are as strict as Android."""

from __future__ import annotations

import pytest

from tests.tablet.android.conftest import Scenario


def test_a_uri_is_refused_without_a_cast_and_a_text_is_no_string(scenario: Scenario) -> None:
    found = scenario("bridge", "overloads")
    assert found["uri"].startswith("TypeError")
    assert (found["cast"], found["text"], found["String"], found["int"]) == ("Parcelable", "char[]", "String", "short")


def test_a_listener_that_python_has_thrown_away_ends_the_process(scenario: Scenario) -> None:
    with pytest.raises(AssertionError, match="SIGSEGV"):
        scenario("bridge", "lost_listener")
