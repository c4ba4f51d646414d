"""What the manifest needs and python-for-android's template has no place for. It calls this before Gradle runs.

Written for version 2026.5.9. A later one takes it as an option (`--extra-manifest-application-xml`).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

_INSIDE = """
        <provider android:name="androidx.core.content.FileProvider"
                  android:authorities="{application}.files"
                  android:exported="false"
                  android:grantUriPermissions="true">
            <meta-data android:name="android.support.FILE_PROVIDER_PATHS" android:resource="@xml/file_paths" />
        </provider>
        <service android:name="org.ersatzwagen.yard.SendingService"
                 android:exported="false"
                 android:foregroundServiceType="dataSync" />
"""
_END = "    </application>"


class OtherTemplate(RuntimeError):
    """The manifest is not as this was written for: look at the template of that version first."""


def complete(manifest: str, application: str) -> str:
    """The manifest with the camera's file provider and the service that sends. Completing it twice changes nothing."""
    if "androidx.core.content.FileProvider" in manifest:
        return manifest
    if manifest.count(_END) != 1 or len(re.findall(r"<activity\b", manifest)) != 1 or "<provider" in manifest:
        raise OtherTemplate("expected one activity, one end of the application and no provider")
    return manifest.replace(_END, _INSIDE.format(application=application) + _END)


def after_apk_build(toolchain: Any) -> None:
    """python-for-android's name for the moment after the manifest was written; also when an AAB is built."""
    folder = Path(toolchain._dist.dist_dir)
    file = folder / "src" / "main" / "AndroidManifest.xml"
    gradle = (folder / "build.gradle").read_text(encoding="utf-8")
    named = re.search(r"""namespace\s+['"]([\w.]+)['"]""", gradle)
    if named is None:
        raise OtherTemplate("build.gradle names no application")
    file.write_text(complete(file.read_text(encoding="utf-8"), named[1]), encoding="utf-8")
