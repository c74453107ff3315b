"""Line source: devices that print lines of text on a serial port."""
