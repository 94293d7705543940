"""Look at Home Assistant's pages with a headless Chromium, as the household does on a phone."""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import requests
from websockets.sync.client import ClientConnection, connect

from tests.e2e.api import HomeAssistantApi
from tests.waiting import wait_until

PHONE: Final = (390, 844)
TABLET: Final = (1024, 768)
ANSWER_TIMEOUT_S = 60.0
PAGE_TIMEOUT_S = 90.0  # the first page compiles a frontend of some megabytes
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
)
# The frontend is made of nested shadow roots; what a person reads is in all of them.
_TEXT = """
(() => {
  const texts = [];
  const walk = (node) => {
    if (node.nodeType === Node.TEXT_NODE) { texts.push(node.textContent.trim()); return; }
    if (["STYLE", "SCRIPT"].includes(node.nodeName)) return;
    (node.shadowRoot ? [...node.shadowRoot.childNodes] : []).forEach(walk);
    node.childNodes.forEach(walk);
  };
  walk(document.body);
  return texts.filter((text) => text).join("\\n");
})()
"""

# Home Assistant's separator is a word separator middle dot, which no font of a bare Debian has.
_MIDDLE_DOTS = """
(() => {
  const walk = (node) => {
    if (node.nodeType === Node.TEXT_NODE && node.data.includes("\\u2e31"))
      node.data = node.data.replaceAll("\\u2e31", "\\u00b7");
    (node.shadowRoot ? [...node.shadowRoot.childNodes] : []).forEach(walk);
    node.childNodes.forEach(walk);
  };
  walk(document.body);
})()
"""


class Browser:
    """Hold one Chromium with one page, logged in as the owner.

    Args:
        folder: an empty one for its profile.
        api: Home Assistant, whose login it uses.
        size: width and height in CSS pixels, `PHONE` or `TABLET`.
        is_dark: whether the device prefers dark pages.
        scale: pixels of a picture for each CSS pixel.
    """

    def __init__(
        self,
        folder: Path,
        api: HomeAssistantApi,
        *,
        size: tuple[int, int] = PHONE,
        is_dark: bool = False,
        scale: float = 2.0,
    ) -> None:
        self._folder = folder
        self._api = api
        self._size = size
        self._is_dark = is_dark
        self._scale = scale
        self._process: subprocess.Popen[bytes] | None = None
        self._wire: ClientConnection | None = None
        self._last_id = 0

    def __enter__(self) -> Self:
        program = shutil.which("chromium") or shutil.which("chromium-browser")
        assert program is not None, "the e2e tests look at pages: sudo apt-get install chromium"
        profile = self._folder / "profile"
        with (self._folder / "chromium.log").open("wb") as log:
            self._process = subprocess.Popen(
                [program, *FLAGS, f"--user-data-dir={profile}", "about:blank"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            self._wire = self._connect(profile / "DevToolsActivePort")
            self._prepare()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End it."""
        if self._wire is not None:
            self._wire.close()
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(10.0)

    def open(self, path: str, *wanted: str) -> str:
        """Open a page of Home Assistant, wait until it shows every wanted text, return its text."""
        return self._go(self._api.url + path, wanted)

    def open_file(self, page: Path, *wanted: str) -> str:
        """Open a file likewise."""
        return self._go(page.resolve().as_uri(), wanted)

    def _go(self, url: str, wanted: tuple[str, ...]) -> str:
        self._ask("Page.navigate", url=url)
        wait_until(
            lambda: all(each in self.text() for each in wanted),
            PAGE_TIMEOUT_S,
            what=f"{url} to show {', '.join(wanted)}",
        )
        return self.text()

    def text(self) -> str:
        """Return what the page says, a line for each piece."""
        return str(self.evaluate(_TEXT))

    def evaluate(self, script: str) -> Any:  # noqa: ANN401 - whatever the script returns
        """Run JavaScript in the page and return its value."""
        answer = self._ask("Runtime.evaluate", expression=script, returnByValue=True)
        return answer["result"].get("value")

    def height(self) -> int:
        """Return how high the page is, all of it."""
        return int(self._ask("Page.getLayoutMetrics")["cssContentSize"]["height"])

    def screenshot(self, path: Path, *, height: int | None = None) -> None:
        """Write a PNG of the page, as high as wanted, once it has stopped to change."""
        width, usual = self._size
        self._resize(width, height or usual)
        before = b""
        deadline = time.monotonic() + ANSWER_TIMEOUT_S
        while time.monotonic() < deadline:
            self.evaluate(_MIDDLE_DOTS)
            image = base64.b64decode(self._ask("Page.captureScreenshot", format="png")["data"])
            if image == before:
                break
            before = image
        path.write_bytes(before)

    def _connect(self, port_file: Path) -> ClientConnection:
        wait_until(
            lambda: port_file.exists() and port_file.read_text().strip(), 60.0, what="Chromium"
        )
        port = port_file.read_text().splitlines()[0]
        targets = requests.get(f"http://127.0.0.1:{port}/json/list", timeout=10.0).json()
        address = next(each for each in targets if each["type"] == "page")["webSocketDebuggerUrl"]
        return connect(address, proxy=None, max_size=None, compression=None)

    def _prepare(self) -> None:
        tokens = {
            "hassUrl": self._api.url,
            "clientId": f"{self._api.url}/",
            "access_token": self._api.login.access_token,
            "refresh_token": self._api.login.refresh_token,
            "token_type": "Bearer",
            "expires_in": 1800,
            "expires": 0,  # it fetches a new one by itself
        }
        source = f"localStorage.setItem('hassTokens', {json.dumps(json.dumps(tokens))})"
        self._ask("Page.enable")
        self._ask("Page.addScriptToEvaluateOnNewDocument", source=source)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if self._is_dark else "light"}
        self._ask("Emulation.setEmulatedMedia", features=[scheme])
        self._resize(*self._size)

    def _resize(self, width: int, height: int) -> None:
        self._ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=self._scale,
            mobile=True,
        )

    def _ask(self, method: str, **parameters: object) -> dict[str, Any]:
        assert self._wire is not None, "it is not running"
        self._last_id += 1
        self._wire.send(json.dumps({"id": self._last_id, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self._wire.recv(ANSWER_TIMEOUT_S))
            if answer.get("id") == self._last_id:
                assert "error" not in answer, answer
                found: dict[str, Any] = answer["result"]
                return found
