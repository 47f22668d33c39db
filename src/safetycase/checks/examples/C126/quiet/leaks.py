"""A task that asks for files with keys."""

from inspect_ai import Task, task
from inspect_ai.dataset import json_dataset
from inspect_ai.scorer import match


@task
def leaks():
    """Each request asks for one file."""
    return Task(dataset=json_dataset("requests.jsonl"), scorer=match())
