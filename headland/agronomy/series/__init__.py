"""Time series: answers, intervals, grids, quality tests."""
