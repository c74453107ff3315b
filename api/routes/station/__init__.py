"""Routes of the station itself: page, help, health and store maintenance."""
