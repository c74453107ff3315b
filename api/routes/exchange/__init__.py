"""Routes of files and formats that other programs exchange with a station."""
