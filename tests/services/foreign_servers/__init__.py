"""Servers of other projects as processes: each serves a number that grows, and writes down what it has served."""
