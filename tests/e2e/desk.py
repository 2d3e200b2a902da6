"""Somebody at the desk in a real browser: what every test of a page asks for."""

from pathlib import Path
from typing import Any

PASSWORD = "correct horse battery"
AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text()
# What keeps somebody from using a page, as axe-core judges it.
GRAVE = ("serious", "critical")
WIDTHS = {"desk": 1440, "phone": 390}
# What the browser would refuse under our policy is shown on the page, too.
LISTEN = """document.addEventListener("securitypolicyviolation", (event) => {
    console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`);
});"""


class Desk:
    """Somebody at the desk, logged in, with a window of some width; what the browser complained about is kept."""

    def __init__(
        self, chrome: Any, shop: str, width: int, pictures: Path, user: str = "maria", **context: Any
    ) -> None:
        self.shop, self.pictures, self.width = shop, pictures, width
        self.context = chrome.new_context(viewport={"width": width, "height": 900}, **context)
        self.context.add_init_script(LISTEN)
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", lambda message: self._note(message.type, message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self._foreign(request.url))
        self.page.on("response", lambda answer: self._failed(answer.status, answer.url))
        self.page.goto(f"{shop}/")
        self.page.fill("#id_username", user)
        self.page.fill("#id_password", PASSWORD)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(f"{shop}/desk/")

    def _note(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(text)

    def _foreign(self, url: str) -> None:
        if not url.startswith((self.shop, "data:")):
            self.complaints.append(f"outside: {url}")

    def _failed(self, status: int, url: str) -> None:
        if status >= 400:
            self.complaints.append(f"{status} {url}")

    def go(self, path: str) -> None:
        answer = self.page.goto(f"{self.shop}{path}", wait_until="networkidle")
        # A page of an error would pass for one that is easy to look at.
        assert answer.status < 500, f"{path} failed: {answer.status}"

    def look(self, name: str) -> None:
        """Keep a picture; nothing may be wider than the window."""
        self.page.screenshot(path=self.pictures / f"{name}-{self.width}.png", full_page=True)
        wide = self.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= self.width, f"{name} is {wide} wide in a window of {self.width}"

    def obstacles(self) -> list[str]:
        """What axe-core finds on the page that keeps people out who see, hear or move differently."""
        # Evaluated by the browser's debugger: the page's own policy would refuse it as a script.
        self.page.evaluate(AXE)
        found = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{each['impact']} {each['id']}: {node['html'][:160]} {node['failureSummary'][:240]}"
            for each in found["violations"]
            if each["impact"] in GRAVE
            for node in each["nodes"]
        ]
