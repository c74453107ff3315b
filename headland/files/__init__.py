"""Files: ZIP archives, task data of machines, damage, room on the disk."""
