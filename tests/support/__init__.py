"""What the tests and the demo share: the local AWS emulator, the stack on it, and Twilio's part."""
