"""Commands that ground stations send: COMMAND_LONG and COMMAND_INT."""
