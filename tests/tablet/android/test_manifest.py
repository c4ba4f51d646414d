"""The manifest that our spec gives: rendered by python-for-android's own template, completed by our hook."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest

from mobile_kivy.apk.hook import OtherTemplate, after_apk_build, complete
from mobile_kivy.device.android_camera import AUTHORITY
from mobile_kivy.device.pending_photo import FOLDER
from tests.driving import ROOT

APP = ROOT / "mobile_kivy"
DOMAINS = {"root", "file", "database", "sharedpref", "external"}
DOMAINS |= {"device_root", "device_file", "device_database", "device_sharedpref"}


@dataclass(frozen=True)
class Made:
    """What was made of the spec: a command line, files by name, and the manifest as an XML tree after the hook."""

    command: list[str]
    files: dict[str, str]
    manifest: ElementTree.Element

    @property
    def application(self) -> ElementTree.Element:
        return self.manifest.findall("application")[0]

    def options(self, name: str) -> list[str]:
        """The values of an option that may be given several times."""
        return [value for key, value in zip(self.command, self.command[1:], strict=False) if key == name]


def said(element: ElementTree.Element, name: str) -> str | None:
    """An attribute of Android's."""
    return element.get(f"{{http://schemas.android.com/apk/res/android}}{name}")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Given a copy of the app's folder, when it is packaged up to Gradle."""
    folder = tmp_path_factory.mktemp("apk")
    app = folder / "app"
    shutil.copytree(APP, app, ignore=shutil.ignore_patterns("__pycache__"))
    environment = {**os.environ, "HOME": str(folder), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.tablet.android.packaging", str(app / "buildozer.spec"), str(folder)]
    done = subprocess.run(command, cwd=app, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    found = json.loads((folder / "made.json").read_text(encoding="utf-8"))

    source = folder / "dist" / "src" / "main"
    source.mkdir(parents=True)
    manifest = source / "AndroidManifest.xml"
    manifest.write_text(found["files"]["AndroidManifest.xml"], encoding="utf-8")
    (folder / "dist" / "build.gradle").write_text(found["files"]["build.gradle"], encoding="utf-8")
    after_apk_build(SimpleNamespace(_dist=SimpleNamespace(dist_dir=str(folder / "dist"))))
    return Made(found["command"], found["files"], ElementTree.fromstring(manifest.read_text(encoding="utf-8")))


def test_it_asks_for_exactly_these_permissions(made: Made) -> None:
    assert {said(each, "name") for each in made.manifest.findall("uses-permission")} == {
        "android.permission.INTERNET",
        "android.permission.ACCESS_NETWORK_STATE",
        "android.permission.VIBRATE",
        "android.permission.FOREGROUND_SERVICE",
        "android.permission.FOREGROUND_SERVICE_DATA_SYNC",
        "android.permission.POST_NOTIFICATIONS",
    }


def test_a_release_is_no_debug_build_and_sends_nothing_in_the_clear(made: Made) -> None:
    assert said(made.application, "debuggable") is None
    assert said(made.application, "usesCleartextTraffic") == "false"


def test_nothing_goes_into_a_backup_or_to_another_device(made: Made) -> None:
    assert said(made.application, "allowBackup") == "false"
    assert said(made.application, "dataExtractionRules") == "@xml/data_extraction_rules"
    (file,) = [Path(path) for path in made.options("--res_xml") if Path(path).stem == "data_extraction_rules"]
    rules = ElementTree.parse(file).getroot()
    assert [part.tag for part in rules] == ["cloud-backup", "device-transfer"]
    for part in rules:
        assert {(each.tag, each.get("domain"), each.get("path")) for each in part} == {
            ("exclude", domain, ".") for domain in DOMAINS
        }


def test_the_provider_lends_only_the_folder_that_the_camera_writes_into(made: Made) -> None:
    (provider,) = made.application.findall("provider")
    assert said(provider, "name") == "androidx.core.content.FileProvider"
    assert said(provider, "exported") == "false"
    assert said(provider, "grantUriPermissions") == "true"
    assert said(provider, "authorities") == AUTHORITY.format(app="org.ersatzwagen.yard")
    (file,) = [Path(path) for path in made.options("--res_xml") if Path(path).stem == "file_paths"]
    assert [(each.tag, each.get("path")) for each in ElementTree.parse(file).getroot()] == [
        ("cache-path", f"{FOLDER}/")
    ]
    assert [said(each, "resource") for each in provider] == ["@xml/file_paths"]


def test_the_service_is_ours_in_the_apps_own_process(made: Made) -> None:
    (service,) = made.application.findall("service")
    assert said(service, "name") == "org.ersatzwagen.yard.SendingService"
    assert said(service, "foregroundServiceType") == "dataSync"
    assert (said(service, "exported"), said(service, "process")) == ("false", None)
    (source,) = made.options("--add-source")
    assert (Path(source) / "org/ersatzwagen/yard/SendingService.java").exists()


def test_the_activity_is_one_and_gets_the_back_gesture_as_a_key(made: Made) -> None:
    (activity,) = made.application.findall("activity")
    assert said(activity, "launchMode") == "singleTask"
    assert said(made.application, "enableOnBackInvokedCallback") == "false"


def test_it_targets_android_16_and_runs_from_android_10(made: Made) -> None:
    (levels,) = made.manifest.findall("uses-sdk")
    assert (said(levels, "minSdkVersion"), said(levels, "targetSdkVersion")) == ("29", "36")
    assert "compileSdkVersion 36" in made.files["build.gradle"]


def test_gradle_brings_the_providers_class(made: Made) -> None:
    assert "implementation 'androidx.core:core:1.13.1'" in made.files["build.gradle"]
    assert "android.useAndroidX=true" in made.files["gradle.properties"]


def test_the_hook_is_called_and_completing_twice_changes_nothing(made: Made) -> None:
    (hook,) = [part.removeprefix("--hook=") for part in made.command if part.startswith("--hook=")]
    assert Path(hook).read_bytes() == (APP / "apk" / "hook.py").read_bytes()
    once = complete(made.files["AndroidManifest.xml"], "org.ersatzwagen.yard")
    assert complete(once, "org.ersatzwagen.yard") == once


def test_the_hook_stops_at_a_template_that_it_does_not_know(made: Made) -> None:
    manifest = made.files["AndroidManifest.xml"].replace("</application>", "<provider/></application>")
    with pytest.raises(OtherTemplate):
        complete(manifest, "org.ersatzwagen.yard")


def test_our_java_compiles_for_java_8(classes: Path) -> None:
    names = sorted(path.stem for path in (APP / "apk" / "java").rglob("*.java"))
    assert names == ["NetworkWatch", "SendingService"]
    for name in names:
        content = (classes / "org" / "ersatzwagen" / "yard" / f"{name}.class").read_bytes()
        assert content[:4] == b"\xca\xfe\xba\xbe"
        assert int.from_bytes(content[6:8], "big") == 52  # the class files of Java 8
