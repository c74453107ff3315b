"""Energy of greenhouses and what it cost."""
