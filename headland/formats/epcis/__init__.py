"""EPCIS 2.0 events and GS1 Digital Link: the form in which lots are told to other systems."""
