"""Tables of measurements that others exported (CSV), read by a map that says what each column means."""
