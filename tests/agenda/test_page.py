"""The examples of docs/reference/agenda-mathematics.md give what the page says."""

import doctest
import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "agenda-mathematics.md"


def test_the_examples_run_and_say_what_they_say() -> None:
    blocks = re.findall(r"```pycon\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert len(blocks) == 7
    page = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, PAGE.name, None, 0)
    said: list[str] = []
    result = doctest.DocTestRunner().run(page, out=said.append)
    assert result.failed == 0, "".join(said)
    assert result.attempted > 25
