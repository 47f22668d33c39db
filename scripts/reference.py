"""Write the generated part of the documentation: findings, commands, methods, and the schema.

`make docs` runs it; a test holds that what is committed is what it writes.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from safetycase.argument.schema import case_schema
from safetycase.checks.pages import Shown, facts, shown_examples
from safetycase.checks.profiles import PROFILES
from safetycase.checks.registry import Rule, all_rules
from safetycase.cli.main import VERBS, cli
from safetycase.plugin.catalogue import installed
from safetycase.plugin.described import described, parameter_lines
from safetycase.testing.mutation import page as mutations

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "reference"


_TITLES = {"case": "Reading a file, and the case file", "review": "Review"}
_ABOUT = {
    "case": "What is found in every file, whatever profile the case asks for.",
    "review": "What a critical reader of an AI safety case asks; see [Review](../review-rules.md).",
}
_LANGUAGES = {
    ".yaml": "yaml",
    ".json": "json",
    ".xmi": "xml",
    ".py": "python",
    ".ltac": "text",
    ".jsonl": "json",
}


def findings() -> str:
    """Every code in one table per profile, each linked to its section."""
    parts = [
        "# Findings\n\nA finding has a code, a place (file, line and column), a reason and, where "
        "there is one, a way out. A code is never used again for something else. An error makes "
        "the element not ready, a warning blocks nothing, a note prompts a person. The group says "
        "who settles it: `structural` the text alone, `evidence` results and record, `human "
        "review` a person. `safetycase explain CODE` prints the same page.\n"
    ]
    for profile, rules in all_rules().items():
        parts.append(
            f"\n## {_title(profile)}\n\n"
            "| code | | severity | group | clause |\n|---|---|---|---|---|\n"
        )
        parts += [
            f"| [{r.code}](rules/{profile}.md#{r.code.lower()}) | {r.title} | {r.severity} | "
            f"{r.group} | {r.clause} |\n"
            for r in rules.values()
        ]
    return "".join(parts)


def _title(profile: str) -> str:
    return _TITLES[profile] if profile in _TITLES else PROFILES[profile].title


def rule_page(profile: str, rules: Mapping[str, Rule]) -> str:
    """The page of one profile: each rule with its meaning, message and examples."""
    about = _ABOUT.get(profile) or f"Source: {PROFILES[profile].source}."
    named = "" if profile in _TITLES else f" (`{profile}`)"
    parts = [f"# {_title(profile)}{named}\n\n{about} All codes: [Findings](../findings.md).\n"]
    for rule in rules.values():
        parts.append(f"\n## {rule.code}\n\n**{rule.title}** ({facts(rule)})\n\n{rule.text}\n")
        if rule.message != rule.title:
            parts.append(f"\nIt reads: *{rule.message}*\n")
        for side, files in shown_examples(rule.code).items():
            said = "Found fault with" if side == "fires" else "In order"
            parts += [_block(said, file) for file in files]
    return "".join(parts)


def _block(said: str, file: Shown) -> str:
    language = _LANGUAGES.get(Path(file.file).suffix, "text")
    return f"\n{said} (`{file.file}`):\n\n```{language}\n{file.text}\n```\n"


def commands() -> str:
    """Every command with its help, as the program prints it."""
    parts = [
        "# Commands\n\nExit codes: 0 holds, 1 claims fail, 2 findings or usage, 3 the record "
        "fails verification, 4 stale or unknown, 70 a defect of safetycase; 130 interrupted. "
        "Of several the first of 70, 3, 2, 1, 4 wins.\n"
    ]
    # With the settings of the program, so that the page names every option there is.
    top = click.Context(cli, info_name="safetycase", **cli.context_settings)
    for name in VERBS:
        command = cli.get_command(top, name)
        assert command is not None
        parts += _helps(command, click.Context(command, info_name=name, parent=top))
    return "".join(parts)


def _helps(command: click.Command, context: click.Context) -> list[str]:
    """The help of a command and of everything below it."""
    parts = [_help(command, context)]
    for inner in command.list_commands(context) if isinstance(command, click.Group) else ():
        assert isinstance(command, click.Group)
        sub = command.get_command(context, inner)
        assert sub is not None
        parts += _helps(sub, click.Context(sub, info_name=inner, parent=context))
    return parts


def _help(command: click.Command, context: click.Context) -> str:
    # A command keeps the option that it was first asked for, whoever asked and with what settings.
    command._help_option = None
    context.terminal_width = 90
    context.max_content_width = 90
    return f"\n## {context.command_path}\n\n```text\n{command.get_help(context)}\n```\n"


def methods() -> str:
    """Every built-in method: measures, parameters, limits."""
    parts = ["# Methods\n"]
    for name, entry in installed().methods.items():
        if entry.package != "safetycase":
            continue
        found = entry.load()
        parts.append(
            f"\n## {name} {found.version}\n\n{found.says}\n\nSource: {found.source}\n\n"
            "| measures | unit | safer | |\n|---|---|---|---|\n"
        )
        parts += [f"| `{m.name}` | {m.unit} | {m.safer} | {m.says} |\n" for m in found.measures]
        parts.append("\n| parameter | | |\n|---|---|---|\n")
        parts += [
            f"| `{line.key}` | {line.kind} | {line.need} |\n"
            for line in parameter_lines(found.parameters)
        ]
        said = described(found.parameters)
        parts.append(f"\n{said}\n" if said else "")
        parts.append("\nWhat a pass does not show:\n\n")
        parts += [f"- {limit}\n" for limit in found.limits]
    return "".join(parts)


def pages() -> dict[str, str]:
    """File name -> text of every generated page."""
    schema = json.dumps(case_schema(), indent=1, ensure_ascii=False) + "\n"
    rules = {f"rules/{name}.md": rule_page(name, known) for name, known in all_rules().items()}
    return {
        "findings.md": findings(),
        **rules,
        "commands.md": commands(),
        "methods.md": methods(),
        "mutations.md": mutations.page(),
        "case.schema.json": schema,
    }


def main() -> int:
    """Write the pages; with `--check`, only say which differ."""
    wrong = []
    for name, text in pages().items():
        path = FOLDER / name
        if not path.exists() or path.read_text("utf-8") != text:
            wrong.append(name)
            if "--check" not in sys.argv:
                path.parent.mkdir(exist_ok=True)
                path.write_text(text, "utf-8")
    print("\n".join(wrong))
    return 1 if wrong and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
