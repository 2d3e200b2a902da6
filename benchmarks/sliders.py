"""Measure how long a move of a what-if slider takes in a real browser, from the move to the redrawn chart.

python benchmarks/sliders.py http://127.0.0.1:8000 --user maria --password ... --product 85123A
"""

import argparse
import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.goals import Goals

GOAL_MILLISECONDS = 100.0
# A move: the value is set, the event of a user's move sent; the answer is there when htmx has settled and a frame is drawn.
MOVES = """async ([name, moves]) => {
    const slider = document.getElementById(`slide-${name}`);
    const low = Number(slider.min), high = Number(slider.max), times = [];
    for (let move = 0; move < moves; move += 1) {
        slider.value = String(low + (high - low) * ((move * 7) % moves) / moves);
        const settled = new Promise((done) => document.addEventListener("htmx:afterSettle", done, { once: true }));
        const start = performance.now();
        slider.dispatchEvent(new Event("input", { bubbles: true }));
        await settled;
        await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
        times.push(performance.now() - start);
    }
    return times;
}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address")
    parser.add_argument("--user", required=True)
    parser.add_argument("--password", required=True)
    parser.add_argument("--product", required=True)
    parser.add_argument("--moves", type=int, default=40)
    parser.add_argument("--chromium", help="path of the browser; default: Playwright's own")
    asked = parser.parse_args()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        goals = Goals()
        browser = playwright.chromium.launch(executable_path=asked.chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(f"{asked.address}/desk/login?next=/desk/products/{asked.product}")
        page.fill("#id_username", asked.user)
        page.fill("#id_password", asked.password)
        page.keyboard.press("Enter")
        page.wait_for_selector("[data-chart=curve-data] canvas")
        for name in ("price", "cost", "response_factor", "demand_factor"):
            if page.locator(f"#slide-{name}[type=range]").count() == 0:
                sys.stdout.write(f"{name}: no slider (the cost is not known)\n")
                continue
            page.evaluate(MOVES, [name, 5])
            times = sorted(page.evaluate(MOVES, [name, asked.moves]))
            median, late = statistics.median(times), times[int(0.95 * len(times))]
            verdict = goals.at_most(f"a move of {name}", median, GOAL_MILLISECONDS, "ms")
            sys.stdout.write(
                f"{name}: median {median:.0f} ms, 95 % within {late:.0f} ms, longest {times[-1]:.0f} ms {verdict}\n"
            )
        browser.close()
    goals.finish()


if __name__ == "__main__":
    main()
