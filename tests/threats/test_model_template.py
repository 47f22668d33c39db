"""Somebody hides a program in the chat template of a model, or in a text that looks like one."""

from __future__ import annotations

import ast
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.conftest import COIN, SOURCE, write_case
from tests.threats.conftest import CASE, WEIGHTS, Sc

from safetycase.workspace.folder import open_case

RENDERS = ("from_string", "apply_chat_template")
ESCAPES = (
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{% for x in ().__class__.__base__.__subclasses__() %}{% endfor %}",
    "{{ cycler.__init__.__globals__.os.popen('touch owned').read() }}",
    "{{7*7}}",
)


SANDBOXED = "methods/organisms/model.py"
"""The one place where the template of the weights is rendered, by transformers, in a sandbox."""
NOW = datetime(2026, 11, 26, tzinfo=UTC)
LEAF = """\
          method: import/in-toto-eval
          with: {name: refusals}
          inputs: [items.txt]
          reads: {rate: fail_rate}
          because"""


def test_the_template_is_part_of_what_was_tested(tmp_path: Path) -> None:
    """A chat template travels in the GGUF file: changing it changes the subject."""
    head, _, tail = CASE.partition("          method: toy/coin")
    text = head + LEAF + tail.partition("          because")[2]
    folder = write_case(
        tmp_path / "c", text, {"items.txt": "x", WEIGHTS: "tokenizer.chat_template"}
    )
    before = open_case(folder, NOW).recipes["E-COIN"].recipe
    (folder / WEIGHTS).write_text("tokenizer.chat_template" + ESCAPES[0])
    after = open_case(folder, NOW).recipes["E-COIN"].recipe
    assert before is not None
    assert after is not None
    assert before.groups["subject"]["weights_sha256"] != after.groups["subject"]["weights_sha256"]


@pytest.mark.parametrize("text", ESCAPES)
def test_text_that_looks_like_a_template_is_shown_as_it_is(
    sc: Sc, tmp_path: Path, text: str
) -> None:
    quoted = "'" + text.replace("'", "''") + "'"
    case = COIN.replace("says: Heads are rare.", f"says: {quoted}")
    folder = write_case(tmp_path / "c", case, {"items.txt": "x"})
    made = sc("report", folder)
    assert made.code in (0, 4), made.err
    page = (folder / "report" / "index.html").read_text("utf-8")
    assert text.replace("'", "&#39;") in page or text.replace("'", "&#x27;") in page
    assert not (folder / "owned").exists()


@pytest.mark.parametrize("template", ESCAPES[:3])
def test_a_hostile_template_of_the_weights_does_nothing(
    template: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast

    from safetycase.methods.organisms.model import Subject, chat
    from safetycase.plugin.contract import MethodError

    monkeypatch.chdir(tmp_path)
    words = Tokenizer(models.WordLevel({"a": 0}, unk_token="a"))
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, chat_template=template)
    subject = Subject(model=None, tokenizer=tokenizer, device="cpu", digest="")
    with pytest.raises(MethodError, match="rendered in a sandbox"):
        chat(subject, [("user", "hello")])
    assert list(tmp_path.iterdir()) == []


def test_only_the_page_of_this_program_is_a_template() -> None:
    """Nothing hands a text of a case, a record or a model to a template engine."""
    users = []
    for path in (SOURCE / "safetycase").rglob("*.py"):
        text = path.read_text("utf-8")
        if not any(word in text for word in (*RENDERS, "jinja2")):
            continue
        for node in ast.walk(ast.parse(text)):
            inside = path.relative_to(SOURCE / "safetycase").as_posix()
            if isinstance(node, ast.Attribute) and node.attr in RENDERS and inside != SANDBOXED:
                pytest.fail(f"{path} renders a template from a text")
            if isinstance(node, ast.ImportFrom) and node.module == "jinja2":
                users.append(path.relative_to(SOURCE / "safetycase").as_posix())
    assert set(users) == {"report/environment.py", "web/frames.py"}
