"""Routes of alarms, duty rotas and web push."""
