"""Faults that are planted in the program, one at a time, before the tests begin.

Each is a mistake that somebody could make, or a lie that somebody could build in. The tests of a
leaf have to notice every fault that the leaf names.
"""

import dataclasses
import importlib
import sys


def _replace(module, name, make):
    """Put `make(old)` wherever the program knows the function `module.name`."""
    old = getattr(importlib.import_module(module), name)
    new = make(old)
    for loaded in list(sys.modules.values()):
        if getattr(loaded, "__name__", "").startswith("safetycase"):
            for key, found in list(vars(loaded).items()):
                if found is old:
                    setattr(loaded, key, new)


# The calculus


def conjunction_is_as_good_as_its_weakest_part():
    """The chance of all is the least of theirs, as if everything failed together."""

    def make(old):
        def rule(op, k, parts, low, high):
            found = old(op, k, parts, low, high)
            return (min(low[p] for p in parts), found[1]) if op == local.ALL and parts else found

        return rule

    local = importlib.import_module("safetycase.confidence.local")
    _replace("safetycase.confidence.local", "_rule", make)


def doubts_are_taken_for_independent():
    """The chance that something fails is that of independent events, though nobody said so."""

    def make(old):
        def worst(graph, node, **more):
            found = old(graph, node, **more)
            together = 1.0
            for event in graph.events([node]):
                together *= graph.low[event]
            doubt = min(found.doubt, 1.0 - together)
            return dataclasses.replace(found, doubt=doubt, at_least=min(found.at_least, doubt))

        return worst

    _replace("safetycase.confidence.packing", "worst", make)


def the_checker_believes_everything():
    """Every certificate is accepted."""

    def make(old):
        def check(*words, **more):
            return dataclasses.replace(old(*words, **more), state="checked")

        return check

    _replace("safetycase.confidence.checker", "check", make)


# The statistics


def the_bound_is_what_was_seen():
    """No failure in fifty is a rate of nothing."""

    def make(old):
        def exact(successes, trials, **more):
            rate = successes / trials if trials else 0.0
            return dataclasses.replace(old(successes, trials, **more), low=rate, high=rate)

        return exact

    _replace("safetycase.stats.binomial", "clopper_pearson", make)


def bounds_fail_twice_as_often_as_they_say():
    """Each end has double the error that was asked for."""

    def make(old):
        def exact(successes, trials, *, alpha_low, alpha_high):
            return old(successes, trials, alpha_low=2 * alpha_low, alpha_high=2 * alpha_high)

        return exact

    _replace("safetycase.stats.binomial", "clopper_pearson", make)


def items_without_a_score_are_dropped():
    """What could not be scored is left out of the count."""

    def make(old):
        def bounds(statistic, **more):
            if getattr(statistic, "missing", 0):
                statistic = dataclasses.replace(statistic, missing=0)
            return old(statistic, **more)

        return bounds

    _replace("safetycase.stats.intervals", "bounds", make)


def looking_early_is_free():
    """Whoever looks after every trial may stop at the best p value."""

    def make(_old):
        def doubt(looks, threshold):
            seen = [binomial.at_most(failed, tried, threshold) for failed, tried in looks]
            return min(seen, default=1.0)

        return doubt

    binomial = importlib.import_module("safetycase.stats.binomial")
    _replace("safetycase.stats.sequential", "anytime_doubt", make)


# The record


def any_signature_will_do():
    """Signatures are not checked."""
    _replace("safetycase.ledger.dsse", "verifier", lambda _old: lambda _key: lambda *_: True)


def the_chain_is_not_followed():
    """A record may stand anywhere, behind any other."""
    log = importlib.import_module("safetycase.ledger.log")
    old = log.Chain.take

    def take(self, line):
        try:
            return old(self, line)
        except log.LineBroken as error:
            if error.record is None or "signature" in error.why or "signed" in error.why:
                raise
            self.follow_one(error.record)
            return error.record

    log.Chain.take = take


def a_broken_record_verifies():
    """Whoever asks is told that all is well."""

    def make(old):
        def verify(*words, **more):
            return dataclasses.replace(old(*words, **more), problems=())

        return verify

    _replace("safetycase.ledger.verifier", "verify", make)


# What is read and shown


def text_is_shown_as_it_is():
    """Nothing invisible is made visible."""

    def make(_old):
        def visible(text, **_more):
            return text

        return visible

    _replace("safetycase.report.clean", "visible", make)


def pages_are_not_escaped():
    """Templates put text into the page as it stands."""
    jinja2 = importlib.import_module("jinja2")

    class Environment(jinja2.Environment):
        def __init__(self, *words, **more):
            super().__init__(*words, **{**more, "autoescape": False})

    jinja2.Environment = Environment


def findings_are_swallowed():
    """What is wrong with a file is not said."""

    def make(old):
        def load(*words, **more):
            return dataclasses.replace(old(*words, **more), findings=())

        return load

    _replace("safetycase.argument.load", "load", make)


# Statuses


def everything_is_fresh():
    """Nothing is ever stale."""

    def make(old):
        def freshness_of(question):
            found = old(question)
            fresh = dataclasses.replace(found.freshness, word="fresh", causes=(), detail="")
            return dataclasses.replace(found, freshness=fresh)

        return freshness_of

    importlib.import_module("safetycase.assess.leaves")
    _replace("safetycase.assess.freshness", "freshness_of", make)


def doubts_do_not_count():
    """Defeaters are read, and change nothing."""
    importlib.import_module("safetycase.assess.assessment")
    _replace("safetycase.argument.graph", "attackers", lambda _old: lambda _case: {})


def a_failed_criterion_counts_as_passed():
    """What refutes is taken to support."""

    def make(old):
        def judge(*words, **more):
            return dataclasses.replace(old(*words, **more), outcome="supports")

        return judge

    importlib.import_module("safetycase.assess.leaves")
    _replace("safetycase.checks.criterion", "judge", make)
