"""The Debian package's scripts are sound, agree with the installer, and refuse in one line.

Building, installing and removing it is proved by `make service`.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
BUILDER = REPOSITORY / "systemd" / "deb.sh"
SOURCES = REPOSITORY / "systemd" / "debian"
SCRIPTS = [SOURCES / name for name in ("preinst", "postinst", "prerm", "postrm")]


@pytest.mark.parametrize("script", [*SCRIPTS, BUILDER], ids=lambda script: script.name)
def test_script_is_sound(script: Path) -> None:
    """Each script ends at the first error, and neither sh nor shellcheck finds fault with it."""
    text = script.read_text(encoding="utf-8")
    assert text.startswith("#!/bin/sh\n")
    assert re.search(r"^set -eu?$", text, re.MULTILINE)
    checks = [["/bin/sh", "-n"]]
    if shutil.which("shellcheck"):
        checks.append(["shellcheck", "--external-sources"])
    for check in checks:
        done = subprocess.run([*check, str(script)], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_builder_knows_every_source() -> None:
    """Every file of the folder is packed, and every blank of the control file is filled."""
    text = BUILDER.read_text(encoding="utf-8")
    absent = [path.name for path in SOURCES.iterdir() if f'"$sources/{path.name}"' not in text]
    assert absent == []
    blanks = re.findall(r"@[A-Z_]+@", (SOURCES / "control").read_text(encoding="utf-8"))
    assert blanks
    assert [blank for blank in blanks if f"s/{blank}/" not in text] == []


def test_scripts_and_installer_agree() -> None:
    """The places that the package's scripts look at are those that make install fills."""
    installer = (REPOSITORY / "systemd/install.sh").read_text(encoding="utf-8")
    before, after = (path.read_text(encoding="utf-8") for path in SCRIPTS[:2])
    assert "&& home=/usr/lib/keepcool || home=/opt/keepcool" in installer
    assert "home=/usr/lib/keepcool\n" in BUILDER.read_text(encoding="utf-8")
    assert "/opt/keepcool/pyvenv.cfg" in before
    assert "unit=$root$prefix/lib/systemd/system/keepcool.service" in installer
    assert "/usr/local/lib/systemd/system/keepcool.service" in before
    assert "sysusers=$root$prefix/lib/sysusers.d/keepcool.conf" in installer
    assert "systemd-sysusers /usr/lib/sysusers.d/keepcool.conf" in after


def test_purge_of_the_package_leaves_make_install_alone(tmp_path: Path) -> None:
    """A purge of a package that make install took over from removes nothing."""
    text = SCRIPTS[3].read_text(encoding="utf-8")
    (tmp_path / "opt/keepcool").mkdir(parents=True)
    (tmp_path / "opt/keepcool/pyvenv.cfg").touch()
    (tmp_path / "etc/keepcool").mkdir(parents=True)
    moved = re.sub(r"/(etc|opt|run|var)/", rf"{tmp_path}/\1/", text)
    moved = moved.replace("getent", "false getent")  # nobody of this machine is removed
    done = subprocess.run(
        ["/bin/sh", "-c", moved, "postrm", "purge"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert "nothing was purged" in done.stderr
    assert (tmp_path / "etc/keepcool").is_dir()


def test_other_systems_are_told(tmp_path: Path) -> None:
    """Where there is no dpkg, one reads one line that says where the package is built."""
    (tmp_path / "dirname").symlink_to("/usr/bin/dirname")
    done = subprocess.run(
        ["/bin/sh", str(BUILDER)],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": str(tmp_path)},
    )
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert "make deb builds a package for Debian or Raspberry Pi OS" in line
