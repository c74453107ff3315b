"""Commands for the data of a farm and for who may use them."""
