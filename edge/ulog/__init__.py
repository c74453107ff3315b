"""PX4's ULog files (.ulg), read by pyulog: topics to rows and events, and the source that imports them."""
