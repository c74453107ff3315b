"""Verdict on a pass in one sentence, and the strips that it missed."""
