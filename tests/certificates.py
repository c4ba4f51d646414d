"""Certificates for tests: an authority of their own, a server's and a client's."""

from __future__ import annotations

import subprocess
from datetime import datetime
from pathlib import Path

NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


def make_certificates(directory: Path) -> None:
    """`ca.pem`, `server.pem` and `client.pem` with their keys, for 127.0.0.1."""

    run(
        ["req", "-x509", *NEW_KEY, "-keyout", "ca.key", "-out", "ca.pem", "-days", "3650", "-subj", "/CN=Test CA"],
        directory,
    )
    for name in ("server", "client"):
        (directory / "extensions").write_text("subjectAltName=IP:127.0.0.1\n")
        run(["req", *NEW_KEY, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}"], directory)
        signing = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "extensions", "-days", "3650")
        run(["x509", "-req", "-in", f"{name}.csr", "-out", f"{name}.pem", *signing], directory)


def sign(directory: Path, name: str, begins: datetime, ends: datetime) -> None:
    """One more certificate of the authority in `directory`, with its key: good from `begins` to `ends` (UTC)."""
    run(["req", *NEW_KEY, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}"], directory)
    (directory / "ca.conf").write_text(
        "[ca]\ndefault_ca=own\n[own]\ndatabase=index\nnew_certs_dir=.\nrand_serial=yes\ndefault_md=sha256\npolicy=any\n"
        "unique_subject=no\n[any]\ncommonName=supplied\n"
    )
    (directory / "index").write_text("")
    period = ["-startdate", f"{begins:%Y%m%d%H%M%SZ}", "-enddate", f"{ends:%Y%m%d%H%M%SZ}"]
    signing = ["-config", "ca.conf", "-cert", "ca.pem", "-keyfile", "ca.key", "-batch", "-notext", *period]
    run(["ca", *signing, "-in", f"{name}.csr", "-out", f"{name}.pem"], directory)


def run(arguments: list[str], directory: Path) -> None:
    """The program openssl, in a directory."""
    subprocess.run(["openssl", *arguments], cwd=directory, check=True, capture_output=True)
