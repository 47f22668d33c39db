from inspect_ai import Task, task
from inspect_ai.dataset import json_dataset
from inspect_ai.scorer import match


@task
def leaks():
    return Task(dataset=json_dataset("requests.jsonl"), scorer=match())
