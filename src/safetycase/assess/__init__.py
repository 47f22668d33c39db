"""Case + record + current recipes + now -> assessment; the only room that decides a status."""
