"""The chaos kit: a real farm, one fault after another, and the proof that nothing was lost or doubled."""
