"""The rules of the profile `gsn2x` with their pages: what fires them, and the way out.

Source: the gsn2x 4.3.2 manual, chapter "Checks"; there is no C05.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from safetycase.argument.findings import Finding, Severity
from safetycase.argument.structure import Structure
from safetycase.checks import gsn2x_rules as rules
from safetycase.checks.gsn2x_index import Index, index_of
from safetycase.checks.registry import Rule

__all__ = ["OPTIONAL", "RULES"]

OPTIONAL = frozenset({"V08", "V11"})
"""The codes that gsn2x reports only when asked to: `--extended-check`, `--warn-dialectic`."""

_OfElements = Callable[[Index, Iterable[str]], Iterator[Finding]]
_OfModule = Callable[[Index, str], Iterator[Finding]]


def _each(code: str, find: _OfElements) -> Callable[[Structure], Iterator[Finding]]:
    """A rule of elements, asked at every element."""

    def judge(structure: Structure) -> Iterator[Finding]:
        index = index_of(structure)
        return (finding for finding in find(index, index.ids) if finding.code == code)

    return judge


def _modules(code: str, find: _OfModule) -> Callable[[Structure], Iterator[Finding]]:
    """A rule of modules, asked at every module."""

    def judge(structure: Structure) -> Iterator[Finding]:
        index = index_of(structure)
        return (f for m in sorted(index.modules) for f in find(index, m) if f.code == code)

    return judge


def _whole(find: Callable[[Index], Iterator[Finding]]) -> Callable[[Structure], Iterator[Finding]]:
    """A rule of the whole."""

    def judge(structure: Structure) -> Iterator[Finding]:
        return find(index_of(structure))

    return judge


def _rule(
    code: str,
    title: str,
    text: str,
    message: str,
    judge: Callable[[Structure], Iterator[Finding]] | None,
    severity: Severity = "error",
) -> Rule:
    return Rule(
        code=code,
        title=title,
        text=text,
        message=message,
        severity=severity,
        profile="gsn2x",
        clause=f"gsn2x 4.3.2, Checks, {code}",
        judge=judge,
    )


RULES: tuple[Rule, ...] = (
    _rule(
        "V01",
        "Unknown type",
        "The id of an element begins with G, S, Sn, C, A, J, CG or CSn, or `nodeType` says what "
        "it is.",
        "Element {id} is of unknown type. Please see documentation for supported types",
        _each("V01", rules.unknown_type),
    ),
    _rule(
        "V02",
        "Undeveloped",
        "A goal or strategy that nothing supports says `undeveloped: true`, or gets its support.",
        "Element {id} is undeveloped.",
        _each("V02", rules.undeveloped),
        "warning",
    ),
    _rule(
        "V03",
        "Undeveloped and supported",
        "What is supported is developed; drop `undeveloped`, or the support.",
        "Undeveloped element {id} has supporting arguments.",
        _each("V03", rules.undeveloped_yet_supported),
    ),
    _rule(
        "V04",
        "Reference of the wrong type",
        "Goals and strategies are supported by goals, strategies and solutions (counter ones "
        "too), counter goals by counter goals and counter solutions alone; only goals and "
        "strategies have a context, an assumption or a justification under `inContextOf`.",
        "Element {id} has invalid type of reference {other} in {where}.",
        _each("V04", rules.references),
    ),
    _rule(
        "V05",
        "Reference given twice",
        "A list names an element once.",
        "Element {id} has duplicate entry {other} in {where}.",
        _each("V05", rules.references),
        "warning",
    ),
    _rule(
        "V06",
        "Refers to itself",
        "Nothing supports itself or is its own context.",
        "Element {id} references itself in {where}.",
        _each("V06", rules.references),
    ),
    _rule(
        "V07",
        "Cannot develop",
        "Under `extends`, an element elsewhere is developed by goals, strategies and solutions "
        "of the extending module.",
        "Element {local} in module {module} supposed to develop {id} in module {other} does not "
        "exist.",
        _modules("V07", rules.wrong_extension),
    ),
    _rule(
        "V08",
        "Id and type disagree",
        "The prefix of the id says one type and `nodeType` another; rename the element. "
        "gsn2x reports it with `--extended-check` only.",
        "Element {id} has type {type}, but ID indicates type {other}",
        _each("V08", rules.contradicting_id),
        "warning",
    ),
    _rule(
        "V09",
        "Claim point of something else",
        "An assurance claim point sits on the element that names it, or on one of its own "
        "relations.",
        "Element {id} has an assurance claim point {acp} that references {other}, but this is "
        "neither its own ID nor any of the connected elements.",
        _each("V09", rules.foreign_claim_point),
    ),
    _rule(
        "V10",
        "Defeated by nothing",
        "What is marked as defeated has a counter goal or counter solution that challenges it.",
        "Element {id} is marked as defeated, but no other element challenges it.",
        _each("V10", rules.defeated_unchallenged),
    ),
    _rule(
        "V11",
        "Dialectic extension used",
        "Counter goals and counter solutions belong to the dialectic extension of GSN. gsn2x "
        "reports them with `--warn-dialectic` only.",
        "Dialectic extension is used. See elements: {ids}",
        _modules("V11", rules.dialectic),
        "warning",
    ),
    _rule(
        "V12",
        "Challenge by another type",
        "Only counter goals and counter solutions challenge.",
        "{id} is not a CounterGoal nor CounterSolution but challenges another element or relation.",
        _each("V12", rules.challenge_by_another),
    ),
    _rule(
        "V13",
        "Defeated relation missing",
        "`defeatedRelation` names elements to which this one has a relation.",
        "Relation from {id} to {other} is marked as defeated, but {id} has no relation to {other}.",
        _each("V13", rules.defeated_relation),
    ),
    _rule(
        "C01",
        "Not one root",
        "One element, the top goal, is referred to by nothing. Several are a warning, none is an "
        "error.",
        "There is more than one unreferenced element: {ids}.",
        _whole(rules.several_roots),
        "warning",
    ),
    _rule(
        "C02",
        "The root is no goal",
        "An argument is for a goal.",
        "The root element should be a goal, but {id} was found.",
        _whole(rules.root_is_no_goal),
    ),
    _rule(
        "C03",
        "Unresolved reference",
        "The id is in none of the files: a typing error, or a module that is not loaded.",
        'Element {id} has unresolved "{where}" element: {other}',
        _each("C03", rules.unresolved),
    ),
    _rule(
        "C04",
        "Circular support",
        "Nothing supports itself by way of others. The message shows the circle.",
        "Cycle detected at element {id}. Cycle is {path}.",
        _whole(rules.cycle),
    ),
    _rule(
        "C06",
        "Module loaded twice",
        "Modules have names of their own, and each file is loaded once: `uses` runs in no circle "
        "and leads to no file by two ways.",
        "Module in {file} was already present in {other} provided by {origin}.",
        None,
    ),
    _rule(
        "C07",
        "Id used in two modules",
        "Ids are unique across all modules that are loaded together.",
        "Element {id} in {file} was already present in {module}.",
        None,
    ),
    _rule(
        "C08",
        "Unreachable",
        "Every element can be reached from a root: by support, context or challenge.",
        "The following element(s) are not reachable from the root element(s) ({ids}): {ids}",
        _whole(rules.unreachable),
    ),
    _rule(
        "C09",
        "Extended module missing",
        "The module that `extends` names is loaded: on the command line or by `uses`.",
        "Module {other} is not found, but is supposed to be extended by module {module}.",
        _modules("C09", rules.extending),
    ),
    _rule(
        "C10",
        "Extended element missing",
        "What `develops` names is in that module and is marked `undeveloped: true`.",
        "Element {id} does not exist, but is supposed to be extended by {locals}.",
        _modules("C10", rules.extending),
    ),
    _rule(
        "C11",
        "One text instead of a list",
        "An unresolved reference with a comma in it is a list without its brackets.",
        'Unresolved "{where}" element of {id} may be actually a list: {other}. Try writing '
        "[{other}] instead.",
        _each("C11", rules.unresolved),
        "warning",
    ),
    _rule(
        "C12",
        "Challenged relation has no such end",
        "Both ends of `challenges: X -> Y` are elements.",
        "Element {id} challenges a relation, but element {other} of the relation does not exist.",
        _each("C12", rules.challenge),
    ),
    _rule(
        "C13",
        "Challenges itself",
        "A challenge is aimed at something else.",
        "Element {id} challenges itself.",
        _each("C13", rules.challenge),
    ),
    _rule(
        "C14",
        "Challenged element missing",
        "What `challenges` names is an element.",
        "Element {id} challenges element {other}, but it does not exist.",
        _each("C14", rules.challenge),
    ),
    _rule(
        "C15",
        "Challenged relation has one end",
        "The ends of `challenges: X -> Y` differ.",
        "Element {id} challenges a relation with both ends pointing to {other}.",
        _each("C15", rules.challenge),
    ),
    _rule(
        "C16",
        "Challenged relation missing",
        "One end of `challenges: X -> Y` is supported by, scoped by or challenges the other.",
        "Element {id} challenges a relation, but the referenced elements {other} and {id} do not "
        "have a relation.",
        _each("C16", rules.challenge),
    ),
)
