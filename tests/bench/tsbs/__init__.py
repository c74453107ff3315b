"""The IoT case of the Time Series Benchmark Suite (TSBS), written anew from its description."""
