"""A thin server over workspace and report: pages, live reload, run buttons and review forms."""
