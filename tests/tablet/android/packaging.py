"""What buildozer and python-for-android make of our spec, up to Gradle: their own code and templates, no SDK.

Buildozer turns the spec into a command line of python-for-android; its packager turns that into the manifest. Run as
`python -m tests.tablet.android.packaging SPEC OUT`: buildozer makes folders beside the spec and in the home folder, and
changes to the spec's folder, so it runs in a process of its own with copies of both.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from importlib import import_module
from pathlib import Path
from typing import Any


class Enough(Exception):
    """The command line is known; nothing is built."""


def command_line(spec: Path) -> tuple[list[str], int]:
    """What buildozer would call python-for-android with, and the target API, for a release."""
    builder = import_module("buildozer").Buildozer(filename=str(spec), target="android")
    target = import_module("buildozer.targets.android").TargetAndroid(builder)
    taken: list[str] = []

    def take(command: list[str], **_: Any) -> None:
        taken.extend(command)
        raise Enough

    target._p4a = take
    target._update_libraries_references = target._generate_whitelist = lambda _: None
    target.build_mode, target.artifact_format = "release", "aab"
    target.check_p4a_sign_env = lambda *_: False
    try:
        target.build_package()
    except Enough:
        return [*target.extra_p4a_args, *taken], int(target.android_api)
    raise AssertionError("buildozer did not call python-for-android")


def rendered(command: list[str], api: int, folder: Path) -> dict[str, str]:
    """Manifest, Gradle file and its properties, by name."""
    found = importlib.util.find_spec("pythonforandroid")
    assert found is not None
    assert found.submodule_search_locations
    bootstraps = Path(found.submodule_search_locations[0]) / "bootstraps"
    # As its own build does: the parts of the bootstrap are laid over each other.
    for name in ("common", "_sdl_common", "sdl2"):
        shutil.copytree(bootstraps / name / "build", folder, dirs_exist_ok=True)
    build = _packager(folder)
    args, _ = build.create_argument_parser().parse_known_args([part for part in command if part != "aab"][1:])
    args.permissions = build.parse_permissions(args.permissions)
    args.manifest_orientation = build.get_manifest_orientation(args.orientation, args.manifest_orientation)
    args.numeric_version, args.add_activity = args.numeric_version or "1", args.add_activity or []
    args.extra_source_dirs = [(source, "**") for source in args.extra_source_dirs or ()]
    shared: dict[str, Any] = {
        "args": args,
        "android_api": api,
        "service": False,
        "service_data": [],
        "native_services": [],
    }
    gradle = {"aars": [], "jars": [], "build_tools_version": "36.0.0", "debug_build": False, "is_library": False}
    parts: dict[str, tuple[str, dict[str, Any]]] = {
        "AndroidManifest.xml": ("AndroidManifest.tmpl.xml", {"debug": False, "url_scheme": "kivy"}),
        "build.gradle": ("build.tmpl.gradle", gradle),
        "gradle.properties": ("gradle.tmpl.properties", {"bundle": True}),
    }
    return {
        name: build.environment.get_template(template).render(**shared, **given)
        for name, (template, given) in parts.items()
    }


def _packager(folder: Path) -> Any:
    about = {"bootstrap": "sdl2", "hostpython": sys.executable, "ndk_api": "24"}
    (folder / "dist_info.json").write_text(json.dumps(about), encoding="utf-8")
    found = importlib.util.spec_from_file_location("packager", folder / "build.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def main() -> None:
    spec, out = Path(sys.argv[1]), Path(sys.argv[2])
    command, api = command_line(spec)
    files = rendered(command, api, out / "bootstrap")
    (out / "made.json").write_text(json.dumps({"command": command, "files": files}), encoding="utf-8")


if __name__ == "__main__":
    main()
