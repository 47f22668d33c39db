"""Assessment -> the open problems, as work to be done."""
