"""The profile gives gsn2x's verdict: its codes, its words, its exit status."""

from pathlib import Path

import pytest

import safetycase.checks
from safetycase.checks.gsn2x import OPTIONAL, RULES, Verdict, verdict
from safetycase.interop.gsn2x import FORMAT
from safetycase.plugin.formats import Reading, Source

EXAMPLES = Path(safetycase.checks.__file__).parent / "examples"
CODES = [f"V{n:02}" for n in range(1, 14)] + [f"C{n:02}" for n in range(1, 17) if n != 5]


def read(*texts: str, **files: str) -> Reading:
    names = ["argument.yaml", "second.yaml", "third.yaml"]
    sources = [Source(name=n, data=t.encode()) for n, t in zip(names, texts, strict=False)]
    found = {f"{name}.yaml": text.encode() for name, text in files.items()}
    assert FORMAT.read is not None
    return FORMAT.read(sources, found.get)


def judge(*texts: str, options: dict[str, bool] | None = None, **files: str) -> Verdict:
    reading = read(*texts, **files)
    return verdict(reading.structure, reading.findings, **(options or {}))


def judge_folder(folder: Path) -> Verdict:
    def more(name: str) -> bytes | None:
        path = folder / name
        return path.read_bytes() if path.is_file() else None

    assert FORMAT.read is not None
    main = Source(name="argument.yaml", data=(folder / "argument.yaml").read_bytes())
    reading = FORMAT.read([main], more)
    assert reading.structure is not None
    options = folder / "options"
    words = options.read_text().split() if options.is_file() else []
    result = verdict(reading.structure, reading.findings, **dict.fromkeys(words, True))
    loading = {f.code for f in reading.findings} & {"C06", "C07"}
    judged = {f.code for rule in RULES if rule.judge for f in rule.judge(reading.structure)}
    for rule in RULES:
        if rule.code in {f.code for f in result.findings}:
            assert rule.code in judged | loading
    return result


def test_the_rules_are_those_of_gsn2x() -> None:
    assert [rule.code for rule in RULES] == CODES
    assert all(rule.profile == "gsn2x" and rule.clause for rule in RULES)
    assert set(CODES) >= OPTIONAL


@pytest.mark.parametrize("code", CODES)
def test_the_example_fires(code: str) -> None:
    found = judge_folder(EXAMPLES / code / "fires")
    codes = {finding.code for finding in found.findings}
    assert code in codes
    assert codes <= {code, "C01", "C03", "V02", "V04", "C09", "C10"}
    severity = next(f.severity for f in found.findings if f.code == code)
    assert found.exit_code == (1 if severity == "error" or found.errors else 0)


@pytest.mark.parametrize("code", CODES)
def test_the_other_example_is_quiet(code: str) -> None:
    found = judge_folder(EXAMPLES / code / "quiet")
    assert found.lines == ()
    assert found.exit_code == 0


G = "G1: {text: a, supportedBy: [Sn1]}\nSn1: {text: b}\n"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (G, ()),
        ("", ("Error: No input elements are found.",)),
        (
            "module: {name: M}\n",
            ("Error: No input elements are found.",),
        ),
        ("- X1\n", ("Error: Failed to parse YAML from file argument.yaml",)),
        (G + "G1: {}\n", ("Error: Failed to parse YAML from file argument.yaml",)),
        (
            "G1: {text: a, undeveloped: true}\nG2: {text: b, undeveloped: true}\n",
            ("Warning: C01: There is more than one unreferenced element: G1, G2.",),
        ),
        (
            "module: {name: M}\nG1: {text: a}\n",
            ("Warning: (M) V02: Element G1 is undeveloped.",),
        ),
        (
            "C1: {inContextOf: [C1]}\n",
            (
                "Error: (argument.yaml) V06: Element C1 references itself in context.",
                "Error: (argument.yaml) V04: Element C1 has invalid type of reference C1 in "
                "context.",
            ),
        ),
        (
            "G1: {supportedBy: G2, inContextOf: C1}\n",
            (
                'Error: (argument.yaml) C03: Element G1 has unresolved "in context of" element: C1',
                'Error: (argument.yaml) C03: Element G1 has unresolved "supported by" element: G2',
            ),
        ),
        (
            "G0: {supportedBy: G1}\nG1: {supportedBy: G2}\nG2: {supportedBy: G1}\n",
            ("Error: C04: Cycle detected at element G2. Cycle is G1 -> G2 -> G1.",),
        ),
        (
            "G1: {supportedBy: S1}\nS1: {supportedBy: G2}\nG2: {supportedBy: G1}\n",
            ("Error: C01: There are no unreferenced elements found.",),
        ),
    ],
)
def test_the_lines(text: str, lines: tuple[str, ...]) -> None:
    found = judge(text)
    *said, last = found.lines or ("",)
    if lines and "Failed to parse" not in lines[0]:
        assert tuple(said) == lines
        if found.errors:
            assert last == f"Error: {found.errors} errors and {found.warnings} warnings detected."
        else:
            assert last == f"Warning: {found.warnings} warnings detected."
    else:
        assert found.lines == lines
    assert found.exit_code == (1 if any(line.startswith("Error") for line in lines) else 0)


def test_only_the_first_element_with_a_wrong_reference_is_named() -> None:
    text = "G1: {supportedBy: [G2, G9, G8]}\nG2: {supportedBy: G7}\n"
    found = judge(text)
    assert [f.message.split()[-1] for f in found.findings] == ["G8"]


def test_a_strategy_may_be_supported_by_strategies_and_a_counter_goal_only_by_counters() -> None:
    fine = judge("G1: {supportedBy: S1}\nS1: {supportedBy: S2}\nS2: {supportedBy: Sn1}\nSn1: {}\n")
    assert fine.lines == ()
    text = "G1: {supportedBy: Sn1}\nSn1: {}\nCG1: {challenges: G1, supportedBy: Sn2}\nSn2: {}\n"
    assert [f.code for f in judge(text).findings] == ["V04"]


def test_modules() -> None:
    main = "module: {name: A, uses: [b.yaml]}\n"
    assert [f.code for f in judge(main + G, b="module: {name: A}\n").findings] == ["C06"]
    assert [f.code for f in judge(main + G, b=main).findings] == ["C06"]
    circle = judge(main + G, b="module: {name: B, uses: [argument.yaml]}\n")
    assert circle.lines[0] == (
        "Error: (A) C06: Module in argument.yaml was already present in argument.yaml provided by "
        "command line."
    )
    gone = judge(main + G)
    assert gone.lines == ("Error: Failed to open file b.yaml",)
    both = judge(G, G.replace("a", "c"))
    assert both.lines[0] == (
        "Error: (second.yaml) C07: Element G1 in second.yaml was already present in argument.yaml."
    )
    assert both.lines[1] == "Error: (second.yaml) The module does not contain elements."
    assert both.exit_code == 1


def test_options() -> None:
    text = "G1: {text: a, nodeType: Goal, supportedBy: S1}\nS1: {nodeType: Solution}\n"
    assert judge(text).lines == ()
    found = judge(text, options={"extended": True})
    message = "V08: Element S1 has type Solution, but ID indicates type Strategy"
    assert found.lines[0] == f"Warning: (argument.yaml) {message}"
    assert found.exit_code == 0
