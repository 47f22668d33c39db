"""An AND/OR graph with intervals -> bounds that hold under any dependence; knows no case."""
