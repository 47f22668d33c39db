"""Measure the report of a large case: made, sent, opened, searched; writes `report.md`.

    python benchmarks/report.py [CLAIMS]

Making is CPU time of this process, the assessment given. Opening, finding and unfolding are
measured in headless Chromium, if there is one: the wall clock as a reader has it, which depends on
what else the machine does, and the CPU time of the page's thread, which does not.
"""

from __future__ import annotations

import gzip
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "src")]

from run import big_case  # noqa: E402

from safetycase.assess.records import Assessment  # noqa: E402
from safetycase.report.links import Links  # noqa: E402
from safetycase.report.page import render_single  # noqa: E402
from safetycase.report.rows import Rows  # noqa: E402
from safetycase.report.site import Source, paths, render  # noqa: E402
from safetycase.report.view import Page, View  # noqa: E402
from safetycase.workspace.folder import open_case  # noqa: E402

T = TypeVar("T")
RUNS = 7
PEER = """\
{% macro status(word, name) %}<span class="status {{ name }}"><span class="word">{{ word }}</span>\
</span>{% endmacro %}
{% for row in rows %}
<li>{% if row.leaf %}<div class="row">{% else %}<details><summary class="row">{% endif %}
<span class="cell"><a href="#{{ row.id }}"><code>{{ row.id }}</code></a> {{ row.says }}</span>
{% if row.state %}<span class="cell">{{ status(row.state.posed, "posed") }}</span>
<span class="cell">{{ status(row.state.support, "support") }}</span>
<span class="cell">{{ status(row.state.freshness.word, "fresh") }}</span>{% endif %}
<span class="cell">{{ row.below|string }}</span>
{% if row.leaf %}</div></li>{% for _ in range(row.closes) %}</ul></details></li>{% endfor %}
{% else %}</summary><ul>{% endif %}
{% endfor %}
"""
"""The same outline by a template with autoescaping and a macro, as pages are usually written."""


def timed(call: Callable[[], T], runs: int = RUNS) -> tuple[float, T]:
    """The median CPU seconds of `call` and its last answer."""
    times = []
    for _ in range(runs):
        start = time.process_time()
        answer = call()
        times.append(time.process_time() - start)
    return statistics.median(times), answer


def assessed(claims: int) -> Assessment:
    """The generated case of that many claims, opened and assessed."""
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "case.yaml").write_text(big_case(claims), "utf-8")
        return open_case(Path(name), datetime(2026, 11, 27, tzinfo=UTC)).assess()


def made(assessment: Assessment, rows: list[tuple[str, str, str]]) -> str:
    """The file, and how long it takes to make; the first time with the templates compiled."""

    def whole() -> str:
        return render_single(Source(assessment=assessment, version="1"))

    first, page = timed(whole, 1)
    again, page = timed(whole)
    rows.append(("one file, the first time in a process", f"{first:.2f} s CPU", "≤ 1 s"))
    rows.append(("one file, again", f"{again:.2f} s CPU", "≤ 1 s"))
    size, packed = len(page.encode()), len(gzip.compress(page.encode()))
    rows.append(("its size", f"{size / 1e6:.2f} MB, {packed / 1e3:.0f} kB packed", "≤ 1.5 MB"))
    source = Source(assessment=assessment, version="1")
    render(source, "index.html")
    names = [path for path in paths(source) if path.startswith("claim/")][
        :: len(paths(source)) // 50
    ]
    each, _ = timed(lambda: [render(source, name) for name in names], 3)
    per = each / len(names) * 1000
    rows.append(("one page of an element, of a folder", f"{per:.1f} ms CPU", ""))
    return page


def beside(assessment: Assessment) -> tuple[str, str, str]:
    """The outline alone, ours and by a template."""
    from jinja2 import Environment

    view = View(assessment)
    template = Environment(autoescape=True).from_string(PEER)
    ours, text = timed(lambda: Rows(Page(view, Links(form="single"))).whole())
    peer, other = timed(lambda: template.render(rows=view.rows), 3)
    what = f"{ours:.2f} s CPU, {len(text) / 1e6:.2f} MB"
    return (
        f"the {len(view.rows):,} rows of the outline alone",
        what,
        f"a Jinja template, autoescaping: {peer:.2f} s, {len(other) / 1e6:.2f} MB",
    )


FIND = """(() => {
  const field = document.querySelector('.find input'); const start = performance.now();
  field.value = %s; field.dispatchEvent(new Event('input', {bubbles: true}));
  document.body.offsetHeight; return performance.now() - start; })()"""
OPEN = """(() => {
  const rows = [...document.querySelectorAll('.outline details:not([open])')]
    .filter((e) => e.checkVisibility());
  const start = performance.now(); rows[0].open = true; document.body.offsetHeight;
  return performance.now() - start; })()"""
TIMES = """(() => { const t = performance.getEntriesByType('navigation')[0];
  return [t.domInteractive, t.loadEventEnd]; })()"""


def opened(page: str) -> dict[str, Any]:
    """Medians in milliseconds of opening the file, of finding and of unfolding in it."""
    from tests.verifier.browser import Browser

    found: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        file = Path(name) / "report.html"
        file.write_text(page, "utf-8")
        with Browser(Path(name) / "profile") as browser:
            browser.call("Performance.enable", timeDomain="threadTicks")
            for _ in range(RUNS):
                browser.open("about:blank#")
                before = _thread(browser)
                browser.open(file.as_uri())
                browser.wait("document.documentElement.dataset.ready === 'yes'")
                found.setdefault("thread", []).append((_thread(browser) - before) * 1000)
                interactive, loaded = browser.run(TIMES)
                found.setdefault("interactive", []).append(interactive)
                found.setdefault("loaded", []).append(loaded)
                actions = (
                    ("first", FIND % json.dumps("nothing of this")),
                    ("one", FIND % json.dumps("number 4321 ")),
                    ("all", FIND % json.dumps("claim number")),
                    ("none", FIND % json.dumps("")),
                    ("unfold", OPEN),
                )
                for key, action in actions:
                    before = _thread(browser)
                    found.setdefault(key, []).append(browser.run(action))
                    found.setdefault(f"{key} cpu", []).append((_thread(browser) - before) * 1000)
    return {key: statistics.median(values) for key, values in found.items()}


def _thread(browser: Any) -> float:
    """CPU seconds of the tasks of the page's main thread."""
    metrics = browser.call("Performance.getMetrics")["metrics"]
    return next(float(m["value"]) for m in metrics if m["name"] == "TaskDuration")


def served(claims: int, seconds: int = 10, readers: int = 20) -> tuple[str, str, str]:
    """How long 20 readers at once wait for the pages of claims of a served case."""
    tool = [sys.executable, str(HERE / "serve_client.py")]
    with tempfile.TemporaryDirectory() as folder:
        make = [*tool, "make", folder, str(claims)]
        pages = subprocess.run(make, capture_output=True, text=True, check=True).stdout
        with subprocess.Popen(
            [*tool, "serve", folder], stdout=subprocess.PIPE, text=True
        ) as server:
            try:
                assert server.stdout is not None
                port = server.stdout.readline().strip()
                read = [*tool, "read", port, str(seconds), str(readers), "-"]
                done = subprocess.run(read, input=pages, capture_output=True, text=True, check=True)
            finally:
                server.terminate()
    t = json.loads(done.stdout.splitlines()[-1])
    rate = t["pages"] / t["seconds"]
    told = f"{t['p50_ms']:.0f} ms, p99 {t['p99_ms']:.0f} ms, {rate:.0f} pages a second"
    return f"served: a claim page, {readers} readers at once", told, "p99 ≤ 50 ms"


def main() -> int:
    """Measure and write the table."""
    claims = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    assessment = assessed(claims)
    rows: list[tuple[str, str, str]] = []
    page = made(assessment, rows)
    rows.append(beside(assessment))
    from tests.verifier.browser import CHROMIUM

    if CHROMIUM:
        t = opened(page)
        rows += [
            ("opened: ready to be read", f"{t['interactive']:.0f} ms", "≤ 500 ms"),
            ("opened: everything loaded", f"{t['loaded']:.0f} ms", "≤ 500 ms"),
            ("opened: CPU of the page's thread", f"{t['thread']:.0f} ms", ""),
            *(
                (what, f"{t[key]:.0f} ms, {t[key + ' cpu']:.0f} ms CPU", "≤ 50 ms")
                for what, key in (
                    ("find, at once after opening", "first"),
                    ("find one element", "one"),
                    ("find words that every claim has", "all"),
                    ("show all again", "none"),
                    ("unfold a row", "unfold"),
                )
            ),
        ]
    rows.append(served(claims))
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    table = ["| what | measured | wanted, or a peer |", "|---|---|---|"]
    table += [f"| {what} | {value} | {wanted} |" for what, value, wanted in rows]
    text = (
        f"A case with {claims:,} claims ({len(assessment.states):,} elements); medians of {RUNS} "
        f"runs, Python {platform.python_version()}, {os.cpu_count()} cores, load average {load} "
        "while it ran: times in the browser are by the wall clock unless they say CPU.\n\n"
        + "\n".join(table)
        + "\n"
    )
    (HERE / "report.md").write_text("# The report of a large case\n\n" + text, "utf-8")
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
