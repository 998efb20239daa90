"""Shared by the tests and the demo: the local AWS emulator, the stack on it, and the Twilio harness."""
