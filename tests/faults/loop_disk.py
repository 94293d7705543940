"""Hold a small ext4 of its own, whose power can be cut: what was not synced is gone (root only)."""

from __future__ import annotations

import ctypes
import fcntl
import os
import shutil
import struct
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

_libc = ctypes.CDLL(None, use_errno=True)
_SHUTDOWN = 0x8004587D  # EXT4_IOC_SHUTDOWN; source: linux/fs/ext4/ext4.h
_WITHOUT_LOG_FLUSH = 2
_WRITTEN, _SECTOR_BYTES = 6, 512  # source: linux/Documentation/block/stat.rst


def why_not() -> str | None:
    """Return why no file system can be mounted here, or `None`."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
    if os.geteuid() != 0:
        return "only root can mount a file system"
    absent = [
        name for name in ("mkfs.ext4", "mount", "umount") if not shutil.which(name, path=path)
    ]
    if absent:
        return f"{absent[0]} is missing"
    if not Path("/sys/fs/ext4").is_dir():
        return "the kernel's switch for errors of a disk (/sys/fs/ext4) is not here"
    probe = subprocess.run(["losetup", "-f"], capture_output=True, check=False)
    return None if probe.returncode == 0 else "this machine has no loop devices"


class LoopDisk:
    """Be mounted at `at` inside `with`; `cut_power` drops what was not synced and mounts again."""

    def __init__(
        self,
        image: Path,
        at: Path,
        megabytes: int = 32,
        options: tuple[str, ...] = (),
        mounted: str = "",
    ) -> None:
        """`options` are mkfs.ext4's, `mounted` further ones of mount."""
        self._options, self._mounted = options, mounted
        self._image, self.at, self._megabytes = image, at, megabytes

    def __enter__(self) -> Self:
        with self._image.open("wb") as file:
            file.truncate(self._megabytes * 1024 * 1024)
        self._run("mkfs.ext4", "-q", "-F", *self._options, str(self._image))
        self.at.mkdir(exist_ok=True)
        self.mount()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.unmount()

    def mount(self) -> None:
        """Mount it."""
        options = ",".join(filter(None, ("loop,errors=remount-ro", self._mounted)))
        self._run("mount", "-o", options, str(self._image), str(self.at))

    def unmount(self) -> None:
        """Unmount it; nobody may have files open."""
        self._run("umount", str(self.at))

    def turn_read_only(self) -> None:
        """Let the kernel find an error, after which it takes no more writing until `mount`."""
        Path(f"/sys/fs/ext4/{self._device().name}/trigger_fs_error").write_text("trouble")

    def written_bytes(self) -> int:
        """Return what this disk was given to write so far, the file system's journal included."""
        os.sync()
        return int((self._device() / "stat").read_text().split()[_WRITTEN]) * _SECTOR_BYTES

    def settle(self) -> None:
        """Have written what is due within seconds or half a minute: each minute on a real clock."""
        folder = os.open(self.at, os.O_RDONLY)
        try:
            assert _libc.syncfs(folder) == 0, os.strerror(ctypes.get_errno())
        finally:
            os.close(folder)

    def _device(self) -> Path:
        device = self.at.stat().st_dev
        return Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}").resolve()

    def cut_power(self) -> None:
        """Lose everything that was not synced; nothing more is taken until `mount`."""
        folder = os.open(self.at, os.O_RDONLY)
        try:
            fcntl.ioctl(folder, _SHUTDOWN, struct.pack("I", _WITHOUT_LOG_FLUSH))
        finally:
            os.close(folder)

    def fill(self) -> None:
        """Leave no block free."""
        with (self.at / "ballast").open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"\0" * 65536)
            except OSError:
                pass

    def make_room(self) -> None:
        """Free what `fill` took."""
        (self.at / "ballast").unlink()

    def _run(self, *command: str) -> None:
        environment = {**os.environ, "PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin"}
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
