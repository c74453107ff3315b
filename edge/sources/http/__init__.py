"""HTTP source: JSON documents that are polled."""
